"""A Maildir on this machine: Maildir++ (`.Folder.Sub`) or folders as plain directories.

https://cr.yp.to/proto/maildir.html: a mail is a file in `new` or `cur`, named `unique:2,FLAGS`; renaming it within
the file system is atomic, so a move interrupted at any moment leaves the mail in one place or the other.
"""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from imapclient import imap_utf7

from bot.contracts.errors import PersonMends
from bot.contracts.mail import Folder, MailRef, Sought, Traces
from connectors.email.folders import CREATED_AS, best, role_of, wanted_role
from connectors.email.ids import number_of
from connectors.email.parse import WHOLE_BYTES, RawMail
from connectors.email.provider import BATCH, Flagged, Present, Shift
from connectors.email.search import LOOKED_AT, Hits, Wanted, looked_through

READ_BYTES = 65_536
HEAD_BYTES = 16_384
DEEPEST = 6

_FLAGS = {"P": "$Forwarded", "R": "\\Answered", "S": "\\Seen", "T": "\\Deleted", "D": "\\Draft", "F": "\\Flagged"}
_LETTERS = {flag.lower(): letter for letter, flag in _FLAGS.items()}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file: `base` is its unique name, `letters` its flags."""

    path: str
    base: str
    letters: str
    modified: float = 0.0
    size: int = 0

    @property
    def uid(self) -> str:
        """The base name as text that can be written down; almost always the name itself."""
        return self.base if self.base.isprintable() else self.base.encode("unicode_escape").decode("ascii")


class MaildirAccount:
    """Implements `provider.Account`. Raises PersonMends (`field="path"`) when there is no Maildir at `root`."""

    def __init__(self, root: Path, addresses: Sequence[str] = ()) -> None:
        self.broken = False
        self._root = root
        self._addresses = tuple(addresses)
        try:
            well = root.is_dir() and os.access(root, os.R_OK | os.X_OK) and bool(self._paths())
        except OSError:
            well = False
        if not well:
            raise PersonMends(
                f"There is no Maildir that can be read at {root}.",
                "A Maildir is a folder with cur, new and tmp in it.",
                field="path",
            )

    def folders(self) -> Sequence[Folder]:
        return [Folder(name, role_of(name), _count(path)) for name, path in self._paths().items()]

    def scan(self, folder: str, since: datetime | None, limit: int | None, bodies: bool) -> Iterator[Sequence[RawMail]]:
        path = self._path(folder)
        entries = _listing(path, stat=True)
        if since is not None:
            earliest = since.timestamp()
            entries = [entry for entry in entries if entry.modified >= earliest]
        entries.sort(key=lambda entry: (entry.modified, entry.base), reverse=True)
        entries = entries[:limit]
        for start in range(0, len(entries), BATCH):
            batch = entries[start : start + BATCH]
            length = READ_BYTES if bodies else HEAD_BYTES
            mails = [_read(folder, entry, length) for entry in batch]
            if None in mails:  # another program renamed some since they were listed
                mails = self._read_again(path, folder, batch, mails, length)
            yield [mail for mail in mails if mail is not None]

    def _read_again(
        self, path: Path, folder: str, batch: Sequence[_Entry], mails: Sequence[RawMail | None], length: int
    ) -> list[RawMail | None]:
        now = {entry.uid: entry for entry in _listing(path, stat=True)}
        return [
            mail or (_read(folder, now[entry.uid], length) if entry.uid in now else None)
            for entry, mail in zip(batch, mails, strict=True)
        ]

    def owner_addresses(self) -> Sequence[str]:
        return self._addresses

    def place(self, to: str, *, create: bool) -> str | None:
        paths = self._paths()
        role = wanted_role(to)
        if role is None:
            if to not in paths and create:
                raise _no_folder(to)
            return to if to in paths else None
        found = best([Folder(name, role_of(name)) for name in paths], role)
        if found is not None or not create:
            return found.name if found else None
        return self._create(CREATED_AS.get(role, role.value.capitalize()))

    def present(self, refs: Sequence[MailRef]) -> Present:
        entries = {entry.uid: entry for entry in _listing(self._path(refs[0].folder), stat=True)}
        found = {ref: _read(ref.folder, entries[ref.uid], HEAD_BYTES) for ref in refs if ref.uid in entries}
        return Present({ref: mail for ref, mail in found.items() if mail is not None})

    def search(self, folder: str, wanted: Wanted, limit: int) -> Hits:
        return looked_through(self.scan(folder, wanted.since, LOOKED_AT + 1, bool(wanted.words)), wanted, limit)

    def whole(self, ref: MailRef) -> RawMail | None:
        path = self._paths().get(ref.folder)
        entries = _listing(path, stat=True) if path else []
        entry = next((entry for entry in entries if entry.uid == ref.uid), None)
        return _read(ref.folder, entry, WHOLE_BYTES) if entry else None

    def numbered(self, numbers: Collection[str], likely: Callable[[str], bool]) -> Sequence[MailRef]:
        return [
            MailRef(folder, 0, entry.uid)
            for folder, path in self._paths().items()
            if likely(folder)
            for entry in _listing(path)
            if number_of(entry.uid) in numbers
        ]

    def move(self, sought: Sequence[Sought], to: str) -> Shift:
        source, target = self._path(sought[0].ref.folder), self._path(to)
        entries = {entry.uid: entry for entry in _listing(source)}
        taken = {entry.uid for entry in _listing(target)}
        now: dict[MailRef, MailRef] = {}
        gone: list[MailRef] = []
        for item in sought:
            entry = entries.get(item.ref.uid)
            if entry is not None and item.ref.uid not in taken and self._rename(source, entry, target / "cur"):
                now[item.ref] = MailRef(to, 0, item.ref.uid)
            else:
                gone.append(item.ref)
        return Shift(now, tuple(gone))

    def _rename(self, source: Path, entry: _Entry, target: Path) -> bool:
        """Rename the mail's file, under the name it has by now if another program changed its flags meanwhile."""
        try:
            os.rename(entry.path, target / f"{entry.base}:2,{entry.letters}")
        except FileNotFoundError:
            again = next((other for other in _listing(source) if other.base == entry.base), None)
            if again is None:
                return False
            os.rename(again.path, target / f"{again.base}:2,{again.letters}")
        return True

    def flag(self, refs: Sequence[MailRef], flag: str, on: bool) -> Flagged:
        letter = _LETTERS.get(flag.lower())
        if letter is None:
            raise PersonMends(f"A Maildir has no flag {flag}.", "It keeps read, answered, flagged and draft.")
        source = self._path(refs[0].folder)
        entries = {entry.uid: entry for entry in _listing(source)}
        changed: list[MailRef] = []
        unchanged: list[MailRef] = []
        for ref in refs:
            entry = entries.get(ref.uid)
            if entry is None:
                continue
            if (letter in entry.letters) is on:
                unchanged.append(ref)
                continue
            letters = "".join(sorted({*entry.letters, letter} if on else set(entry.letters) - {letter}))
            os.rename(entry.path, source / "cur" / f"{entry.base}:2,{letters}")
            changed.append(ref)
        return Flagged(tuple(changed), tuple(unchanged))

    def seek(self, sought: Sequence[Sought], to: str | None) -> Traces:
        paths = self._paths()
        source = paths.get(sought[0].ref.folder)
        here = {entry.uid for entry in _listing(source)} if source else set()
        there = {entry.uid for entry in _listing(paths[to])} if to in paths else set()
        refs = [item.ref for item in sought]
        return Traces(
            unmoved=tuple(ref for ref in refs if ref.uid in here),
            moved={ref: MailRef(to or "", 0, ref.uid) for ref in refs if ref.uid not in here and ref.uid in there},
            lost=tuple(ref for ref in refs if ref.uid not in here and ref.uid not in there),
        )

    def alive(self) -> bool:
        return self._root.is_dir()

    def close(self) -> None:
        """Nothing is held open."""

    def abort(self) -> None:
        """No call waits for anybody."""

    def _paths(self) -> dict[str, Path]:
        """Folder name → directory, INBOX first."""
        found = {"INBOX": self._root} if _is_maildir(self._root) else {}
        for path in sorted(self._root.iterdir()):
            if path.name.startswith(".") and path.name != ".." and _is_maildir(path):
                found[_decoded(path.name[1:]).replace(".", "/")] = path
            elif not path.name.startswith("."):
                found |= dict(_plain(path, path.name, 1))
        return found

    def _path(self, folder: str) -> Path:
        path = self._paths().get(folder)
        if path is None:
            raise _no_folder(folder)
        return path

    def _create(self, name: str) -> str:
        """Make a folder in the layout the others have."""
        paths = self._paths()
        plain = any(not path.name.startswith(".") for path in paths.values() if path != self._root)
        path = self._root / (name if plain else f".{name}")
        for part in ("", "tmp", "new", "cur"):
            (path / part).mkdir(mode=0o700, exist_ok=True)
        if not plain:
            (path / "maildirfolder").touch(mode=0o600)
        return name


