"""The inbox: every request is one durable row before anything else happens.

There is one writer: what is to be written together shares one transaction (group commit), so that a burst costs one
write to disk, and no write waits for another's lock.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.store.database import Database
from bot.store.models import InboxRow
from bot.store.sealing import Vault

_INBOX = InboxRow.metadata.tables["inbox"]
_BATCH = 100
THREAD = "thread:"
"""What the lanes of threads begin with."""

_MOMENT = 0.02  # seconds without a save until nothing more is expected at once


@dataclass(frozen=True, slots=True)
class Ticket:
    """A row of the inbox: its place in the order, its key, and its lane."""

    id: int
    key: str
    lane: str


@dataclass(frozen=True, slots=True, eq=False)
class _Write:
    """A row to insert, or the end of a request to note; and who waits for it."""

    values: dict[str, Any]
    ends: bool
    written: asyncio.Future[Ticket | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Inbox:
    """Writes requests, once per key, and reads them back."""

    def __init__(self, database: Database, vault: Vault, executor: str) -> None:
        self._database = database
        self._vault = vault
        self._executor = executor
        self._waiting: list[_Write] = []
        self._writer: asyncio.Task[None] | None = None
        self._saved_at = 0.0
        insert = sqlite_insert if database.is_sqlite else postgresql_insert
        self._insert = (
            insert(_INBOX).on_conflict_do_nothing(index_elements=["key"])
            .returning(_INBOX.c.id, _INBOX.c.key, _INBOX.c.lane)
        )  # fmt: skip
        self._end = (
            update(_INBOX).where(_INBOX.c.key == bindparam("ended"))
            .values(state=bindparam("as"), body=None, finished_at=bindparam("at"))
        )  # fmt: skip

    async def save(self, request: Request) -> Ticket | None:
        """Write the request; None when its key is known already. Returns after the commit; raises what the database
        raises, and then nothing was written."""
        opaque = replace(request, key=self._vault.pseudonym(f"request:{request.key}"))  # Slack's ids name people
        return await self._written(_Write(self._values(opaque), ends=False))

    async def quiet(self, until: float) -> None:
        """Wait for a moment in which nothing is saved, until that time of the loop's clock at most."""
        now = asyncio.get_running_loop().time
        while (left := min(self._saved_at + _MOMENT, until) - now()) > 0:
            await asyncio.sleep(left)

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
            received=row.received_at,
        )

    async def finish(self, key: str, *, failed: bool = False) -> None:
        """The request is answered: keep its key against redeliveries, forget its content."""
        state = "failed" if failed else "done"
        await self._written(_Write({"ended": key, "as": state, "at": datetime.now(UTC)}, ends=True))

    async def behind(self, ticket: Ticket) -> bool:
        """Whether an earlier request of the same lane, taken by another replica, is not finished yet."""
        if self._database.is_sqlite:
            return False  # one process at a time: nobody else takes requests
        earlier = (
            select(InboxRow.id)
            .where(InboxRow.state == "new", InboxRow.lane == ticket.lane, InboxRow.id < ticket.id)
            .where(InboxRow.executor != self._executor)
            .limit(1)
        )
        async with self._database.read() as session:
            return await session.scalar(earlier) is not None

    async def awaits(self, request: Request) -> bool:
        """Whether something of that person's, in that lane, is still to be done."""
        mine = (InboxRow.state == "new", InboxRow.lane == self._lane(request))
        owner = self._vault.pseudonym(request.person.owner)
        async with self._database.read() as session:
            return await session.scalar(select(InboxRow.id).where(*mine, InboxRow.owner == owner).limit(1)) is not None

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
            "lane": self._lane(request),
            "executor": self._executor,
            "state": "new",
            "body": self._vault.seal(kept, table="inbox", owner=owner, row=request.key),
            "received_at": datetime.now(UTC),
        }

    def _lane(self, request: Request) -> str:
        """Named after nobody; of a thread's it can be told that it is one."""
        lane = self._vault.pseudonym(f"lane:{request.lane}")
        return lane if request.lane == request.person.owner else f"{THREAD}{lane}"

    async def _written(self, write: _Write) -> Ticket | None:
        self._waiting.append(write)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await write.written

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            try:
                tickets = await self._commit(
                    [write.values for write in batch if not write.ends], [write.values for write in batch if write.ends]
                )
            except Exception as error:
                for write in batch:
                    if not write.written.done():
                        write.written.set_exception(error)
                continue
            for write in batch:
                if not write.written.done():
                    write.written.set_result(None if write.ends else tickets.pop(write.values["key"], None))

    async def _commit(self, rows: list[dict[str, Any]], ends: list[dict[str, Any]]) -> dict[str, Ticket]:
        """One transaction; the tickets of the rows that are new."""
        if rows:
            self._saved_at = asyncio.get_running_loop().time()
        async with self._database.write() as session:
            if ends:
                await session.execute(self._end, ends)
            new = await session.execute(self._insert, rows) if rows else ()
            return {row.key: Ticket(row.id, row.key, row.lane) for row in new}
