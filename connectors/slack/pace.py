"""How fast Slack is written to: one message a second in a channel, and growing answers within a minute's budget.

https://docs.slack.dev/apis/web-api/rate-limits. Nothing is sent here: `Pace` and `Budget` only say when.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]
EVERY = 1.0
"""Seconds between two messages in one channel."""
APPENDS = 90
"""Growths of answers a minute, of the 100 that Slack allows."""
_MINUTE = 60.0
_MANY = 1_000


class Pace:
    """A channel's messages one after another, in the order they were asked for, `every` seconds apart at least; the
    first never waits. `every=0`: no pace at all."""

    def __init__(self, every: float = EVERY, *, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._every = every
        self._clock = clock
        self._sleep = sleep
        self._turns: dict[str, _Turn] = {}

    @asynccontextmanager
    async def turn(self, channel: str) -> AsyncIterator[None]:
        """Within it one message may be sent there. The next waits for its end: it shall not overtake."""
        if self._every <= 0:
            yield
            return
        turn = self._turns.get(channel)
        if turn is None:
            self._forget()
            turn = self._turns[channel] = _Turn()
        turn.waiting += 1
        try:
            async with turn.lock:  # which is fair: first come, first served
                while (wait := turn.free_at - self._clock()) > 0:
                    await self._sleep(wait)
                turn.free_at = self._clock() + self._every
                try:
                    yield
                finally:
                    if self._clock() > turn.free_at:  # it may have been refused, and have gone out late
                        turn.free_at = self._clock() + self._every
        finally:
            turn.waiting -= 1

    def _forget(self) -> None:
        """Channels nobody has written to lately, once there are many."""
        if len(self._turns) >= _MANY:
            now = self._clock()
            self._turns = {name: turn for name, turn in self._turns.items() if turn.waiting or turn.free_at > now}


class _Turn:
    """One channel: when it is free, and how many wait for it or are at it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.free_at = float("-inf")
        self.waiting = 0


class Budget:
    """At most `most` uses in any minute, over all growing answers of this process."""

    def __init__(self, most: int = APPENDS, *, clock: Clock = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._used: deque[float] = deque()

    def take(self) -> float:
        """Uses one and gives 0; or the seconds until there is one again."""
        now = self._clock()
        while self._used and now - self._used[0] >= _MINUTE:
            self._used.popleft()
        if len(self._used) < self._most:
            self._used.append(now)
            return 0.0
        return max(0.001, self._used[0] + _MINUTE - now)

    def gap(self, least: float, streams: int) -> float:
        """Seconds between two uses of one of `streams` answers that grow now: `least` while half of the budget is
        left, then as far apart as lets it last."""
        if len(self._used) * 2 < self._most:
            return least
        return max(least, max(1, streams) * _MINUTE / self._most)
