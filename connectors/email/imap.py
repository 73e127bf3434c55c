"""An account on an IMAP server.

Moving is `UID MOVE`, else `UID COPY` and `UID EXPUNGE` of the very mails copied; a plain EXPUNGE is never sent. With
neither, nothing is moved. Sources: RFC 6851 (MOVE), 4315 (UIDPLUS).
"""

import imaplib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from bot.contracts.errors import PersonMends, TimeMends
from bot.contracts.mail import Folder, MailRef, Sought, Traces
from connectors.email.fetch import copied, uid_set
from connectors.email.folders import best, wanted_role
from connectors.email.imap_search import found_by_server
from connectors.email.imap_session import (
    HEAD,
    IDENTITY,
    READABLE,
    WHOLE,
    WHOLE_LONG,
    ImapSession,
    chunks,
    message_id,
    words,
)
from connectors.email.login import log_in
from connectors.email.parse import RawMail
from connectors.email.provider import BATCH, Flagged, Present, Shift
from connectors.email.search import LOOKED_AT, Hits, Wanted, looked_through
from connectors.email.settings import MailSettings

COUNTED_FOLDERS = 100
LATEST = 2_000
"""So many of a folder's newest mails are looked through for one that may have been moved there."""

_UID = re.compile(r"[1-9][0-9]{0,9}")


