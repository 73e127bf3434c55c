"""Envelopes: retries, several connections, disconnects, and faults on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from workspace_parts import Connect, Human, Json

from bot.workspace.model import APP_TOKEN
from bot.workspace.server import Workspace


@asynccontextmanager
async def raw_socket(workspace: Workspace) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A Socket Mode connection without a client that would acknowledge by itself."""
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {APP_TOKEN}"}
        async with session.post(workspace.api_url + "apps.connections.open", headers=headers) as answer:
            url = (await answer.json())["url"]
        async with session.ws_connect(url) as socket:
            hello = await socket.receive_json()
            assert hello["type"] == "hello"
            yield socket


async def test_an_event_nobody_acknowledges_comes_again_three_times(workspace: Workspace, human: Human) -> None:
    async with raw_socket(workspace) as socket:
        await human.post("message", as_="ada", channel="#general", text="hello")
        async with asyncio.timeout(10):
            envelopes = [await socket.receive_json() for _ in range(4)]
    assert [one["retry_attempt"] for one in envelopes] == [0, 1, 2, 3]
    assert [one["retry_reason"] for one in envelopes] == ["", "timeout", "timeout", "timeout"]
    assert len({one["payload"]["event_id"] for one in envelopes}) == 1
    assert len({one["envelope_id"] for one in envelopes}) == 4
    assert {one["accepts_response_payload"] for one in envelopes} == {False}


async def test_an_acknowledged_event_does_not_come_again(workspace: Workspace, human: Human) -> None:
    async with raw_socket(workspace) as socket:
        await human.post("message", as_="ada", channel="#general", text="one")
        first = await socket.receive_json()
        await socket.send_json({"envelope_id": first["envelope_id"]})
        await human.post("message", as_="ada", channel="#general", text="two")
        second = await socket.receive_json()
    assert second["payload"]["event"]["text"] == "two"
    assert second["retry_attempt"] == 0


async def test_an_event_waits_for_a_connection(workspace: Workspace, human: Human) -> None:
    await human.post("message", as_="ada", channel="#general", text="is anybody there")
    async with raw_socket(workspace) as socket, asyncio.timeout(5):
        envelope = await socket.receive_json()
    assert envelope["payload"]["event"]["text"] == "is anybody there"
    assert envelope["retry_attempt"] == 1


async def test_a_command_is_never_sent_again(workspace: Workspace, human: Human) -> None:
    async with raw_socket(workspace) as socket:
        result = await human.post("command", as_="ada", channel="#general", text="/meshclaw")
        assert result["error"] == "operation_timeout"
        command = await socket.receive_json()
        assert command["type"] == "slash_commands"
        assert command["accepts_response_payload"] is True
        assert "retry_attempt" not in command
        await human.post("message", as_="ada", channel="#general", text="next")
        assert (await socket.receive_json())["type"] == "events_api"


async def test_each_envelope_goes_to_one_of_several_connections(workspace: Workspace, human: Human) -> None:
    async with raw_socket(workspace) as first, raw_socket(workspace) as second:
        for number in range(4):
            await human.post("message", as_="ada", channel="#general", text=str(number))
        async with asyncio.timeout(5):
            texts = [(await one.receive_json())["payload"]["event"]["text"] for one in (first, first, second, second)]
    assert sorted(texts) == ["0", "1", "2", "3"]


async def test_the_client_ping_is_answered_with_its_own_words(workspace: Workspace) -> None:
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {APP_TOKEN}"}
        async with session.post(workspace.api_url + "apps.connections.open", headers=headers) as answer:
            url = (await answer.json())["url"]
        async with session.ws_connect(url, autoping=False) as socket:
            await socket.ping(b"sdk-ping-pong:1")
            async with asyncio.timeout(5):
                while (message := await socket.receive()).type is not aiohttp.WSMsgType.PONG:
                    pass
            assert message.data == b"sdk-ping-pong:1"


async def test_a_link_is_good_for_one_connection(workspace: Workspace) -> None:
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {APP_TOKEN}"}
        async with session.post(workspace.api_url + "apps.connections.open", headers=headers) as answer:
            url = (await answer.json())["url"]
        async with session.ws_connect(url):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)


async def test_a_link_is_taken_from_clients_that_leave_out_the_port(workspace: Workspace) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {APP_TOKEN}"}) as session:
        for host, taken in (("127.0.0.1", True), ("evil.example", False)):
            async with session.post(workspace.api_url + "apps.connections.open") as answer:
                url = (await answer.json())["url"]
            async with session.get(url.replace("ws://", "http://"), headers={"Host": host, **_UPGRADE}) as answer:
                assert answer.status == (101 if taken else 403)


_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def test_a_disconnected_app_comes_back(app: AsyncApp, connect: Connect, human: Human) -> None:
    app.command("/meshclaw")(ack=_ack, lazy=[])
    await connect()
    await human.post("faults", method="socket", fault="disconnect", count=1)

    async def answered() -> bool:
        return bool((await human.post("command", as_="ada", channel="#general", text="/meshclaw"))["acked"])

    assert await human.until(answered)


async def _ack(ack: Any) -> None:
    await ack()


