"""Where people's own agents live: sealed rows, private until somebody else has read them.

An agent that is shared runs for others as it was reviewed, not as its owner has changed it since. To everybody else a
private agent is not there: neither its name nor its owner can be read from the database.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.agents.files import OwnAgent, read_agent, render
from bot.agents.mistakes import AgentMistakes
from bot.agents.schedules import NotASchedule, latest, next_after, read_schedule, slot
from bot.contracts.errors import PersonMends
from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.gate.audit import Audit, Entry
from bot.store.database import Database
from bot.store.models import AgentRow
from bot.store.sealing import RowMismatch, Vault

State = Literal["private", "proposed", "shared"]
MOST_AGENTS = 50
"""Of one person."""
_MOST_DUE = 500
_log = structlog.get_logger("agents")


@dataclass(frozen=True, slots=True)
class Kept:
    """An agent as somebody may see it: its owner and a reviewer as it stands now, all others as it was reviewed.

    `agent`: None when the file, once right, holds no more; `digest`: of this `text`; `others_see`: whether others see
    nothing, just this, or an earlier version; `reviewed_by`: user id of who let it be shared, empty while nobody has.
    """

    id: str
    owner: Person
    name: str
    text: str
    agent: OwnAgent | None
    state: State
    digest: str
    version: int
    others_see: Literal["nothing", "this", "earlier"]
    reviewed_by: str
    tz: str
    next_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule that has fired. `slot`: the occurrence, of several missed ones the last; `key`: the same on every
    replica, for the request it becomes; `at`: when it was due; `seen`, `then`: what `advance` takes on."""

    id: str
    person: Person
    name: str
    slot: str
    key: str
    at: datetime
    seen: datetime
    then: datetime


