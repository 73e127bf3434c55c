"""Break-glass: named, timed, loud."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from told import ToldAudit
from world import ADA, BEN

from bot.contracts.errors import PersonMends
from bot.gate.overrides import LONGEST, LONGEST_REASON, Overrides
from bot.store.database import Database
from bot.store.models import OverrideRow
from bot.store.sealing import RowMismatch, Vault

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REASON = "The shop is down"


@pytest.fixture
def audit(database: Database, vault: Vault) -> ToldAudit:
    return ToldAudit(database, vault)


@pytest.fixture
def overrides(database: Database, vault: Vault, audit: ToldAudit) -> Overrides:
    return Overrides(database, vault, audit)


async def test_it_holds_for_its_minutes_and_its_person(overrides: Overrides) -> None:
    assert await overrides.current(ADA, NOW) is None
    opened = await overrides.open(ADA, f"  {REASON}\n", 15, NOW)
    assert (opened.person, opened.reason, opened.at, opened.until) == (ADA, REASON, NOW, NOW + 15 * MINUTE)
    assert await overrides.current(ADA, NOW) == opened
    assert await overrides.current(ADA, NOW + 15 * MINUTE - timedelta(seconds=1)) == opened
    assert await overrides.current(ADA, NOW + 15 * MINUTE) is None
    assert await overrides.current(BEN, NOW) is None


async def test_it_needs_a_reason_and_a_time(overrides: Overrides, audit: ToldAudit) -> None:
    for reason, minutes, field in [
        ("", 15, "reason"),
        ("too short", 15, "reason"),
        ("a         b", 15, "reason"),  # spaces are no reason
        ("x" * (LONGEST_REASON + 1), 15, "reason"),
        (REASON, 0, "minutes"),
        (REASON, -1, "minutes"),
        (REASON, LONGEST + 1, "minutes"),
    ]:
        with pytest.raises(PersonMends) as refused:
            await overrides.open(ADA, reason, minutes, NOW)
        assert refused.value.field == field
    assert audit.told == []
    assert await overrides.recent(NOW) == []
    await overrides.open(ADA, "ten chars.", 1, NOW)
    await overrides.open(ADA, REASON, LONGEST, NOW)


async def test_it_is_closed_before_its_time(overrides: Overrides) -> None:
    await overrides.open(ADA, REASON, 15, NOW)
    await overrides.open(ADA, REASON, 30, NOW + MINUTE)
    assert not await overrides.close(BEN, NOW + 2 * MINUTE)
    assert await overrides.current(ADA, NOW + 2 * MINUTE)
    assert await overrides.close(ADA, NOW + 2 * MINUTE)
    assert await overrides.current(ADA, NOW + 2 * MINUTE) is None
    assert not await overrides.close(ADA, NOW + 2 * MINUTE)


async def test_the_longest_of_several_is_the_current_one(overrides: Overrides) -> None:
    longer = await overrides.open(ADA, REASON, 30, NOW)
    await overrides.open(ADA, REASON, 5, NOW + MINUTE)
    assert await overrides.current(ADA, NOW + MINUTE) == longer


async def test_everybodys_of_late_newest_first(overrides: Overrides) -> None:
    await overrides.open(ADA, REASON, 15, NOW - timedelta(days=30))
    older = await overrides.open(ADA, REASON, 15, NOW - timedelta(days=29))
    newer = await overrides.open(BEN, REASON, 15, NOW)
    assert await overrides.recent(NOW) == [newer, older]


async def test_it_is_loud(overrides: Overrides, audit: ToldAudit) -> None:
    await overrides.open(ADA, REASON, 15, NOW)
    await overrides.close(ADA, NOW)
    told = [(entry.event, entry.person, entry.own, entry.actor) for entry in audit.told]
    assert told == [("break-glass", ADA, False, "UADA"), ("break-glass-ended", ADA, False, "UADA")]
    assert audit.told[0].decision == f"for 15 minutes: {REASON}"


async def test_who_and_why_are_sealed_to_the_row(database: Database, vault: Vault, overrides: Overrides) -> None:
    await overrides.open(ADA, REASON, 15, NOW)
    async with database.read() as session:
        row = (await session.scalars(select(OverrideRow))).one()
    clear = " ".join(repr(getattr(row, column.key)) for column in OverrideRow.__table__.columns)
    assert "UADA" not in clear
    assert "shop" not in clear
    async with database.write() as session:
        await session.execute(update(OverrideRow).values(owner=vault.pseudonym(BEN.owner)))
    with pytest.raises(RowMismatch):
        await overrides.current(BEN, NOW)
