"""Eight people at once on three replicas: one decision each time, each effect once, and after a stop nothing begins.

PostgreSQL has three replicas, SQLite one. The short form has a few rounds, `make chaos` (MESHCLAW_CHAOS=long) a
thousand. Every statement waits a random moment first, so that hardly two rounds go alike.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from lab import World as Laboratory
from lives import ADA, BEN, CY, EIGHT, POLICY, Replica, World, asked, clicked, deploy, engines, note, send
from sqlalchemy import func, select, update
from stories import effects

from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.tools import Call, Plan, ToolContext
from bot.gate.card import Card
from bot.store.database import database_url as address_of
from bot.store.models import ActionRow, ApprovalRow, CardRow

LONG = os.environ.get("MESHCLAW_CHAOS") == "long"
SEED = 1977
DECISIONS = 1000 if LONG else 16
GRANTS = 300 if LONG else 4
STOPS = 1000 if LONG else 12
Act: TypeAlias = tuple[str, Person, dict[str, Any]]
"""A click: what on, by whom, with what else."""
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(0 if LONG else 180)]


class Crowd:
    """A world that does not die, and whoever clicks in it at once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance = random.Random(SEED)
        self.number = itertools.count(1)

    def key(self) -> str:
        return f"key {next(self.number)}"

    @property
    def anyone(self) -> Replica:
        return self.chance.choice(self.world.replicas)

    async def propose(self, *calls: Call) -> Card:
        """A card that waits, made now."""
        key = self.key()
        plan = Plan(key, calls)
        await self.world.propose(asked(key), plan)
        (card,) = await self.world.look.made(f"{key}:{plan.digest()}")
        return card

    async def click(self, request: Request) -> Any:
        """One click, after a moment, on any replica."""
        await asyncio.sleep(self.chance.random() * 0.02)
        return await self.anyone.gate.decisions.actions[request.action](request)

    async def at_once(self, card: Card, *acts: Act) -> Counter[str]:
        """All these clicks at once; how many of each action were taken. Those that were not, were refused in words."""
        shuffled = self.chance.sample(acts, len(acts))
        clicks = [clicked(self.key(), action, card, person, **more) for action, person, more in shuffled]
        results = await asyncio.gather(*map(self.click, clicks), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, MeshClawError):
                raise result
        pairs = zip(clicks, results, strict=True)
        return Counter(click.action for click, result in pairs if not isinstance(result, BaseException))

    async def now(self, card: Card) -> Card:
        return await self.world.look.get(card.id)

    def happened(self) -> Counter[str]:
        """What was done so far, in short."""
        return effects(Laboratory(self.world.path).effects())


@pytest.fixture
async def crowd(database_url: str, tmp_path: Path) -> AsyncIterator[Crowd]:
    address = address_of(database_url, tmp_path)
    sqlite = address.get_backend_name() == "sqlite"
    async with engines(address, 2 if sqlite else 4) as shared:
        world = World(shared, tmp_path / "lab", replace(POLICY, ceilings={}))
        await world.begin()
        crowd = Crowd(world)

        async def dawdle() -> None:
            if crowd.chance.random() < 0.2:
                await asyncio.sleep(crowd.chance.random() * (0.002 if sqlite else 0.01))

        async def said(context: ToolContext, call: Call) -> None:
            await asyncio.sleep(crowd.chance.random() * (0.4 if call.tool == "lab.send" else 0.03))

        world.said = said
        for replica in (*world.replicas, world.outside):
            replica.life.dawdle = dawdle
        yield crowd
        assert not Laboratory(world.path).asked_again()
        assert await world.look.audit.verify() is None
        async with world.shared[-1].read() as session:
            assert not await session.scalar(select(func.count()).where(ActionRow.outcome.is_(None)))


# Deciding


