"""Looking for mails: what is wanted, and the way to find it where no server searches.

A word counts as found where it stands in a mail's head or text, as IMAP's TEXT has it.
"""

import binascii
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.email.headers import decode_header, split_head
from connectors.email.parse import RawMail, parse

LOOKED_AT = 2_000
"""So many of a folder's newest mails are looked through one by one."""
SECONDS = 5.0
WORDS = 12

# Letters, digits and what stands in addresses: nothing in a word means anything to a server.
_WORD = re.compile(r"[\w@.+-]*\w[\w@.+-]*")
_NOT_SOUGHT = frozenset("""
    a an the and or of to in on at by for from with about as is are was were be been am do does did has have had will
    would can could should may might must i me my mine we us our you your he him his she her it its they them their
    this that these those there here what which who whom whose when where why how not no any some all if then than so
    mail mails email emails message messages inbox find show tell search please
""".split())  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which mails: those with all these words, whose sender and subject hold these, not older than `since`. `none`:
    what was asked for holds no word, and no mail has it."""

    words: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    since: datetime | None = None
    unread: bool = False
    none: bool = False


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found, best first. `some`: no mail has all the words, these have some; `looked_at`: only so many of the
    newest were looked at, 0 for all."""

    mails: Sequence[RawMail]
    some: bool = False
    looked_at: int = 0


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, each once, small."""
    return _words(text)[:WORDS]


def sought(query: str) -> tuple[str, ...]:
    """The words of a question that tell mails apart; all of them when none does."""
    words = _words(query)
    telling = tuple(word for word in words if word not in _NOT_SOUGHT and (len(word) > 1 or not word.isascii()))
    return (telling or words)[:WORDS]


def _words(text: str) -> tuple[str, ...]:
    found = (word.strip(".-+").lower() for word in _WORD.findall(text))
    return tuple(dict.fromkeys(word for word in found if word))


def ranked(mails: Iterable[RawMail], words: Sequence[str]) -> list[RawMail]:
    """Those first whose sender and subject hold more of the words; else as they come."""
    return sorted(mails, key=lambda mail: -_count(words, _head_text(mail)))


def looked_through(
    batches: Iterator[Sequence[RawMail]],
    wanted: Wanted,
    limit: int,
    clock: Callable[[], float] = time.monotonic,
) -> Hits:
    """Look through mails, newest first, for at most `SECONDS`."""
    began, seen, complete = clock(), 0, True
    found: list[tuple[int, RawMail]] = []
    for batch in batches:
        for mail in batch:
            if seen == LOOKED_AT or clock() - began > SECONDS:
                complete = False
                break
            seen += 1
            if (score := _score(mail, wanted)) is not None:
                found.append((score, mail))
        if not complete:
            break
    most = max((score for score, _ in found), default=0)
    some = 0 < most < len(wanted.words)
    if not some:
        found = [(score, mail) for score, mail in found if score == len(wanted.words)]
    best = [mail for _, mail in sorted(found, key=lambda each: -each[0])]
    return Hits(best[:limit], some, 0 if complete else seen)


def _score(mail: RawMail, wanted: Wanted) -> int | None:
    """How many of the words it has; None for a mail that is not wanted."""
    if wanted.unread and "\\Seen" in mail.flags:
        return None
    if wanted.since is not None and mail.received < wanted.since:
        return None
    if wanted.sender or wanted.subject:
        head = dict(reversed(split_head(mail.content)[0]))
        for words, name in ((wanted.sender, "from"), (wanted.subject, "subject")):
            if words and _count(words, decode_header(head.get(name, b"")).casefold()) < len(words):
                return None
    if not wanted.words:
        return 0
    return _count(wanted.words, _text(mail, wanted.words)) or None


def _count(words: Sequence[str], text: str) -> int:
    return sum(word in text for word in words)


def _text(mail: RawMail, words: Sequence[str]) -> str:
    """All of a mail in small letters. Only one that hides its letters is parsed: that takes ten times as long."""
    content = mail.content.lower()
    if b"base64" in content or not all(word.isascii() for word in words):
        parsed = parse(mail)
        return f"{_head_text(mail)}\n{parsed.text.casefold()}\n{content.decode('utf-8', 'replace')}"
    text = content.decode("latin-1")
    if b"quoted-printable" in content:
        text += binascii.a2b_qp(content).decode("latin-1")
    return f"{_head_text(mail)}\n{text}" if b"=?" in content else text


def _head_text(mail: RawMail) -> str:
    head = split_head(mail.content)[0]
    return "\n".join(decode_header(value) for name, value in head if name in ("from", "to", "cc", "subject")).casefold()
