"""Migrations: from nothing to the models, by however many starters at once, as often as one likes."""

import asyncio
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from bot.store.database import Database
from bot.store.database import database_url as address_of
from bot.store.models import Base


def migrate(url: str) -> str:
    """One starter, in a process of its own; the error, if there was one."""

    async def run() -> None:
        database = Database(address_of(url, Path()))
        try:
            await database.migrate()
        finally:
            await database.close()

    try:
        asyncio.run(run())
    except Exception as error:
        return repr(error)
    return ""


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, Base.metadata))


async def differences(url: str, tmp_path: Path) -> list[Any]:
    """Between what the migrations made and what the models say."""
    database = Database(address_of(url, tmp_path))
    async with database.engine.connect() as connection:
        found = await connection.run_sync(_differences)
    await database.close()
    return found


async def test_the_tables_are_those_of_the_models(empty_database_url: str, tmp_path: Path) -> None:
    before = await differences(empty_database_url, tmp_path)
    assert len(before) >= len(Base.metadata.tables), "an empty database differs"
    assert await asyncio.to_thread(migrate, empty_database_url) == ""
    assert await differences(empty_database_url, tmp_path) == []


async def test_running_again_changes_nothing_and_keeps_what_is_there(empty_database_url: str, tmp_path: Path) -> None:
    database = Database(address_of(empty_database_url, tmp_path))
    await database.migrate()
    async with database.write() as session:
        await session.execute(text("insert into posts values ('k', 'C1', '1.1', '2026-01-01 00:00:00')"))
    await database.migrate()
    async with database.read() as session:
        assert await session.scalar(text("select key from posts")) == "k"
        assert await session.scalar(text("select count(*) from alembic_version")) == 1
    await database.close()


async def test_starters_at_once_all_succeed(empty_database_url: str, tmp_path: Path) -> None:
    with multiprocessing.get_context("forkserver").Pool(3) as starters:
        errors = await asyncio.to_thread(starters.map, migrate, [empty_database_url] * 3, 1)
        again = await asyncio.to_thread(starters.map, migrate, [empty_database_url] * 3, 1)
        starters.close()
        starters.join()
    assert errors + again == [""] * 6
    assert await differences(empty_database_url, tmp_path) == []


async def test_starters_at_once_in_one_process_all_succeed(empty_database_url: str, tmp_path: Path) -> None:
    databases = [Database(address_of(empty_database_url, tmp_path)) for _ in range(6)]
    await asyncio.gather(*(database.migrate() for database in databases))
    for database in databases:
        await database.close()
    assert await differences(empty_database_url, tmp_path) == []


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
async def test_no_table_of_ours_has_the_name_of_one_of_the_durable_engine(empty_database_url: str) -> None:
    theirs = {"application_versions", "dbos_migrations", "notifications", "operation_outputs", "queues", "streams"}
    assert not {name for name in Base.metadata.tables if name in theirs or name.startswith("workflow_")}


async def test_a_migration_that_fails_leaves_nothing_behind(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(address_of(empty_database_url, tmp_path))
    async with database.engine.begin() as connection:
        await connection.execute(text("create table posts (mine integer)"))  # in the way of the last table made
    with pytest.raises(Exception, match="cannot be opened"):
        await database.migrate()
    async with database.engine.connect() as connection:
        names = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
    assert names - {"alembic_version"} == {"posts"}
    await database.close()
