"""Ceilings: the ledger's own count, and nobody slips in between counting and writing."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from world import ADA, BEN

from bot.contracts.people import Person
from bot.contracts.tools import Effect
from bot.gate.ceilings import Ceilings, Spent
from bot.store.database import Database
from bot.store.models import ActionRow
from bot.store.sealing import Vault

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = itertools.count()


@dataclass(frozen=True)
class Done:
    """One effect in the ledger."""

    items: int
    ago: timedelta
    person: Person = ADA
    effect: Effect = Effect.SEND
    state: str = "done"


@pytest.fixture
def ceilings(database: Database, vault: Vault) -> Ceilings:
    return Ceilings(database, vault)


def row(done: Done, vault: Vault) -> ActionRow:
    return ActionRow(
        id=f"plan/{next(_numbers)}",
        plan="plan",
        owner=vault.pseudonym(done.person.owner),
        tool="mail.send",
        effect=done.effect.value,
        items=done.items,
        digest="",
        state=done.state,
        started_by="one",
        started_at=NOW - done.ago,
    )


async def entered(database: Database, vault: Vault, *actions: Done) -> None:
    async with database.write() as session:
        session.add_all([row(done, vault) for done in actions])


def expected(actions: Sequence[Done], person: Person, effect: Effect, now: datetime) -> Spent:
    def since(hours: int) -> int:
        counted = (
            done.items
            for done in actions
            if (done.person, done.effect) == (person, effect)
            and done.state != "failed"
            and NOW - done.ago > now - timedelta(hours=hours)
        )
        return sum(counted)

    return Spent(since(1), since(24))


async def test_nothing_was_done(ceilings: Ceilings) -> None:
    assert await ceilings.spent(ADA, Effect.SEND, NOW) == (0, 0)


async def test_what_began_in_the_hour_and_the_day_counts(database: Database, vault: Vault, ceilings: Ceilings) -> None:
    await entered(
        database,
        vault,
        Done(1, timedelta(minutes=59, seconds=59)),
        Done(10, timedelta(hours=1)),
        Done(100, timedelta(hours=23, minutes=59)),
        Done(1_000, timedelta(hours=24)),
        Done(10_000, timedelta(0), state="failed"),
        Done(3, timedelta(0), state="started"),
        Done(5, timedelta(0), state="unknown"),
        Done(7, timedelta(minutes=-10)),  # by a replica whose clock is ahead
        Done(100_000, timedelta(0), person=BEN),
        Done(100_000, timedelta(0), effect=Effect.OWN),
    )
    assert await ceilings.spent(ADA, Effect.SEND, NOW) == Spent(in_hour=16, in_day=126)
    async with database.write() as session:
        assert await ceilings.spent(ADA, Effect.SEND, NOW, session) == (16, 126)


async def test_counts_as_a_plain_sum_does(database: Database, vault: Vault, ceilings: Ceilings) -> None:
    dice = random.Random(7)
    actions = [
        Done(
            dice.randint(0, 50),
            timedelta(minutes=dice.randint(-5, 30 * 60)),
            dice.choice([ADA, BEN]),
            dice.choice([Effect.SEND, Effect.OWN]),
            dice.choice(["started", "done", "unknown", "failed"]),
        )
        for _ in range(300)
    ]
    await entered(database, vault, *actions)
    for later in (timedelta(0), timedelta(minutes=17), timedelta(hours=5)):
        for person, effect in itertools.product([ADA, BEN], [Effect.SEND, Effect.OWN, Effect.DELETE]):
            wanted = expected(actions, person, effect, NOW + later)
            assert await ceilings.spent(person, effect, NOW + later) == wanted


async def test_those_who_count_before_they_write_stay_below_together(
    database: Database, vault: Vault, ceilings: Ceilings
) -> None:
    async def one_more(most: int) -> bool:
        async with database.write() as session:
            spent = await ceilings.spent(ADA, Effect.SEND, NOW, session)
            if spent.in_hour >= most:
                return False
            await asyncio.sleep(0)
            session.add(row(Done(1, timedelta(0)), vault))
            return True

    for most in (2, 4, 6):
        assert sum(await asyncio.gather(*(one_more(most) for _ in range(8)))) == 2


async def test_two_people_do_not_wait_for_each_other(database: Database, vault: Vault, ceilings: Ceilings) -> None:
    if database.is_sqlite:
        return  # one writing session at a time, whoever it is for
    async with database.write() as first, database.write() as second, asyncio.timeout(5):
        await ceilings.spent(ADA, Effect.SEND, NOW, first)
        await ceilings.spent(BEN, Effect.SEND, NOW, second)
        await ceilings.spent(ADA, Effect.OWN, NOW, second)