class Library:
    """All agents people made. What is not a person's to see is None or left out, as if it were not there.

    `which` is always an agent's name or its id. Who reviews is an admin: whoever calls has asked Slack.
    """

    def __init__(self, database: Database, vault: Vault, audit: Audit | None = None) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit

    async def save(
        self,
        person: Person,
        file: str | OwnAgent,
        *,
        tz: str,
        now: datetime,
        replaces: str = "",
        version: int | None = None,
    ) -> Kept:
        """Keep a new agent, or a new text of the one with the id `replaces`; saving the same twice changes nothing.

        `tz`: the owner's zone; `version`: of the text that was changed. What was shared is proposed again, and others
        go on with what was reviewed. Raises AgentMistakes, and PersonMends for a name that is taken, an agent that is
        gone or was changed elsewhere meanwhile, and for too many."""
        text = file if isinstance(file, str) else render(file)
        agent = read_agent(text, tools=None)
        owner, digest = self._vault.pseudonym(person.owner), self._digest(text)
        name = self._name(owner, agent.name)
        async with self._database.write() as session:
            same = await self._locked(session, AgentRow.owner == owner, AgentRow.name == name)
            row = await self._locked(session, AgentRow.owner == owner, AgentRow.id == replaces) if replaces else same
            if replaces and row is None:
                raise PersonMends("This agent is not there any more.", "Make it anew, under any name.", field="file")
            if same and row and (same.id != row.id or (not replaces and row.digest != digest)):
                said = f"You have an agent called {agent.name} already."
                raise PersonMends(said, "Edit that one, or take another name.", field="file")
            if row and version not in (None, row.version) and row.digest != digest:
                raise PersonMends("This agent was changed elsewhere meanwhile.", "Open it again.", field="file")
            body: dict[str, Json] = {
                "team": person.team,
                "user": person.user,
                "name": agent.name,
                "text": text,
                "tz": tz,
                "schedule": agent.schedule.text if agent.schedule else "",
            }
            if row is None:
                row = await self._new(session, owner, name, now)
            before = self._body(row) if row.body else {}
            if before != body:
                self._put(row, name, digest, body, before, now)
            return self._kept(row)

    async def remove(self, person: Person, which: str) -> bool:
        """Forget an agent of this person's, for everybody; False when there is none."""
        async with self._database.write() as session:
            row = await self._locked(session, *self._mine(person, which))
            if row is not None:
                await session.delete(row)
            return row is not None

    async def mine(self, person: Person) -> Sequence[Kept]:
        """This person's agents, by name."""
        owner = self._vault.pseudonym(person.owner)
        async with self._database.read() as session:
            rows = await session.scalars(select(AgentRow).where(AgentRow.owner == owner))
            return sorted(map(self._kept, rows), key=lambda kept: kept.name)

    async def visible(self, person: Person) -> Sequence[Kept]:
        """This person's agents, then those others share in their team, each by name."""
        return [*await self.mine(person), *await self._shared(person)]

    async def find(self, person: Person, which: str) -> Kept | None:
        """The agent this person means: one of theirs before one that is shared."""
        async with self._database.read() as session:
            row = await session.scalar(select(AgentRow).where(*self._mine(person, which)))
        if row is not None:
            return self._kept(row)
        return next((kept for kept in await self._shared(person, which)), None)

    async def propose(self, person: Person, which: str, now: datetime) -> Kept | None:
        """Ask that an agent of this person's be shared as it is now."""
        async with self._database.write() as session:
            row = await self._locked(session, *self._mine(person, which))
            if row is None:
                return None
            if row.digest != row.reviewed_digest and row.state != "proposed":
                row.state, row.updated_at, row.version = "proposed", now, row.version + 1
            return self._kept(row)

    async def unshare(self, person: Person, which: str, now: datetime) -> Kept | None:
        """Take an agent of this person's, or its proposal, back: nobody else sees it any more."""
        async with self._database.write() as session:
            row = await self._locked(session, *self._mine(person, which))
            return None if row is None else self._private(row, now)

    async def proposed(self, admin: Person) -> Sequence[Kept]:
        """What waits for a review in this team, the oldest first."""
        async with self._database.read() as session:
            query = select(AgentRow).where(AgentRow.state == "proposed").order_by(AgentRow.updated_at, AgentRow.id)
            found = map(self._kept, await session.scalars(query))
            return [kept for kept in found if kept.owner.team == admin.team]

    async def review(self, admin: Person, agent_id: str, digest: str, accept: bool, now: datetime) -> Kept | None:
        """Share a proposal, or decline it, as it was read: None when it was changed or decided since. What others used
        before a declined change stays theirs."""
        async with self._database.write() as session:
            waiting = (AgentRow.id == agent_id, AgentRow.digest == digest, AgentRow.state == "proposed")
            row = await self._locked(session, *waiting)
            if row is None or self._kept(row).owner.team != admin.team:
                return None
            row.updated_at, row.version = now, row.version + 1
            if accept:
                told = {**self._body(row), "by": admin.user, "at": now.isoformat()}
                row.shared = self._vault.seal(told, table="agents", owner=row.owner, row=f"{row.id}/shared")
                row.reviewed_by, row.reviewed_digest = self._vault.pseudonym(admin.owner), digest
            row.state = "shared" if row.shared else "private"
            kept = self._kept(row)
            await self._tell(session, "agent-shared" if accept else "agent-declined", kept, admin, own=not accept)
            return kept

    async def withdraw(self, admin: Person, agent_id: str, now: datetime) -> Kept | None:
        """Take a shared agent from everybody but its owner; None when none of that id is shared in the team."""
        async with self._database.write() as session:
            row = await self._locked(session, AgentRow.id == agent_id, AgentRow.shared.is_not(None))
            if row is None or self._kept(row).owner.team != admin.team:
                return None
            kept = self._private(row, now)
            await self._tell(session, "agent-withdrawn", kept, admin, own=False)
            return kept

    async def due(self, now: datetime) -> Sequence[Due]:
        """The schedules that have fired and were not taken on yet, each for its owner, with the last occurrence of all
        that were missed. Enqueue each under its `key`, then `advance` it: a crash between the two repeats the key, and
        nothing is lost."""
        query = select(AgentRow).where(AgentRow.next_at <= now).order_by(AgentRow.next_at).limit(_MOST_DUE)
        async with self._database.read() as session:
            rows = list(await session.scalars(query))
        return [due for row in rows if (due := self._opened(row, now)) is not None]

    async def advance(self, due: Due) -> bool:
        """Take a schedule on to its next occurrence; False when another replica, or an edit, was first."""
        statement = update(AgentRow).where(AgentRow.id == due.id, AgentRow.next_at == due.seen)
        async with self._database.write() as session:
            moved = await session.scalar(statement.values(next_at=due.then).returning(AgentRow.id))
            return moved is not None

    async def retime(self, person: Person, tz: str, now: datetime) -> int:
        """The person lives in another time zone now; how many of their schedules follow them."""
        owner = self._vault.pseudonym(person.owner)
        moved = 0
        async with self._database.write() as session:
            for row in await session.scalars(select(AgentRow).where(AgentRow.owner == owner).with_for_update()):
                before = self._body(row)
                if before["tz"] != tz:
                    row.body = self._sealed(row, {**before, "tz": tz})
                    row.next_at = _next(before["schedule"], tz, now)
                    moved += row.next_at is not None
        return moved

    async def _new(self, session: AsyncSession, owner: str, name: str, now: datetime) -> AgentRow:
        """A row still without a body. Two at once under one name: the second is told."""
        count = await session.scalar(select(func.count()).select_from(AgentRow).where(AgentRow.owner == owner))
        if (count or 0) >= MOST_AGENTS:
            raise PersonMends(f"You have {MOST_AGENTS} agents, which is the most.", "Remove one first.", field="file")
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        first = {"state": "private", "digest": "", "version": 0, "body": b"", "updated_at": now}
        statement = insert(AgentRow).values(id=secrets.token_hex(16), owner=owner, name=name, **first)
        made: AgentRow | None = await session.scalar(statement.on_conflict_do_nothing().returning(AgentRow))
        if made is None:
            raise PersonMends("You made an agent of that name just now.", "Open it again.", field="file")
        return made

    def _put(
        self, row: AgentRow, name: str, digest: str, body: dict[str, Json], before: dict[str, Any], now: datetime
    ) -> None:
        same_times = before and (before["schedule"], before["tz"]) == (body["schedule"], body["tz"])
        row.next_at = row.next_at if same_times else _next(str(body["schedule"]), str(body["tz"]), now)
        if row.digest != digest and row.state != "private":
            row.state = "shared" if digest == row.reviewed_digest else "proposed"
        row.name, row.digest, row.body = name, digest, self._sealed(row, body)
        row.version, row.updated_at = row.version + 1, now

    def _private(self, row: AgentRow, now: datetime) -> Kept:
        if row.state != "private":
            row.state, row.shared, row.reviewed_by, row.reviewed_digest = "private", None, None, None
            row.version, row.updated_at = row.version + 1, now
        return self._kept(row)

    async def _shared(self, person: Person, which: str = "") -> list[Kept]:
        """What others share in the team, by name; `which`: only those of this name or id."""
        owner = self._vault.pseudonym(person.owner)
        query = select(AgentRow).where(AgentRow.shared.is_not(None), AgentRow.owner != owner)
        async with self._database.read() as session:
            rows = list(await session.scalars(query))
        found: list[tuple[str, str, AgentRow, dict[str, Any]]] = []
        for row in rows:
            told = self._reviewed(row)
            if told["team"] == person.team and (not which or which in (told["name"], row.id)):
                found.append((told["name"], row.id, row, told))
        return [self._as_reviewed(row, told) for _, _, row, told in sorted(found, key=lambda one: one[:2])]

    async def _locked(self, session: AsyncSession, *conditions: ColumnElement[bool]) -> AgentRow | None:
        row: AgentRow | None = await session.scalar(select(AgentRow).where(*conditions).with_for_update())
        return row

    async def _tell(self, session: AsyncSession, event: str, kept: Kept, admin: Person, *, own: bool) -> None:
        if self._audit is not None:
            entry = Entry(event, kept.owner, own=own, actor=admin.user, agent=kept.name, digest=kept.digest)
            await self._audit.append(session, entry)

    def _mine(self, person: Person, which: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        owner = self._vault.pseudonym(person.owner)
        return AgentRow.owner == owner, or_(AgentRow.id == which, AgentRow.name == self._name(owner, which))

    def _name(self, owner: str, name: str) -> str:
        return self._vault.pseudonym(f"agent:{owner}:{name}")

    def _digest(self, text: str) -> str:
        return self._vault.pseudonym(f"agent-file:{text}")

    def _sealed(self, row: AgentRow, body: dict[str, Json]) -> bytes:
        return self._vault.seal(body, table="agents", owner=row.owner, row=row.id)

    def _body(self, row: AgentRow) -> dict[str, Any]:
        body: dict[str, Any] = self._vault.open(row.body, table="agents", owner=row.owner, row=row.id)
        return body

    def _reviewed(self, row: AgentRow) -> dict[str, Any]:
        told: dict[str, Any] = self._vault.open(
            row.shared or b"", table="agents", owner=row.owner, row=f"{row.id}/shared"
        )
        return told

    def _kept(self, row: AgentRow) -> Kept:
        body = self._body(row)
        reviewed = self._reviewed(row) if row.shared else None
        return Kept(
            id=row.id,
            owner=Person(body["team"], body["user"]),
            name=body["name"],
            text=body["text"],
            agent=_read(body["text"]),
            state=_state(row.state),
            digest=row.digest,
            version=row.version,
            others_see="nothing" if not reviewed else "this" if row.digest == row.reviewed_digest else "earlier",
            reviewed_by=reviewed["by"] if reviewed else "",
            tz=body["tz"],
            next_at=row.next_at,
            updated_at=row.updated_at,
        )

    def _as_reviewed(self, row: AgentRow, told: dict[str, Any]) -> Kept:
        """As others see it: nothing of what became of it since."""
        return Kept(
            id=row.id,
            owner=Person(told["team"], told["user"]),
            name=told["name"],
            text=told["text"],
            agent=_read(told["text"]),
            state="shared",
            digest=row.reviewed_digest or "",
            version=0,
            others_see="this",
            reviewed_by=told["by"],
            tz="",
            next_at=None,
            updated_at=datetime.fromisoformat(told["at"]),
        )

    def _opened(self, row: AgentRow, now: datetime) -> Due | None:
        """None for a row that does not open, which keeps nobody else's agent from running."""
        try:
            return self._due(row, now)
        except RowMismatch:
            _log.error("agent's row does not open", row=row.id)
            return None

    def _due(self, row: AgentRow, now: datetime) -> Due | None:
        body = self._body(row)
        try:
            schedule = read_schedule(body["schedule"])
            then = next_after(schedule, now, body["tz"])
        except NotASchedule:  # a later version may be stricter: its owner sees it in their list
            return None
        name, person = slot(schedule, now, body["tz"]), Person(body["team"], body["user"])
        key = f"agents:{row.id}:{self._vault.pseudonym(body['schedule'])[:8]}:{name}"
        assert row.next_at
        return Due(row.id, person, body["name"], name, key, latest(schedule, now, body["tz"]), row.next_at, then)


@lru_cache(maxsize=1_000)
def _read(text: str) -> OwnAgent | None:
    try:
        return read_agent(text, tools=None)
    except AgentMistakes:
        return None


def _next(schedule: str, tz: str, now: datetime) -> datetime | None:
    return next_after(read_schedule(schedule), now, tz) if schedule else None


def _state(state: str) -> State:
    """Whatever is not plainly known is private."""
    return "shared" if state == "shared" else "proposed" if state == "proposed" else "private"
