"""The scripted model itself: what other tests stand on."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from model_server import Asked, ModelServer, Script, Unscripted, calls, fails, hangs, says

PROTOCOLS = pytest.mark.parametrize("protocol", ["openai", "anthropic"])


async def ask(server: ModelServer, protocol: str, said: str, session: aiohttp.ClientSession, **more: Any) -> Any:
    path = f"{server.openai_url}/chat/completions" if protocol == "openai" else f"{server.anthropic_url}/v1/messages"
    body = {"model": "m", "messages": [{"role": "user", "content": said}], "max_tokens": 9, **more}
    async with session.post(path, json=body) as response:
        return response.status, await response.text()


@PROTOCOLS
async def test_two_hundred_at_once(protocol: str) -> None:
    async with ModelServer(lambda asked: says(0.05, asked.said)) as server, aiohttp.ClientSession() as session:
        answers = await asyncio.gather(
            *(ask(server, protocol, f"number {place}.", session, stream=place % 2 == 0) for place in range(200))
        )
    assert all(status == 200 and f"number {place}." in text for place, (status, text) in enumerate(answers))
    assert sorted(asked.number for asked in server.paid) == list(range(1, 201))
    assert server.paid_twice == []


@PROTOCOLS
async def test_a_script_goes_on_for_each_conversation_by_itself(protocol: str) -> None:
    script = Script([says("one"), lambda asked: says(f"two to {asked.said}")])
    async with ModelServer(script) as server, aiohttp.ClientSession() as session:
        texts = [(await ask(server, protocol, said, session))[1] for said in ("Ada", "Ben", "Ada", "Ben")]
        status, _ = await ask(server, protocol, "Ada", session)
    for text, wanted in zip(texts, ("one", "one", "two to Ada", "two to Ben"), strict=True):
        assert wanted in text
    assert status == 500
    assert len(server.unscripted) == 1
    assert "Ada" in server.paid_twice[0]


@PROTOCOLS
async def test_calls_and_results_read_the_same_in_both_protocols(protocol: str) -> None:
    def history(asked: Asked) -> Any:
        return calls(("look", {"q": "ä"}))

    args = json.dumps({"q": "ä"})
    function = {"name": "look", "arguments": args}
    told = {
        "openai": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "1", "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": "1", "content": "found"},
            {"role": "user", "content": "And?"},
        ],
        "anthropic": [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "look", "input": {"q": "ä"}}]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "found"}]},
                    {"type": "text", "text": "And?"},
                ],
            },
        ],
    }
    more = {"system": [{"type": "text", "text": "Be brief."}]} if protocol == "anthropic" else {}
    async with ModelServer(history) as server, aiohttp.ClientSession() as session:
        await ask(server, protocol, "", session, messages=told[protocol], **more)
    asked = server.asked[0]
    assert (asked.system, asked.conversation, asked.said) == ("Be brief.", "Hello", "And?")
    assert [told.role for told in asked.messages] == ["user", "assistant", "tool", "user"]
    assert asked.messages[1].calls[0].args == {"q": "ä"}
    assert [result.text for result in asked.results] == ["found"]


@PROTOCOLS
async def test_what_goes_wrong_is_not_paid(protocol: str) -> None:
    script = Script([fails(429, retry_after=7), says("Hal").cut(), says("Half").ending()])
    async with ModelServer(script) as server, aiohttp.ClientSession() as session:
        assert (await ask(server, protocol, "Hello", session))[0] == 429
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask(server, protocol, "Hello", session, stream=True)
        status, text = await ask(server, protocol, "Hello", session, stream=True)
    assert (status, "Half" in text, "DONE" in text or "message_stop" in text) == (200, True, False)
    assert server.paid == []
    assert [served.first_text_at is not None for served in server.served] == [False, True, True]


async def test_it_ends_while_requests_hang() -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(10):
        async with ModelServer(lambda asked: hangs()) as server:
            asking = [asyncio.create_task(ask(server, "openai", "Hello", session)) for _ in range(20)]
            while len(server.asked) < 20:
                await asyncio.sleep(0.01)
        ended = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(each, aiohttp.ClientError) for each in ended)


async def test_a_script_alone_says_when_it_is_over() -> None:
    async with ModelServer(Script([])) as server, aiohttp.ClientSession() as session:
        await ask(server, "openai", "Hello", session)
    with pytest.raises(Unscripted):
        await Script([])(server.asked[0])