async def one_of_many_decides(crowd: Crowd, title: str) -> None:
    """Ada's own card: approved twice, denied twice, edited; three others try."""
    card = await crowd.propose(note(title))
    typed = {"index": 0, "values": {"title": title, "text": "edited"}}
    taken = await crowd.at_once(
        card,
        *[("approve", ADA, {})] * 2,
        *[("deny", ADA, {"reason": "No."})] * 2,
        ("edit", ADA, typed),
        *[("approve", person, {}) for person in EIGHT[1:4]],
    )
    after = await crowd.now(card)
    assert taken.total() == 1, taken
    assert after.state == {"approve": "settled", "deny": "denied", "edit": "pending"}[next(iter(taken))]
    assert crowd.happened()[f"note {title}"] == taken["approve"]
    assert len(after.approvals) == taken["approve"]
    if after.state == "pending":
        assert (await crowd.at_once(after, *[("approve", ADA, {})] * 3))["approve"] == 1
        assert crowd.happened()[f"note {title}"] == 1
    if after.state != "denied":
        after = await crowd.now(card)
        assert (await crowd.at_once(after, *[("undo", ADA, {})] * 3))["undo"] == 1
        assert crowd.happened()[f"forget {title}"] == 1


async def two_of_eight_decide(crowd: Crowd, title: str) -> None:
    """Four approve, two have to, one of them tries four times, one twice; Ada may turn down what she asked for."""
    card = await crowd.propose(deploy(title))
    denying = crowd.chance.random() < 0.3
    acts: list[Act] = [("approve", person, {}) for person in (*EIGHT[3:5], *[BEN] * 4, *[CY] * 2)]
    taken = await crowd.at_once(card, *acts, *([("deny", ADA, {"reason": "No."})] if denying else []))
    after = await crowd.now(card)
    people = {one.user for one in after.approvals}
    if after.state == "denied":
        assert (taken["deny"], len(after.approvals)) == (1, taken["approve"])
        assert taken["approve"] < 2
        assert not crowd.happened()[f"deploy {title}"]
    else:
        assert (after.state, taken) == ("settled", Counter(approve=2))
        assert len(after.approvals) == len(people) == 2
        assert ADA.user not in people
        assert crowd.happened()[f"deploy {title}"] == 1
    async with crowd.world.shared[-1].read() as session:
        assert await session.scalar(select(func.count()).where(ApprovalRow.card == card.id)) == len(people)


async def approved_of_what_it_was(crowd: Crowd, title: str) -> None:
    """What is approved while Ada changes the card is approved of the old plan or refused: never of the new one."""
    card = await crowd.propose(deploy(title), deploy(f"{title} too"))
    acts = [("approve", BEN, {}), ("approve", CY, {}), ("choose", ADA, {"unticked": [[], [0]]})]
    taken = await crowd.at_once(card, *acts)
    after = await crowd.now(card)
    if taken["choose"]:
        assert (after.state, after.approvals, len(after.plan.calls)) == ("pending", (), 1)
        assert not crowd.happened()[f"deploy {title}"]
        await crowd.at_once(after, ("approve", EIGHT[4], {}), ("approve", EIGHT[5], {}))
    after = await crowd.now(card)
    assert (after.state, len(after.approvals)) == ("settled", 2)
    assert crowd.happened()[f"deploy {title}"] == 1
    assert crowd.happened()[f"deploy {title} too"] == (0 if taken["choose"] else 1)


async def called_back_or_gone(crowd: Crowd, title: str) -> None:
    """It is called back at the moment its outbox is over, or only somebody else tries; three replicas take it up."""
    card = await crowd.propose(send(title))
    await crowd.at_once(card, ("approve", ADA, {}))
    soon = datetime.now(UTC) + timedelta(milliseconds=10)
    async with crowd.world.shared[-1].write() as session:
        await session.execute(update(CardRow).where(CardRow.id == card.id).values(hold_until=soon))

    async def carry_on() -> Any:
        request = Request(crowd.key(), ADA, "gate", "carry_on", {"card": card.id})
        await asyncio.sleep(0.01)
        return await crowd.click(request)

    backs: list[Act] = [
        ("call_back", person, {}) for person in ((ADA, ADA, BEN) if crowd.chance.random() < 0.5 else (BEN,))
    ]
    taken, *_ = await asyncio.gather(crowd.at_once(card, *backs), carry_on(), carry_on(), carry_on())
    after = await crowd.now(card)
    assert after.state == ("called_back" if taken["call_back"] else "settled")
    assert crowd.happened()[f"send {title}"] == 1 - taken["call_back"]


