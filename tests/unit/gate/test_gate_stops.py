"""Stops: what holds, for whom, since when, and until when."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from told import ToldAudit
from world import ADA, BEN

from bot.contracts.people import Person
from bot.gate.stops import Standing, Stops
from bot.store.database import Database
from bot.store.models import StopRow
from bot.store.sealing import Vault

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HERE, THERE = "a" * 32, "b" * 32
ADMIN = Person("T1", "UADMIN")


@pytest.fixture
def audit(database: Database, vault: Vault) -> ToldAudit:
    return ToldAudit(database, vault)


@pytest.fixture
def stops(database: Database, vault: Vault, audit: ToldAudit) -> Stops:
    return Stops(database, vault, audit)


async def scope(stops: Stops, person: Person, conversation: str, began: datetime) -> str:
    found = await stops.standing(person, conversation, began)
    return found.scope if found else ""


async def test_nothing_holds_at_first(stops: Stops) -> None:
    assert await stops.standing(ADA, HERE, NOW) is None
    assert not await stops.resume_person(ADA, "UADA", NOW)
    assert not await stops.resume_all(ADMIN, NOW)


async def test_a_person_stops_until_they_resume(stops: Stops) -> None:
    await stops.stop_person(ADA, "UADA", NOW, " too  much ")
    for began in (NOW - SECOND, NOW, NOW + timedelta(days=300)):
        for where in (HERE, THERE, ""):
            assert await stops.standing(ADA, where, began) == Standing("person", "UADA", NOW, "too  much")
    assert await stops.standing(BEN, HERE, NOW) is None
    assert not await stops.resume_person(BEN, "UBEN", NOW)
    assert not await stops.resume_all(ADMIN, NOW)
    assert await stops.resume_person(ADA, "UADA", NOW + SECOND)
    assert not await stops.resume_person(ADA, "UADA", NOW + SECOND)
    assert await stops.standing(ADA, HERE, NOW - SECOND) is None


async def test_saying_it_twice_needs_one_resume(stops: Stops) -> None:
    await stops.stop_person(ADA, "UADA", NOW)
    await stops.stop_person(ADA, "UADMIN", NOW + SECOND)
    assert await stops.resume_person(ADA, "UADA", NOW)
    assert await stops.standing(ADA, "", NOW) is None


async def test_a_conversation_ends_what_was_begun_and_goes_on(stops: Stops) -> None:
    await stops.stop_conversation(ADA, HERE, "UBEN", NOW)
    for person in (ADA, BEN):
        assert await stops.standing(person, HERE, NOW - SECOND) == Standing("conversation", "UBEN", NOW, "")
        assert await scope(stops, person, HERE, NOW) == "conversation"
        assert await stops.standing(person, HERE, NOW + SECOND) is None
        assert await stops.standing(person, THERE, NOW - SECOND) is None
        assert await stops.standing(person, "", NOW - SECOND) is None
    assert not await stops.resume_person(ADA, "UADA", NOW)
    assert await scope(stops, ADA, HERE, NOW - SECOND) == "conversation"


async def test_all_stop_until_somebody_resumes(stops: Stops) -> None:
    await stops.stop_all(ADMIN, NOW, "something is odd")
    for person, where in ((ADA, HERE), (BEN, ""), (ADMIN, THERE)):
        standing = await stops.standing(person, where, NOW + timedelta(days=1))
        assert standing == Standing("all", "UADMIN", NOW, "something is odd")
    assert not await stops.resume_person(ADA, "UADA", NOW)
    assert await stops.resume_all(BEN, NOW)
    assert await stops.standing(ADA, HERE, NOW) is None


async def test_the_strictest_is_told(stops: Stops) -> None:
    await stops.stop_conversation(ADA, HERE, "UADA", NOW)
    assert await scope(stops, ADA, HERE, NOW) == "conversation"
    await stops.stop_person(ADA, "UADA", NOW)
    assert await scope(stops, ADA, HERE, NOW) == "person"
    await stops.stop_all(ADMIN, NOW)
    assert await scope(stops, ADA, HERE, NOW) == "all"
    await stops.resume_person(ADA, "UADA", NOW)
    assert await scope(stops, ADA, HERE, NOW) == "all"
    await stops.resume_all(ADMIN, NOW)
    assert await scope(stops, ADA, HERE, NOW) == "conversation"


async def test_the_ledger_asks_in_its_own_session(database: Database, stops: Stops) -> None:
    await stops.stop_person(ADA, "UADA", NOW)
    async with database.write() as session:
        assert await stops.holding(session, ADA, HERE, NOW)
        assert await stops.holding(session, BEN, HERE, NOW) is None


async def test_the_mark_changes_with_every_word(database: Database, vault: Vault, stops: Stops) -> None:
    """Also when the one who says it has a clock that is behind."""
    marks = [await stops.latest()]
    await stops.stop_all(ADMIN, NOW)
    marks.append(await stops.latest())
    await stops.stop_conversation(ADA, HERE, "UADA", NOW - timedelta(minutes=10))
    marks.append(await stops.latest())
    await stops.stop_person(ADA, "UADA", NOW)
    marks.append(await stops.latest())
    await stops.resume_all(ADMIN, NOW)
    marks.append(await stops.latest())
    await stops.resume_person(ADA, "UADA", NOW - timedelta(minutes=10))
    marks.append(await stops.latest())
    assert len(set(marks)) == len(marks)
    assert await Stops(database, vault, ToldAudit(database, vault)).latest() == marks[-1]


async def test_old_ones_are_forgotten_and_none_that_holds(stops: Stops) -> None:
    await stops.stop_person(BEN, "UBEN", NOW)
    await stops.stop_conversation(ADA, HERE, "UADA", NOW)
    await stops.stop_all(ADMIN, NOW)
    await stops.resume_all(ADMIN, NOW)
    assert await stops.purge(NOW) == 0
    assert await stops.purge(NOW + SECOND) == 2
    assert await scope(stops, BEN, HERE, NOW) == "person"
    assert await stops.standing(ADA, HERE, NOW) is None


async def test_each_word_is_in_the_audit(stops: Stops, audit: ToldAudit) -> None:
    await stops.stop_person(ADA, "UADA", NOW, "odd")
    await stops.resume_person(ADA, "UADMIN", NOW)
    await stops.stop_all(ADMIN, NOW)
    await stops.resume_all(BEN, NOW)
    told = [(entry.event, entry.person, entry.own, entry.actor, entry.decision) for entry in audit.told]
    assert told == [
        ("stopped", ADA, True, "UADA", "person: odd"),
        ("resumed", ADA, False, "UADMIN", "person"),
        ("stopped", ADMIN, False, "UADMIN", "all"),
        ("resumed-all", BEN, False, "UBEN", "all"),
    ]


async def test_who_and_why_stand_nowhere_in_the_clear(database: Database, stops: Stops) -> None:
    await stops.stop_person(ADA, "UADA", NOW, "odd-reason")
    async with database.read() as session:
        row = (await session.scalars(select(StopRow))).one()
    clear = " ".join(repr(getattr(row, column.key)) for column in StopRow.__table__.columns)
    assert "UADA" not in clear
    assert "odd-reason" not in clear


async def test_a_conversation_goes_by_its_pseudonym(stops: Stops) -> None:
    with pytest.raises(ValueError, match="pseudonym"):
        await stops.stop_conversation(ADA, "C1/17.5", "UADA", NOW)
    with pytest.raises(ValueError, match="pseudonym"):
        await stops.standing(ADA, "C1/17.5", NOW)


async def test_several_resume_at_once_and_one_did(stops: Stops) -> None:
    for _ in range(5):
        await stops.stop_all(ADMIN, NOW)
        lifted = await asyncio.gather(*(stops.resume_all(ADMIN, NOW) for _ in range(4)))
        assert lifted.count(True) == 1
