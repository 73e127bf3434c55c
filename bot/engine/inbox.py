"""The inbox: every request is one durable row before anything else happens.

Saves that arrive together share one transaction (group commit), so that a burst costs one write to disk.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.store.database import Database
from bot.store.models import InboxRow
from bot.store.sealing import Vault

_BATCH = 100


@dataclass(frozen=True, slots=True)
class Ticket:
    """A row of the inbox: its place in the order, its key, and its lane."""

    id: int
    key: str
    lane: str


class Inbox:
    """Writes requests, once per key, and reads them back."""

    def __init__(self, database: Database, vault: Vault, executor: str) -> None:
        self._database = database
        self._vault = vault
        self._executor = executor
        self._waiting: list[tuple[dict[str, Any], asyncio.Future[Ticket | None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def save(self, request: Request) -> Ticket | None:
        """Write the request; None when its key is known already. Returns after the commit; raises what the database
        raises, and then nothing was written."""
        written: asyncio.Future[Ticket | None] = asyncio.get_running_loop().create_future()
        opaque = replace(request, key=self._vault.pseudonym(f"request:{request.key}"))  # Slack's ids name people
        self._waiting.append((self._values(opaque), written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await written

    async def load(self, key: str) -> Request | None:
        """The request under a ticket's key, or None when it is finished or unknown."""
        async with self._database.read() as session:
            row = await session.scalar(select(InboxRow).where(InboxRow.key == key, InboxRow.state == "new"))
        if row is None or row.body is None:
            return None
        kept = self._vault.open(row.body, table="inbox", owner=row.owner, row=row.key)
        return Request(
            key=key,
            person=Person(kept["team"], kept["user"]),
            agent=kept["agent"],
            action=kept["action"],
            args=kept["args"],
            channel=kept["channel"],
            thread_ts=kept["thread_ts"],
            lane=row.lane,
        )

    async def finish(self, key: str, *, failed: bool = False) -> None:
        """The request is answered: keep its key against redeliveries, forget its content."""
        async with self._database.write() as session:
            await session.execute(
                update(InboxRow)
                .where(InboxRow.key == key)
                .values(state="failed" if failed else "done", body=None, finished_at=datetime.now(UTC))
            )

    async def behind(self, ticket: Ticket) -> bool:
        """Whether an earlier request of the same lane, taken by another replica, is not finished yet."""
        earlier = (
            select(InboxRow.id)
            .where(InboxRow.state == "new", InboxRow.lane == ticket.lane, InboxRow.id < ticket.id)
            .where(InboxRow.executor != self._executor)
            .limit(1)
        )
        async with self._database.read() as session:
            return await session.scalar(earlier) is not None

    async def open_tickets(self) -> Sequence[Ticket]:
        """This executor's unfinished requests, oldest first."""
        mine = select(InboxRow).where(InboxRow.state == "new", InboxRow.executor == self._executor)
        async with self._database.read() as session:
            return [Ticket(row.id, row.key, row.lane) for row in await session.scalars(mine.order_by(InboxRow.id))]

    async def executors(self) -> set[str]:
        """Who has unfinished requests."""
        async with self._database.read() as session:
            return set(await session.scalars(select(InboxRow.executor).where(InboxRow.state == "new").distinct()))

    async def take_over(self, dead: str) -> Sequence[Ticket]:
        """Make a dead replica's unfinished requests ours."""
        taken = (
            update(InboxRow)
            .where(InboxRow.executor == dead, InboxRow.state == "new")
            .values(executor=self._executor)
            .returning(InboxRow.id, InboxRow.key, InboxRow.lane)
        )
        async with self._database.write() as session:
            return sorted((Ticket(*row) for row in await session.execute(taken)), key=lambda ticket: ticket.id)

    async def purge(self, before: datetime) -> None:
        """Forget the keys of requests finished before that time."""
        async with self._database.write() as session:
            await session.execute(delete(InboxRow).where(InboxRow.finished_at < before))

    def _values(self, request: Request) -> dict[str, Any]:
        owner = self._vault.pseudonym(request.person.owner)
        kept: Json = {
            "team": request.person.team,
            "user": request.person.user,
            "agent": request.agent,
            "action": request.action,
            "args": request.args,
            "channel": request.channel,
            "thread_ts": request.thread_ts,
        }
        return {
            "key": request.key,
            "owner": owner,
            "lane": self._vault.pseudonym(f"lane:{request.lane}"),
            "executor": self._executor,
            "state": "new",
            "body": self._vault.seal(kept, table="inbox", owner=owner, row=request.key),
            "received_at": datetime.now(UTC),
        }

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            try:
                tickets = await self._insert([values for values, _ in batch])
            except Exception as error:
                for _, written in batch:
                    if not written.done():
                        written.set_exception(error)
                continue
            for values, written in batch:
                if not written.done():
                    written.set_result(tickets.pop(values["key"], None))

    async def _insert(self, rows: list[dict[str, Any]]) -> dict[str, Ticket]:
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        statement = insert(InboxRow).on_conflict_do_nothing(index_elements=["key"])
        async with self._database.write() as session:
            written = await session.execute(statement.values(rows).returning(InboxRow.id, InboxRow.key, InboxRow.lane))
            return {row.key: Ticket(row.id, row.key, row.lane) for row in written}
