"""How much a server has said lately."""

import time

_SECONDS, _MOST = 10.0, 32_000_000


class Flood(Exception):
    """It says more than anybody can read."""


class Meter:
    """Counts costs, in bytes, over some seconds."""

    def __init__(self) -> None:
        self._since, self._cost = time.monotonic(), 0

    def add(self, cost: int) -> None:
        """Raises Flood."""
        now = time.monotonic()
        if now - self._since > _SECONDS:
            self._since, self._cost = now, 0
        self._cost += cost
        if self._cost > _MOST:
            raise Flood
