"""Grants: what a person allows ahead of time, for one tool, within patterns, a number of things and an end date.

A grant is narrow by its making: it has to name every facet of a call, and what it does not name it does not cover.
Using one is a compare-and-set in the ledger's own transaction, so that two can never take the same last item.
"""

import fnmatch
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.errors import PersonMends
from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.tools import Facets
from bot.gate.audit import Audit, Entry
from bot.store.database import Database
from bot.store.models import GrantRow
from bot.store.sealing import Vault

Patterns: TypeAlias = Mapping[str, tuple[str, ...]]
"""What a grant lets each facet of a call be: every value has to match one of its patterns. In a pattern `*` stands for
anything, `?` for one character, everything else for itself, in either case. No pattern: only where there is nothing."""

MOST_THINGS = 10_000
LONGEST = timedelta(days=90)
LONGEST_PATTERN = 300
MOST_PATTERNS = 200
"""For one facet."""
_LONGEST_WORDS = 1_000


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant as it stands. `words` say it to a person; `left`: things it may still touch, `used`: those it has."""

    id: str
    person: Person
    tool: str
    patterns: Patterns
    words: str
    left: int
    used: int
    until: datetime
    created: datetime
    revoked: datetime | None = None

    def lives(self, now: datetime) -> bool:
        """Whether it allows anything yet."""
        return self.revoked is None and self.left > 0 and self.until > now


def exactly(value: str) -> str:
    """The narrowest pattern that matches this value: a `*` in it, which could widen what is allowed, becomes a `?`."""
    return value.replace("*", "?")


def covers(patterns: Patterns, facets: Facets) -> bool:
    """Whether a grant of these patterns covers a call: it names each facet of the call, and every value of each facet
    it names matches. Where there is no value, or an empty one, of all patterns only `*` matches."""
    if not facets or not facets.keys() <= patterns.keys():
        return False
    return all(_met(given, facets.get(name, ())) for name, given in patterns.items())


def preview(past: Iterable[Facets], patterns: Patterns) -> int:
    """How many of the past calls of its tool a grant of these patterns would have covered."""
    return sum(covers(patterns, facets) for facets in past)


class Grants:
    """All grants of the installation."""

    def __init__(self, database: Database, vault: Vault, audit: Audit) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit

    async def write(
        self,
        person: Person,
        tool: str,
        patterns: Patterns,
        *,
        count: int,
        until: datetime,
        words: str,
        now: datetime,
        actor: str,
        key: str = "",
    ) -> Grant:
        """Write a grant; whoever calls has checked that policy lets this tool be granted. Asking again under the same
        `key` gives the grant there is.

        Raises PersonMends with the field to correct: `count`, `until`, `patterns`, or `patterns.<facet>`."""
        _check_terms(count, until, now)
        _check_patterns(patterns)
        owner = self._vault.pseudonym(person.owner)
        grant_id = self._vault.pseudonym(f"grant:{owner}:{key}") if key else secrets.token_hex(16)
        kept = {name: list(given) for name, given in patterns.items()}
        told: Json = {"tool": tool, "patterns": kept, "words": words[:_LONGEST_WORDS]}
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        statement = insert(GrantRow).values(
            id=grant_id,
            owner=owner,
            tool=self._tool(tool),
            body=self._vault.seal(told, table="grants", owner=owner, row=grant_id),
            left=count,
            used=0,
            created_at=now,
            until=until,
        )
        async with self._database.write() as session:
            written = await session.scalar(statement.on_conflict_do_nothing().returning(GrantRow.id))
            if written:
                entry = Entry("grant-written", person, actor=actor, tool=tool, preview=words, key=grant_id)
                await self._audit.append(session, entry)
            row = await session.get_one(GrantRow, grant_id)
            return self._grant(row, person)

    async def get(self, person: Person, grant_id: str) -> Grant | None:
        """A grant of this person's, living or ended."""
        found = await self._many(person, GrantRow.id == grant_id)
        return found[0] if found else None

    async def of(self, person: Person, now: datetime) -> Sequence[Grant]:
        """All grants of this person: the living first, each kind newest first."""
        found = await self._many(person)
        return sorted(found, key=lambda grant: (grant.lives(now), grant.created, grant.id), reverse=True)

    async def covering(self, person: Person, tool: str, facets: Facets, items: int, now: datetime) -> Grant | None:
        """The living grant that covers such a call on so many things, if any: of several the narrowest, then the
        oldest."""
        living = (*_living(now), GrantRow.left >= max(items, 1))
        found = await self._many(person, GrantRow.tool == self._tool(tool), *living)
        fitting = [grant for grant in found if grant.tool == tool and covers(grant.patterns, facets)]
        return min(fitting, key=lambda grant: (_breadth(grant.patterns), grant.created, grant.id), default=None)

    async def use(self, session: AsyncSession, grant_id: str, items: int, now: datetime) -> bool:
        """Take so many things (one for a call that counts none) off a living grant that has as many left, within the
        caller's writing session; False when it has not, and nothing is taken."""
        taken = max(items, 1)
        statement = (
            update(GrantRow)
            .where(GrantRow.id == grant_id, *_living(now), GrantRow.left >= taken)
            .values(left=GrantRow.left - taken, used=GrantRow.used + taken)
        )
        return await session.scalar(statement.returning(GrantRow.id)) is not None

    async def living(self, session: AsyncSession, grant_id: str, now: datetime) -> bool:
        """Whether what was taken may be done: the grant is neither revoked nor over. Looked at before each effect; on
        PostgreSQL a revocation waits until the caller's session has ended."""
        query = select(GrantRow.id).where(GrantRow.id == grant_id, *_living(now)).with_for_update(read=True)
        return await session.scalar(query) is not None

    async def give_back(self, session: AsyncSession, grant_id: str, items: int) -> None:
        """Return things that were taken and certainly not touched; more than was taken is never returned."""
        if items > 0:
            await session.execute(
                update(GrantRow)
                .where(GrantRow.id == grant_id, GrantRow.used >= items)
                .values(left=GrantRow.left + items, used=GrantRow.used - items)
            )

    async def revoke(self, person: Person, grant_id: str, now: datetime, actor: str) -> bool:
        """End a grant of this person's; False when it is not theirs, or was revoked before."""
        owner = self._vault.pseudonym(person.owner)
        statement = (
            update(GrantRow)
            .where(GrantRow.id == grant_id, GrantRow.owner == owner, GrantRow.revoked_at.is_(None))
            .values(revoked_at=now)
            .returning(GrantRow)
        )
        async with self._database.write() as session:
            row = await session.scalar(statement)
            if row is None:
                return False
            grant = self._grant(row, person)
            entry = Entry("grant-revoked", person, actor=actor, tool=grant.tool, preview=grant.words, key=grant_id)
            await self._audit.append(session, entry)
            return True

    async def purge(self, before: datetime) -> int:
        """Forget the grants that were revoked or over before that time; their number."""
        over = or_(GrantRow.until < before, GrantRow.revoked_at < before)
        async with self._database.write() as session:
            gone = await session.scalars(delete(GrantRow).where(over).returning(GrantRow.id))
            return len(gone.all())

    async def _many(self, person: Person, *conditions: ColumnElement[bool]) -> list[Grant]:
        owner = self._vault.pseudonym(person.owner)
        async with self._database.read() as session:
            rows = await session.scalars(select(GrantRow).where(GrantRow.owner == owner, *conditions))
            return [self._grant(row, person) for row in rows]

    def _tool(self, tool: str) -> str:
        return self._vault.pseudonym(f"tool:{tool}")

    def _grant(self, row: GrantRow, person: Person) -> Grant:
        told = self._vault.open(row.body, table="grants", owner=row.owner, row=row.id)
        return Grant(
            id=row.id,
            person=person,
            tool=told["tool"],
            patterns={name: tuple(given) for name, given in told["patterns"].items()},
            words=told["words"],
            left=row.left,
            used=row.used,
            until=row.until,
            created=row.created_at,
            revoked=row.revoked_at,
        )


