"""The gate without Slack and DBOS, so that it can die many times a second: replicas on one database, with what the
engine and the clock do for them."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lab.connector import Before, nothing
from mortal import Channel, Fate, Killed, Life, Mortal, MortalLab, Remembering
from sqlalchemy import select, update
from sqlalchemy.engine import URL

from bot.assembly import Gate, Storage
from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.policy import Deciders, Policy, Rule
from bot.contracts.requests import Request
from bot.contracts.tools import Call, Effect, Plan, ToolContext
from bot.engine.decisions import Decided
from bot.gate.audit import Audit
from bot.gate.card import ACTIVE, Card
from bot.gate.cards import Cards
from bot.gate.grants import Grant, Grants
from bot.store.database import Database
from bot.store.documents import ConnectionStore, Documents
from bot.store.models import Base, CardRow
from bot.store.sealing import KEY_BYTES, Vault

ADA, BEN, CY, *MORE = (Person("T1", f"U{name}") for name in ("ADA", "BEN", "CY", "DAN", "EVE", "FAY", "GUS", "HAL"))
EIGHT = (ADA, BEN, CY, *MORE)
TWO_OF_EIGHT = Deciders(asker=False, people=tuple(each.user for each in EIGHT), another=True, count=2, channel="C1")
POLICY = Policy(
    rules=(Rule("deploys", "ask", effects=frozenset((Effect.DEPLOY,)), deciders=TWO_OF_EIGHT),),
    outbox=timedelta(hours=1),  # over when the test says so
)
VAULT = Vault(b"k" * KEY_BYTES)


_SOON = timedelta(seconds=5)


@dataclass
class Replica:
    """One life, with a gate of its own on the engine of its replica."""

    life: Life
    shared: Database
    gate: Gate


Work = Callable[[Replica], Awaitable[None]]


@dataclass
class World:
    """Replicas on one database, with their Slack and their laboratory: one after another on SQLite, several at once
    on PostgreSQL. `shared`: an engine for each, and a last one for who looks on from outside."""

    shared: Sequence[Database]
    path: Path
    policy: Policy = POLICY
    blind: Collection[str] = ()
    again: int = 0
    """How often each request is delivered once more: at once, and again after every replica has died."""
    said: Before = nothing
    """Awaited before each effect: what people say meanwhile."""
    slack: Channel = field(default_factory=Channel)
    fate: Fate = field(default_factory=Fate)
    replicas: list[Replica] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    reported: set[tuple[str, str]] = field(default_factory=set)
    """Cards whose end their agent was told of: decided, undone."""
    todo: dict[str, Request] = field(default_factory=dict)
    """Requests that were written durably, by key."""
    done: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._lives = itertools.count(1)
        self._turns = itertools.count()
        self.outside = self.born(self.shared[-1], Fate())
        """Never dies, and is nobody's replica."""
        audit = Audit(self.shared[-1], VAULT)
        self.look = Cards(self.shared[-1], VAULT, audit)
        self.granting = Grants(self.shared[-1], VAULT, audit)

    async def begin(self) -> None:
        """Empty everything, and start the replicas."""
        async with self.shared[-1].write() as session:
            for table in Base.metadata.sorted_tables:
                await session.execute(table.delete())
        self.path.unlink(missing_ok=True)
        self.replicas = [self.born(shared) for shared in self.shared[:-1]]

    def born(self, shared: Database, fate: Fate | None = None) -> Replica:
        life = Life(f"life-{next(self._lives)}", fate or self.fate)
        lab = MortalLab(self.path, life=life, blind=self.blind, before=self._before)
        database = Mortal(shared, life)
        storage = Storage(database, VAULT, Documents(database, VAULT), ConnectionStore(database, VAULT))
        slack: Any = Remembering(self.slack, life)
        gate = Gate(self.policy, storage, {lab.name: lab}, slack, life.executor, self._is_dead)
        return Replica(life, shared, gate)

    async def _before(self, context: ToolContext, call: Call) -> None:
        await self.said(context, call)

    async def _is_dead(self, executor: str) -> bool:
        return executor in self.dead

    # What the engine and the clock do

    async def propose(self, asked: Request, plan: Plan) -> None:
        async def propose(replica: Replica) -> None:
            _, running = await replica.gate.decisions.propose(asked, plan)
            for card in running:
                self._carry_on(replica, card)

        await self._surviving(propose)
        await self._work_off()
        await self._once_more(propose)

    async def click(self, clicked: Request) -> None:
        """One click, worked off with all that follows from it. Raises what the person would be told went wrong."""
        self.todo[clicked.key] = clicked
        await self._work_off()

    async def clock(self) -> None:
        """The clock strikes, with all its times over, until there is nothing left to do."""

        async def strike(replica: Replica) -> None:
            now = datetime.now(UTC)
            async for decided in replica.gate.decisions.sweep(now, now + _SOON):
                self._report(replica, decided)
            for card in await replica.gate.decisions.due(now, now + _SOON):
                self._carry_on(replica, card)

        for _ in range(10):
            await self._surviving(strike)
            await self._work_off()
            if not await self._left():
                return
        raise AssertionError(f"it does not come to rest: {[card.state for card in await self.cards()]}")

    async def stop(self) -> None:
        """Ada says stop in her conversation with MeshClaw."""
        gate = self.outside.gate
        await gate.standing.stop_conversation(ADA, gate.proposals.conversation(asked("")))

    async def outbox_over(self) -> None:
        """The time in the outbox is over, of whatever waits there."""
        await self._set(CardRow.state == "holding", hold_until=datetime.now(UTC) - _SOON)
        await self.clock()

    async def nobody_decides(self) -> None:
        """The time to decide is over, of whatever waits."""
        await self._set(CardRow.state == "pending", expires_at=datetime.now(UTC) - _SOON)
        await self.clock()

    async def _work_off(self) -> None:
        while self.todo:
            key, next_one = next(iter(self.todo.items()))

            async def handle(replica: Replica, handled: Request = next_one) -> None:
                decided = await replica.gate.decisions.actions[handled.action](handled)
                if decided:
                    self._report(replica, decided)

            try:
                await self._surviving(handle)
            finally:
                del self.todo[key]
                self.done.add(key)
            await self._once_more(handle)

    async def _once_more(self, work: Work) -> None:
        for _ in range(2 if self.again else 0):
            repeated = [work(self.replicas[each % len(self.replicas)]) for each in range(self.again)]
            for result in await asyncio.gather(*repeated, return_exceptions=True):
                if isinstance(result, BaseException) and not isinstance(result, MeshClawError):
                    raise result
            self.dead |= {replica.life.executor for replica in self.replicas}
            self.replicas = [self.born(replica.shared) for replica in self.replicas]

    async def _surviving(self, work: Work) -> None:
        """Have a replica do it, and another one, or its next life, as often as one dies of it."""
        while True:
            replica = self.replicas[next(self._turns) % len(self.replicas)]
            try:
                return await work(replica)
            except Killed:
                self.bury(replica)

    def bury(self, replica: Replica) -> None:
        self.dead.add(replica.life.executor)
        self.replicas.remove(replica)
        if not self.replicas:
            self.replicas.append(self.born(replica.shared))

    def _report(self, replica: Replica, decided: Decided) -> None:
        replica.life.cross("before report")
        self.reported.add((decided.card.id, "undone" if decided.card.undo_id else "decided"))
        replica.life.cross("after report")

    def _carry_on(self, replica: Replica, card: Card) -> None:
        now = datetime.now(UTC)
        phase = "held" if card.hold_until and card.hold_until > now else "free"
        key = f"carry on:{card.id}:{card.version}:{phase}:{int(now.timestamp()) // 60}"
        replica.life.cross("before enqueue")
        if key not in self.done:
            self.todo[key] = Request(key, card.person, "gate", "carry_on", {"card": card.id})
        replica.life.cross("after enqueue")

    async def _left(self) -> bool:
        stale = await self.look.stale(datetime.now(UTC) + _SOON)
        return bool(stale or await self.look.in_state(*ACTIVE))

    async def _set(self, which: Any, **values: Any) -> None:
        async with self.shared[-1].write() as session:
            await session.execute(update(CardRow).where(which).values(**values))

    # Looking

    async def cards(self) -> Sequence[Card]:
        """All there are, in the order they were made."""
        async with self.shared[-1].read() as session:
            ids = list(await session.scalars(select(CardRow.id).order_by(CardRow.created_at, CardRow.id)))
        return [await self.look.get(card_id) for card_id in ids]

    async def card(self, *states: str, of: str = "") -> Card:
        """The one card in one of these states that holds a call of that tool."""
        found = [
            card
            for card in await self.cards()
            if card.state in states and (not of or any(call.tool == of for call in card.plan.calls))
        ]
        assert len(found) == 1, [(card.state, card.plan.calls) for card in await self.cards()]
        return found[0]

    async def grants(self) -> Sequence[Grant]:
        """Ada's."""
        return await self.granting.of(ADA, datetime.now(UTC))

    async def links(self) -> Counter[str]:
        """The events of the audit, which holds."""
        audit = self.look.audit
        assert await audit.verify() is None
        told = [one async for one in _told(audit)]
        return Counter(told)


async def _told(audit: Audit) -> AsyncIterator[str]:
    for person in EIGHT:
        for one in await audit.of(person, 10_000):
            assert one.entry
            yield one.entry.event


def asked(key: str, person: Person = ADA) -> Request:
    """What an agent is asked for."""
    return Request(key, person, "lab", "run", received=datetime.now(UTC))


def clicked(key: str, action: str, card: Card, person: Person = ADA, **args: Any) -> Request:
    """A click on a card as it stands."""
    return Request(key, person, "gate", action, {"plan": card.plan_id, **args}, received=datetime.now(UTC))


@asynccontextmanager
async def engines(address: URL, number: int) -> AsyncIterator[list[Database]]:
    """So many engines on one migrated database."""
    made = [Database(address) for _ in range(number)]
    await made[0].migrate()
    try:
        yield made
    finally:
        for database in made:
            await database.close()


def note(title: str) -> Call:
    return Call("lab.note", {"title": title, "text": "x"})


def send(to: str) -> Call:
    return Call("lab.send", {"to": to, "text": "hello"})


def deploy(service: str) -> Call:
    return Call("lab.deploy", {"service": service, "version": "v2", "environment": "production"})