async def test_redelivery_repeats_what_a_person_did(app: AsyncApp, connect: Connect, human: Human) -> None:
    triggers: list[str] = []

    async def take(ack: Any, body: Json, client: AsyncWebClient) -> None:
        triggers.append(body["trigger_id"])
        await client.chat_postMessage(channel="C01GENERAL1", text="noted")
        await ack()

    app.command("/meshclaw")(ack=take, lazy=[])
    app.event("message")(ack=_ack, lazy=[])
    assert (await human.try_post("redeliver"))[0] == 400
    await connect()
    await human.post("command", as_="ada", channel="#general", text="/meshclaw")
    await human.post("redeliver")
    await human.post("redeliver", count=2)
    assert len(triggers) == 4
    assert len(set(triggers)) == 1


async def test_faults_of_a_method_come_and_go(human: Human, client: AsyncWebClient) -> None:
    async def posted() -> str:
        await client.chat_postMessage(channel="C01GENERAL1", text="x")
        return "ok"

    await human.post("faults", method="chat.postMessage", fault="error:internal_error", count=2)
    for _ in range(2):
        with pytest.raises(SlackApiError, match="internal_error"):
            await posted()
    assert await posted() == "ok"

    await human.post("faults", method="chat.postMessage", fault="ratelimited", count=1, seconds=7)
    with pytest.raises(SlackApiError, match="ratelimited") as limited:
        await posted()
    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["Retry-After"] == "7"

    before = len(await human.messages("ada", "#general"))
    await human.post("faults", method="chat.postMessage", fault="drop_before", count=1)
    with pytest.raises(aiohttp.ClientError):
        await posted()
    assert len(await human.messages("ada", "#general")) == before
    await human.post("faults", method="chat.postMessage", fault="drop_after", count=1)
    with pytest.raises(aiohttp.ClientError):
        await posted()
    assert len(await human.messages("ada", "#general")) == before + 1

    await human.post("faults", method="auth.test", fault="delay", count=1, seconds=0.3)
    started = asyncio.get_running_loop().time()
    await client.auth_test()
    assert asyncio.get_running_loop().time() - started >= 0.3
    calls = (await human.get("calls", method="chat.postMessage"))["calls"]
    assert [call["error"] for call in calls] == [
        *("internal_error", "internal_error", None, "ratelimited", "dropped", None),
    ]
    for mistake in ({"method": "no.such", "fault": "delay"}, {"method": "auth.test", "fault": "explode"}):
        assert (await human.try_post("faults", count=1, **mistake))[0] == 400


async def test_rate_limits_hold_when_they_are_on(human: Human, client: AsyncWebClient) -> None:
    async def post(channel: str, times: int) -> int:
        refused = 0
        for _ in range(times):
            try:
                await client.chat_postMessage(channel=channel, text="x")
            except SlackApiError as error:
                refused += error.response["error"] == "ratelimited" and int(error.response.headers["Retry-After"]) >= 1
        return refused

    assert await post("C01GENERAL1", 20) == 0
    await human.post("limits", on=True)
    assert await post("C01GENERAL1", 10) >= 5
    assert await post("C01DEPLOYS2", 1) == 0
    await human.post("limits", on=False)
    assert await post("C01GENERAL1", 20) == 0


async def test_a_lost_envelope_and_a_lost_acknowledgement(app: AsyncApp, connect: Connect, human: Human) -> None:
    taken: list[str] = []

    async def take(ack: Any, command: Json) -> None:
        taken.append(command["text"])
        await ack()

    app.command("/meshclaw")(ack=take, lazy=[])
    await connect()
    await connect()
    await human.post("faults", method="socket", fault="drop_before", count=1)
    lost = await human.post("command", as_="ada", channel="#general", text="/meshclaw lost")
    assert lost["error"] == "operation_timeout"
    await human.post("faults", method="socket", fault="drop_after", count=1)
    half = await human.post("command", as_="ada", channel="#general", text="/meshclaw half")
    assert half["error"] == "operation_timeout"
    assert (await human.post("command", as_="ada", channel="#general", text="/meshclaw whole"))["acked"]
    assert taken == ["half", "whole"]


async def test_the_stop_button_ends_streams_and_tells_the_app(
    app: AsyncApp, connect: Connect, human: Human, client: AsyncWebClient
) -> None:
    stopped: list[Json] = []

    async def stop(ack: Any, event: Json) -> None:
        stopped.append(event)
        await ack()

    app.event("agent_session_stopped")(ack=stop, lazy=[])
    app.event("message")(ack=_ack, lazy=[])
    await connect()
    root = (await human.post("message", as_="ada", channel="@meshclaw", text="work"))["ts"]
    here = {"channel": "@meshclaw", "thread_ts": root}
    assert (await human.try_post("stop", as_="ada", **here))[0] == 400
    await client.api_call(
        "agents.sessions.setStatus",
        json={"channel_id": "D01ADA00001", "thread_ts": root, "status": "processing", "title": "Work"},
    )
    stream = await client.chat_startStream(channel="D01ADA00001", thread_ts=root, markdown_text="so far")
    assert await human.post("stop", as_="ada", **here) == {"acked": True}
    assert stopped[0]["streaming_message_ts"] == [stream["ts"]]
    assert (stopped[0]["user"], stopped[0]["thread_ts"]) == ("U01ADA00001", root)
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await client.chat_appendStream(channel="D01ADA00001", ts=stream["ts"], markdown_text="more")
    answer = await human.get("messages", as_="ada", channel="@meshclaw")
    assert answer["sessions"][0]["status"] == "processing"
