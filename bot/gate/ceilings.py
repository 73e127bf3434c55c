"""Ceilings: how many things of one effect a person's agents have touched of late, by the ledger's own count."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.people import Person
from bot.contracts.tools import Effect
from bot.store.database import Database
from bot.store.models import ActionRow
from bot.store.sealing import Vault

_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=24)


class Spent(NamedTuple):
    """Things touched in the hour and in the 24 hours before a moment."""

    in_hour: int
    in_day: int


class Ceilings:
    """Counts what the ledger holds. What began counts, whatever became of it, unless it certainly failed."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def spent(self, person: Person, effect: Effect, now: datetime, session: AsyncSession | None = None) -> Spent:
        """What this person's agents have touched. Within a writing session the count holds until that session ends:
        nobody else counts the same effect of that person meanwhile, so that whoever adds to it stays below."""
        owner = self._vault.pseudonym(person.owner)
        if session is None:
            async with self._database.read() as reading:
                return await _sums(reading, owner, effect, now)
        if not self._database.is_sqlite:  # SQLite's writing session is alone already
            number = int(self._vault.pseudonym(f"ceiling:{owner}:{effect}")[:15], 16)
            await session.execute(select(func.pg_advisory_xact_lock(number)))
        return await _sums(session, owner, effect, now)


async def _sums(session: AsyncSession, owner: str, effect: Effect, now: datetime) -> Spent:
    lately = case((ActionRow.started_at > now - _HOUR, ActionRow.items), else_=0)
    query = select(func.coalesce(func.sum(lately), 0), func.coalesce(func.sum(ActionRow.items), 0)).where(
        ActionRow.owner == owner,
        ActionRow.effect == effect.value,
        ActionRow.started_at > now - _DAY,
        ActionRow.state != "failed",
    )
    in_hour, in_day = (await session.execute(query)).one()
    return Spent(int(in_hour), int(in_day))
