"""What every mail provider gives: an open account, reading side and writing side.

Providers block. Each account lives in one worker thread of its own, to which `mailbox.Mailbox` hands every call.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.contracts.errors import TimeMends
from bot.contracts.mail import Folder, MailRef, Sought, Traces
from connectors.email.parse import RawMail
from connectors.email.search import Hits, Wanted

BATCH = 500
"""Mails in one batch of a scan, and in one command to a server."""


class ConnectionLost(TimeMends):
    """The server went away in the middle of something; the account has to be opened anew."""


@dataclass(frozen=True, slots=True)
class Present:
    """What stands at given places: the head of each mail still there, and whether the folder was renumbered
    (its validity changed, so that no old reference says anything any more)."""

    mails: Mapping[MailRef, RawMail]
    renumbered: bool = False


@dataclass(frozen=True, slots=True)
class Shift:
    """How a move went. `now`: old → new place (an empty uid: moved, but the server did not tell where to); `gone`:
    no longer there; `stayed`: refused by the server for `reason`."""

    now: Mapping[MailRef, MailRef]
    gone: tuple[MailRef, ...] = ()
    stayed: tuple[MailRef, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Flagged:
    """Which mails a flag was put on or taken off now, and which had it so already."""

    changed: tuple[MailRef, ...]
    unchanged: tuple[MailRef, ...] = ()


class Account(Protocol):
    """An open account. Every method may raise ConnectionLost; `broken` is true from then on."""

    @property
    def broken(self) -> bool: ...

    def folders(self) -> Sequence[Folder]:
        """All folders that hold mail."""

    def scan(self, folder: str, since: datetime | None, limit: int | None, bodies: bool) -> Iterator[Sequence[RawMail]]:
        """Mails of a folder, newest first, in batches of at most 500; changes nothing. Other calls may come in
        between two batches. Raises PersonMends when there is no such folder."""

    def owner_addresses(self) -> Sequence[str]: ...

    def place(self, to: str, *, create: bool) -> str | None:
        """The real folder for a name or a role such as `\\Archive`. With `create` a missing folder of a role is made,
        and a missing folder of a name raises PersonMends; without it, None."""

    def present(self, refs: Sequence[MailRef]) -> Present:
        """Heads (sender, subject, Message-ID) of the mails still at these places, all of one folder."""

    def search(self, folder: str, wanted: Wanted, limit: int) -> Hits:
        """The mails of a folder that are wanted, newest first, heads only; changes nothing. Raises PersonMends when
        there is no such folder."""

    def whole(self, ref: MailRef) -> RawMail | None:
        """One mail with as much of its body as is read; None when it is no longer there. Changes nothing."""

    def numbered(self, numbers: Collection[str], likely: Callable[[str], bool]) -> Sequence[MailRef]:
        """References in the likely folders whose `ids.number_of` is one of these; those of mails long gone too."""

    def move(self, sought: Sequence[Sought], to: str) -> Shift:
        """Move mails of one folder to another. Raises PersonMends, before anything happened, when the server cannot
        move safely; after ConnectionLost nobody knows which were moved: `seek` tells."""

    def flag(self, refs: Sequence[MailRef], flag: str, on: bool) -> Flagged:
        """Put a flag on mails of one folder, or take it off. Raises PersonMends when the mailbox cannot keep it."""

    def seek(self, sought: Sequence[Sought], to: str | None) -> Traces:
        """Where mails of one folder are after an interrupted move to folder `to`."""

    def alive(self) -> bool:
        """Whether the account still answers."""

    def close(self) -> None: ...

    def abort(self) -> None:
        """Cut the connection at once, from any thread, so that a call under way ends."""
