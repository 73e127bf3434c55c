"""What the app may reach: conversations it is in, with the scopes it has, and messages that are its own."""

from __future__ import annotations

from bot.workspace.errors import SlackError
from bot.workspace.model import App, Conversation, Message
from bot.workspace.services import Services
from bot.workspace.state import State, normal_ts


def need(app: App, *scopes: str) -> None:
    """Raises `missing_scope` unless the app has one of these scopes."""
    if scopes and not app.scopes.intersection(scopes):
        raise SlackError("missing_scope", needed=scopes[0], provided=",".join(sorted(app.scopes)))


def family(conversation: Conversation) -> str:
    """The scope family of a conversation: channels, groups, im or mpim."""
    if conversation.kind == "channel":
        return "groups" if conversation.is_private else "channels"
    return conversation.kind


def is_member(state: State, conversation: Conversation) -> bool:
    return state.app.bot_user_id in conversation.members


def visible(state: State, channel: str) -> Conversation:
    """A conversation the app can know of. Raises `channel_not_found`."""
    conversation = state.conversations.get(channel)
    if conversation is None or not (is_member(state, conversation) or family(conversation) == "channels"):
        raise SlackError("channel_not_found")
    return conversation


def joined(state: State, channel: str) -> Conversation:
    """A conversation the app is in. Raises `channel_not_found` or `not_in_channel`."""
    conversation = visible(state, channel)
    if not is_member(state, conversation):
        raise SlackError("not_in_channel")
    return conversation


def postable(services: Services, channel: str) -> Conversation:
    """Where a message is to go: an id, a channel's name, or a person's id for direct messages."""
    state = services.state
    if person := state.people.get(channel):
        return state.direct_message(person)
    named = state.conversation_named(channel)
    conversation = visible(state, named.id if named else channel)
    if not is_member(state, conversation) and "chat:write.public" not in state.app.scopes:
        raise SlackError("not_in_channel")
    if conversation.is_archived:
        raise SlackError("is_archived")
    return conversation


def readable(state: State, channel: str) -> Conversation:
    """A conversation whose messages the app may read."""
    conversation = visible(state, channel)
    need(state.app, f"{family(conversation)}:history")
    if not is_member(state, conversation):
        raise SlackError("not_in_channel")
    return conversation


def own_message(state: State, channel: str, ts: str, otherwise: str) -> Message:
    """A message the app has posted. Raises `message_not_found`, or `otherwise` when it is somebody else's."""
    conversation = state.conversations.get(channel)
    if conversation is None or (not is_member(state, conversation) and conversation.is_private):
        raise SlackError("channel_not_found")
    message = state.message(channel, normal_ts(ts) or "")
    if message is None:
        raise SlackError("message_not_found")
    if message.bot_id != state.app.bot_id:
        raise SlackError(otherwise)
    return message
