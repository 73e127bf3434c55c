"""What people write to MeshClaw: direct messages and mentions. Commands work there without their slash."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.engine.commands import Run
from bot.engine.engine import Engine

_FROM_PEOPLE = {None, "file_share", "thread_broadcast"}


def register(app: AsyncApp, engine: Engine) -> None:
    async def direct(ack: AsyncAck, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        by_person = event.get("subtype") in _FROM_PEOPLE and event.get("user") and not event.get("bot_id")
        if by_person and event.get("channel_type") == "im":
            await engine.enqueue(_request(engine, body, event))
        await ack()

    async def mentioned(ack: AsyncAck, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        if event.get("user") and not event.get("bot_id"):
            person = Person(str(body["team_id"]), str(event["user"]))
            await engine.enqueue(
                Request(
                    f"event:{body['event_id']}",
                    person,
                    "help",
                    "whisper",
                    channel=str(event["channel"]),
                    thread_ts=event.get("thread_ts"),
                )
            )
        await ack()

    app.event("message")(ack=direct, lazy=[])
    app.event("app_mention")(ack=mentioned, lazy=[])


def _request(engine: Engine, body: Mapping[str, Any], event: Mapping[str, Any]) -> Request:
    person = Person(str(body["team_id"]), str(event["user"]))
    key, channel, text = f"event:{body['event_id']}", str(event["channel"]), str(event.get("text") or "")
    try:
        understood = engine.understand(text)
    except MeshClawError:
        understood = None
    if isinstance(understood, Run):
        return Request(key, person, understood.agent, "run", understood.args, channel=channel)
    return Request(key, person, "help", "answer", {"text": text}, channel=channel)
