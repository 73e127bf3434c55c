"""Stops: rows that end work, written ahead of every queue and looked at before every tool call and every effect."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.gate.audit import Audit, Entry
from bot.store.database import Database
from bot.store.models import StopRow
from bot.store.sealing import Vault

Scope = Literal["all", "person", "conversation"]
_LONGEST_REASON = 500
_LOCK = 1979
_PSEUDONYM = re.compile(r"[0-9a-f]{32}")
_STRICTEST_FIRST = case({"all": 0, "person": 1, "conversation": 2}, value=StopRow.scope)


@dataclass(frozen=True, slots=True)
class Standing:
    """A stop that holds. `by`: user id of who said it; `reason`: in their words, often empty."""

    scope: Scope
    by: str
    at: datetime
    reason: str


def subject_of(conversation: str) -> str:
    """The conversation's pseudonym, as cards carry it. Raises ValueError for anything else: a stop under one name and
    work under another would pass each other by."""
    if not _PSEUDONYM.fullmatch(conversation):
        raise ValueError("a conversation goes by its pseudonym here")
    return conversation


class Stops:
    """All stops of the installation. A lasting one holds until it is lifted, a momentary one ends what was begun up to
    then. `conversation` is always the conversation's pseudonym, empty where there is none."""

    def __init__(self, database: Database, vault: Vault, audit: Audit) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit

    async def stop_person(self, person: Person, actor: str, now: datetime, reason: str = "") -> None:
        """Everything of this person's rests until they resume."""
        subject = self._vault.pseudonym(person.owner)
        await self._stop("person", subject, person, actor, now, reason, lasting=True)

    async def stop_conversation(self, person: Person, conversation: str, actor: str, now: datetime) -> None:
        """What was begun in this conversation ends, whoever it is for; what is begun later runs."""
        await self._stop("conversation", subject_of(conversation), person, actor, now, "", lasting=False)

    async def stop_all(self, actor: Person, now: datetime, reason: str = "") -> None:
        """Everything of everybody's rests until somebody who may resumes it."""
        await self._stop("all", "", actor, actor.user, now, reason, lasting=True)

    async def resume_person(self, person: Person, actor: str, now: datetime) -> bool:
        """Lift the stop of this person; False when there was none. One of all holds on."""
        return await self._lift("person", self._vault.pseudonym(person.owner), person, actor, now)

    async def resume_all(self, actor: Person, now: datetime) -> bool:
        """Lift the stop of all; False when there was none. Those of single persons hold on."""
        return await self._lift("all", "", actor, actor.user, now)

    async def standing(self, person: Person, conversation: str, began: datetime) -> Standing | None:
        """The strictest stop that holds for work of that person, in that conversation, begun then."""
        async with self._database.read() as session:
            return await self.holding(session, person, conversation, began)

    async def holding(
        self, session: AsyncSession, person: Person, conversation: str, began: datetime
    ) -> Standing | None:
        """As `standing`, within the caller's session."""
        row = await session.scalar(
            select(StopRow)
            .where(self._meets(person, conversation), _holds(began))
            .order_by(_STRICTEST_FIRST, StopRow.at, StopRow.id)
            .limit(1)
        )
        if row is None:
            return None
        told = self._vault.open(row.body, table="stops", owner=row.subject, row=row.id)
        scope: Scope = told["scope"]
        return Standing(scope, told["by"], row.at, told["reason"])

    async def hold_off(self, session: AsyncSession) -> None:
        """Wait for stops that are just being said, and let none return before the caller's writing session has ended:
        what that session begins is begun before a stop, or not at all."""
        if not self._database.is_sqlite:  # SQLite's writing session is alone already
            await session.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))

    async def latest(self) -> str:
        """A mark that is another one whenever somebody has said stop or resume since: cheap to ask for every moment.
        It does not trust clocks to agree, as a newest time would."""
        query = select(func.count(), func.count(StopRow.lifted_at), func.max(StopRow.at), func.max(StopRow.lifted_at))
        async with self._database.read() as session:
            return "/".join(map(str, (await session.execute(query)).one()))

    async def purge(self, before: datetime) -> int:
        """Forget the stops that were lifted, or momentary, before that time; their number. Nothing begun before it
        may be waiting still."""
        momentary = and_(StopRow.lasting.is_(False), StopRow.at < before)
        over = or_(momentary, StopRow.lifted_at < before)
        async with self._database.write() as session:
            gone = await session.scalars(delete(StopRow).where(over).returning(StopRow.id))
            return len(gone.all())

    async def _stop(
        self, scope: Scope, subject: str, person: Person, actor: str, now: datetime, reason: str, *, lasting: bool
    ) -> None:
        stop_id, reason = secrets.token_hex(16), reason.strip()[:_LONGEST_REASON]
        told: Json = {"scope": scope, "by": actor, "reason": reason}
        row = StopRow(
            id=stop_id,
            scope=scope,
            subject=subject,
            lasting=lasting,
            body=self._vault.seal(told, table="stops", owner=subject, row=stop_id),
            at=now,
        )
        async with self._database.write() as session:
            if not self._database.is_sqlite:
                await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            session.add(row)
            await self._audit.append(session, _entry("stopped", scope, person, actor, reason))

    async def _lift(self, scope: Scope, subject: str, person: Person, actor: str, now: datetime) -> bool:
        event = "resumed-all" if scope == "all" else "resumed"
        async with self._database.write() as session:
            lifted = await session.scalars(
                update(StopRow)
                .where(
                    StopRow.scope == scope,
                    StopRow.subject == subject,
                    StopRow.lasting.is_(True),
                    StopRow.lifted_at.is_(None),
                )
                .values(lifted_at=now)
                .returning(StopRow.id)
            )
            if not lifted.all():
                return False
            await self._audit.append(session, _entry(event, scope, person, actor, ""))
            return True

    def _meets(self, person: Person, conversation: str) -> ColumnElement[bool]:
        meets = [
            StopRow.scope == "all",
            and_(StopRow.scope == "person", StopRow.subject == self._vault.pseudonym(person.owner)),
        ]
        if conversation:
            meets.append(and_(StopRow.scope == "conversation", StopRow.subject == subject_of(conversation)))
        return or_(*meets)


def _holds(began: datetime) -> ColumnElement[bool]:
    return and_(StopRow.lifted_at.is_(None), or_(StopRow.lasting.is_(True), StopRow.at >= began))


def _entry(event: str, scope: Scope, person: Person, actor: str, reason: str) -> Entry:
    own = scope != "all" and actor == person.user
    return Entry(event, person, own=own, actor=actor, decision=f"{scope}: {reason}" if reason else scope)
