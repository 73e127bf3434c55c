"""Reading a mailbox and sorting it, batch by batch, so that memory stays flat whatever its size."""

import asyncio
import hashlib
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from bot.agents.triage.classify import classify
from bot.agents.triage.history import HistoryReader
from bot.agents.triage.mind import Mind
from bot.agents.triage.verdict import Bucket, Verdict
from bot.contracts.errors import PersonMends
from bot.contracts.mail import Address, Folder, FolderRole, Mail, MailReader, MailRef

T = TypeVar("T")

Progress = Callable[[str, int, int | None], Awaitable[None]]
"""Phase in words, mails read, mails in all (None: unknown)."""

_HISTORY = ((FolderRole.SENT, 2_000), (FolderRole.INBOX, 2_000), (FolderRole.ARCHIVE, 1_500), (FolderRole.JUNK, 500))
_LESSONS_PER_SENDER = 3
_LESSONS_IN_ALL = 3_000
_CORRECTABLE = 300
"""Mails that need the person of which each can teach, however many its sender wrote."""
_SUBJECT, _NAME = 300, 120


@dataclass(frozen=True, slots=True)
class Sorted:
    """What is kept of one sorted mail; its text is not. `features`: kept for few, to learn from later."""

    ref: MailRef
    message_id: str
    sender: str
    address: str
    subject: str
    received: datetime
    flagged: bool
    hidden: bool
    damaged: bool
    verdict: Verdict
    features: tuple[str, ...]


@dataclass(slots=True)
class Harvest:
    """All sorted mails of a folder, and how many there were per bucket."""

    mails: list[Sorted] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _lessons: Counter[str] = field(default_factory=Counter)
    _kept: int = 0
    _same: dict[Any, Any] = field(default_factory=dict)

    def add(self, mail: Mail, verdict: Verdict) -> None:
        self.counts[verdict.bucket] += 1
        lesson = hashlib.blake2b(f"{mail.sender.address}\0{verdict.bucket}".encode(), digest_size=8).hexdigest()
        self._lessons[lesson] += 1
        needing = sum(self.counts[bucket] for bucket in URGENT) if verdict.bucket in URGENT else math.inf
        first = self._lessons[lesson] <= _LESSONS_PER_SENDER and self._kept < _LESSONS_IN_ALL
        teaches = first or needing <= _CORRECTABLE
        self._kept += teaches
        reasons = self._once(verdict.reasons)
        self.mails.append(
            Sorted(
                ref=mail.ref,
                message_id=mail.message_id,
                sender=self._once(str(Address(mail.sender.name[:_NAME], mail.sender.address))),
                address=self._once(mail.sender.address),
                subject=mail.subject[:_SUBJECT],
                received=mail.received,
                flagged="\\Flagged" in mail.flags,
                hidden=mail.hidden,
                damaged=bool(mail.defects) and not mail.hidden,
                verdict=Verdict(verdict.bucket, verdict.confidence, reasons, verdict.decided_by, verdict.deadline),
                features=tuple(map(self._once, verdict.features)) if teaches else (),
            )
        )

    def _once(self, value: T) -> T:
        """The value as it was kept first: of what many mails share, memory holds one copy."""
        kept: T = self._same.setdefault(value, value)
        return kept


async def find_folder(mailbox: MailReader, name: str) -> Folder:
    """The folder with this name, any case; the inbox for an empty one. Raises PersonMends naming what there is."""
    folders = await mailbox.folders()
    for folder in folders:
        if folder.role is FolderRole.INBOX if not name else folder.name.lower() == name.lower():
            return folder
    known = ", ".join(folder.name for folder in folders[:20])
    if not name:
        raise PersonMends("This mailbox has no inbox.", f"Is it a mailbox at all? It holds: {known or 'nothing'}.")
    raise PersonMends(f"There is no folder “{name[:60]}”.", f"These exist: {known}.")


async def read_history(mailbox: MailReader, owner: Sequence[str], progress: Progress) -> Mind:
    """What the mailbox tells about its owner before they pressed a single button."""
    history = HistoryReader(owner or await mailbox.owner_addresses())
    folders = {folder.role: folder for folder in reversed(await mailbox.folders())}
    for role, limit in _HISTORY:
        folder = folders.get(role)
        if folder is None:
            continue
        done = 0
        async for batch in mailbox.scan(folder.name, limit=limit, bodies=role is not FolderRole.SENT):
            take = history.sent if role is FolderRole.SENT else lambda mails, role=role: history.seen(role, mails)
            await asyncio.to_thread(take, batch)
            done += len(batch)
            await progress("Getting to know your mail", done, None)
    return await asyncio.to_thread(history.mind)


def keep_lessons(old: Mind, fresh: Mind) -> Mind:
    """A mind read anew from the mailbox, with what the person taught the old one."""
    fresh.learner, fresh.rules, fresh.taught = old.learner, old.rules, old.taught
    for address, known in old.senders.items():
        if known.filed:
            fresh.senders.of(address).filed = known.filed
    return fresh


async def sort_folder(
    mailbox: MailReader,
    folder: Folder,
    mind: Mind,
    now: datetime,
    *,
    since: datetime | None,
    take: Callable[[Mail, Verdict], None],
    progress: Progress,
) -> None:
    """Classify every mail of a folder, newest first, handing each to `take`."""

    def sort(mails: Sequence[Mail]) -> None:
        for mail in mails:
            take(mail, classify(mail, mind, now))

    done, whole = 0, folder.count if folder.count >= 0 and since is None else None
    async for batch in mailbox.scan(folder.name, since=since):
        await asyncio.to_thread(sort, batch)  # the event loop stays free for others meanwhile
        done += len(batch)
        await progress("Sorting your mail", done, whole)


URGENT = (Bucket.NEEDS_REPLY, Bucket.NEEDS_ACTION, Bucket.TO_CHECK)
"""The buckets whose mails are shown one by one, most urgent first."""


def needing(mails: Sequence[Sorted]) -> list[Sorted]:
    """The mails that need the person: by bucket, then by deadline, then newest first."""
    far = date.max
    return sorted(
        (mail for mail in mails if mail.verdict.bucket in URGENT),
        key=lambda mail: (
            URGENT.index(mail.verdict.bucket),
            mail.verdict.deadline or far,
            -mail.received.timestamp(),
        ),
    )
