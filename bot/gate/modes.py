"""Modes: what agents may do at all, as rows. `read-only` takes every tool with an effect out of the turn, so that no
forgotten sentence in a conversation can bring one back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.people import Person
from bot.contracts.tools import Effect
from bot.gate.audit import Audit, Entry
from bot.gate.stops import subject_of
from bot.store.database import Database
from bot.store.models import ModeRow
from bot.store.sealing import Vault

Mode = Literal["read-only", "ask"]
_Scope = Literal["person", "conversation", "connection"]
_AT_FIRST: Mapping[str, Mode] = {"person": "ask", "conversation": "ask", "connection": "read-only"}


@dataclass(frozen=True, slots=True)
class PersonModes:
    """All modes of one person. `connections` by connector, those ever set; `conversations`: how many are read-only
    (they stand here by pseudonym, so nobody can say which)."""

    person: Mode = "ask"
    connections: Mapping[str, Mode] = field(default_factory=dict)
    conversations: int = 0


class Modes:
    """The modes of all. What was never set is `ask` for a person and a conversation, `read-only` for a connection.
    `conversation` is always the conversation's pseudonym, empty where there is none."""

    def __init__(self, database: Database, vault: Vault, audit: Audit) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit

    async def person_mode(self, person: Person) -> Mode:
        return await self._mode(person, "person", "")

    async def conversation_mode(self, person: Person, conversation: str) -> Mode:
        return await self._mode(person, "conversation", subject_of(conversation))

    async def connection_mode(self, person: Person, connector: str) -> Mode:
        return await self._mode(person, "connection", connector)

    async def set_person(self, person: Person, mode: Mode, actor: str, now: datetime) -> None:
        await self._set(person, "person", "", mode, actor, now)

    async def set_conversation(self, person: Person, conversation: str, mode: Mode, actor: str, now: datetime) -> None:
        await self._set(person, "conversation", subject_of(conversation), mode, actor, now)

    async def set_connection(self, person: Person, connector: str, mode: Mode, actor: str, now: datetime) -> None:
        await self._set(person, "connection", connector, mode, actor, now)

    async def open_tools(
        self,
        person: Person,
        conversation: str,
        tools: Mapping[str, Effect],
        connectors: Collection[str],
        session: AsyncSession | None = None,
    ) -> frozenset[str]:
        """The tools that remain at this moment: those that read, and those with an effect (fetching is one) where
        person and conversation are on `ask`, and so is the connection, if the tool is of a connector people connect
        accounts of: `connectors` are their names, the first part of the tool's."""
        if session is None:
            async with self._database.read() as reading:
                modes = await self._all(reading, person)
        else:
            modes = await self._all(session, person)
        where = subject_of(conversation) if conversation else ""
        reading_only = modes.get(("person", "")) == "read-only" or modes.get(("conversation", where)) == "read-only"

        def is_open(tool: str) -> bool:
            connector = tool.partition(".")[0]
            return not reading_only and (connector not in connectors or modes.get(("connection", connector)) == "ask")

        return frozenset(name for name, effect in tools.items() if effect is Effect.READ or is_open(name))

    async def all_of(self, person: Person) -> PersonModes:
        """For the App Home."""
        async with self._database.read() as session:
            modes = await self._all(session, person)
        connections = {subject: mode for (scope, subject), mode in sorted(modes.items()) if scope == "connection"}
        conversations = sum(mode == "read-only" for (scope, _), mode in modes.items() if scope == "conversation")
        return PersonModes(modes.get(("person", ""), "ask"), connections, conversations)

    async def _mode(self, person: Person, scope: _Scope, subject: str) -> Mode:
        async with self._database.read() as session:
            row = await session.get(ModeRow, (self._vault.pseudonym(person.owner), scope, subject))
        return _read(row.mode) if row else _AT_FIRST[scope]

    async def _all(self, session: AsyncSession, person: Person) -> dict[tuple[str, str], Mode]:
        query = select(ModeRow.scope, ModeRow.subject, ModeRow.mode)
        rows = await session.execute(query.where(ModeRow.owner == self._vault.pseudonym(person.owner)))
        return {(row.scope, row.subject): _read(row.mode) for row in rows}

    async def _set(self, person: Person, scope: _Scope, subject: str, mode: Mode, actor: str, now: datetime) -> None:
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        name = {"owner": self._vault.pseudonym(person.owner), "scope": scope, "subject": subject}
        kept = {"mode": mode, "set_at": now}
        statement = insert(ModeRow).values({**name, **kept}).on_conflict_do_update(index_elements=list(name), set_=kept)
        about = f"{scope} {subject}" if scope == "connection" else scope
        entry = Entry("mode", person, own=actor == person.user, actor=actor, decision=f"{about}: {mode}")
        async with self._database.write() as session:
            await session.execute(statement)
            await self._audit.append(session, entry)


def _read(mode: str) -> Mode:
    """Whatever is not plainly `ask` lets nothing be done."""
    return "ask" if mode == "ask" else "read-only"
