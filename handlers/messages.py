"""What people write to MeshClaw: direct messages and mentions, on one path. Commands work there without their slash."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.engine.commands import Run
from bot.engine.engine import Engine
from handlers.payloads import Payload, typed

_FROM_PEOPLE = {None, "file_share", "thread_broadcast"}


def register(app: AsyncApp, engine: Engine) -> None:
    async def direct(ack: AsyncAck, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        if event.get("channel_type") == "im" and _by_person(event):
            await _take(engine, body, event, answer="answer")
        await ack()

    async def mentioned(ack: AsyncAck, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        if _by_person(event):
            await _take(engine, body, event, answer="whisper")
        await ack()

    app.event("message")(ack=direct, lazy=[])
    app.event("app_mention")(ack=mentioned, lazy=[])


def _by_person(event: Payload) -> bool:
    return event.get("subtype") in _FROM_PEOPLE and bool(event.get("user")) and not event.get("bot_id")


async def _take(engine: Engine, body: Payload, event: Payload, *, answer: str) -> None:
    """Let an agent do what is asked, saying so where it was asked; or answer what needs no agent."""
    person = Person(str(body["team_id"]), str(event["user"]))
    key, channel, thread = f"event:{body['event_id']}", str(event["channel"]), event.get("thread_ts")
    text = typed(str(event.get("text") or ""))
    try:
        understood = engine.understand(text)
    except MeshClawError:
        understood = None  # the answer says what was not understood
    if isinstance(understood, Run):
        await engine.enqueue(Request(key, person, understood.agent, "run", understood.args, channel, thread))
        if answer == "whisper":  # a direct message is answered in the same place anyway
            said = {"said": understood.pointer}
            await engine.enqueue(Request(f"{key}:pointer", person, "help", answer, said, channel, thread))
        return
    await engine.enqueue(Request(key, person, "help", answer, {"text": text}, channel, thread))
