"""What an agent shows besides messages: its status line in a thread, and the prompts it suggests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.workspace.model import Change, Json
from bot.workspace.state import State

STATUS_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Status:
    text: str
    expires: float
    loading_messages: tuple[str, ...] = field(default=())


class Assistants:
    """Statuses and prompts live in memory: a status is gone after two minutes or with the app's next message."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock
        self._statuses: dict[tuple[str, str], Status] = {}
        self._prompts: dict[str, Json] = {}

    def observe(self, change: Change) -> None:
        message = change.message
        if change.kind != "message" or message is None or message.bot_id is None:
            return
        thread_ts = message.thread_ts or message.ts
        if self._statuses.pop((message.channel, thread_ts), None):
            self._tell(message.channel, thread_ts)

    def set_status(self, channel: str, thread_ts: str, text: str, loading_messages: list[str]) -> None:
        """An empty text takes the status away."""
        if text:
            expires = self._clock() + STATUS_SECONDS
            self._statuses[channel, thread_ts] = Status(text, expires, tuple(loading_messages))
        else:
            self._statuses.pop((channel, thread_ts), None)
        self._tell(channel, thread_ts)

    def set_prompts(self, channel: str, thread_ts: str | None, title: str | None, prompts: list[Json]) -> None:
        self._prompts[channel] = {"thread_ts": thread_ts, "title": title, "prompts": prompts}
        self._state.tell(Change("prompts", channel=channel, thread_ts=thread_ts))

    def prompts(self, channel: str) -> Json | None:
        return self._prompts.get(channel)

    def statuses(self, channel: str) -> list[Json]:
        """The statuses shown in a conversation now."""
        now = self._clock()
        return [
            {"thread_ts": thread_ts, "text": status.text, "loading_messages": list(status.loading_messages)}
            for (where, thread_ts), status in self._statuses.items()
            if where == channel and status.expires > now
        ]

    def _tell(self, channel: str, thread_ts: str) -> None:
        self._state.tell(Change("status", channel=channel, thread_ts=thread_ts))
