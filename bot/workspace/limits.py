"""What can make a Web API call fail although it is right: rate limits, and faults a test has asked for.

Limits: docs.slack.dev/apis/web-api/rate-limits. They are off until a person turns them on.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass
from enum import Enum
from math import ceil


class Tier(Enum):
    """Calls per minute, per method. POSTING is one message a second per channel; FREE is not limited."""

    T1 = 1
    T2 = 20
    T3 = 50
    T4 = 100
    POSTING = 60
    FREE = 0


class RateLimits:
    """Token buckets by method (and channel, for posting)."""

    def __init__(self) -> None:
        self.on = False
        self._buckets: dict[str, tuple[float, float]] = {}

    def switch(self, on: bool) -> None:
        self.on = on
        self._buckets.clear()

    def wait(self, method: str, tier: Tier, channel: str | None) -> int | None:
        """Takes one call from the bucket. Seconds to wait when it is empty, None when the call may go on."""
        if not self.on or tier is Tier.FREE:
            return None
        posting = tier is Tier.POSTING
        key = f"posting:{channel}" if posting else method
        per_minute: int = tier.value
        capacity = 1.0 if posting else float(per_minute)
        per_second = per_minute / 60
        now = time.monotonic()
        left, at = self._buckets.get(key, (capacity, now))
        left = min(capacity, left + (now - at) * per_second)
        if left < 1:
            self._buckets[key] = (left, now)
            return max(1, ceil((1 - left) / per_second))
        self._buckets[key] = (left - 1, now)
        return None


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` is ratelimited, error:<code>, drop_before, drop_after, delay or disconnect."""

    kind: str
    seconds: float

    @property
    def error(self) -> str | None:
        return self.kind.removeprefix("error:") if self.kind.startswith("error:") else None


class Faults:
    """Faults waiting for their method to be called; each is used once. The method `*` stands for any."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, method: str, fault: Fault, count: int) -> None:
        self._waiting[method].extend([fault] * count)

    def clear(self, method: str) -> None:
        self._waiting.pop(method, None)

    def take(self, method: str) -> Fault | None:
        for name in (method, "*"):
            if self._waiting.get(name):
                return self._waiting[name].popleft()
        return None
