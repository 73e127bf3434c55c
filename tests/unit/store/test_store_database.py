"""The database: one way in for SQLite and PostgreSQL."""

from pathlib import Path

from bot.store.database import Database, database_url as address


async def test_migrates(database_url: str, tmp_path: Path) -> None:
    database = Database(address(database_url, tmp_path))
    await database.migrate()
    await database.migrate()
    await database.close()
