"""An account on an IMAP server, by IMAPClient. Reading asks with PEEK in folders opened read-only.

Moving is `UID MOVE`, else `UID COPY` and `UID EXPUNGE` of the very mails copied; a plain EXPUNGE is never sent. With
neither, nothing is moved. Sources: RFC 9051 (IMAP), 6851 (MOVE), 4315 (UIDPLUS), 6154 (special use).
"""

import imaplib
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.contracts.errors import PersonMends, TimeMends
from bot.contracts.mail import Folder, FolderRole, MailRef, Sought, Traces
from connectors.email.fetch import answers, copied, flags, internal_date, number, uid_set
from connectors.email.folders import CREATED_AS, SPECIAL_USE, best, role_of, wanted_role
from connectors.email.headers import clean, one_line, split_head
from connectors.email.login import log_in
from connectors.email.parse import READ, RawMail, first_id
from connectors.email.provider import BATCH, ConnectionLost, Flagged, Present, Shift

TEXT_BYTES = 8_192
COUNTED_FOLDERS = 100
LATEST = 2_000
"""So many of a folder's newest mails are looked through for one that may have been moved there."""

_HEADERS = f"BODY.PEEK[HEADER.FIELDS ({' '.join(name.upper() for name in READ)})]"
_FACTS = "UID FLAGS RFC822.SIZE INTERNALDATE"
_WHOLE = f"({_FACTS} {_HEADERS} BODY.PEEK[TEXT]<0.{TEXT_BYTES}>)"
_HEAD = f"({_FACTS} {_HEADERS})"
_IDENTITY = f"({_FACTS} BODY.PEEK[HEADER.FIELDS (FROM SUBJECT MESSAGE-ID)])"


@dataclass(frozen=True, slots=True)
class _Copy:
    """What tells whether two mails are the same: size and date besides the Message-ID."""

    uid: int
    size: int
    date: datetime


