import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from bot.contracts.errors import BudgetReached
from bot.contracts.people import Person
from bot.contracts.usage import Ceiling, Spent
from bot.store.database import Database
from bot.store.documents import Documents
from bot.store.models import SpendingRow
from bot.store.sealing import Vault
from bot.usage.meter import Meter

ADA, BEN = Person("T1", "U1"), Person("T1", "U2")
SPENT = Spent("openai:gpt-5", 900, 100, Decimal("0.01"))


def tokens(number: int) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return number

    return count


def metered(database: Database, vault: Vault, whole: Ceiling | None = None) -> Meter:
    return Meter(database, vault, Documents(database, vault), whole or Ceiling())


async def test_each_request_counts_once_for_its_person_alone(database: Database, vault: Vault) -> None:
    meter = metered(database, vault)
    for key in ("a", "b", "a", "a"):
        await meter.record(ADA, key, SPENT)
    month = await meter.month(ADA)
    assert (month.requests, month.tokens, month.cost) == (2, 2000, Decimal("0.02"))
    assert (await meter.month(BEN)).requests == 0


async def test_many_at_once_are_all_counted(database: Database, vault: Vault) -> None:
    meters = [metered(database, vault) for _ in range(3)]
    await asyncio.gather(*(meters[number % 3].record(ADA, str(number), SPENT) for number in range(12)))
    assert (await meters[0].month(ADA)).requests == 12


async def test_rows_name_nobody_and_are_of_one_length(database: Database, vault: Vault) -> None:
    meter = metered(database, vault)
    for number in range(60):
        await meter.record(ADA, str(number), SPENT)
    await meter.record(BEN, "x", SPENT)
    async with database.read() as session:
        rows = list(await session.scalars(select(SpendingRow)))
    assert len({len(row.body) for row in rows}) == 1
    assert len(rows) == 3
    assert not any("U1" in row.owner or b"gpt" in row.body for row in rows)


async def test_a_ceiling_of_ones_own_warns_pauses_and_goes_on(database: Database, vault: Vault) -> None:
    meter = metered(database, vault)
    await meter.set_ceiling(ADA, Ceiling(tokens=10_000))
    assert await meter.check(ADA, tokens(1_000)) == ""
    for number in range(8):
        await meter.record(ADA, str(number), SPENT)
    assert "8,000 tokens" in await meter.check(ADA, tokens(500))
    assert await meter.check(ADA, tokens(500)) == ""  # told once
    with pytest.raises(BudgetReached) as reached:
        await meter.check(ADA, tokens(2_500))
    assert reached.value.past == "month"
    await meter.go_on(ADA, "4")
    await meter.go_on(ADA, "4")
    assert await meter.check(ADA, tokens(2_500)) == ""
    with pytest.raises(BudgetReached):
        await meter.check(ADA, tokens(5_000))
    assert await meter.check(BEN, tokens(5_000)) == ""


async def test_the_ceiling_of_all_stops_everybody_and_nobody_may_go_on(database: Database, vault: Vault) -> None:
    meter = metered(database, vault, Ceiling(dollars=Decimal("0.02")))
    await meter.record(ADA, "a", SPENT)
    assert await meter.check(BEN, tokens(10)) == ""
    await meter.record(ADA, "b", SPENT)
    with pytest.raises(BudgetReached) as reached:
        await meter.check(BEN, tokens(10))
    assert not reached.value.past


async def test_a_new_month_begins_anew_and_old_ones_are_forgotten(database: Database, vault: Vault) -> None:
    at = datetime(2026, 11, 30, 23, tzinfo=UTC)
    meter = Meter(database, vault, Documents(database, vault), Ceiling(), now=lambda: at)
    await meter.record(ADA, "a", SPENT)
    later = Meter(database, vault, Documents(database, vault), Ceiling(), now=lambda: at + timedelta(hours=2))
    assert (await later.month(ADA)).requests == 0
    await later.purge(at + timedelta(hours=1))
    assert (await meter.month(ADA)).requests == 0


async def test_what_nobody_knows_the_price_of_is_counted_as_that(database: Database, vault: Vault) -> None:
    meter = metered(database, vault)
    await meter.record(ADA, "a", Spent("local:llama", 10, 5, None))
    month = await meter.month(ADA)
    assert (month.unpriced, month.cost, month.tokens) == (1, Decimal(0), 15)


async def test_an_agent_has_a_month_of_its_own(database: Database, vault: Vault) -> None:
    meter = metered(database, vault)
    await meter.record(ADA, "a", SPENT, agent="scout")
    assert (await meter.month(ADA)).requests == 1
    assert await meter.check(ADA, tokens(10), agent="scout", most=Ceiling(tokens=2_000)) == ""
    with pytest.raises(BudgetReached, match="scout"):
        await meter.check(ADA, tokens(10), agent="scout", most=Ceiling(tokens=1_000))
    assert await meter.check(ADA, tokens(10), agent="other", most=Ceiling(tokens=1_000)) == ""