class ImapAccount:
    """Implements `provider.Account`. Logs in when made; raises what `login.log_in` raises. `hosts`: patterns of the
    servers it may connect to, by default the setting, so that no way in goes round it."""

    def __init__(
        self,
        host: str,
        port: int,
        security: str,
        user: str,
        password: str,
        addresses: Sequence[str] = (),
        ca_file: Path | None = None,
        hosts: Sequence[str] | None = None,
    ) -> None:
        only = MailSettings().hosts if hosts is None else hosts
        self._session = ImapSession(log_in(host, port, security, user, password, ca_file, only), host)
        self._addresses = tuple(addresses)

    @property
    def broken(self) -> bool:
        return self._session.broken

    def folders(self) -> Sequence[Folder]:
        session = self._session
        with session.talking("list folders"):
            return [
                Folder(folder.name, folder.role, session.count(folder.name) if place < COUNTED_FOLDERS else -1)
                for place, folder in enumerate(session.folders())
            ]

    def scan(self, folder: str, since: datetime | None, limit: int | None, bodies: bool) -> Iterator[Sequence[RawMail]]:
        session = self._session
        with session.talking(f"read {folder}"):
            validity = session.select(folder)
            uids = session.newest_first(since)[:limit]
        for start in range(0, len(uids), BATCH):
            batch = uids[start : start + BATCH]
            with session.talking(f"read {folder}"):
                if session.selected != folder and session.select(folder) != validity:
                    raise TimeMends(f"The server numbered {folder} anew in the middle of reading.", "Try again.")
                found = session.fetch(batch, WHOLE if bodies else HEAD)
                found |= session.fetch([uid for uid, mail in found.items() if _styles_only(mail)], WHOLE_LONG)
            yield [found[uid] for uid in batch if uid in found]

    def owner_addresses(self) -> Sequence[str]:
        return self._addresses

    def place(self, to: str, *, create: bool) -> str | None:
        session = self._session
        with session.talking(f"find {to}"):
            folders = session.folders()
            role = wanted_role(to)
            if role is None:
                if create:
                    session.raw_name(to)  # raises for a folder that is not there
                return to if session.knows(to) else None
            found = best(folders, role, session.declared)
            if found is not None or not create:
                return found.name if found else None
            return session.create(role)

    def present(self, refs: Sequence[MailRef]) -> Present:
        folder = refs[0].folder
        with self._session.talking(f"read {folder}"):
            validity = self._session.select(folder)
            mails = self._session.fetch(list(_by_uid(refs, validity)), IDENTITY)
        return Present({mail.ref: mail for mail in mails.values()}, all(ref.validity != validity for ref in refs))

    def search(self, folder: str, wanted: Wanted, limit: int) -> Hits:
        with self._session.talking(f"search {folder}"):
            self._session.select(folder)
            try:
                return found_by_server(self._session, wanted, limit)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:  # it does not search so; mostly it knows ASCII only
                pass
        return looked_through(self.scan(folder, wanted.since, LOOKED_AT + 1, bool(wanted.words)), wanted, limit)

    def whole(self, ref: MailRef) -> RawMail | None:
        with self._session.talking(f"read {ref.folder}"):
            self._session.folders()
            if not self._session.knows(ref.folder):
                return None
            places = _by_uid([ref], self._session.select(ref.folder))
            return next(iter(self._session.fetch(list(places), READABLE).values()), None)

    def numbered(self, numbers: Collection[str], likely: Callable[[str], bool]) -> Sequence[MailRef]:
        with self._session.talking("list folders"):
            folders = [folder.name for folder in self._session.folders() if likely(folder.name)]
            return [
                MailRef(folder, validity, number)
                for folder in folders
                for validity in [self._session.select(folder)]
                for number in numbers
            ]

    def move(self, sought: Sequence[Sought], to: str) -> Shift:
        session = self._session
        if session.capabilities.isdisjoint((b"MOVE", b"UIDPLUS")):
            raise PersonMends(
                f"The server {session.host} has no safe way to move mail (neither MOVE nor UIDPLUS).",
                "Move these mails in your mail program; nothing was changed.",
            )
        known = {item.ref: item for item in sought}
        now: dict[MailRef, MailRef] = {}
        tried: set[MailRef] = set()
        with session.talking("move mail"):
            validity = session.select(sought[0].ref.folder, writing=True)
            places = _by_uid([item.ref for item in sought], validity)
            tried |= set(known) - set(places.values())
            for chunk in chunks(list(places)):
                try:
                    there = session.present(chunk)
                    items = {uid: known[places[uid]] for uid in chunk if uid in there}
                    now |= self._move_chunk(items, to) if items else {}
                except imaplib.IMAP4.abort:
                    raise
                except imaplib.IMAP4.error as error:
                    left = [item for item in sought if item.ref not in now and item.ref not in tried]
                    return self._stopped(left, to, now, tuple(tried - set(now)), words(error))
                tried |= {places[uid] for uid in chunk}
        return Shift(now, tuple(tried - set(now)))

    def _move_chunk(self, items: Mapping[int, Sought], to: str) -> dict[MailRef, MailRef]:
        """Move mails of the selected folder, which stays selected."""
        session = self._session
        folder, raw = session.selected, session.raw_name(to)
        session.client._imap.response("COPYUID")  # forget an older one
        if b"MOVE" in session.capabilities:
            session.client.move(list(items), raw)
            validity, new = self._copied(len(items))
        else:
            validity, new = self._copy_and_expunge(items, to)
        if new:
            return {items[old].ref: MailRef(to, validity, str(uid)) for old, uid in new.items() if old in items}
        validity, new = self._found_by_id(items, to)
        session.select(folder, writing=True)
        return {item.ref: MailRef(to, validity, str(new.get(uid, ""))) for uid, item in items.items()}

    def _copied(self, most: int) -> tuple[int, dict[int, int]]:
        _, codes = self._session.client._imap.response("COPYUID")
        return copied(codes[-1], most)

    def _copy_and_expunge(self, items: Mapping[int, Sought], to: str) -> tuple[int, dict[int, int]]:
        """Copy, then take away exactly what was copied. What an interrupted move copied already (same Message-ID,
        size and date) is not copied again."""
        session = self._session
        folder = session.selected
        originals = session.fetch(list(items), IDENTITY)
        target, latest = session.latest(to, LATEST)
        session.select(folder, writing=True)
        new: dict[int, int] = {}
        for uid, mail in originals.items():
            twins = latest.get(message_id(mail), []) if message_id(mail) else []
            twin = next((twin for twin in twins if (twin.size, twin.date) == (mail.size, mail.received)), None)
            if twin:
                new[uid] = twin.uid
                twins.remove(twin)
        to_copy = [uid for uid in originals if uid not in new]
        moved = [*new, *to_copy]
        uid_set(moved)  # raises for none: EXPUNGE without UIDs would destroy what others marked
        if to_copy:
            session.client.copy(to_copy, session.raw_name(to))
            target, copies = self._copied(len(to_copy))
            new |= copies
        session.client.add_flags(moved, ["\\Deleted"], silent=True)
        session.client.uid_expunge(moved)
        return target, new if len(new) == len(moved) else {}

    def _stopped(
        self, left: Sequence[Sought], to: str, now: dict[MailRef, MailRef], gone: tuple[MailRef, ...], said: str
    ) -> Shift:
        """The server refused in the middle: what it had moved of this chunk is looked for, the rest stays."""
        traces = self._traces(left, to)
        return Shift(now | dict(traces.moved), (*gone, *traces.lost), traces.unmoved, f"the server said “{said}”.")

    def flag(self, refs: Sequence[MailRef], flag: str, on: bool) -> Flagged:
        session = self._session
        folder = refs[0].folder
        changed: list[MailRef] = []
        unchanged: list[MailRef] = []
        with session.talking(f"flag mail in {folder}"):
            validity = session.select(folder, writing=True)
            if not session.keeps(flag):
                raise PersonMends(f"The server {session.host} cannot keep the flag {flag} in {folder}.")
            for chunk in chunks(list(_by_uid(refs, validity))):
                found = session.fetch(chunk, IDENTITY)
                to_change = [
                    uid for uid, mail in found.items() if (flag.lower() in {have.lower() for have in mail.flags}) != on
                ]
                unchanged.extend(mail.ref for uid, mail in found.items() if uid not in to_change)
                if to_change:
                    store = session.client.add_flags if on else session.client.remove_flags
                    store(to_change, [flag], silent=True)
                    changed.extend(found[uid].ref for uid in to_change)
        return Flagged(tuple(changed), tuple(unchanged))

    def seek(self, sought: Sequence[Sought], to: str | None) -> Traces:
        with self._session.talking("look for mail"):
            self._session.folders()
            return self._traces(sought, to)

    def _traces(self, sought: Sequence[Sought], to: str | None) -> Traces:
        session = self._session
        folder = sought[0].ref.folder
        there: set[MailRef] = set()
        if session.knows(folder):
            places = _by_uid([item.ref for item in sought], session.select(folder))
            there = {places[uid] for uid in session.present(places)}
        missing = dict(enumerate(item for item in sought if item.ref not in there))
        moved: dict[MailRef, MailRef] = {}
        if missing and to is not None and session.knows(to):
            validity, new = self._found_by_id(missing, to)
            moved = {missing[place].ref: MailRef(to, validity, str(uid)) for place, uid in new.items()}
        return Traces(
            unmoved=tuple(item.ref for item in sought if item.ref in there),
            moved=moved,
            lost=tuple(item.ref for item in missing.values() if item.ref not in moved),
        )

    def _found_by_id(self, items: Mapping[int, Sought], to: str) -> tuple[int, dict[int, int]]:
        """The mails with these Message-IDs among the newest of a folder. Selects that folder."""
        validity, latest = self._session.latest(to, max(LATEST, 2 * len(items)))
        found: dict[int, int] = {}
        for key, item in items.items():
            copies = latest.get(item.message_id, []) if item.message_id else []
            if copies:
                found[key] = copies.pop().uid
        return validity, found

    def alive(self) -> bool:
        return self._session.alive()

    def close(self) -> None:
        self._session.close()

    def abort(self) -> None:
        self._session.abort()


def _styles_only(mail: RawMail) -> bool:
    """Whether what was read of a mail ends within a style sheet."""
    return mail.cut and mail.content.rfind(b"<style") > mail.content.rfind(b"</style")


def _by_uid(refs: Sequence[MailRef], validity: int) -> dict[int, MailRef]:
    """References that still say something, by their UID."""
    return {int(ref.uid): ref for ref in refs if ref.validity == validity and _UID.fullmatch(ref.uid)}
