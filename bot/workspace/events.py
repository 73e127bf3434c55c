"""What happens in the workspace, as Slack's Events API tells the app: only what it subscribed to and may see.

Source: docs.slack.dev/reference/events.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from bot.workspace.dispatcher import Dispatcher
from bot.workspace.model import Change, Conversation, Json, Message
from bot.workspace.state import State
from bot.workspace.wire import channel_type, message_json

_SUBSCRIPTIONS = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}


class Events:
    """Observes the state and has events delivered."""

    def __init__(self, state: State, dispatcher: Dispatcher, clock: Callable[[], float]) -> None:
        self._state = state
        self._dispatcher = dispatcher
        self._clock = clock

    def observe(self, change: Change) -> None:
        if change.channel is None or change.person is not None:
            return  # views and ephemeral messages are no events
        conversation = self._state.conversations[change.channel]
        bot = self._state.app.bot_user_id
        if bot not in conversation.members:
            return
        if change.kind.startswith("message_") or change.kind == "message":
            self._message(change, conversation)
        elif change.kind in ("reaction_added", "reaction_removed") and change.message:
            self._reaction(change, change.message)
        elif change.kind == "member_left":
            kind = "G" if conversation.is_private else "C"
            fields = {"user": change.actor, "channel": conversation.id, "channel_type": kind}
            self.emit("member_left_channel", {**fields, "team": self._state.team.id})
        elif change.kind == "member_joined":
            self.emit(
                "member_joined_channel",
                {
                    "user": change.actor,
                    "channel": conversation.id,
                    "channel_type": "G" if conversation.is_private else "C",
                    "team": self._state.team.id,
                    **({"inviter": change.name} if change.name else {}),
                },
                by_person=change.actor != bot,
            )

    def emit(self, type: str, fields: Json, *, by_person: bool = True, subscription: str | None = None) -> None:
        """Delivers one event in the background, if the app has subscribed to it."""
        if self._state.app.subscribes(subscription or type):
            self._dispatcher.event(self.envelope({"type": type, **fields}), by_person=by_person)

    def envelope(self, event: Json) -> Json:
        """The outer `event_callback` around an event."""
        app, team = self._state.app, self._state.team
        event.setdefault("event_ts", f"{self._clock():.6f}")
        return {
            "token": "local",
            "team_id": team.id,
            "context_team_id": team.id,
            "api_app_id": app.id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self._clock()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": team.id,
                    "user_id": app.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": secrets.token_urlsafe(24),
        }

    def _message(self, change: Change, conversation: Conversation) -> None:
        message = change.message
        if message is None or change.kind == "message_streamed":
            return
        kind = channel_type(conversation)
        by_person = message.bot_id is None
        where: Json = {"channel": conversation.id, "channel_type": kind}
        body = {**message_json(message), "team": self._state.team.id}
        if change.kind == "message":
            body |= {**where, "event_ts": message.ts}
            if message.thread_ts and (root := self._state.message(conversation.id, message.thread_ts)):
                body["parent_user_id"] = root.user
        else:
            event_ts = self._state.next_ts()
            previous = {"previous_message": change.previous}
            if change.kind == "message_changed":
                more: Json = {"message": body, **previous, "hidden": True}
            else:
                more = {"deleted_ts": message.ts, **previous, "hidden": True}
            body = {"subtype": change.kind, **where, **more, "ts": event_ts, "event_ts": event_ts}
        self.emit("message", body, by_person=by_person, subscription=_SUBSCRIPTIONS[kind])
        if change.kind == "message" and by_person and kind in ("channel", "group"):
            self._mention(message)

    def _mention(self, message: Message) -> None:
        if f"<@{self._state.app.bot_user_id}>" not in message.text:
            return
        fields = {**message_json(message), "team": self._state.team.id, "channel": message.channel}
        del fields["type"]
        self.emit("app_mention", {**fields, "event_ts": message.ts})

    def _reaction(self, change: Change, message: Message) -> None:
        self.emit(
            change.kind,
            {
                "user": change.actor,
                "reaction": change.name,
                "item": {"type": "message", "channel": message.channel, "ts": message.ts},
                "item_user": message.user,
            },
            by_person=change.actor != self._state.app.bot_user_id,
        )
