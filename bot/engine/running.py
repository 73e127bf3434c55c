"""What runs here now, so that a stop ends it at once: here when it is said, on other replicas within half a second."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.contracts.errors import Stopped
from bot.contracts.requests import Request
from bot.gate.stops import Stops

_LOOK_EVERY = 0.4  # seconds between looks at the stops of other replicas, while anything runs
_log = structlog.get_logger("engine.running")


@dataclass(slots=True)
class _Work:
    request: Request
    task: asyncio.Task[None]
    stopped: bool = False


class Running:
    """The agents at work in this process. `check` raises Stopped when a stop holds for a request."""

    def __init__(self, stops: Stops, check: Callable[[Request], Awaitable[None]]) -> None:
        self._stops = stops
        self._check = check
        self._works: dict[str, _Work] = {}
        self._watch: asyncio.Task[None] | None = None

    async def run(self, request: Request, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work, unless it is stopped: before it begins, or at any moment while it runs. Raises Stopped."""
        await self._check(request)
        if request.key in self._works:  # a part of work that is watched already
            await work()
            return

        async def begin() -> None:
            await work()

        mine = _Work(request, asyncio.create_task(begin()))
        self._works[request.key] = mine
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look())
        try:
            await mine.task
        except asyncio.CancelledError:
            if not mine.stopped:
                raise
            await self._check(request)
            raise Stopped("Stopped.", "Nothing more is done here until you ask anew.") from None
        finally:
            mine.task.cancel()
            del self._works[request.key]

    async def end(self) -> None:
        """End what a stop holds for, now."""
        for work in list(self._works.values()):
            try:
                await self._check(work.request)
            except Stopped:
                if not work.stopped:  # once: it may have something to put in order
                    work.stopped = True
                    work.task.cancel()
            except Exception as error:  # a database away for a moment: the next look tells
                _log.warning("stop not seen", error=type(error).__name__)

    async def stop(self) -> None:
        """Look no more: the database is about to be closed."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _look(self) -> None:
        """Ask for stops while anything runs: one small query, whatever runs."""
        seen = await self._latest()
        await self.end()
        while self._works:
            await asyncio.sleep(_LOOK_EVERY)
            latest = await self._latest()
            if latest != seen:
                seen = latest
                await self.end()

    async def _latest(self) -> str:
        try:
            return await self._stops.latest()
        except Exception as error:
            _log.warning("stops not seen", error=type(error).__name__)
            return ""
