"""The one database: SQLite in a file by default, PostgreSQL where several replicas share it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bot.contracts.errors import OperatorMends

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 1977
_ADDRESSES = "Use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."


def database_url(given: str | None, data: Path) -> URL:
    """The database's address for our async engine: the setting's, else `meshclaw.db` in the data folder.

    Raises OperatorMends for anything but SQLite and PostgreSQL.
    """
    try:
        url = make_url(given) if given else URL.create("sqlite", database=str(data / "meshclaw.db"))
    except (ArgumentError, ValueError):
        raise OperatorMends("MESHCLAW_DATABASE_URL is not an address of a database.", _ADDRESSES) from None
    match url.get_backend_name():
        case "sqlite":
            return url.set(drivername="sqlite+aiosqlite")
        case "postgresql" | "postgres":  # the second is what hosting services often write
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise OperatorMends(f"MESHCLAW_DATABASE_URL names {other}, which is not supported.", _ADDRESSES)


class Database:
    """Sessions for reading and for writing. A writing session takes SQLite's write lock at its start, so that
    reading before writing in it is safe; on PostgreSQL it is an ordinary transaction."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.engine = _engine(url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        writer = self.engine.execution_options(writes=True)
        self._read = async_sessionmaker(self.engine, expire_on_commit=False)
        self._write = async_sessionmaker(writer, expire_on_commit=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with self._read() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Commits at the end, rolls back when the block raises."""
        async with self._write.begin() as session:
            yield session

    async def migrate(self) -> None:
        """Bring the tables up to date; safe from several starters at once. Raises OperatorMends."""
        try:
            async with self.engine.execution_options(writes=True).connect() as connection:
                await connection.run_sync(_upgrade)
                await connection.commit()
        except (DBAPIError, OSError) as error:
            raise OperatorMends(
                "The database cannot be opened.", f"Look at MESHCLAW_DATABASE_URL: {_reason(error)}"
            ) from error

    async def close(self) -> None:
        await self.engine.dispose()


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=True)
    if url.database:
        _private(Path(url.database))
    engine = create_async_engine(url, connect_args={"timeout": 30, "isolation_level": None}, pool_size=8)
    _prepare_sqlite(engine.sync_engine)
    return engine


def _private(file: Path) -> None:
    """Make the file readable by its owner alone; SQLite gives the files it lays beside it the same mode."""
    with suppress(OSError):  # what cannot be made cannot be opened either, and that is told then
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @event.listens_for(engine, "handle_error")
    def keep_when_cancelled(context: ExceptionContext) -> None:
        # SQLAlchemy would close the connection of a cancelled statement, and SQLite puts that off while a cursor is
        # still referred to, keeping the write lock. The connection is sound: its thread takes one call after another.
        if isinstance(context.original_exception, asyncio.CancelledError):
            context.is_disconnect = False


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"select pg_advisory_xact_lock({_MIGRATION_LOCK})"))
    else:
        connection.execute(text("select 1"))  # begins, and so takes the write lock
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _reason(error: Exception) -> str:
    """The driver's words without the statement and the parameters."""
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
