"""The real audit, which also keeps what it was told, so that tests can ask for it."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.gate.audit import Audit, Entry
from bot.store.database import Database
from bot.store.sealing import Vault


class ToldAudit(Audit):
    """`told`: every entry appended, in order."""

    def __init__(self, database: Database, vault: Vault) -> None:
        super().__init__(database, vault)
        self.told: list[Entry] = []

    async def append(self, session: AsyncSession, *entries: Entry) -> None:
        self.told += entries
        await super().append(session, *entries)

    @property
    def events(self) -> list[str]:
        return [entry.event for entry in self.told]
