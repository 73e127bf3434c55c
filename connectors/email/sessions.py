"""Open mailboxes, at most one for each person, kept a short while so that Approve right after triage is quick."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.contracts.connectors import Connection
from bot.contracts.errors import MeshClawError
from connectors.email.mailbox import Mailbox

IDLE_SECONDS = 60.0


@dataclass(slots=True)
class _Session:
    mailbox: Mailbox
    connection: Connection
    users: int = 0
    timer: asyncio.TimerHandle | None = None
    retired: bool = False


class Sessions:
    """Sessions by owner: what one person opened is never given to another."""

    def __init__(self, idle: float = IDLE_SECONDS) -> None:
        self._idle = idle
        self._open: dict[str, _Session] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def use(
        self, owner: str, connection: Connection, connect: Callable[[], Awaitable[Mailbox]]
    ) -> AsyncIterator[Mailbox]:
        """The owner's open mailbox, opened with `connect` when there is none that still answers."""
        async with self._locks.setdefault(owner, asyncio.Lock()):
            session = await self._usable(owner, connection)
            if session is None:
                session = self._open[owner] = _Session(await connect(), connection)
            session.users += 1
        try:
            yield session.mailbox
        finally:
            session.users -= 1
            self._released(owner, session)

    async def close(self) -> None:
        """Close all of them."""
        for owner, session in list(self._open.items()):
            self._retire(owner, session)
        if self._closing:
            await asyncio.wait(list(self._closing))

    async def _usable(self, owner: str, connection: Connection) -> _Session | None:
        session = self._open.get(owner)
        if session is None:
            return None
        if session.timer:
            session.timer.cancel()
            session.timer = None
        if session.connection == connection and not session.mailbox.broken:
            try:
                if session.users or await session.mailbox.alive():
                    return session
            except MeshClawError:  # a session found dead is replaced, and nobody need hear of it
                pass
        self._retire(owner, session)
        return None

    def _released(self, owner: str, session: _Session) -> None:
        if session.users:
            return
        if session.retired:
            self._close(session)
        elif session.mailbox.broken:
            self._retire(owner, session)
        else:
            loop = asyncio.get_running_loop()
            session.timer = loop.call_later(self._idle, self._retire, owner, session)

    def _retire(self, owner: str, session: _Session) -> None:
        """Give it to nobody any more, and close it once nobody uses it."""
        if session.timer:
            session.timer.cancel()
            session.timer = None
        if self._open.get(owner) is session:
            del self._open[owner]
        session.retired = True
        if not session.users:
            self._close(session)

    def _close(self, session: _Session) -> None:
        task = asyncio.ensure_future(session.mailbox.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
