"""An open mailbox for async code: every call runs in the account's one worker thread, in order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from bot.contracts.mail import Folder, Mail, MailRef, Sought, Traces
from connectors.email.ids import Ids
from connectors.email.parse import Whole, parse, parse_whole
from connectors.email.provider import Account, Flagged, Shift
from connectors.email.search import Wanted

T = TypeVar("T")

CLOSING_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Heads:
    """The mails still at given places, headers only, and whether the folder was renumbered."""

    mails: Mapping[MailRef, Mail]
    renumbered: bool


@dataclass(frozen=True, slots=True)
class FoundMails:
    """What a search found in one folder, best first, headers only; the rest as of `search.Hits`."""

    mails: Sequence[Mail]
    some: bool
    looked_at: int


class Mailbox:
    """Implements `contracts.MailReader`, and the writing side the tools use."""

    def __init__(self, account: Account, thread: ThreadPoolExecutor) -> None:
        self._account = account
        self._thread = thread

    @classmethod
    async def connect(cls, opener: Callable[[], Account]) -> "Mailbox":
        """Open an account in a new worker thread. Raises what `opener` raises."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
        try:
            account = await asyncio.get_running_loop().run_in_executor(thread, opener)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(account, thread)

    @property
    def broken(self) -> bool:
        return self._account.broken

    async def folders(self) -> Sequence[Folder]:
        return await self._run(self._account.folders)

    async def owner_addresses(self) -> Sequence[str]:
        return await self._run(self._account.owner_addresses)

    async def scan(
        self, folder: str, *, since: datetime | None = None, limit: int | None = None, bodies: bool = True
    ) -> AsyncIterator[Sequence[Mail]]:
        """The next batch is fetched and parsed while the caller works on the last one."""
        pages = self._account.scan(folder, since, limit, bodies)

        def batch() -> Sequence[Mail] | None:
            raws = next(pages, None)
            return None if raws is None else [parse(raw) for raw in raws]

        upcoming = asyncio.ensure_future(self._run(batch))
        try:
            while (mails := await upcoming) is not None:
                upcoming = asyncio.ensure_future(self._run(batch))
                yield mails
        finally:
            if not upcoming.done():
                await asyncio.wait([upcoming])
            if not upcoming.cancelled():
                upcoming.exception()  # seen: a caller that stops early has no use for it

    async def place(self, to: str, *, create: bool) -> str | None:
        return await self._run(partial(self._account.place, to, create=create))

    async def heads(self, refs: Sequence[MailRef]) -> Heads:
        """Sender, subject and Message-ID of the mails still at these places, all of one folder."""

        def look() -> Heads:
            found = self._account.present(refs)
            return Heads({ref: parse(raw) for ref, raw in found.mails.items()}, found.renumbered)

        return await self._run(look)

    async def search(self, folder: str, wanted: Wanted, limit: int) -> FoundMails:
        if wanted.none:
            return FoundMails((), some=False, looked_at=0)

        def look() -> FoundMails:
            hits = self._account.search(folder, wanted, limit)
            return FoundMails([parse(raw) for raw in hits.mails], hits.some, hits.looked_at)

        return await self._run(look)

    async def whole(self, ref: MailRef) -> Whole | None:
        """One mail with all of its text; None when it is no longer there."""

        def look() -> Whole | None:
            raw = self._account.whole(ref)
            return parse_whole(raw) if raw else None

        return await self._run(look)

    async def resolve(self, ids: Ids, names: Sequence[str]) -> Mapping[str, MailRef]:
        """What the names of mails stand for. Raises PersonMends for one that is of no mail here."""
        return await self._run(lambda: ids.resolve(names, self._account.numbered))

    async def move(self, sought: Sequence[Sought], to: str) -> Shift:
        return await self._run(partial(self._account.move, sought, to))

    async def flag(self, refs: Sequence[MailRef], flag: str, on: bool) -> Flagged:
        return await self._run(partial(self._account.flag, refs, flag, on))

    async def seek(self, sought: Sequence[Sought], to: str | None) -> Traces:
        return await self._run(partial(self._account.seek, sought, to))

    async def alive(self) -> bool:
        return await self._run(self._account.alive)

    async def close(self) -> None:
        """Log out if the server answers soon; cut the connection if not."""
        closing = asyncio.ensure_future(self._run(self._account.close))
        done, _ = await asyncio.wait([closing], timeout=CLOSING_SECONDS)
        if not done:
            self._account.abort()
            await asyncio.wait([closing], timeout=CLOSING_SECONDS)
        self._thread.shutdown(wait=False)

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
