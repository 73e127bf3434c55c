"""Steps of cards taken on two replicas at once: each is one compare-and-set, so one of them wins."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from world import ADA, BEN, CY, Gate, mark, new_key

from bot.gate.card import Card
from bot.gate.plans import Refused
from bot.store.database import Database
from bot.store.database import database_url as address_of
from bot.store.sealing import Vault

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

STEPS: dict[str, Callable[[Gate, Card], Awaitable[object]]] = {
    "approve": lambda gate, card: gate.approve(card, now=NOW),
    "deny": lambda gate, card: gate.steps.deny(card.plan_id, ADA, new_key(), "", now=NOW),
    "narrow": lambda gate, card: gate.steps.replace_plan(
        card.plan_id, ADA, new_key(), [mark("a")], "narrowed", now=NOW
    ),
    "expire": lambda gate, card: gate.steps.expire(card, card.expires),
}


@pytest.fixture
async def gates(database_url: str, vault: Vault, tmp_path: Path) -> AsyncIterator[list[Gate]]:
    """Two replicas."""
    databases = [Database(address_of(database_url, tmp_path)) for _ in range(2)]
    await databases[0].migrate()
    yield [Gate(database, vault) for database in databases]
    for database in databases:
        await database.close()


async def proposed(gates: list[Gate], needs: int = 1) -> Card:
    return await gates[0].proposed(mark("a", "b"), now=NOW, needs=needs)


async def test_two_who_approve_at_once_are_two(gates: list[Gate]) -> None:
    """Neither may take the other's approval for not given, on whatever replica."""
    for _ in range(5):
        card = await proposed(gates, needs=2)
        await asyncio.gather(*(gate.approve(card, user, now=NOW) for gate, user in zip(gates, (BEN, CY), strict=True)))
        assert await gates[0].state(card) == "running"


async def test_one_person_approving_on_two_replicas_at_once_is_one(gates: list[Gate]) -> None:
    card = await proposed(gates, needs=2)
    clicks = [gates[number % 2].approve(card, BEN, now=NOW) for number in range(6)]
    results = await asyncio.gather(*clicks, return_exceptions=True)
    assert sum(isinstance(result, Refused) for result in results) == 5, results
    assert await gates[0].state(card) == "pending"


@pytest.mark.parametrize(
    "makers", [["approve"], ["deny"], ["approve", "deny", "narrow"], ["approve", "expire"]], ids=" ".join
)
async def test_of_eight_at_once_one_decides(gates: list[Gate], makers: list[str]) -> None:
    """Two replicas, four clicks each."""
    for _ in range(3):
        card = await proposed(gates)
        told = Counter(await gates[0].events())
        acts = [STEPS[makers[each % len(makers)]](gates[each % 2], card) for each in range(8)]
        results = await asyncio.gather(*acts, return_exceptions=True)
        won = [result for result in results if isinstance(result, Card) or result is True]
        assert len(won) == 1, results
        assert all(isinstance(result, Refused) or result is False or result in won for result in results), results
        after = await gates[1].cards.get(card.id)
        said = {"running": "approved", "denied": "denied", "expired": "expired", "pending": "narrowed"}[after.state]
        assert Counter(await gates[0].events()) - told == Counter([said])
    assert await gates[0].audit.verify() is None
