"""The audit chain: whoever changes it without the key is found."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from bot.gate.audit import Audit, Entry
from bot.store.database import Database
from bot.store.models import AuditRow
from bot.store.sealing import Vault

LENGTH = 40


async def chain(database: Database, vault: Vault, length: int = LENGTH) -> Audit:
    audit = Audit(database, vault)
    async with database.write() as session:
        entries = [Entry("intent", f"owner {each % 3}", f"plan {each}", "t", f"{each}", "") for each in range(length)]
        await audit.append(session, *entries)
    return audit


async def rows(database: Database) -> list[AuditRow]:
    async with database.read() as session:
        return list(await session.scalars(select(AuditRow).order_by(AuditRow.seq)))


async def test_an_empty_chain_and_a_whole_one_hold(database: Database, vault: Vault) -> None:
    assert await Audit(database, vault).verify() is None
    audit = await chain(database, vault)
    assert await audit.verify() is None
    assert [row.seq for row in await rows(database)] == list(range(1, LENGTH + 1))


_CHANGES: dict[str, Callable[[AuditRow], object]] = {
    "at": lambda row: row.at + timedelta(microseconds=1),
    "owner": lambda row: "somebody else",
    "event": lambda row: "denied",
    "tool": lambda row: "mail.other",
    "plan": lambda row: row.plan + "0",
    "digest": lambda row: "",
    "result": lambda row: "done",
    "previous": lambda row: "0" * 64,
    "seal": lambda row: "0" * 64,
}


@pytest.mark.parametrize("column", _CHANGES)
async def test_an_edit_of_any_column_of_any_link_is_found(database: Database, vault: Vault, column: str) -> None:
    audit = await chain(database, vault)
    for at in (1, 2, LENGTH // 2, LENGTH):
        row = (await rows(database))[at - 1]
        before = getattr(row, column)
        await _set(database, at, {column: _CHANGES[column](row)})
        assert await audit.verify() == (None if before == _CHANGES[column](row) else at)
        await _set(database, at, {column: before})
    assert await audit.verify() is None


async def _set(database: Database, at: int, values: dict[str, object]) -> None:
    async with database.write() as session:
        await session.execute(update(AuditRow).where(AuditRow.seq == at).values(values))


async def test_text_moved_from_one_column_to_the_next_is_found(database: Database, vault: Vault) -> None:
    audit = await chain(database, vault)
    await _set(database, 7, {"tool": "", "plan": "tplan 6"})
    assert await audit.verify() == 7


@pytest.mark.parametrize("renumbered", [False, True])
async def test_a_deletion_is_found(database: Database, vault: Vault, renumbered: bool) -> None:
    audit = await chain(database, vault)
    async with database.write() as session:
        await session.execute(delete(AuditRow).where(AuditRow.seq == 5))
    if renumbered:
        for at in range(6, LENGTH + 1):
            await _set(database, at, {"seq": at - 1})
    assert await audit.verify() == 5


async def test_the_first_links_deleted_are_found(database: Database, vault: Vault) -> None:
    audit = await chain(database, vault)
    async with database.write() as session:
        await session.execute(delete(AuditRow).where(AuditRow.seq <= 10))
    assert await audit.verify() == 1
    for at in range(11, LENGTH + 1):
        await _set(database, at, {"seq": at - 10})
    assert await audit.verify() == 1


@pytest.mark.parametrize("seq", [-5, 0, LENGTH + 1, LENGTH + 9])
async def test_a_link_put_in_is_found(database: Database, vault: Vault, seq: int) -> None:
    audit = await chain(database, vault)
    last = (await rows(database))[-1]
    async with database.write() as session:
        columns = {name: getattr(last, name) for name in ("at", "owner", "event", "tool", "plan", "digest", "result")}
        session.add(AuditRow(seq=seq, previous=last.seal, seal=last.seal, **columns))
    assert await audit.verify() == (1 if seq < 1 else LENGTH + 1)


async def test_a_reordering_is_found(database: Database, vault: Vault) -> None:
    audit = await chain(database, vault)
    for before, after in ((3, 1000), (9, 3), (1000, 9)):
        await _set(database, before, {"seq": after})
    assert await audit.verify() == 3


@pytest.mark.parametrize("start", [1, 2, LENGTH])
async def test_a_rewrite_without_the_key_is_found(database: Database, vault: Vault, start: int) -> None:
    """Everything from a link on is written anew, in good order, with seals made with another key."""
    audit = await chain(database, vault)
    forger = Audit(database, Vault(bytes(32)))
    kept = await rows(database)
    previous = kept[start - 2].seal if start > 1 else "0" * 64
    for row in kept[start - 1 :]:
        row.owner, row.previous = "somebody else", previous
        row.seal = previous = forger._seal(row)
        await _set(database, row.seq, {"owner": row.owner, "previous": row.previous, "seal": row.seal})
    assert await audit.verify() == start


async def test_a_cut_off_end_goes_unfound_without_an_anchor_outside(database: Database, vault: Vault) -> None:
    """Known, and as documented: only a copy of the head kept elsewhere would show it."""
    audit = await chain(database, vault)
    async with database.write() as session:
        await session.execute(delete(AuditRow).where(AuditRow.seq > 30))
    assert await audit.verify() is None


async def test_tampering_at_random_is_always_found(database: Database, vault: Vault) -> None:
    audit = await chain(database, vault)
    chance = random.Random(7)
    for _ in range(30):
        at, column = chance.randint(1, LENGTH), chance.choice(["owner", "event", "plan", "digest", "result"])
        before = getattr((await rows(database))[at - 1], column)
        await _set(database, at, {column: f"{before}x"})
        assert await audit.verify() == at
        await _set(database, at, {column: before})


async def test_links_stand_only_with_what_they_tell_of(database: Database, vault: Vault) -> None:
    audit = await chain(database, vault, 3)

    async def fail() -> None:
        async with database.write() as session:
            await audit.append(session, Entry("approved", "o"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.write() as session:
        await audit.append(session, Entry("one", "o"))
        await audit.append(session, Entry("two", "o"), Entry("three", "o"))
    assert [row.event for row in await rows(database)] == ["intent"] * 3 + ["one", "two", "three"]
    assert await audit.verify() is None


async def test_many_appending_at_once_make_one_chain(database: Database, vault: Vault) -> None:
    audits = [Audit(database, vault) for _ in range(3)]

    async def append(number: int) -> None:
        async with database.write() as session:
            await audits[number % 3].append(session, Entry("e", str(number)), Entry("f", str(number)))

    await asyncio.gather(*(append(number) for number in range(24)))
    found = await rows(database)
    assert len(found) == 48
    assert all(one.owner == two.owner for one, two in zip(found[::2], found[1::2], strict=True))
    assert await audits[0].verify() is None


async def test_a_long_chain_is_verified_to_its_end(database: Database, vault: Vault) -> None:
    audit = await chain(database, vault, 5000)
    before = datetime.now(UTC)
    assert await audit.verify() is None
    assert datetime.now(UTC) - before < timedelta(seconds=20)
    await _set(database, 4999, {"result": "x"})
    assert await audit.verify() == 4999
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(AuditRow)) == 5000
