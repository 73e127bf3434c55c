"""An agent talks to a scripted model over HTTP: streamed text, tool calls, what is sent, and what it cost."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from model_runs import run
from model_server import Asked, ModelServer, Script, calls, says

from bot.contracts.errors import OperatorMends, PersonMends
from bot.models import Catalogue, chain_of, cost, load, name_of

ROOT = Path(__file__).parents[3]
Offering = Callable[..., Catalogue]
EVERY = pytest.mark.parametrize("name", ["openai:gpt-5", "anthropic:claude-sonnet-5-5", "local:llama3.2"])
SUMS = [
    calls(("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4}), saying="Let me see."),
    says("Three and ", "seven: “ten”."),
]


@EVERY
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
async def test_texts_and_parallel_tool_calls_come_through(offering: Offering, name: str, streamed: bool) -> None:
    async with ModelServer(Script(SUMS)) as server:
        ran = await run(offering(server), "What is it?", chain_of(name), streamed=streamed)
    assert ran.output == "Three and seven: “ten”."
    assert ran.texts == (["Let me see.", "Three and ", "seven: “ten”."] if streamed else [])
    assert [result.text for result in server.asked[1].results] == ["3", "7"]
    assert len(server.paid) == ran.usage.requests == 2
    assert server.paid_twice == []
    assert server.unscripted == []


@EVERY
async def test_what_is_sent_is_what_was_given_and_nothing_about_the_person(offering: Offering, name: str) -> None:
    async with ModelServer(Script(SUMS)) as server:
        await run(offering(server, model_tokens=321), "What is it?", chain_of(name))
    first, second = server.asked
    assert first.model == name_of(name).word
    assert first.system == "You are the triage agent."
    assert first.said == second.conversation == "What is it?"
    assert first.tools["add"]["required"] == ["a", "b"]
    assert [call.args for told in second.messages for call in told.calls] == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert not {"user", "metadata", "safety_identifier", "prompt_cache_key"} & first.raw.keys()
    assert 321 in (first.raw.get("max_tokens"), first.raw.get("max_completion_tokens"))
    key = {"openai": "sk-openai", "anthropic": "sk-anthropic", "local": "none"}[name_of(name).provider]
    assert first.headers["authorization"] == f"Bearer {key}"
    assert "sk-" not in first.body + second.body


async def test_a_local_server_is_told_the_limit_in_the_words_all_of_them_know(offering: Offering) -> None:
    async with ModelServer(Script([says("Hi")])) as server:
        await run(offering(server), "Hello", chain_of("local:llama3.2"))
    assert "max_completion_tokens" not in server.asked[0].raw
    assert server.asked[0].raw["max_tokens"] > 0


async def test_what_repeats_is_marked_for_the_providers_cache(offering: Offering) -> None:
    async with ModelServer(Script(SUMS)) as server:
        ran = await run(offering(server), "Sum", chain_of("anthropic:claude-sonnet-5-5"))
    raw = server.asked[0].raw
    assert raw["tools"][-1]["cache_control"] == raw["system"][-1]["cache_control"] == raw["cache_control"]
    assert ran.usage.cache_read_tokens == 0


@pytest.mark.parametrize(
    ("name", "known"), [("openai:gpt-5", True), ("anthropic:claude-sonnet-5-5", True), ("local:gpt-5", False)]
)
async def test_a_request_costs_what_the_provider_says_it_used(offering: Offering, name: str, known: bool) -> None:
    async with ModelServer(Script([says("Hi").using(500, 10, cached=400)])) as server:
        ran = await run(offering(server, models="local:gpt-5"), "Hello", chain_of(name))
    assert (ran.usage.input_tokens, ran.usage.output_tokens, ran.usage.cache_read_tokens) == (500, 10, 400)
    paid = cost(name_of(name), ran.usage)
    assert (paid is not None) is known
    assert paid == ran.usage.cost


async def test_the_first_word_comes_before_the_last_is_written(offering: Offering) -> None:
    async with ModelServer(Script([says("First", 0.2, "last")])) as server:
        catalogue = offering(server)
        await catalogue.ready()
        started = asyncio.get_running_loop().time()
        ran = await run(catalogue, "Hello", chain_of("openai:gpt-5"))
        took = asyncio.get_running_loop().time() - started
    assert ran.texts == ["First", "last"]
    first = server.served[0].first_text_at
    assert first is not None
    assert started < first < started + took - 0.15


async def test_many_at_once_each_get_their_own_answer(offering: Offering) -> None:
    def script(asked: Asked) -> object:
        if not asked.results:
            return calls(("add", {"a": int(asked.said), "b": 1000}))
        return says("It is ", 0.01, asked.results[0].text)

    async with ModelServer(script) as server:  # type: ignore[arg-type]
        catalogue = offering(server)
        await catalogue.ready()
        ran = await asyncio.gather(*(run(catalogue, str(number)) for number in range(20)))
    assert [each.output for each in ran] == [f"It is {number + 1000}" for number in range(20)]
    assert len(server.paid) == 40
    assert server.paid_twice == []


async def test_a_person_who_chose_one_model_is_served_by_no_other(offering: Offering) -> None:
    async with ModelServer(Script([says("Hi")])) as server:
        catalogue = offering(server)
        await run(catalogue, "Hello", catalogue.chosen("local:llama3.2"))
        with pytest.raises(PersonMends, match="not offered"):
            catalogue.chosen("google:gemini-3.8-flash")
    assert [asked.model for asked in server.asked] == ["llama3.2"]


# --- before there is a model


async def test_without_a_model_nothing_is_loaded_and_the_setting_is_named() -> None:
    catalogue = Catalogue(load())
    assert catalogue.names == catalogue.default == ()
    with pytest.raises(OperatorMends) as none:
        await catalogue.ready()
    assert "MESHCLAW_MODEL" in none.value.mend
    with pytest.raises(OperatorMends):
        catalogue.model()
    await catalogue.close()


async def test_a_missing_key_is_named(offering: Offering) -> None:
    async with ModelServer(Script([says("Hi")])) as server:
        catalogue = offering(server, openai_key=None)
        await catalogue.ready()
        with pytest.raises(OperatorMends, match="OPENAI_API_KEY is not set"):
            catalogue.model(chain_of("openai:gpt-5"))
        with pytest.raises(OperatorMends, match="OPENAI_API_KEY is not set"):
            catalogue.model()
        await run(catalogue, "Hello", chain_of("local:llama3.2"))


async def test_a_missing_extra_is_named(offering: Offering, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pydantic_ai.models.anthropic", "pydantic_ai.models.bedrock", "pydantic_ai.models.google"):
        monkeypatch.setitem(sys.modules, module, None)
    names = "anthropic:claude-sonnet-5-5, bedrock:x, google:gemini-3.8-flash"
    async with ModelServer(Script([])) as server:
        catalogue = offering(server, model=names, google_key="k")
        await catalogue.ready()
        for name in catalogue.names:
            with pytest.raises(OperatorMends) as missing:
                catalogue.model((name,))
            assert f"pip install 'meshclaw[{name.provider}]'" in missing.value.mend


async def test_a_model_that_is_no_longer_set_is_said(offering: Offering) -> None:
    async with ModelServer(Script([])) as server:
        catalogue = offering(server)
        await catalogue.ready()
        with pytest.raises(OperatorMends, match="not set up any more"):
            catalogue.model(chain_of("google:gemini-3.8-flash"))


async def test_it_is_loaded_once_and_closes(offering: Offering) -> None:
    async with ModelServer(Script([says("Hi")])) as server:
        catalogue = offering(server)
        await asyncio.gather(*(catalogue.ready() for _ in range(5)))
        assert catalogue.model(chain_of("openai:gpt-5")) is catalogue.model(chain_of("openai:gpt-5"))
        await run(catalogue, "Hello")
        await catalogue.close()
        await catalogue.close()
        with pytest.raises(RuntimeError, match="ready"):
            catalogue.model()


def test_importing_the_room_loads_no_agent_library() -> None:
    program = (
        "import sys, json, asyncio, bot.models as m\n"
        "catalogue = m.Catalogue(m.load(model='openai:gpt-5, anthropic:claude-sonnet-5-5', openai_key='k'))\n"
        "catalogue.chosen('openai:gpt-5')\n"
        "heavy = ('pydantic_ai', 'openai', 'anthropic', 'httpx2', 'genai_prices', 'tiktoken', 'boto3')\n"
        "print(json.dumps([name for name in heavy if name in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
