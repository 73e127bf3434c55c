"""The events an app gets, and what else a person can do with what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from workspace_parts import Clock, Connect, Human, Json

GENERAL, SECRET = "C01GENERAL1", "C01SECRET03"


@pytest.fixture
def app(client: AsyncWebClient) -> AsyncApp:
    """Bolt drops what an app itself has done before anybody hears it; here it is to be heard."""
    return AsyncApp(client=client, process_before_response=True, ignoring_self_events_enabled=False)


@pytest.fixture
async def heard(app: AsyncApp, connect: Connect) -> asyncio.Queue[Json]:
    """Every event the connected app has been sent, its own messages' echoes included."""
    events: asyncio.Queue[Json] = asyncio.Queue()

    @app.middleware
    async def hear(body: Json, next: Callable[[], Any]) -> None:
        if body.get("type") == "event_callback":
            events.put_nowait(body)
        await next()

    async def take(ack: Any) -> None:
        await ack()

    for name in ("message", "reaction_added", "reaction_removed", "member_joined_channel", "member_left_channel"):
        app.event(name)(ack=take, lazy=[])
    await connect()
    return events


async def _next(events: asyncio.Queue[Json], type: str) -> Json:
    async with asyncio.timeout(5):
        while True:
            body = await events.get()
            event: Json = body["event"]
            if event["type"] == type:
                return event


async def test_a_message_is_an_event_with_all_that_slack_says(heard: asyncio.Queue[Json], human: Human) -> None:
    root = await human.post("message", as_="ada", channel="#secret", text="hi @ben")
    event = await _next(heard, "message")
    assert (event["channel"], event["channel_type"], event["user"]) == (SECRET, "group", "U01ADA00001")
    assert (event["ts"], event["event_ts"], event["team"]) == (root["ts"], root["ts"], "T01LOCALWS0")
    assert event["blocks"][0]["elements"][0]["elements"][1] == {"type": "user", "user_id": "U01BEN00002"}
    await human.post("message", as_="ben", channel="#secret", text="yes?", thread_ts=root["ts"])
    reply = await _next(heard, "message")
    assert (reply["thread_ts"], reply["parent_user_id"]) == (root["ts"], "U01ADA00001")


async def test_changes_reactions_and_members_are_events(
    heard: asyncio.Queue[Json], human: Human, client: AsyncWebClient
) -> None:
    ts = str((await client.chat_postMessage(channel=GENERAL, text="one"))["ts"])
    await client.chat_update(channel=GENERAL, ts=ts, text="two")
    assert (await _next(heard, "message"))["bot_id"] == "B01MESHCLAW"
    changed = await _next(heard, "message")
    assert changed["subtype"] == "message_changed"
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("two", "one")
    await human.post("react", as_="ada", channel="#general", ts=ts, name="eyes")
    added = await _next(heard, "reaction_added")
    assert (added["user"], added["reaction"], added["item"]["ts"]) == ("U01ADA00001", "eyes", ts)
    await human.post("react", as_="ada", channel="#general", ts=ts, name="eyes")
    assert (await _next(heard, "reaction_removed"))["reaction"] == "eyes"
    assert (await human.messages("ada", "#general"))[0]["reactions"] == []
    await human.post("kick", channel="#general", user="eve")
    assert (await _next(heard, "member_left_channel"))["user"] == "U01EVE00005"
    await human.post("invite", channel="#general", user="eve")
    assert (await _next(heard, "member_joined_channel"))["channel"] == GENERAL
    await client.chat_delete(channel=GENERAL, ts=ts)
    assert (await _next(heard, "message"))["deleted_ts"] == ts


async def test_what_the_app_may_not_see_is_no_event(heard: asyncio.Queue[Json], human: Human) -> None:
    await human.post("kick", channel="#secret", user="@meshclaw")
    await human.post("message", as_="ada", channel="#secret", text="hush")
    await human.post("message", as_="ada", channel="@ben", text="psst")
    await human.post("message", as_="ada", channel="#general", text="hello")
    assert (await _next(heard, "message"))["text"] == "hello"
    assert heard.empty()


EXTERNAL: list[Json] = [
    {
        "type": "actions",
        "block_id": "find",
        "elements": [
            {
                "type": "external_select",
                "action_id": "who",
                "min_query_length": 1,
                "placeholder": {"type": "plain_text", "text": "Who"},
            }
        ],
    }
]


async def test_an_external_select_asks_the_app(
    app: AsyncApp, connect: Connect, human: Human, client: AsyncWebClient
) -> None:
    async def suggest(ack: Any, payload: Json) -> None:
        text = f"{payload['value']}!"
        await ack(options=[{"text": {"type": "plain_text", "text": text}, "value": "1"}])

    app.options("who")(ack=suggest, lazy=[])
    await connect()
    posted = await client.chat_postMessage(channel=GENERAL, text="x", blocks=EXTERNAL)
    here = {"channel": "#general", "ts": posted["ts"], "action_id": "who"}
    answer = await human.post("options", as_="ada", query="ad", **here)
    assert answer["options"][0]["text"]["text"] == "ad!"
    assert answer["error"] is None


async def test_a_scheduled_message_comes_when_its_time_has_come(
    client: AsyncWebClient, human: Human, clock: Clock
) -> None:
    with pytest.raises(SlackApiError, match="time_in_past"):
        await client.chat_scheduleMessage(channel=GENERAL, text="late", post_at=int(clock()) - 1)
    scheduled = await client.chat_scheduleMessage(channel=GENERAL, text="later", post_at=int(clock()) + 1)
    assert scheduled["scheduled_message_id"].startswith("Q")
    assert await human.messages("ada", "#general") == []

    async def look() -> list[Json]:
        return await human.messages("ada", "#general")

    (message,) = await human.until(look)
    assert message["text"] == "later"


async def test_a_response_url_can_fail_like_any_call(app: AsyncApp, connect: Connect, human: Human) -> None:
    answers: list[tuple[int, str]] = []

    async def take(ack: Any, respond: Any) -> None:
        for body in ({"text": "refused", "blocks": [{"type": "section"}]}, {"text": "one"}, {"text": "two"}):
            answer = await respond(**body)
            answers.append((answer.status_code, answer.body))
        await ack()

    app.command("/meshclaw")(ack=take, lazy=[])
    await connect()
    await human.post("faults", method="response_url", fault="delay", seconds=0.01, count=1)
    await human.post("command", as_="ada", channel="#general", text="/meshclaw")
    assert [status for status, _ in answers] == [400, 200, 200]
    assert "invalid_blocks" in answers[0][1]
    assert [one["text"] for one in await human.messages("ada", "#general")] == ["one", "two"]
    calls = (await human.get("calls", method="response_url"))["calls"]
    assert [call["error"] for call in calls] == ["invalid_blocks", None, None]
