"""Break-glass: for a few minutes somebody named in the policy may decide what is not theirs to decide. Named, timed,
loud: with a reason all admins can read, and an end nobody can forget to set."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update

from bot.contracts.errors import PersonMends
from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.gate.audit import Audit, Entry
from bot.store.database import Database
from bot.store.models import OverrideRow
from bot.store.sealing import Vault

SHORTEST_REASON = 10
LONGEST_REASON = 500
LONGEST = 24 * 60
"""Minutes; the policy says how many it really is."""
RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Override:
    """One use of break-glass."""

    id: str
    person: Person
    reason: str
    at: datetime
    until: datetime


class Overrides:
    """All uses of break-glass. Whoever opens one has been checked against the policy before."""

    def __init__(self, database: Database, vault: Vault, audit: Audit) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit

    async def open(self, person: Person, reason: str, minutes: int, now: datetime) -> Override:
        """Break the glass for so many minutes. Raises PersonMends with the field to correct: `reason` or `minutes`."""
        reason = " ".join(reason.split())
        if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
            raise PersonMends(
                f"Break-glass needs a reason, {SHORTEST_REASON} to {LONGEST_REASON} characters long.",
                "Say what happened and what you are about to do: all admins will read it.",
                field="reason",
            )
        if not 1 <= minutes <= LONGEST:
            raise PersonMends("Break-glass lasts from one minute to a day.", "Give another time.", field="minutes")
        owner, override_id = self._vault.pseudonym(person.owner), secrets.token_hex(16)
        told: Json = {"team": person.team, "user": person.user, "reason": reason}
        row = OverrideRow(
            id=override_id,
            owner=owner,
            body=self._vault.seal(told, table="overrides", owner=owner, row=override_id),
            at=now,
            until=now + timedelta(minutes=minutes),
        )
        decision = f"for {minutes} minute{'s' if minutes > 1 else ''}: {reason}"
        async with self._database.write() as session:
            session.add(row)
            entry = Entry("break-glass", person, own=False, actor=person.user, decision=decision)
            await self._audit.append(session, entry)
        return self._override(row)

    async def current(self, person: Person, now: datetime) -> Override | None:
        """The one this person decides under now, if any."""
        owner = self._vault.pseudonym(person.owner)
        found = await self._many(OverrideRow.owner == owner, OverrideRow.until > now)
        return max(found, key=lambda override: override.until, default=None)

    async def recent(self, now: datetime) -> Sequence[Override]:
        """Those of the last 30 days, of everybody, newest first."""
        found = await self._many(OverrideRow.at > now - RECENT)
        return sorted(found, key=lambda override: (override.at, override.id), reverse=True)

    async def close(self, person: Person, now: datetime) -> bool:
        """End it before its time; False when there was nothing to end."""
        owner = self._vault.pseudonym(person.owner)
        ending = update(OverrideRow).where(OverrideRow.owner == owner, OverrideRow.until > now).values(until=now)
        async with self._database.write() as session:
            ended = await session.scalars(ending.returning(OverrideRow.id))
            if not ended.all():
                return False
            await self._audit.append(session, Entry("break-glass-ended", person, own=False, actor=person.user))
            return True

    async def _many(self, *conditions: ColumnElement[bool]) -> list[Override]:
        async with self._database.read() as session:
            return [self._override(row) for row in await session.scalars(select(OverrideRow).where(*conditions))]

    def _override(self, row: OverrideRow) -> Override:
        told = self._vault.open(row.body, table="overrides", owner=row.owner, row=row.id)
        return Override(row.id, Person(told["team"], told["user"]), told["reason"], row.at, row.until)
