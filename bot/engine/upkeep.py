"""What the clock does: expire, remind, release, redraw, forget, anchor the audit; take up what dead replicas left."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.engine.decisions import Decided, Decisions
from bot.engine.durable import Durable
from bot.engine.inbox import Inbox
from bot.engine.posts import Posts
from bot.engine.records import KEPT
from bot.gate.anchor import Anchor
from bot.gate.card import TIME_TO_UNDO, Card
from bot.gate.grants import Grants
from bot.gate.stops import Stops
from bot.store.documents import Documents

_REMEMBER_KEYS = timedelta(days=2)  # Slack redelivers for minutes; two days are ample
_REMEMBER_STEPS = timedelta(hours=1)
_HALTED = timedelta(minutes=10)
_UNDRAWN = timedelta(seconds=60)
_REMEMBER_USAGE = timedelta(days=13 * 31)
_GRACE = 3.0  # seconds
_log = structlog.get_logger("engine.upkeep")


class Upkeep:
    """The jobs of one replica. `rooms`: whose documents of single runs are forgotten. `carry_on` takes up a card again,
    `ended` hears of cards that ended by the clock, `scheduled` runs what agents are to do by themselves."""

    def __init__(
        self,
        decisions: Decisions,
        inbox: Inbox,
        durable: Durable,
        posts: Posts,
        documents: Documents,
        grants: Grants,
        stops: Stops,
        anchor: Anchor,
        anchor_every: timedelta,
        rooms: tuple[str, ...],
        purge_usage: Callable[[datetime], Awaitable[None]],
    ) -> None:
        self._decisions = decisions
        self._inbox = inbox
        self._durable = durable
        self._posts = posts
        self._documents = documents
        self._grants = grants
        self._stops = stops
        self._anchor = anchor
        self._anchor_every = anchor_every
        self._rooms = rooms
        self._purge_usage = purge_usage
        self._clock = AsyncIOScheduler(timezone=UTC)
        self._jobs: set[asyncio.Task[Any]] = set()
        self.carry_on: Callable[[Card], Awaitable[None]]
        self.ended: Callable[[Decided], Awaitable[None]]
        self.scheduled: Callable[[datetime], Awaitable[None]]

    def start(self, recover: Callable[[], Awaitable[None]], recover_every: float) -> None:
        """Begin, within the running loop."""
        every = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        self._clock.add_job(self._quietly(self._sweep), "interval", seconds=15, **every)
        self._clock.add_job(self._quietly(self._purge), "interval", minutes=10, **every)
        self._clock.add_job(self._quietly(recover), "interval", seconds=recover_every, **every)
        anchored = self._anchor_every.total_seconds()
        self._clock.add_job(self._quietly(self._keep_head), "interval", seconds=anchored, **every)
        self._decisions.at = self._at
        self._clock.start()

    async def stop(self) -> None:
        if self._clock.running:
            self._clock.pause()
            if self._jobs:  # shutting the clock down would break them off within a query
                await asyncio.wait(self._jobs, timeout=_GRACE)
            self._clock.shutdown(wait=False)
        await self._quietly(self._keep_head)()

    def _at(self, when: datetime, card: Card) -> None:
        """Take a card up again at that time; should this replica not live to see it, the sweep does."""

        async def release() -> None:
            await self.carry_on(card)

        if self._clock.running:
            self._clock.add_job(
                self._quietly(release), "date", run_date=when, id=f"release:{card.id}", replace_existing=True,
                misfire_grace_time=None,
            )  # fmt: skip

    async def _sweep(self) -> None:
        now = datetime.now(UTC)
        async for decided in self._decisions.sweep(now, now - _UNDRAWN):
            await self.ended(decided)
        for card in await self._decisions.due(now, now - _HALTED):
            await self.carry_on(card)
        await self.scheduled(now)

    async def _purge(self) -> None:
        now = datetime.now(UTC)
        await self._durable.purge(now - _REMEMBER_STEPS)
        await self._inbox.purge(now - _REMEMBER_KEYS)
        await self._posts.purge(now - _REMEMBER_KEYS)
        await self._documents.purge("gate", "choice:", now - _REMEMBER_KEYS)
        await self._documents.purge("gate", "calls:", now - KEPT)
        await self._grants.purge(now - KEPT)
        await self._stops.purge(now - TIME_TO_UNDO - _REMEMBER_KEYS)  # no card they stopped may outlive them
        await self._decisions.purge(now - TIME_TO_UNDO - _REMEMBER_KEYS)
        for room in self._rooms:
            await self._documents.purge(room, "run:", now - TIME_TO_UNDO - _REMEMBER_KEYS)
        await self._purge_usage(now - _REMEMBER_USAGE)

    async def _keep_head(self) -> None:
        await self._anchor.keep(datetime.now(UTC))

    def _quietly(self, job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[Any]]:
        """A job of the clock: an error is logged, and the next time it runs again."""

        async def run() -> None:
            task = asyncio.current_task()
            assert task
            self._jobs.add(task)
            try:
                await job()
            except Exception as error:
                _log.warning("clock job failed", job=job.__name__, error=type(error).__name__)
            finally:
                self._jobs.discard(task)

        return run
