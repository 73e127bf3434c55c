"""The meter: what each person's work with models came to this month, sealed to their row, each request counted once.

One row a person and month, all of one length; and one for the installation as a whole, which names nobody.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.errors import BudgetReached
from bot.contracts.json import canonical
from bot.contracts.people import Person
from bot.contracts.usage import Ceiling, Month, Spent
from bot.store.database import Database
from bot.store.documents import Documents
from bot.store.models import SpendingRow
from bot.store.sealing import Vault
from bot.usage.budgets import ceiling_words, judge

_LENGTH = 6_000
_KEYS = 200
"""Requests known again when they are counted twice: a crash repeats the last ones only."""

SPACE = "usage"
_CEILING = "ceiling"
_INSTALLATION = Person("", "")
_NO_CEILING = Ceiling()
_Row = tuple[str, str]
"""Owner's pseudonym, month."""


@dataclass(frozen=True, slots=True)
class _Kept:
    month: Month
    keys: tuple[str, ...] = ()
    went_on: tuple[str, ...] = ()


class Meter:
    """Counts, and says when enough is enough. `whole`: the ceiling for all people together."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        documents: Documents,
        whole: Ceiling,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._documents = documents
        self._whole = whole
        self._now = now or (lambda: datetime.now(UTC))

    async def check(
        self, person: Person, tokens: Callable[[], Awaitable[int]], *, agent: str = "", most: Ceiling = _NO_CEILING
    ) -> str:
        """Before a request of about so many tokens, which are counted where a ceiling holds: what to tell the person,
        mostly nothing. `most`: of a month, for this `agent` of the person's. Raises BudgetReached."""
        ceiling = await self.ceiling(person)
        if _NO_CEILING == self._whole == ceiling == most:
            return ""
        upcoming = await tokens()
        if judge((await self._load(_INSTALLATION)).month, self._whole, upcoming).state == "over":
            raise BudgetReached(
                "What MeshClaw may spend on models this month is used up.",
                "Everything that needs no model still works. Whoever installed MeshClaw can raise the ceiling.",
                past="",
            )
        for_agent = judge((await self._load(person, agent)).month, most, upcoming) if most != _NO_CEILING else None
        if for_agent and for_agent.state == "over":
            raise BudgetReached(
                f"{agent} has used {for_agent.used} of the {for_agent.of} its file gives it for a month.",
                "Its budget stands in its file.",
                past="",
            )
        month = (await self._load(person)).month
        verdict = judge(month, ceiling, upcoming)
        if verdict.state == "over":
            raise BudgetReached(
                f"This would go past the ceiling you set yourself: {verdict.used} of {verdict.of} are used this month.",
                f"It is {ceiling_words(ceiling)}: change it with /meshclaw budget, or go on a little further.",
                past="month",
            )
        if verdict.state == "near" and not month.warned:
            async with self._changing(person) as (session, row, kept):
                await self._put(session, row, replace(kept, month=replace(kept.month, warned=True)))
            return f"_You have used {verdict.used} of the {verdict.of} you set yourself for this month._"
        return ""

    async def record(self, person: Person, key: str, spent: Spent, *, agent: str = "") -> None:
        """Count a finished request, once per `key`; with `agent`, for it as well."""
        mark = hashlib.sha256(key.encode()).hexdigest()[:12]
        rows = sorted({self._row(person, ""), self._row(_INSTALLATION, ""), self._row(person, agent)})
        async with self._database.write() as session:
            for row in rows:  # always in one order: two that count at once do not wait for each other for ever
                kept = await self._locked(session, row)
                if mark not in kept.keys:
                    keys = (*kept.keys, mark)[-_KEYS:]
                    await self._put(session, row, replace(kept, month=_added(kept.month, spent), keys=keys))

    async def go_on(self, person: Person, key: str) -> None:
        """The person goes on past their own ceiling, a quarter of it further; once per `key`."""
        mark = hashlib.sha256(key.encode()).hexdigest()[:12]
        async with self._changing(person) as (session, row, kept):
            if mark not in kept.went_on:
                month = replace(kept.month, past=kept.month.past + 1)
                await self._put(session, row, replace(kept, month=month, went_on=(*kept.went_on, mark)[-50:]))

    async def month(self, person: Person) -> Month:
        """What this month came to: for that person's eyes alone."""
        return (await self._load(person)).month

    async def ceiling(self, person: Person) -> Ceiling:
        """The ceiling the person set themselves."""
        kept: Any = await self._documents.load(person, SPACE, _CEILING)
        if not kept:
            return Ceiling()
        dollars = Decimal(kept["dollars"]) if kept["dollars"] is not None else None
        return Ceiling(dollars, kept["tokens"])

    async def set_ceiling(self, person: Person, ceiling: Ceiling) -> None:
        dollars = str(ceiling.dollars) if ceiling.dollars is not None else None
        await self._documents.save(person, SPACE, _CEILING, {"dollars": dollars, "tokens": ceiling.tokens})
        async with self._changing(person) as (session, row, kept):
            await self._put(session, row, replace(kept, month=replace(kept.month, warned=False, past=0)))

    async def purge(self, before: datetime) -> None:
        """Forget months that were last touched before that time."""
        async with self._database.write() as session:
            await session.execute(delete(SpendingRow).where(SpendingRow.updated_at < before))

    async def _load(self, person: Person, agent: str = "") -> _Kept:
        owner, month = self._row(person, agent)
        async with self._database.read() as session:
            row = await session.get(SpendingRow, (owner, month))
        return self._opened(row) if row is not None else _Kept(Month())

    @asynccontextmanager
    async def _changing(self, person: Person) -> AsyncIterator[tuple[AsyncSession, _Row, _Kept]]:
        """This month's row of a person, locked until the end."""
        row = self._row(person, "")
        async with self._database.write() as session:
            yield session, row, await self._locked(session, row)

    async def _locked(self, session: AsyncSession, row: _Row) -> _Kept:
        """What the row holds, made where there is none; two replicas may count at once."""
        owner, month = row
        query = select(SpendingRow).where(SpendingRow.owner == owner, SpendingRow.month == month).with_for_update()
        found: SpendingRow | None = (await session.scalars(query)).one_or_none()
        if found is not None:
            return self._opened(found)
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        new = {"owner": owner, "month": month, "updated_at": self._now()}
        new["body"] = self._sealed(owner, month, _Kept(Month()))
        await session.execute(insert(SpendingRow).values(new).on_conflict_do_nothing())
        return self._opened((await session.scalars(query)).one())

    async def _put(self, session: AsyncSession, row: _Row, kept: _Kept) -> None:
        owner, month = row
        found = await session.get_one(SpendingRow, row)
        found.body, found.updated_at = self._sealed(owner, month, kept), self._now()

    def _row(self, person: Person, agent: str) -> _Row:
        return self._vault.pseudonym(f"spending:{person.owner}:{agent}"), f"{self._now():%Y-%m}"

    def _sealed(self, owner: str, month: str, kept: _Kept) -> bytes:
        plain: dict[str, Any] = {"month": {**asdict(kept.month), "cost": str(kept.month.cost)}}
        plain |= {"keys": list(kept.keys), "went_on": list(kept.went_on)}
        plain["pad"] = ""
        plain["pad"] = "x" * max(0, _LENGTH - len(canonical(plain)))
        return self._vault.seal(plain, table="spending", owner=owner, row=month)

    def _opened(self, row: SpendingRow) -> _Kept:
        plain: Any = self._vault.open(row.body, table="spending", owner=row.owner, row=row.month)
        month = Month(**{**plain["month"], "cost": Decimal(plain["month"]["cost"])})
        return _Kept(month, tuple(plain["keys"]), tuple(plain["went_on"]))


def _added(month: Month, spent: Spent) -> Month:
    return replace(
        month,
        requests=month.requests + 1,
        tokens=month.tokens + spent.input_tokens + spent.output_tokens,
        cost=month.cost + (spent.cost or 0),
        unpriced=month.unpriced + (spent.cost is None),
    )