class ImapAccount:
    """Implements `provider.Account`. Logs in when made; raises what `login.log_in` raises."""

    def __init__(
        self,
        host: str,
        port: int,
        security: str,
        user: str,
        password: str,
        addresses: Sequence[str] = (),
        ca_file: Path | None = None,
    ) -> None:
        self.broken = False
        self._host = host
        self._addresses = tuple(addresses)
        self._client = log_in(host, port, security, user, password, ca_file)
        self._raw_names: dict[str, str] = {}
        self._declared: frozenset[str] = frozenset()
        self._selected = ""
        self._validity = 0
        self._keywords: frozenset[str] = frozenset()
        with self._talking("introduce itself"):
            self._capabilities = self._after_login()

    def _after_login(self) -> frozenset[bytes]:
        """Capabilities as they are now: some servers announce MOVE only to those logged in. Some also want to know
        who is asking (ID, RFC 2971) before they open a folder."""
        _, told = self._client._imap.capability()
        capabilities = frozenset((told[-1] or b"").upper().split())
        if b"ID" in capabilities:
            try:
                self._client._imap._simple_command("ID", '("name" "MeshClaw")')
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:  # asked for out of politeness only
                pass
        return capabilities

    def folders(self) -> Sequence[Folder]:
        with self._talking("list folders"):
            listed = self._list()
            return [
                Folder(folder.name, folder.role, self._count(folder.name) if place < COUNTED_FOLDERS else -1)
                for place, folder in enumerate(listed)
            ]

    def _list(self) -> list[Folder]:
        """Folders by the names people see, INBOX first."""
        found: list[Folder] = []
        declared: set[str] = set()
        raw_names: dict[str, str] = {}
        for raw_flags, delimiter, raw in self._client.list_folders():
            marks = [flag.decode("latin-1").lower() for flag in raw_flags]
            if "\\noselect" in marks or "\\nonexistent" in marks:
                continue
            name = str(raw).replace(delimiter.decode("latin-1"), "/") if delimiter else str(raw)
            name = "INBOX" if name.upper() == "INBOX" else name
            raw_names[name] = str(raw)
            if not SPECIAL_USE.keys().isdisjoint(marks):
                declared.add(name)
            found.append(Folder(name, role_of(name, marks)))
        self._raw_names, self._declared = raw_names, frozenset(declared)
        return sorted(found, key=lambda folder: (folder.role is not FolderRole.INBOX, folder.name))

    def _count(self, folder: str) -> int:
        try:
            status = self._client.folder_status(self._raw_names[folder], ["MESSAGES"])
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            return -1
        return int(status.get(b"MESSAGES", -1))

    def scan(self, folder: str, since: datetime | None, limit: int | None, bodies: bool) -> Iterator[Sequence[RawMail]]:
        with self._talking(f"read {folder}"):
            validity = self._select(folder)
            uids = self._newest_first(since)[:limit]
        for start in range(0, len(uids), BATCH):
            batch = uids[start : start + BATCH]
            with self._talking(f"read {folder}"):
                if self._selected != folder and self._select(folder) != validity:
                    raise TimeMends(f"The server numbered {folder} anew in the middle of reading.", "Try again.")
                found = self._fetch(folder, batch, _WHOLE if bodies else _HEAD)
            yield [found[uid] for uid in batch if uid in found]

    def _newest_first(self, since: datetime | None) -> list[int]:
        """UIDs of the selected folder by INTERNALDATE. SEARCH knows days only, so the hours are compared here."""
        if since is None:
            uids = "1:*"
        else:
            found = self._client.search(["SINCE", (since - timedelta(days=1)).date()])
            if not found:
                return []
            uids = uid_set(found)
        dated = [
            (internal_date(items), uid)
            for items in self._ask(uids, "(UID INTERNALDATE)")
            if (uid := number(items, "UID")) is not None
        ]
        return [uid for date, uid in sorted(set(dated), reverse=True) if since is None or date >= since]

    def _ask(self, uids: str, items: str) -> Iterator[dict[str, bytes]]:
        typ, data = self._client._imap.uid("FETCH", uids, items)
        if typ != "OK":
            raise imaplib.IMAP4.error(data[-1])
        return (dict(found) for found in answers(data))

    def _fetch(self, folder: str, uids: Iterable[int], items: str) -> dict[int, RawMail]:
        """The mails of these UIDs that are still in the selected folder."""
        found: dict[int, RawMail] = {}
        for answer in self._ask(uid_set(uids), items):
            uid, head = number(answer, "UID"), answer.get("BODY[HEADER.FIELDS]")
            if uid is None or head is None:
                continue  # news about a mail that was not asked for
            text = answer.get("BODY[TEXT]", b"")
            size = number(answer, "RFC822.SIZE") or len(head) + len(text)
            found[uid] = RawMail(
                ref=MailRef(folder, self._validity, str(uid)),
                content=head + text,
                received=internal_date(answer),
                size=size,
                flags=flags(answer),
                cut=len(text) >= TEXT_BYTES,
            )
        return found

    def owner_addresses(self) -> Sequence[str]:
        return self._addresses

    def place(self, to: str, *, create: bool) -> str | None:
        with self._talking(f"find {to}"):
            folders = self._list()
            role = wanted_role(to)
            if role is None:
                if to not in self._raw_names and create:
                    raise self._no_folder(to)
                return to if to in self._raw_names else None
            found = best(folders, role, self._declared)
            if found is not None or not create:
                return found.name if found else None
            name = CREATED_AS.get(role, role.value.capitalize())
            raw = self._prefix() + name
            self._client.create_folder(raw)
            self._client.subscribe_folder(raw)
            self._list()
            return next((name for name, known in self._raw_names.items() if known == raw), name)

    def _prefix(self) -> str:
        """What personal folders' names begin with on this server: mostly nothing, on some `INBOX.`"""
        if b"NAMESPACE" not in self._capabilities:
            return ""
        personal = self._client.namespace().personal
        return str(personal[0][0]) if personal else ""

    def present(self, refs: Sequence[MailRef]) -> Present:
        folder = refs[0].folder
        with self._talking(f"read {folder}"):
            validity = self._select(folder)
            found: dict[MailRef, RawMail] = {}
            for chunk in _chunks(_uids(refs, validity)):
                found |= {mail.ref: mail for mail in self._fetch(folder, chunk, _IDENTITY).values()}
        return Present(found, renumbered=all(ref.validity != validity for ref in refs))

    def move(self, sought: Sequence[Sought], to: str) -> Shift:
        safe = b"MOVE" in self._capabilities or b"UIDPLUS" in self._capabilities
        if not safe:
            raise PersonMends(
                f"{self._host} has no safe way to move mail (neither MOVE nor UIDPLUS).",
                "Move these mails in your mail program; nothing was changed.",
            )
        folder = sought[0].ref.folder
        now: dict[MailRef, MailRef] = {}
        gone: list[MailRef] = []
        by_uid = {item.ref.uid: item for item in sought}
        with self._talking("move mail"):
            validity = self._select(folder, writing=True)
            gone.extend(item.ref for item in sought if item.ref.validity != validity or not item.ref.uid.isdigit())
            for chunk in _chunks(_uids([item.ref for item in sought], validity)):
                items = {uid: by_uid[str(uid)] for uid in chunk}
                try:
                    there = self._still_there(items)
                    gone.extend(items[uid].ref for uid in items if uid not in there)
                    if there:
                        now |= self._move_chunk(folder, {uid: items[uid] for uid in there}, to)
                except imaplib.IMAP4.abort:
                    raise
                except imaplib.IMAP4.error as error:
                    return self._stopped(sought, to, now, gone, _words(error))
        return Shift(now, tuple(gone))

    def _still_there(self, uids: Iterable[int]) -> list[int]:
        return [int(uid) for uid in self._client.search(["UID", uid_set(uids)])]

    def _move_chunk(self, folder: str, items: dict[int, Sought], to: str) -> dict[MailRef, MailRef]:
        raw = self._raw_name(to)
        uids = list(items)
        self._client._imap.response("COPYUID")  # forget an older one
        if b"MOVE" in self._capabilities:
            self._client.move(uids, raw)
            validity, new = self._copied(len(uids))
        else:
            validity, new = self._copy_and_expunge(folder, items, to)
        if not new:
            validity, new = self._found_by_id(items, to)
            self._select(folder, writing=True)
        return {item.ref: MailRef(to, validity, str(new.get(uid, ""))) for uid, item in items.items()}

    def _copied(self, most: int) -> tuple[int, dict[int, int]]:
        _, codes = self._client._imap.response("COPYUID")
        return copied(codes[-1], most)

    def _copy_and_expunge(self, folder: str, items: dict[int, Sought], to: str) -> tuple[int, dict[int, int]]:
        """Copy, then take away exactly what was copied. What an interrupted move copied already (same Message-ID,
        size and date) is not copied again."""
        originals = self._fetch(folder, items, _IDENTITY)
        target, latest = self._latest(to, LATEST)
        self._select(folder, writing=True)
        twins: dict[int, int] = {}
        for uid, mail in originals.items():
            message_id = _message_id(mail.content)
            twin = next(
                (copy for copy in latest.get(message_id, ()) if (copy.size, copy.date) == (mail.size, mail.received)),
                None,
            )
            if message_id and twin and twin.uid not in twins.values():
                twins[uid] = twin.uid
        to_copy = [uid for uid in originals if uid not in twins]
        new: dict[int, int] = {}
        if to_copy:
            self._client.copy(to_copy, self._raw_name(to))
            target, new = self._copied(len(to_copy))
        moved = [*twins, *to_copy]
        uid_set(moved)  # raises for none: EXPUNGE without UIDs would destroy what others marked
        self._client.add_flags(moved, ["\\Deleted"], silent=True)
        self._client.uid_expunge(moved)
        return target, twins | new

    def _stopped(
        self, sought: Sequence[Sought], to: str, now: dict[MailRef, MailRef], gone: Sequence[MailRef], words: str
    ) -> Shift:
        """The server refused in the middle: what it had moved of this chunk is looked for, the rest stays."""
        open_items = [item for item in sought if item.ref not in now and item.ref not in gone]
        traces = self._traces(open_items, to)
        reason = f"the server said “{words}”."
        return Shift(now | dict(traces.moved), (*gone, *traces.lost), traces.unmoved, reason)

    def flag(self, refs: Sequence[MailRef], flag: str, on: bool) -> Flagged:
        folder = refs[0].folder
        changed: list[MailRef] = []
        unchanged: list[MailRef] = []
        with self._talking(f"flag mail in {folder}"):
            validity = self._select(folder, writing=True)
            if not {flag.lower(), "\\*"} & self._keywords:
                raise PersonMends(f"{self._host} cannot keep the flag {flag} in {folder}.")
            for chunk in _chunks(_uids(refs, validity)):
                found = self._fetch(folder, chunk, _IDENTITY)
                to_change = [
                    uid for uid, mail in found.items() if (flag.lower() in {f.lower() for f in mail.flags}) is not on
                ]
                unchanged.extend(mail.ref for uid, mail in found.items() if uid not in to_change)
                if to_change:
                    store = self._client.add_flags if on else self._client.remove_flags
                    store(to_change, [flag], silent=True)
                    changed.extend(found[uid].ref for uid in to_change)
        return Flagged(tuple(changed), tuple(unchanged))

    def seek(self, sought: Sequence[Sought], to: str | None) -> Traces:
        with self._talking("look for mail"):
            self._list()
            return self._traces(sought, to)

    def _traces(self, sought: Sequence[Sought], to: str | None) -> Traces:
        folder = sought[0].ref.folder
        there: set[str] = set()
        if folder in self._raw_names:
            validity = self._select(folder)
            for chunk in _chunks(_uids([item.ref for item in sought], validity)):
                there |= {str(uid) for uid in self._still_there(chunk)}
            there = there if any(item.ref.validity == validity for item in sought) else set()
        missing = [item for item in sought if item.ref.uid not in there]
        moved: dict[MailRef, MailRef] = {}
        if missing and to is not None and to in self._raw_names:
            target, new = self._found_by_id({number: item for number, item in enumerate(missing)}, to)
            moved = {missing[place].ref: MailRef(to, target, str(uid)) for place, uid in new.items()}
        return Traces(
            unmoved=tuple(item.ref for item in sought if item.ref.uid in there),
            moved=moved,
            lost=tuple(item.ref for item in missing if item.ref not in moved),
        )

    def _found_by_id(self, items: dict[int, Sought], to: str) -> tuple[int, dict[int, int]]:
        """The mails with these Message-IDs among the newest of a folder. Selects that folder."""
        validity, latest = self._latest(to, max(LATEST, 2 * len(items)))
        found: dict[int, int] = {}
        for key, item in items.items():
            copies = latest.get(item.message_id, []) if item.message_id else []
            if copies:
                found[key] = copies.pop().uid
        return validity, found

    def _latest(self, folder: str, count: int) -> tuple[int, dict[str, list[_Copy]]]:
        """The newest mails of a folder by Message-ID, oldest first. Selects that folder."""
        validity = self._select(folder)
        uids = sorted(int(uid) for uid in self._client.search("ALL"))[-count:]
        found: dict[str, list[_Copy]] = {}
        for chunk in _chunks(uids):
            for uid, mail in sorted(self._fetch(folder, chunk, _IDENTITY).items()):
                found.setdefault(_message_id(mail.content), []).append(_Copy(uid, mail.size, mail.received))
        return validity, found

    def _select(self, folder: str, *, writing: bool = False) -> int:
        """Open a folder anew; its UIDVALIDITY. Raises PersonMends when there is none of that name."""
        self._selected = ""
        raw = self._raw_name(folder)
        try:
            told = self._client.select_folder(raw, readonly=not writing)
        except imaplib.IMAP4.readonly:
            raise PersonMends(f"Nothing may be changed in the folder “{folder}”.") from None
        self._selected = folder
        self._validity = int(told.get(b"UIDVALIDITY", 0))
        self._keywords = frozenset(flag.decode("latin-1").lower() for flag in told.get(b"PERMANENTFLAGS", ()))
        return self._validity

    def _raw_name(self, folder: str) -> str:
        if folder not in self._raw_names:
            self._list()
        if folder not in self._raw_names:
            raise self._no_folder(folder)
        return self._raw_names[folder]

    @staticmethod
    def _no_folder(name: str) -> PersonMends:
        return PersonMends(f"There is no folder “{name}” in this mailbox.", "Check its name; capital letters count.")

    def alive(self) -> bool:
        try:
            with self._talking("answer"):
                self._client.noop()
        except TimeMends:
            return False
        return True

    def close(self) -> None:
        try:
            if self.broken:
                self._client.shutdown()
            else:
                self._client.logout()
        except (OSError, imaplib.IMAP4.error):
            self.broken = True

    def abort(self) -> None:
        self.broken = True
        try:
            # The plain socket's own method: the TLS one is not made for another thread.
            socket.socket.shutdown(self._client._imap.sock, socket.SHUT_RDWR)
        except OSError:
            return

    @contextmanager
    def _talking(self, doing: str) -> Iterator[None]:
        """What the network and the server do wrong, as errors a person can read."""
        try:
            yield
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            self.broken = True
            slow = isinstance(error, TimeoutError)
            said = "did not answer in time" if slow else "closed the connection"
            raise ConnectionLost(f"{self._host} {said}.", "Try again in a few minutes; nothing was lost.") from None
        except imaplib.IMAP4.error as error:
            raise TimeMends(f"{self._host} would not {doing}: {_words(error)}.", "Try again later.") from None


def _uids(refs: Sequence[MailRef], validity: int) -> list[int]:
    return [int(ref.uid) for ref in refs if ref.validity == validity and ref.uid.isdigit() and len(ref.uid) <= 10]


def _chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), BATCH):
        yield uids[start : start + BATCH]


def _message_id(head: bytes) -> str:
    return first_id(next((value for name, value in split_head(head)[0] if name == "message-id"), b""))


def _words(error: Exception) -> str:
    """What the server said, for a person: one short line."""
    told = error.args[0] if error.args else ""
    text = told.decode("latin-1") if isinstance(told, bytes) else str(told)
    text = clean(one_line(text.rpartition("server said:")[2] or text))[0]
    return text[:120].strip().rstrip(".") or "it gave no reason"
