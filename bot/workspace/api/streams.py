"""chat.startStream, chat.appendStream and chat.stopStream: messages that grow before the reader's eyes."""

from __future__ import annotations

from bot.workspace import elements, streams
from bot.workspace.api.access import own_message, postable
from bot.workspace.api.agents import STATUSES, set_session
from bot.workspace.api.registry import Args, JsonList, JsonObject, method
from bot.workspace.checks import check_message
from bot.workspace.errors import SlackError
from bot.workspace.limits import Tier
from bot.workspace.model import Json, Message
from bot.workspace.posting import thread_root
from bot.workspace.services import Services
from bot.workspace.wire import message_json


class Chunks(Args):
    channel: str
    markdown_text: str | None = None
    chunks: JsonList = None


class StartStream(Chunks):
    thread_ts: str
    recipient_user_id: str | None = None
    recipient_team_id: str | None = None
    task_display_mode: str = "timeline"
    username: str | None = None


class AppendStream(Chunks):
    ts: str


class StopStream(Chunks):
    ts: str
    blocks: JsonList = None
    metadata: JsonObject = None
    session_status: str | None = None


@method("chat.startStream", StartStream, scopes="chat:write", tier=Tier.T2)
def start_stream(services: Services, args: StartStream) -> Json:
    state = services.state
    conversation = postable(services, args.channel)
    if conversation.kind == "channel":
        if not args.recipient_user_id:
            raise SlackError("missing_recipient_user_id")
        if not args.recipient_team_id:
            raise SlackError("missing_recipient_team_id")
        if args.recipient_user_id not in state.people:
            raise SlackError("user_not_found")
    if args.task_display_mode not in ("timeline", "plan"):
        raise SlackError.because("invalid_arguments", "task_display_mode must be timeline or plan")
    app = state.app
    message = Message(
        ts=state.next_ts(),
        channel=conversation.id,
        user=app.bot_user_id,
        thread_ts=thread_root(state, conversation, args.thread_ts),
        bot_id=app.bot_id,
        app_id=app.id,
        username=args.username,
        stream=[],
        task_display_mode=args.task_display_mode,
    )
    _grow(message, _chunks(args))
    state.post(message)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.appendStream", AppendStream, scopes="chat:write", tier=Tier.T4)
def append_stream(services: Services, args: AppendStream) -> Json:
    message = _live(services, args.channel, args.ts)
    chunks = _chunks(args)
    if not chunks:
        raise SlackError("no_text")
    previous = message_json(message)
    _grow(message, chunks)
    services.state.changed(message, previous, silent=True)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", StopStream, scopes="chat:write", tier=Tier.T2)
def stop_stream(services: Services, args: StopStream) -> Json:
    message = _live(services, args.channel, args.ts)
    if args.session_status is not None and args.session_status not in STATUSES:
        raise SlackError.because("invalid_arguments", f"session_status must be one of {', '.join(STATUSES)}")
    previous = message_json(message)
    chunks = _chunks(args)
    if args.blocks:
        chunks.append({"type": "blocks", "blocks": args.blocks})
    _grow(message, chunks)
    message.stream = None
    message.metadata = args.metadata or message.metadata
    services.state.changed(message, previous)
    if args.session_status and message.thread_ts:
        set_session(services, message.channel, message.thread_ts, args.session_status)
    return {"channel": message.channel, "ts": message.ts, "message": message_json(message)}


def _live(services: Services, channel: str, ts: str) -> Message:
    message = own_message(services.state, channel, ts, "message_not_owned_by_app")
    if not message.streaming:
        raise SlackError("message_not_in_streaming_state")
    return message


def _chunks(args: Chunks) -> list[Json]:
    chunks = list(args.chunks or [])
    if args.markdown_text:
        chunks.insert(0, {"type": "markdown_text", "text": args.markdown_text})
    return [streams.check_chunk(chunk) for chunk in chunks]


def _grow(message: Message, chunks: list[Json]) -> None:
    """Adds chunks to a live message, unless the blocks they make would be refused."""
    parts = streams.append(message.stream or [], chunks)
    if blocks := streams.blocks_of(parts, message.task_display_mode):
        check_message(None, blocks, None)
    message.stream = parts
    message.text = streams.text_of(parts)
    message.blocks = elements.with_ids(blocks)
