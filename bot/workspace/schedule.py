"""Messages the app has scheduled (`chat.scheduleMessage`): posted when their time has come, also after a restart."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable

from bot.workspace.model import Message, Scheduled
from bot.workspace.persistence import Journal
from bot.workspace.state import State


class Schedule:
    def __init__(self, state: State, journal: Journal, clock: Callable[[], float]) -> None:
        self._state = state
        self._journal = journal
        self._clock = clock
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def populate(self, kept: Iterable[Scheduled]) -> None:
        for scheduled in kept:
            self._arm(scheduled)

    def add(self, post_at: int, message: Message) -> str:
        """Keeps a message until `post_at` (POSIX seconds). Answers its scheduled_message_id."""
        scheduled = Scheduled(f"Q{secrets.token_hex(5).upper()}", post_at, message.as_draft())
        self._journal.put("scheduled", scheduled.id, scheduled)
        self._arm(scheduled)
        return scheduled.id

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    def _arm(self, scheduled: Scheduled) -> None:
        delay = max(0.0, scheduled.post_at - self._clock())
        self._timers[scheduled.id] = asyncio.get_running_loop().call_later(delay, self._post, scheduled)

    def _post(self, scheduled: Scheduled) -> None:
        self._timers.pop(scheduled.id, None)
        self._journal.put("scheduled", scheduled.id, None)
        if scheduled.message["channel"] in self._state.conversations:
            self._state.post(Message(**{**scheduled.message, "ts": self._state.next_ts()}))
