"""One logged-in IMAP connection: folders by the names people see, one of them selected, and the mails in it.

Reading asks with PEEK in folders opened read-only. Sources: RFC 9051 (IMAP), 6154 (special use), 2971 (ID).
"""

import imaplib
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from imapclient import IMAPClient

from bot.contracts.errors import PersonMends, TimeMends
from bot.contracts.mail import Folder, FolderRole, MailRef
from connectors.email.fetch import answers, flags, internal_date, number, uid_set
from connectors.email.folders import CREATED_AS, SPECIAL_USE, role_of
from connectors.email.headers import clean, one_line, split_head
from connectors.email.parse import READ, WHOLE_BYTES, RawMail, first_id
from connectors.email.provider import BATCH, ConnectionLost

TEXT_BYTES = 8_192
LONG_TEXT_BYTES = 40_960
"""For the mails whose text begins behind a long style sheet."""

_HEADERS = f"BODY.PEEK[HEADER.FIELDS ({' '.join(name.upper() for name in READ)})]"
_FACTS = "UID FLAGS RFC822.SIZE INTERNALDATE"
WHOLE = f"({_FACTS} {_HEADERS} BODY.PEEK[TEXT]<0.{TEXT_BYTES}>)"
WHOLE_LONG = f"({_FACTS} {_HEADERS} BODY.PEEK[TEXT]<0.{LONG_TEXT_BYTES}>)"
HEAD = f"({_FACTS} {_HEADERS})"
READABLE = f"({_FACTS} {_HEADERS} BODY.PEEK[TEXT]<0.{WHOLE_BYTES}>)"
IDENTITY = f"({_FACTS} BODY.PEEK[HEADER.FIELDS (FROM SUBJECT MESSAGE-ID)])"
"""What to fetch of a mail: head and beginning of the text, the head alone, head and text to be read, or what it is
recognised by."""


@dataclass(frozen=True, slots=True)
class Known:
    """What tells whether two mails are the same, besides the Message-ID: size and date."""

    uid: int
    size: int
    date: datetime


