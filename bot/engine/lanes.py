"""Lanes: requests of one lane run one after another, in order; different lanes run side by side.

Requests coming in go before requests to run: Slack waits three seconds for an acknowledgement, a person gladly one for
the start of the work.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from bot.engine.inbox import THREAD, Inbox, Ticket

_SIDE_BY_SIDE = 16
_CONVERSATIONS = 64
"""Threads at work at once. They wait for models, for minutes at times; what is pressed meanwhile waits for none."""

_TURN_AWAITED = 0.5
_HELD_BACK = 1.0  # seconds, at most
_log = structlog.get_logger("engine.lanes")


class Lanes:
    """Starts requests as soon as their lane is free. `run` carries one request out, to its end."""

    def __init__(self, inbox: Inbox, run: Callable[[str], Awaitable[None]]) -> None:
        self._inbox = inbox
        self._run = run
        self._queues: dict[str, deque[Ticket]] = {}
        self._known: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_SIDE_BY_SIDE)
        self._conversations = asyncio.Semaphore(_CONVERSATIONS)

    def add(self, ticket: Ticket) -> None:
        """Queue the request, unless it is queued or running already."""
        if ticket.key in self._known:
            return
        self._known[ticket.key] = asyncio.get_running_loop().time()
        queue = self._queues.get(ticket.lane)
        if queue is not None:
            queue.append(ticket)
            return
        self._queues[ticket.lane] = deque([ticket])
        # in a context of its own: begun within another request, it would count as a part of that one, and end with it
        task = asyncio.create_task(self._drain(ticket.lane), context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Start nothing more. What runs is left to the durable engine."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drain(self, lane: str) -> None:
        queue = self._queues[lane]
        while queue:
            ticket = queue[0]
            try:
                while await self._inbox.behind(ticket):
                    await asyncio.sleep(_TURN_AWAITED)
                async with self._conversations if lane.startswith(THREAD) else self._slots:
                    await self._inbox.quiet(self._known[ticket.key] + _HELD_BACK)
                    await self._run(ticket.key)
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # the row stays open and is taken up again; some of DBOS's are no Exception
                _log.error("request not run", key=ticket.key, error=type(error).__name__)
            queue.popleft()
            del self._known[ticket.key]
        del self._queues[lane]
