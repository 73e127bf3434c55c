"""The database: one way in for SQLite and PostgreSQL."""

import asyncio
import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text
from stopping import stopped

from bot.contracts.errors import OperatorMends
from bot.store.database import Database
from bot.store.database import database_url as address_of
from bot.store.models import DocumentRow


def row(owner: str) -> DocumentRow:
    return DocumentRow(owner=owner, space="s", name="n", body=b"x", updated_at=datetime.now(UTC))


async def owners(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(DocumentRow.owner)))


async def test_a_block_that_raises_writes_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as session:
            session.add(row("a"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await owners(database) == set()


async def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    given = datetime.fromisoformat("2026-03-29T02:30:00.123456+05:30")
    async with database.write() as session:
        session.add(DocumentRow(owner="a", space="s", name="n", body=b"x", updated_at=given))
    async with database.read() as session:
        found = await session.scalar(select(DocumentRow.updated_at))
    assert found == given
    assert found.tzinfo is UTC


async def test_reading_before_writing_is_safe(database: Database) -> None:
    """On SQLite a writing session is alone from its start; on PostgreSQL the test's own lock stands for that."""

    async def add(amount: int) -> None:
        async with database.write() as session:
            if not database.is_sqlite:
                await session.execute(text("lock table documents in exclusive mode"))
            known = len((await session.scalars(select(DocumentRow.owner))).all())
            await asyncio.sleep(0)
            session.add(row(f"{known + amount}"))

    await asyncio.gather(*(add(1) for _ in range(12)))
    assert await owners(database) == {str(number) for number in range(1, 13)}


async def test_a_cancelled_writer_leaves_the_database_to_the_others(database: Database) -> None:
    """Cancelled at each await point in turn: the next writer never waits for it, and all or nothing is written."""

    async def write(owner: str) -> None:
        async with database.write() as session:
            await session.execute(text("select 1"))
            session.add_all([row(f"{owner} first"), row(f"{owner} second")])

    for at in itertools.count(1):
        came = await stopped(write(str(at)), at)
        async with asyncio.timeout(5):
            await write(f"after {at}")
        written = await owners(database)
        assert (f"{at} first" in written) is (f"{at} second" in written)
        if not came:
            break
    assert at > 4


@pytest.mark.parametrize(
    "given", ["mysql://u:hunter2@h/n", "not a url hunter2", "postgresql://u:hunter2@h:port/n", "://hunter2", "sqlite"]
)
def test_an_address_that_is_none_is_told_without_its_password(given: str, tmp_path: Path) -> None:
    with pytest.raises(OperatorMends) as raised:
        address_of(given, tmp_path)
    assert "hunter2" not in f"{raised.value.message} {raised.value.mend}"
    assert "MESHCLAW_DATABASE_URL" in raised.value.message


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_understood_under_its_names(scheme: str, tmp_path: Path) -> None:
    assert address_of(f"{scheme}://u:p@h/n", tmp_path).drivername == "postgresql+psycopg"


async def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    database = Database(address_of("postgresql://u:hunter2@127.0.0.1:1/n", tmp_path))
    with pytest.raises(OperatorMends) as raised:
        await database.migrate()
    await database.close()
    assert "hunter2" not in f"{raised.value.message} {raised.value.mend}"


async def test_a_folder_that_cannot_hold_a_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "meshclaw.db").mkdir()
    database = Database(address_of(None, tmp_path))
    with pytest.raises(OperatorMends, match="cannot be opened"):
        await database.migrate()
    await database.close()