class ImapSession:
    """Every method may raise what imaplib raises; `talking` turns that into words."""

    def __init__(self, client: IMAPClient, host: str) -> None:
        self.client = client
        self.host = host
        self.broken = False
        self.selected = ""
        self.count_here = 0
        self.declared: frozenset[str] = frozenset()
        self._validity = 0
        self._keywords: frozenset[str] = frozenset()
        self._raw_names: dict[str, str] = {}
        with self.talking("introduce itself"):
            self.capabilities = self._after_login()

    def _after_login(self) -> frozenset[bytes]:
        """Capabilities as they are now: some servers announce MOVE only to those logged in. Some also want to know
        who is asking before they open a folder."""
        _, told = self.client._imap.capability()
        capabilities = frozenset((told[-1] or b"").upper().split())
        if b"ID" in capabilities:
            try:
                self.client._imap._simple_command("ID", '("name" "MeshClaw")')
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:  # said out of politeness only
                return capabilities
        return capabilities

    def folders(self) -> list[Folder]:
        """Folders that hold mail, by the names people see, INBOX first; not counted."""
        found: list[Folder] = []
        declared: set[str] = set()
        raw_names: dict[str, str] = {}
        for raw_flags, delimiter, raw in self.client.list_folders():
            marks = [flag.decode("latin-1").lower() for flag in raw_flags]
            if "\\noselect" in marks or "\\nonexistent" in marks:
                continue
            name = str(raw).replace(delimiter.decode("latin-1"), "/") if delimiter else str(raw)
            name = "INBOX" if name.upper() == "INBOX" else name
            raw_names[name] = str(raw)
            if not SPECIAL_USE.keys().isdisjoint(marks):
                declared.add(name)
            found.append(Folder(name, role_of(name, marks)))
        self._raw_names, self.declared = raw_names, frozenset(declared)
        return sorted(found, key=lambda folder: (folder.role is not FolderRole.INBOX, folder.name))

    def count(self, folder: str) -> int:
        """Mails in a folder; -1 when the server will not say."""
        try:
            status = self.client.folder_status(self._raw_names[folder], ["MESSAGES"])
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            return -1
        return int(status.get(b"MESSAGES", -1))

    def knows(self, folder: str) -> bool:
        """Whether the folder was there when they were listed last."""
        return folder in self._raw_names

    def raw_name(self, folder: str) -> str:
        """The server's name of a folder. Raises PersonMends when there is none."""
        if folder not in self._raw_names:
            self.folders()
        if folder not in self._raw_names:
            raise PersonMends(
                f"There is no folder “{folder}” in this mailbox.", "Check its name; capital letters count."
            )
        return self._raw_names[folder]

    def create(self, role: FolderRole) -> str:
        """Make the folder of a role; the name people see."""
        name = CREATED_AS.get(role, role.value.capitalize())
        raw = self._prefix() + name
        self.client.create_folder(raw)
        self.client.subscribe_folder(raw)
        self.folders()
        return next((seen for seen, known in self._raw_names.items() if known == raw), name)

    def _prefix(self) -> str:
        """What personal folders' names begin with on this server: mostly nothing, on some `INBOX.`"""
        if b"NAMESPACE" not in self.capabilities:
            return ""
        personal = self.client.namespace().personal
        return str(personal[0][0]) if personal else ""

    def select(self, folder: str, *, writing: bool = False) -> int:
        """Open a folder anew; its UIDVALIDITY. Raises PersonMends when there is none of that name."""
        self.selected = ""
        raw = self.raw_name(folder)
        try:
            told = self.client.select_folder(raw, readonly=not writing)
        except imaplib.IMAP4.readonly:
            raise PersonMends(f"Nothing may be changed in the folder “{folder}”.") from None
        self.selected = folder
        self.count_here = int(told.get(b"EXISTS", 0))
        self._validity = int(told.get(b"UIDVALIDITY", 0))
        self._keywords = frozenset(flag.decode("latin-1").lower() for flag in told.get(b"PERMANENTFLAGS", ()))
        return self._validity

    def keeps(self, flag: str) -> bool:
        """Whether a flag lasts in the selected folder."""
        return not self._keywords.isdisjoint((flag.lower(), "\\*"))

    def newest_first(self, since: datetime | None) -> list[int]:
        """UIDs of the selected folder by INTERNALDATE. SEARCH knows days only, so the hours are compared here."""
        if since is None:
            return self.by_date("1:*")
        found = self.client.search(["SINCE", day_before(since)])
        return self.by_date(uid_set(found), since) if found else []

    def by_date(self, uids: str, since: datetime | None = None) -> list[int]:
        """These UIDs, not older than that, newest first."""
        dated = {
            (internal_date(items), uid)
            for items in self._ask(uids, "(UID INTERNALDATE)")
            if (uid := number(items, "UID")) is not None
        }
        return [uid for date, uid in sorted(dated, reverse=True) if since is None or date >= since]

    def present(self, uids: Iterable[int]) -> set[int]:
        """Which of these UIDs the selected folder holds."""
        return {int(uid) for chunk in chunks(list(uids)) for uid in self.client.search(["UID", uid_set(chunk)])}

    def fetch(self, uids: Sequence[int], items: str) -> dict[int, RawMail]:
        """Those mails of the selected folder that are still there."""
        found: dict[int, RawMail] = {}
        for chunk in chunks(uids):
            for answer in self._ask(uid_set(chunk), items):
                uid, head = number(answer, "UID"), answer.get("BODY[HEADER.FIELDS]")
                if uid is None or head is None:
                    continue  # news about a mail that was not asked for
                text = answer.get("BODY[TEXT]", b"")
                found[uid] = RawMail(
                    ref=MailRef(self.selected, self._validity, str(uid)),
                    content=head + text,
                    received=internal_date(answer),
                    size=number(answer, "RFC822.SIZE") or len(head) + len(text),
                    flags=flags(answer),
                    cut=len(text) in (TEXT_BYTES, LONG_TEXT_BYTES, WHOLE_BYTES),
                )
        return found

    def _ask(self, uids: str, items: str) -> Iterator[Mapping[str, bytes]]:
        typ, data = self.client._imap.uid("FETCH", uids, items)
        if typ != "OK":
            raise imaplib.IMAP4.error(data[-1])
        return answers(data)

    def latest(self, folder: str, count: int) -> tuple[int, dict[str, list[Known]]]:
        """UIDVALIDITY of a folder and its newest mails by Message-ID, oldest first. Selects that folder."""
        validity = self.select(folder)
        uids = sorted(int(uid) for uid in self.client.search("ALL"))[-count:]
        found: dict[str, list[Known]] = {}
        for uid, mail in sorted(self.fetch(uids, IDENTITY).items()):
            found.setdefault(message_id(mail), []).append(Known(uid, mail.size, mail.received))
        return validity, found

    def alive(self) -> bool:
        try:
            with self.talking("answer"):
                self.client.noop()
        except TimeMends:
            return False
        return True

    def close(self) -> None:
        with suppress(OSError, imaplib.IMAP4.error):  # one way or the other it is closed
            if self.broken:
                self.client.shutdown()
            else:
                self.client.logout()
        self.broken = True

    def abort(self) -> None:
        """Cut the connection, from any thread."""
        self.broken = True
        with suppress(OSError):
            # The plain socket's own method: the TLS one is not made for another thread.
            socket.socket.shutdown(self.client._imap.sock, socket.SHUT_RDWR)

    @contextmanager
    def talking(self, doing: str) -> Iterator[None]:
        """What the network and the server do wrong, as errors a person can read."""
        try:
            yield
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            self.broken = True
            said = "did not answer in time" if isinstance(error, TimeoutError) else "closed the connection"
            mend = "Try again in a few minutes; nothing was lost."
            raise ConnectionLost(f"The server {self.host} {said}.", mend) from None
        except imaplib.IMAP4.error as error:
            raise TimeMends(f"The server {self.host} would not {doing}: {words(error)}.", "Try again later.") from None


def chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """UIDs in portions that fit one command."""
    for start in range(0, len(uids), BATCH):
        yield uids[start : start + BATCH]


def day_before(moment: datetime) -> date:
    """The day to search from: servers compare days, each in a time zone of its own."""
    return (moment - timedelta(days=1)).date()


def message_id(mail: RawMail) -> str:
    return first_id(next((value for name, value in split_head(mail.content)[0] if name == "message-id"), b""))


def words(error: Exception) -> str:
    """What the server said, for a person: one short line."""
    told = error.args[0] if error.args else ""
    text = told.decode("latin-1") if isinstance(told, bytes) else str(told)
    text = clean(one_line(text.rpartition("server said:")[2] or text))[0]
    return text[:120].strip().rstrip(".") or "it gave no reason"