def _living(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return GrantRow.revoked_at.is_(None), GrantRow.until > now


def _check_terms(count: int, until: datetime, now: datetime) -> None:
    if not 1 <= count <= MOST_THINGS:
        raise PersonMends(
            "A grant covers at least 1 thing and at most 10,000.", "Give a number between them.", field="count"
        )
    if until <= now:
        raise PersonMends("That date is over already.", "Choose a later one.", field="until")
    if until > now + LONGEST:
        raise PersonMends(
            f"A grant lasts {LONGEST.days} days at most.", "Choose an earlier date: it can be renewed.", field="until"
        )


def _check_patterns(patterns: Patterns) -> None:
    if not patterns:
        raise PersonMends("This action has nothing to narrow it by.", "Decide it on its card.", field="patterns")
    for facet, given in patterns.items():
        field = f"patterns.{facet}"
        if not all(pattern.strip() for pattern in given):
            raise PersonMends("An empty pattern matches nothing.", "Write * for anything.", field=field)
        if any(len(pattern) > LONGEST_PATTERN for pattern in given):
            said = f"One of these is longer than {LONGEST_PATTERN} characters."
            raise PersonMends(said, "Shorten it: * stands for any text.", field=field)
        if len(given) > MOST_PATTERNS:
            said = f"These are more than {MOST_PATTERNS}."
            raise PersonMends(said, "Put several in one: * stands for any text.", field=field)
    if not any(given and all(map(_binds, given)) for given in patterns.values()):
        raise PersonMends(
            "This would allow everything.",
            "Narrow at least one of these, to an address or a folder, say.",
            field=f"patterns.{next(iter(patterns))}",
        )


def _binds(pattern: str) -> bool:
    """Whether it holds on to anything: `?*` and `*@*` let everything pass as surely as `*` does."""
    return any(char.isalnum() for char in pattern)


def _is_open(pattern: str) -> bool:
    return pattern != "" and not pattern.strip("*")


def _met(patterns: tuple[str, ...], values: tuple[str, ...]) -> bool:
    if any(map(_is_open, patterns)):
        return True
    if not patterns:
        return not any(values)
    return bool(values) and all(value and _matches(patterns, value) for value in values)


def _matches(patterns: tuple[str, ...], value: str) -> bool:
    folded = _folded(value)
    return any(_matcher(pattern).fullmatch(folded) for pattern in patterns)


@lru_cache(maxsize=1_000)
def _matcher(pattern: str) -> re.Pattern[str]:
    """The library's translation takes linear steps on any value; its character classes are shut out."""
    return re.compile(fnmatch.translate(_folded(pattern).replace("[", "[[]")))


def _folded(text: str) -> str:
    """Text in one case, letter by letter: none becomes several, and none from outside ASCII one of it (the Kelvin
    sign is no k), so that no look-alike passes for what the person wrote."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := char.lower()) == 1 and low.isascii() == char.isascii() else char for char in text)


def _breadth(patterns: Patterns) -> tuple[int, ...]:
    """How much a grant lets pass, to compare by: facets left open, then wildcards, then patterns, then letters that
    bind."""
    given = [pattern for several in patterns.values() for pattern in several]
    return (
        sum(any(map(_is_open, several)) for several in patterns.values()),
        sum(pattern.count("*") for pattern in given),
        sum(pattern.count("?") for pattern in given),
        len(given),
        -sum(map(len, given)),
    )
