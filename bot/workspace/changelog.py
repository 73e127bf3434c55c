"""The log of visible changes a page follows as server-sent events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from itertools import islice

from bot.workspace.model import Change, Json

KEPT = 5_000

# What a follower has to look at again; every change not named here is about a message.
_KINDS = {
    "modal_opened": "modal",
    "modal_updated": "modal",
    "modal_closed": "modal",
    "home": "home",
    "status": "status",
    "session": "status",
    "prompts": "status",
    "channel_created": "workspace",
    "channel_renamed": "workspace",
    "person_changed": "workspace",
    "group_changed": "workspace",
    "member_joined": "workspace",
    "member_left": "workspace",
    "app": "workspace",
}


class ChangeLog:
    """Numbers changes from 1 and keeps the last 5,000 for those who come back."""

    def __init__(self) -> None:
        self._entries: deque[Json] = deque(maxlen=KEPT)
        self._last = 0
        self._closed = False
        self._news = asyncio.Event()

    @property
    def last(self) -> int:
        return self._last

    def observe(self, change: Change) -> None:
        self.add(
            change.kind,
            channel=change.channel,
            ts=change.ts,
            thread_ts=change.thread_ts,
            person=change.person,
            actor=change.actor,
            name=change.name,
        )

    def add(self, kind: str, **fields: str | None) -> None:
        """Adds an entry; `person` names the only one who sees the change, None everyone in the conversation."""
        self._last += 1
        self._entries.append({"id": self._last, "kind": _KINDS.get(kind, "message"), "type": kind, **fields})
        self._news.set()
        self._news = asyncio.Event()

    def close(self) -> None:
        """Lets everybody go who follows."""
        self._closed = True
        self._news.set()

    def after(self, id: int) -> list[Json]:
        newest_first = islice(reversed(self._entries), max(0, self._last - id))
        return list(newest_first)[::-1]

    async def follow(self, since: int, keepalive: float) -> AsyncIterator[list[Json]]:
        """Batches of entries after `since` as they come; an empty batch when nothing came for `keepalive` seconds.

        A number from before a restart, higher than any there is, counts as the last one."""
        since = min(since, self._last)
        while not self._closed:
            news = self._news
            if batch := self.after(since):
                since = batch[-1]["id"]
                yield batch
                continue
            try:
                await asyncio.wait_for(news.wait(), keepalive)
            except TimeoutError:
                yield []
