"""Mail as agents see it: parsed, tolerant, cut to size; and the one interface of every mail provider."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.contracts.people import Person


class FolderRole(StrEnum):
    """What a folder is for (RFC 6154 special use, else guessed from well-known names)."""

    INBOX = "inbox"
    SENT = "sent"
    ARCHIVE = "archive"
    JUNK = "junk"
    TRASH = "trash"
    DRAFTS = "drafts"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Folder:
    """`name` as a person sees it (decoded, `/` between levels); `count`: mails in it, -1 when unknown."""

    name: str
    role: FolderRole
    count: int = -1


@dataclass(frozen=True, slots=True)
class MailRef:
    """Identity of one mail in one account: folder, the folder's validity number, and the id within it.

    IMAP: UIDVALIDITY and UID. Maildir: 0 and the file's unique base name. Message-ID is only ever a hint.
    """

    folder: str
    validity: int
    uid: str


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: display name (may lie) and address, lower case."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, parsed without ever raising.

    `senders`: all addresses of all From headers; more than one means untrusted. `received`: the server's date,
    aware. `headers`: chosen headers, lower-case names, decoded, unfolded, cut at 1,000 characters. `text`: what a
    reader sees of the newest part: hidden text, quotes and signature taken out, at most 4,000 characters.
    `hidden`: hidden or invisible text was found. `defects`: what was odd, in words ("unreadable date").
    """

    ref: MailRef
    message_id: str
    senders: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    received: datetime
    flags: frozenset[str]
    in_reply_to: str
    references: tuple[str, ...]
    headers: Mapping[str, str]
    text: str
    size: int
    html_only: bool = False
    attachments: int = 0
    calendar: bool = False
    hidden: bool = False
    defects: tuple[str, ...] = ()

    @property
    def sender(self) -> Address:
        return self.senders[0] if self.senders else Address("", "")


@dataclass(frozen=True, slots=True)
class Sought:
    """A mail looked for again after an interruption: where it was, and what it can be recognised by."""

    ref: MailRef
    message_id: str


@dataclass(frozen=True, slots=True)
class Traces:
    """What a look after an interrupted move tells: still at the old place, found at the new one, or neither."""

    unmoved: tuple[MailRef, ...] = ()
    moved: Mapping[MailRef, MailRef] = field(default_factory=dict)
    lost: tuple[MailRef, ...] = ()


class MailReader(Protocol):
    """Reading side of an open mailbox. Changes nothing, not even \\Seen."""

    async def folders(self) -> Sequence[Folder]: ...

    def scan(
        self, folder: str, *, since: datetime | None = None, limit: int | None = None, bodies: bool = True
    ) -> AsyncIterator[Sequence[Mail]]:
        """Mails of a folder, newest first, in batches of at most 500. `bodies=False`: headers only, `text` empty.
        Raises PersonMends for an unknown folder, TimeMends when the server goes away."""

    async def owner_addresses(self) -> Sequence[str]:
        """The person's own addresses as far as the provider knows them, lower case (may be empty)."""


class MailSource(Protocol):
    """What the mail connector offers to agents."""

    def open(self, person: Person) -> AbstractAsyncContextManager[MailReader]:
        """The person's mailbox, for reading. Raises PersonMends (`field="mail"`) when none is connected,
        PersonMends when the login is refused, TimeMends when the server does not answer."""
