"""Storage for the tests of the store, the gate and the engine: a key, and a migrated database of either kind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.database import Database
from bot.store.database import database_url as address_of
from bot.store.sealing import KEY_BYTES, Vault


@pytest.fixture
def vault() -> Vault:
    return Vault(b"k" * KEY_BYTES)


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """Migrated and empty; once SQLite, once PostgreSQL."""
    opened = Database(address_of(database_url, tmp_path))
    await opened.migrate()
    yield opened
    await opened.close()
