"""What people write to MeshClaw: direct messages and mentions, on one path. Commands work there without their slash."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.engine.commands import Direct, Run
from bot.engine.engine import Engine
from handlers.payloads import Payload, typed

_STOP = "!stop"
_FROM_PEOPLE = {None, "file_share", "thread_broadcast"}


def register(app: AsyncApp, engine: Engine) -> None:
    async def written(ack: AsyncAck, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """In direct messages everything is for MeshClaw; in channels `!stop` in a thread alone, and nothing is kept."""
        if _by_person(event):
            if str(event.get("text") or "").strip().lower() == _STOP:
                await _stop(engine, body, event)
            elif event.get("channel_type") == "im":
                await _take(engine, body, event, answer="answer")
        await ack()

    async def mentioned(ack: AsyncAck, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        if _by_person(event):
            await _take(engine, body, event, answer="whisper")
        await ack()

    async def stopped(ack: AsyncAck, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Slack's own Stop button: the session is ours to end."""
        await _stop(engine, body, event)
        person = Person(str(body["team_id"]), str(event["user"]))
        key = f"event:{body['event_id']}:session"
        await engine.enqueue(Request(key, person, "gate", "session", {}, str(event["channel"]), event.get("thread_ts")))
        await ack()

    app.event("message")(ack=written, lazy=[])
    app.event("app_mention")(ack=mentioned, lazy=[])
    app.event("agent_session_stopped")(ack=stopped, lazy=[])


def _by_person(event: Payload) -> bool:
    return event.get("subtype") in _FROM_PEOPLE and bool(event.get("user")) and not event.get("bot_id")


async def _stop(engine: Engine, body: Payload, event: Payload) -> None:
    """End what goes on there, ahead of every queue, and say so. In a channel `!stop` counts in a thread only."""
    person = Person(str(body["team_id"]), str(event["user"]))
    channel, thread, direct = str(event["channel"]), event.get("thread_ts"), event.get("channel_type") == "im"
    if not (thread or direct):
        return
    key = f"event:{body['event_id']}"
    if await engine.first_time(key, person):
        said = await engine.stop_conversation(person, channel, str(thread) if thread else None)
        said_key = f"{key}:said"
        await engine.enqueue(Request(said_key, person, "help", "whisper", {"said": said.text}, channel, thread))


async def _stopped(engine: Engine, person: Person, asked: Direct, channel: str) -> str:
    try:
        return (await engine.direct(person, asked, channel)).text
    except MeshClawError as error:
        return f"{error.message} {error.mend}".strip()


async def _take(engine: Engine, body: Payload, event: Payload, *, answer: str) -> None:
    """Let an agent do what is asked, saying so where it was asked; or answer what needs no agent."""
    person = Person(str(body["team_id"]), str(event["user"]))
    key, channel, thread = f"event:{body['event_id']}", str(event["channel"]), event.get("thread_ts")
    text = typed(str(event.get("text") or ""))
    try:
        understood = engine.understand(text)
    except MeshClawError:
        understood = None  # the answer says what was not understood
    if isinstance(understood, Direct) and understood.word == "stop":  # the others can wait for their turn
        if await engine.first_time(key, person):
            said = await _stopped(engine, person, understood, channel)
            await engine.enqueue(Request(f"{key}:said", person, "help", answer, {"said": said}, channel, thread))
        return
    if isinstance(understood, Run):
        await engine.enqueue(Request(key, person, understood.agent, "run", understood.args, channel, thread))
        if answer == "whisper":  # a direct message is answered in the same place anyway
            pointer = {"said": understood.pointer}
            await engine.enqueue(Request(f"{key}:pointer", person, "help", answer, pointer, channel, thread))
        return
    await engine.enqueue(Request(key, person, "help", answer, {"text": text}, channel, thread))
