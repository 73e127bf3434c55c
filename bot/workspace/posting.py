"""Messages the app sends, whichever way they come: a Web API call, an acknowledgement, a response_url."""

from __future__ import annotations

from typing import Any

from bot.workspace import elements
from bot.workspace.checks import check_message
from bot.workspace.errors import SlackError
from bot.workspace.model import Conversation, Json, Message
from bot.workspace.state import State
from bot.workspace.wire import message_json


def draft(
    state: State,
    conversation: Conversation,
    *,
    text: str = "",
    blocks: list[Any] | None = None,
    attachments: list[Any] | None = None,
    thread_ts: str | None = None,
    ephemeral_to: str | None = None,
    metadata: Json | None = None,
    username: str | None = None,
) -> Message:
    """A message of the app, checked and with a timestamp, not yet posted. Raises `SlackError`."""
    check_message(text, blocks, attachments)
    app = state.app
    return Message(
        ts=state.next_ts(),
        channel=conversation.id,
        user=app.bot_user_id,
        text=text,
        blocks=elements.with_ids(blocks),
        attachments=_numbered(attachments),
        thread_ts=thread_ts,
        bot_id=app.bot_id,
        app_id=app.id,
        username=username,
        metadata=metadata,
        ephemeral_to=ephemeral_to,
    )


def thread_root(state: State, conversation: Conversation, thread_ts: str | None) -> str | None:
    """The thread a reply goes to. Raises `SlackError` when there is no such message to reply to."""
    if not thread_ts:
        return None
    root = state.root_of(conversation.id, thread_ts)
    if root is None:
        raise SlackError("thread_not_found")
    return root


def revise(
    state: State, message: Message, *, text: str | None, blocks: list[Any] | None, attachments: list[Any] | None
) -> None:
    """Changes a message's contents; what is None stays. Raises `SlackError` when the outcome would be refused."""
    text = message.text if text is None else text
    check_message(
        text,
        message.blocks if blocks is None else blocks,
        message.attachments if attachments is None else attachments,
        files=bool(message.files),
    )
    previous = message_json(message)
    message.text = text
    if blocks is not None:
        message.blocks = elements.with_ids(blocks)
    if attachments is not None:
        message.attachments = _numbered(attachments)
    message.edited = {"user": message.user, "ts": state.next_ts()}
    state.changed(message, previous)


def answer(state: State, conversation: Conversation, person: str, body: Json, thread_ts: str | None = None) -> Message:
    """What an app answers a command or click with: for that person alone unless it says `in_channel`."""
    alone = body.get("response_type", "ephemeral") != "in_channel"
    wanted = body.get("thread_ts") or thread_ts
    message = draft(
        state,
        conversation,
        text=str(body.get("text") or ""),
        blocks=body.get("blocks"),
        attachments=body.get("attachments"),
        thread_ts=state.root_of(conversation.id, wanted) if wanted else None,
        ephemeral_to=person if alone else None,
        metadata=body.get("metadata"),
    )
    return state.whisper(message) if alone else state.post(message)


def _numbered(attachments: list[Any] | None) -> list[Json]:
    numbered = [{"id": number, **attachment} for number, attachment in enumerate(attachments or (), 1)]
    for attachment in numbered:
        if "blocks" in attachment:
            attachment["blocks"] = elements.with_ids(attachment["blocks"])
    return numbered