async def test_eight_people_at_once(crowd: Crowd, capsys: pytest.CaptureFixture[str]) -> None:
    rounds: Sequence[Callable[[Crowd, str], Awaitable[None]]] = (
        one_of_many_decides,
        two_of_eight_decide,
        approved_of_what_it_was,
        called_back_or_gone,
    )
    began = time.monotonic()
    for number in range(DECISIONS):
        await rounds[number % len(rounds)](crowd, f"n{number}")
    with capsys.disabled():
        print(f"\n{DECISIONS} rounds of eight people at once: {time.monotonic() - began:.0f} s")


# Standing permissions


async def test_last_use_of_a_grant(crowd: Crowd, capsys: pytest.CaptureFixture[str]) -> None:
    """Three plans at once for the one thing that is left: one has it, the others are asked; given back, it is one."""
    world = crowd.world
    now = datetime.now(UTC)
    for number in range(GRANTS):
        name = f"g{number}"
        grant = await world.granting.write(
            ADA, "lab.send", {"to": (name,), "text": ("*",)}, count=1, until=now + timedelta(days=1), words=name,
            now=now, actor=ADA.user,
        )  # fmt: skip
        plans = [Plan(f"{name} {each}", (send(name),)) for each in range(3)]
        decisions = [crowd.anyone.gate.decisions for _ in plans]
        results = await asyncio.gather(
            *(one.propose(asked(crowd.key()), plan) for one, plan in zip(decisions, plans, strict=True))
        )
        running = [card for _, cards in results for card in cards]
        assert len(running) == 1
        assert sum(proposed.waiting for proposed, _ in results) == 2
        assert (await world.granting.get(ADA, grant.id)).left == 0  # type: ignore[union-attr]
        taken = await crowd.at_once(running[0], *[("call_back", ADA, {})] * 3)
        assert taken["call_back"] == 1
        back = await world.granting.get(ADA, grant.id)
        assert back
        assert (back.left, back.used) == (1, 0)
        for card in await world.look.pending(ADA):
            await crowd.at_once(card, ("deny", ADA, {}))
    assert not crowd.happened()
    with capsys.disabled():
        print(f"\nthe last use of a grant: {GRANTS} rounds, {(datetime.now(UTC) - now).total_seconds():.0f} s")


# Stopping


async def test_nothing_begins_after_a_stop(crowd: Crowd, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody says stop on one replica while another carries out a plan: when stop has returned, no call begins any
    more, and what had begun comes to its end."""
    world, late = crowd.world, []
    began = time.monotonic()
    for number in range(STOPS):
        card = await crowd.propose(*(note(f"s{number} {each}") for each in range(6)))
        approving = asyncio.create_task(crowd.at_once(card, ("approve", ADA, {})))
        while (await crowd.now(card)).state == "pending":  # what is approved after a stop is a decision of its own
            await asyncio.sleep(0.005)
        await asyncio.sleep(crowd.chance.random() * 0.2)
        stopping = crowd.anyone.gate
        if lasting := number % 3 == 0:
            await stopping.standing.answer(ADA, "stop", "", "")
        else:
            await stopping.standing.stop_conversation(ADA, card.conversation)
        at = datetime.now(UTC)
        begun = await _begun(world, card)
        await approving
        ended = await _begun(world, card)
        late.append(max(0.0, max(((when - at).total_seconds() for when in ended), default=0.0)))
        assert len(ended) == len(begun), f"round {number}: {len(ended) - len(begun)} began {late[-1]:.3f} s after"
        if lasting:
            await stopping.standing.answer(ADA, "resume", "", "")
        after = await crowd.now(card)
        assert after.state == ("settled" if len(ended) == len(card.plan.calls) else "paused")
        if after.state == "paused":
            assert (await crowd.at_once(after, ("leave", ADA, {})))["leave"] == 1
        assert sum(done.startswith(f"note s{number} ") for done in crowd.happened()) == len(ended)
    late.sort()
    with capsys.disabled():
        print(f"\n{STOPS} stops in {time.monotonic() - began:.0f} s: the last intent at most ", end="")
        print(f"{late[-1]:.3f} s after, p99 {late[int(len(late) * 0.99) - 1]:.3f} s")


async def _begun(world: World, card: Card) -> list[datetime]:
    async with world.shared[-1].read() as session:
        return list(await session.scalars(select(ActionRow.started_at).where(ActionRow.plan == card.plan_id)))
