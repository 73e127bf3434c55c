"""The messages of one conversation in the order of their timestamps, with its threads."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

from bot.workspace.model import Message


class Timeline:
    """Appending and looking up cost the same however long the conversation is."""

    def __init__(self) -> None:
        self._messages: dict[str, Message] = {}
        self._order: list[str] = []
        self._threads: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._order)

    def get(self, ts: str) -> Message | None:
        return self._messages.get(ts)

    def add(self, message: Message) -> None:
        self._messages[message.ts] = message
        insort(self._order, message.ts)  # new messages are the newest: this appends
        if message.thread_ts:
            insort(self._threads.setdefault(message.thread_ts, []), message.ts)

    def remove(self, ts: str) -> Message | None:
        message = self._messages.pop(ts, None)
        if message is None:
            return None
        self._order.remove(ts)
        if message.thread_ts and ts in self._threads.get(message.thread_ts, []):
            self._threads[message.thread_ts].remove(ts)
        return message

    def replies(self, root: str) -> list[Message]:
        return [self._messages[ts] for ts in self._threads.get(root, ())]

    def reply_count(self, root: str) -> int:
        return len(self._threads.get(root, ()))

    def between(self, oldest: str | None = None, latest: str | None = None, inclusive: bool = False) -> list[Message]:
        """The messages between two timestamps, oldest first; the bounds themselves only when `inclusive`."""
        low, high = 0, len(self._order)
        if oldest:
            low = bisect_left(self._order, oldest) if inclusive else bisect_right(self._order, oldest)
        if latest:
            high = bisect_right(self._order, latest) if inclusive else bisect_left(self._order, latest)
        return [self._messages[ts] for ts in self._order[low:high]]

    def newest_first(self, before: str | None = None) -> Iterator[Message]:
        """From the newest (or the one just before `before`) back to the first."""
        at = bisect_left(self._order, before) if before else len(self._order)
        for index in range(at - 1, -1, -1):
            yield self._messages[self._order[index]]
