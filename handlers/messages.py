"""What people write to MeshClaw: direct messages, mentions, and answers in a thread where it is in conversation with
them, all on one path. Commands work there without their slash; what is no command is for the agent they talk to."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.engine.commands import ASK, Direct, Free, Run
from bot.engine.engine import Engine
from handlers.payloads import Payload, typed

_STOP = "!stop"
_FROM_PEOPLE = {None, "file_share", "thread_broadcast"}
_CHANGED = {"message_changed", "message_deleted"}


def register(app: AsyncApp, engine: Engine) -> None:
    async def written(ack: AsyncAck, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """In direct messages everything is for MeshClaw; in channels what is said in a thread to it, and `!stop` there.
        Nothing else is kept, or looked at."""
        if event.get("subtype") in _CHANGED:
            await _changed(engine, body, event)
        elif _by_person(event):
            if str(event.get("text") or "").strip().lower() == _STOP:
                await _stop(engine, body, event)
            elif event.get("channel_type") == "im":
                await _take(engine, body, event, answer="answer")
            elif await _talks(engine, body, event):
                await _hear(engine, body, event, str(event["thread_ts"]))
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


def _person(body: Payload, event: Payload) -> Person:
    return Person(str(body["team_id"]), str(event["user"]))


async def _talks(engine: Engine, body: Payload, event: Payload) -> bool:
    """Whether this was said in a thread in which MeshClaw and that person are in conversation."""
    thread = event.get("thread_ts")
    return bool(thread) and await engine.talks(_person(body, event), str(event["channel"]), str(thread))


async def _hear(engine: Engine, body: Payload, event: Payload, thread: str) -> None:
    """Words for the agent. A mention in a thread comes as two events, which are one message."""
    channel, ts = str(event["channel"]), str(event["ts"])
    files: list[Any] = [str(file.get("name") or "a file")[:100] for file in (event.get("files") or ())[:10]]
    args = {"text": typed(str(event.get("text") or "")), "ts": ts, "files": files}
    await engine.enqueue(Request(f"message:{channel}:{ts}", _person(body, event), ASK, "heard", args, channel, thread))


async def _changed(engine: Engine, body: Payload, event: Payload) -> None:
    """A person changed or deleted what they had written in a conversation."""
    before, after = event.get("previous_message"), event.get("message")
    if not isinstance(before, Mapping) or not _by_person(before):
        return
    thread = str(before.get("thread_ts") or before.get("ts") or "")
    words = after.get("text") if isinstance(after, Mapping) and event["subtype"] == "message_changed" else ""
    if not thread or words == before.get("text"):  # Slack also says so when a link was looked up
        return
    person, channel = _person(body, before), str(event["channel"])
    if await engine.talks(person, channel, thread):
        args = {"ts": str(before.get("ts")), "text": typed(str(words or ""))}
        await engine.enqueue(Request(f"event:{body['event_id']}", person, ASK, "edited", args, channel, thread))


async def _stop(engine: Engine, body: Payload, event: Payload) -> None:
    """End what goes on there, ahead of every queue, and say so. In a channel `!stop` counts in a thread only."""
    person = _person(body, event)
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
    """Let an agent do what is asked, saying so where it was asked; or answer what needs no agent; or talk."""
    person = _person(body, event)
    key, channel, thread = f"event:{body['event_id']}", str(event["channel"]), event.get("thread_ts")
    text = typed(str(event.get("text") or ""))
    if await _talks(engine, body, event):
        await _hear(engine, body, event, str(thread))
        return
    try:
        understood = engine.understand(text)
        if isinstance(understood, Run):
            understood = await engine.workshop.prepared(person, understood)
    except MeshClawError:
        understood = None  # the answer says what was not understood
    if isinstance(understood, Direct) and understood.word == "stop":  # the others can wait for their turn
        if await engine.first_time(key, person):
            said = await _stopped(engine, person, understood, channel)
            await engine.enqueue(Request(f"{key}:said", person, "help", answer, {"said": said}, channel, thread))
        return
    if isinstance(understood, Free) and engine.can_talk:
        await _hear(engine, body, event, str(thread or event["ts"]))
        return
    if isinstance(understood, Run):
        await engine.enqueue(Request(key, person, understood.agent, "run", understood.args, channel, thread))
        if answer == "whisper":  # a direct message is answered in the same place anyway
            pointer = {"said": understood.pointer}
            await engine.enqueue(Request(f"{key}:pointer", person, "help", answer, pointer, channel, thread))
        return
    await engine.enqueue(Request(key, person, "help", answer, {"text": text}, channel, thread))
