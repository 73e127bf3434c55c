"""chat.*: posting, changing and deleting messages. Streams are in `streams`."""

from __future__ import annotations

from pydantic import Field

from bot.workspace.api.access import is_member, own_message, postable, visible
from bot.workspace.api.registry import Args, JsonList, JsonObject, method
from bot.workspace.checks import UPDATE_TEXT_LIMIT
from bot.workspace.errors import SlackError
from bot.workspace.limits import Tier
from bot.workspace.model import Json, Message
from bot.workspace.posting import draft, revise, thread_root
from bot.workspace.services import Services
from bot.workspace.state import normal_ts
from bot.workspace.streams import MARKDOWN_LIMIT
from bot.workspace.wire import message_json

_SCHEDULE_DAYS = 120


class Content(Args):
    channel: str
    text: str = ""
    blocks: JsonList = None
    attachments: JsonList = None
    markdown_text: str | None = None
    thread_ts: str | None = None
    username: str | None = None


class PostMessage(Content):
    metadata: JsonObject = None
    reply_broadcast: bool = False


class PostEphemeral(Content):
    user: str


class ScheduleMessage(PostMessage):
    post_at: int


class Update(Args):
    channel: str
    ts: str
    text: str | None = None
    blocks: JsonList = None
    attachments: JsonList = None
    markdown_text: str | None = None
    metadata: JsonObject = None


class Delete(Args):
    channel: str
    ts: str


class GetPermalink(Args):
    channel: str
    message_ts: str = Field(min_length=1)


@method("chat.postMessage", PostMessage, scopes="chat:write", tier=Tier.POSTING)
def post_message(services: Services, args: PostMessage) -> Json:
    message = _drafted(services, args)
    services.state.post(message)
    return {"channel": message.channel, "ts": message.ts, "message": message_json(message)}


@method("chat.postEphemeral", PostEphemeral, scopes="chat:write", tier=Tier.T4)
def post_ephemeral(services: Services, args: PostEphemeral) -> Json:
    state = services.state
    conversation = postable(services, args.channel)
    if args.user not in state.people:
        raise SlackError("user_not_found")
    if args.user not in conversation.members:
        raise SlackError("user_not_in_channel")
    text, blocks = _content(args)
    message = draft(
        state,
        conversation,
        text=text,
        blocks=blocks,
        attachments=args.attachments,
        thread_ts=thread_root(state, conversation, args.thread_ts),
        ephemeral_to=args.user,
        username=args.username,
    )
    state.whisper(message)
    return {"message_ts": message.ts}


@method("chat.scheduleMessage", ScheduleMessage, scopes="chat:write", tier=Tier.T3)
def schedule_message(services: Services, args: ScheduleMessage) -> Json:
    now = services.clock()
    if args.post_at <= now:
        raise SlackError("time_in_past")
    if args.post_at > now + _SCHEDULE_DAYS * 86_400:
        raise SlackError("time_too_far")
    message = _drafted(services, args)
    id = services.schedule.add(args.post_at, message)
    shown = message_json(message)
    return {
        "channel": message.channel,
        "scheduled_message_id": id,
        "post_at": args.post_at,
        "message": {**shown, "type": "delayed_message"},
    }


@method("chat.update", Update, scopes="chat:write", tier=Tier.T3)
def update(services: Services, args: Update) -> Json:
    state = services.state
    message = own_message(state, args.channel, args.ts, "cant_update_message")
    if message.streaming:
        raise SlackError("streaming_state_conflict")
    if args.text is None and args.blocks is None and args.attachments is None and args.markdown_text is None:
        raise SlackError("no_text")
    text, blocks = args.text, args.blocks
    if args.markdown_text is not None:
        text, blocks = _markdown(args.markdown_text, args.text, args.blocks)
    if text is not None and len(text) > UPDATE_TEXT_LIMIT:
        raise SlackError("msg_too_long")
    if args.metadata is not None:
        message.metadata = _metadata(args.metadata)
    revise(state, message, text=text, blocks=blocks, attachments=args.attachments)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": message_json(message)}


@method("chat.delete", Delete, scopes="chat:write", tier=Tier.T3)
def delete(services: Services, args: Delete) -> Json:
    message = own_message(services.state, args.channel, args.ts, "cant_delete_message")
    services.state.delete(message)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.getPermalink", GetPermalink, tier=Tier.FREE)
def get_permalink(services: Services, args: GetPermalink) -> Json:
    state = services.state
    conversation = visible(state, args.channel)
    message = state.message(conversation.id, normal_ts(args.message_ts) or "")
    if message is None or not is_member(state, conversation):
        raise SlackError("message_not_found")
    link = f"{services.base_url()}/archives/{conversation.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={conversation.id}"
    return {"channel": conversation.id, "permalink": link}


def _drafted(services: Services, args: PostMessage) -> Message:
    state = services.state
    conversation = postable(services, args.channel)
    text, blocks = _content(args)
    message = draft(
        state,
        conversation,
        text=text,
        blocks=blocks,
        attachments=args.attachments,
        thread_ts=thread_root(state, conversation, args.thread_ts),
        metadata=_metadata(args.metadata),
        username=args.username,
    )
    message.broadcast = args.reply_broadcast and message.thread_ts is not None
    if message.broadcast:
        message.subtype = "thread_broadcast"
    return message


def _content(args: Content) -> tuple[str, list[Json] | None]:
    if args.markdown_text is None:
        return args.text, args.blocks
    return _markdown(args.markdown_text, args.text or None, args.blocks)


def _markdown(markdown: str, text: str | None, blocks: list[Json] | None) -> tuple[str, list[Json]]:
    if text or blocks:
        raise SlackError("markdown_text_conflict")
    if len(markdown) > MARKDOWN_LIMIT:
        raise SlackError("msg_too_long")
    return markdown, [{"type": "markdown", "text": markdown}]


def _metadata(metadata: Json | None) -> Json | None:
    if not metadata:
        return None
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    return metadata
