"""conversations.* and users.conversations."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, takewhile

from pydantic import Field

from bot.workspace.api.access import family, is_member, need, readable, visible
from bot.workspace.api.paging import cursor_for, page_of, position_in
from bot.workspace.api.registry import Args, Names, method
from bot.workspace.errors import SlackError
from bot.workspace.limits import Tier
from bot.workspace.model import Conversation, Json, Message
from bot.workspace.services import Services
from bot.workspace.state import State, normal_ts
from bot.workspace.wire import conversation_json, message_json

_TYPES = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


class OpenConversation(Args):
    channel: str | None = None
    users: Names = Field(default_factory=list)
    return_im: bool = False


class ListConversations(Args):
    types: Names = Field(default_factory=lambda: ["public_channel"])
    exclude_archived: bool = False
    user: str | None = None
    cursor: str = ""
    limit: int = 100


class ConversationArg(Args):
    channel: str
    include_num_members: bool = False


class Members(Args):
    channel: str
    cursor: str = ""
    limit: int = 100


class History(Args):
    channel: str
    oldest: str | None = None
    latest: str | None = None
    inclusive: bool = False
    include_all_metadata: bool = False
    cursor: str = ""
    limit: int = 100


class Replies(History):
    ts: str


@method("conversations.open", OpenConversation, scopes=("im:write", "mpim:write"), tier=Tier.T3)
def open_conversation(services: Services, args: OpenConversation) -> Json:
    state = services.state
    if args.channel:
        conversation = visible(state, args.channel)
    else:
        conversation = _opened(state, list(dict.fromkeys(args.users)), int(services.clock()))
    shown = _conversation(state, conversation) if args.return_im else {"id": conversation.id}
    return {"channel": shown}


def _opened(state: State, users: list[str], now: int) -> Conversation:
    people = [state.people.get(user) for user in users if user != state.app.bot_user_id]
    if not people:
        raise SlackError("users_list_not_supplied")
    if None in people:
        raise SlackError("user_not_found")
    found = [person for person in people if person]
    if not all(person.is_active for person in found):
        raise SlackError("user_disabled")
    if len(found) == 1:
        return state.direct_message(found[0])
    need(state.app, "mpim:write")
    members = sorted([*(person.id for person in found), state.app.bot_user_id])
    for conversation in state.conversations.values():
        if conversation.kind == "mpim" and sorted(conversation.members) == members:
            return conversation
    handles = "--".join(sorted(person.handle for person in found))
    number = sum(one.kind == "mpim" for one in state.conversations.values()) + 1
    conversation = Conversation(
        id=f"C01MPDM{number:04d}",
        name=f"mpdm-{state.app.bot_handle}--{handles}-1",
        kind="mpim",
        is_private=True,
        members=members,
        created=now,
        creator=state.app.bot_user_id,
    )
    state.add_conversation(conversation)
    return conversation


@method("conversations.list", ListConversations, tier=Tier.T2)
def list_conversations(services: Services, args: ListConversations) -> Json:
    return _listed(services, args, lambda one: family(one) == "channels" or is_member(services.state, one))


@method("users.conversations", ListConversations, tier=Tier.T3)
def users_conversations(services: Services, args: ListConversations) -> Json:
    state = services.state
    user = args.user or state.app.bot_user_id
    if user != state.app.bot_user_id and user not in state.people:
        raise SlackError("user_not_found")

    def theirs(one: Conversation) -> bool:
        known = family(one) == "channels" or is_member(state, one)
        return user in one.members and known

    return _listed(services, args, theirs)


@method("conversations.info", ConversationArg, tier=Tier.T3)
def info(services: Services, args: ConversationArg) -> Json:
    conversation = visible(services.state, args.channel)
    need(services.state.app, f"{family(conversation)}:read")
    return {"channel": _conversation(services.state, conversation)}


@method("conversations.members", Members, tier=Tier.T4)
def members(services: Services, args: Members) -> Json:
    conversation = visible(services.state, args.channel)
    need(services.state.app, f"{family(conversation)}:read")
    page, cursor = page_of(services.state.active(conversation.members), args.cursor, args.limit)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


@method("conversations.join", ConversationArg, scopes="channels:join", tier=Tier.T3)
def join(services: Services, args: ConversationArg) -> Json:
    state = services.state
    conversation = visible(state, args.channel)
    if family(conversation) != "channels":
        raise SlackError("method_not_supported_for_channel_type")
    answer: Json = {}
    if not state.join(conversation, state.app.bot_user_id):
        answer = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return {"channel": _conversation(state, conversation), **answer}


@method("conversations.history", History, tier=Tier.T3)
def history(services: Services, args: History) -> Json:
    state = services.state
    conversation = readable(state, args.channel)
    timeline = state.timeline(conversation.id)
    oldest, latest = _bounds(args)
    before = position_in(args.cursor) if args.cursor else None
    limit = max(1, min(args.limit, 999))

    def recent(message: Message) -> bool:
        return not oldest or message.ts > oldest or (args.inclusive and message.ts == oldest)

    def wanted(message: Message) -> bool:
        old_enough = not latest or message.ts < latest or (args.inclusive and message.ts == latest)
        return old_enough and (message.thread_ts is None or message.broadcast)

    found = list(islice(filter(wanted, takewhile(recent, timeline.newest_first(before))), limit + 1))
    has_more = len(found) > limit
    shown = [_shown(state, one, args.include_all_metadata) for one in found[:limit]]
    answer: Json = {"messages": shown, "has_more": has_more, "pin_count": 0}
    if has_more:
        answer["response_metadata"] = {"next_cursor": cursor_for(found[limit - 1].ts)}
    return answer


@method("conversations.replies", Replies, tier=Tier.T3)
def replies(services: Services, args: Replies) -> Json:
    state = services.state
    conversation = readable(state, args.channel)
    root_ts = state.root_of(conversation.id, normal_ts(args.ts) or "")
    root = state.message(conversation.id, root_ts) if root_ts else None
    if root is None:
        raise SlackError("thread_not_found")
    oldest, latest = _bounds(args)

    def within(message: Message) -> bool:
        low = not oldest or message.ts > oldest or (args.inclusive and message.ts == oldest)
        high = not latest or message.ts < latest or (args.inclusive and message.ts == latest)
        return low and high

    after = position_in(args.cursor) if args.cursor else ""
    thread = state.timeline(conversation.id).replies(root.ts)
    limit = max(1, min(args.limit, 1000))
    found = list(islice((one for one in thread if within(one) and one.ts > after), limit + 1))
    has_more = len(found) > limit
    page = found[:limit] if after else [root, *found[:limit]]
    answer: Json = {
        "messages": [_shown(state, one, args.include_all_metadata) for one in page],
        "has_more": has_more,
    }
    if has_more:
        answer["response_metadata"] = {"next_cursor": cursor_for(found[limit - 1].ts)}
    return answer


def _listed(services: Services, args: ListConversations, wanted: Callable[[Conversation], bool]) -> Json:
    state = services.state
    families = []
    for kind in args.types:
        if kind not in _TYPES:
            raise SlackError("invalid_types")
        need(state.app, f"{_TYPES[kind]}:read")
        families.append(_TYPES[kind])
    found = [
        one
        for one in state.conversations.values()
        if family(one) in families and wanted(one) and not (args.exclude_archived and one.is_archived)
    ]
    page, cursor = page_of(found, args.cursor, args.limit)
    return {
        "channels": [_conversation(state, one) for one in page],
        "response_metadata": {"next_cursor": cursor},
    }


def _conversation(state: State, conversation: Conversation) -> Json:
    other = state.people.get(conversation.person or "")
    return conversation_json(
        conversation,
        state.app,
        shared=state.shared(conversation),
        count=len(state.active(conversation.members)),
        user_deleted=other is not None and not other.is_active,
    )


def _bounds(args: History) -> tuple[str | None, str | None]:
    for name, value in (("oldest", args.oldest), ("latest", args.latest)):
        if value and normal_ts(value) is None:
            raise SlackError(f"invalid_ts_{name}")
    return normal_ts(args.oldest), normal_ts(args.latest)


def _shown(state: State, message: Message, with_metadata: bool) -> Json:
    count = state.timeline(message.channel).reply_count(message.ts)
    shown = message_json(message, with_metadata=with_metadata, reply_count=count)
    return {**shown, "team": state.team.id}
