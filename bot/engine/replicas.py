"""Which replicas live: one process on SQLite, many on PostgreSQL, each holding a lock named after it for life."""

import fcntl
import os
import zlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.contracts.errors import OperatorMends

_SPACE = 19779  # the advisory locks of MeshClaw's replicas


class Replicas(Protocol):
    """Claims this replica's life, and tells of others' deaths. `watch`: seconds between looks at the others."""

    watch: float

    async def claim(self) -> None: ...

    async def is_dead(self, executor: str) -> bool: ...

    def inheriting(self, executor: str) -> AbstractAsyncContextManager[bool]:
        """Whether that replica is dead and ours to clear up after; while inside, no other finds it so."""

    async def release(self) -> None: ...


class OneProcess:
    """SQLite: one process on one file, held by a lock on a file beside it."""

    watch = 60.0

    def __init__(self, lock_file: Path) -> None:
        self._path = lock_file
        self._descriptor: int | None = None

    async def claim(self) -> None:
        """Raises OperatorMends when another process runs on the same data."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise OperatorMends(
                "Another MeshClaw is running on this data folder.",
                "Stop it, choose another folder with --data or MESHCLAW_DATA, or use PostgreSQL for several.",
            ) from None
        self._descriptor = descriptor

    async def is_dead(self, executor: str) -> bool:
        """With one process at a time, every other executor is a past one."""
        return True

    @asynccontextmanager
    async def inheriting(self, executor: str) -> AsyncIterator[bool]:
        yield True

    async def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class ManyProcesses:
    """PostgreSQL: a session-level advisory lock per replica. It is free as soon as its session ends."""

    watch = 3.0

    def __init__(self, engine: AsyncEngine, executor: str) -> None:
        self._engine = engine
        self._executor = executor
        self._held: AsyncConnection | None = None

    async def claim(self) -> None:
        connection = await self._engine.connect()
        self._held = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await self._held.execute(text("select pg_advisory_lock(:space, :key)"), _lock(self._executor))

    async def is_dead(self, executor: str) -> bool:
        async with self.inheriting(executor) as dead:
            return dead

    @asynccontextmanager
    async def inheriting(self, executor: str) -> AsyncIterator[bool]:
        """Holds the dead one's lock meanwhile: two survivors resuming the same requests would run them twice."""
        async with self._engine.connect() as connection:
            free = await connection.execute(text("select pg_try_advisory_xact_lock(:space, :key)"), _lock(executor))
            yield bool(free.scalar())

    async def release(self) -> None:
        if self._held is not None:
            await self._held.execute(text("select pg_advisory_unlock(:space, :key)"), _lock(self._executor))
            await self._held.close()
            self._held = None


def _lock(executor: str) -> dict[str, int]:
    return {"space": _SPACE, "key": zlib.crc32(executor.encode()) - 2**31}