def _no_folder(name: str) -> PersonMends:
    return PersonMends(f"There is no folder “{name}” in this mailbox.", "Check its name; capital letters count.")


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir()


def _plain(path: Path, name: str, depth: int) -> Iterator[tuple[str, Path]]:
    """Folders laid out as plain directories, below and with `path`."""
    if path.name in ("cur", "new", "tmp") or depth > DEEPEST or path.is_symlink() or not path.is_dir():
        return
    if _is_maildir(path):
        yield _decoded(name), path
    for below in sorted(path.iterdir()):
        if not below.name.startswith("."):
            yield from _plain(below, f"{name}/{below.name}", depth + 1)


def _decoded(name: str) -> str:
    """A folder's name as a person sees it; Dovecot writes names in IMAP's modified UTF-7."""
    try:
        return str(imap_utf7.decode(name.encode("ascii")))
    except (ValueError, UnicodeError):
        return name


def _files(path: Path) -> Iterator[os.DirEntry[str]]:
    for part in ("cur", "new"):
        try:
            with os.scandir(path / part) as listing:
                yield from (entry for entry in listing if not entry.name.startswith("."))
        except FileNotFoundError:
            continue


def _count(path: Path) -> int:
    return sum(1 for _ in _files(path))


def _listing(path: Path, *, stat: bool = False) -> list[_Entry]:
    """The mails of a folder in no order; with `stat`, their times and sizes too."""
    entries: list[_Entry] = []
    for file in _files(path):
        base, _, info = file.name.partition(":")
        letters = info[2:] if info.startswith("2,") else ""
        if not stat:
            entries.append(_Entry(file.path, base, letters))
            continue
        try:
            status = file.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        entries.append(_Entry(file.path, base, letters, status.st_mtime, status.st_size))
    return entries


def _read(folder: str, entry: _Entry, length: int) -> RawMail | None:
    """The beginning of a mail's file; of no more than `HEAD_BYTES` the head alone. None when it is no longer there, or
    no file of a mail."""
    bodies = length > HEAD_BYTES
    try:
        handle = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        content = os.read(handle, length)
    except OSError:
        return None
    finally:
        os.close(handle)
    if not bodies:
        content = _head(content)
    return RawMail(
        ref=MailRef(folder, 0, entry.uid),
        content=content,
        received=datetime.fromtimestamp(entry.modified, UTC),
        size=entry.size,
        flags=frozenset(_FLAGS[letter] for letter in entry.letters if letter in _FLAGS),
        cut=bodies and entry.size > length,
    )


def _head(content: bytes) -> bytes:
    ends = [at for at in (content.find(b"\n\n"), content.find(b"\n\r\n")) if at >= 0]
    return content[: min(ends) + 1] + b"\n" if ends else content
