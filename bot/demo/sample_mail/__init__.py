"""Sample mailboxes for the demo: a working week's mail for four people of a small robot maker, all of it invented.

The mails stand as text in the folders beside this module (`script` says how to read them) and are rendered into a
Maildir relative to a given moment, so that the newest ones are always this morning's. Every address lies under a name
reserved by RFC 2606. What a sensible person would call each mail of the INBOX is kept with it, for measuring only.
"""

import os
from datetime import datetime
from pathlib import Path

from bot.demo.sample_mail.clock import Clock
from bot.demo.sample_mail.render import render, sent_at
from bot.demo.sample_mail.script import FOLDERS, Mail, Mailbox, mailbox, owners

__all__ = ["address", "expected", "fill", "people"]


def people() -> list[str]:
    """The handles of the people who have a sample mailbox."""
    return list(owners())


def address(handle: str) -> str:
    """The person's own mail address. Raises KeyError for a person without a mailbox."""
    return owners()[handle].address


def expected(handle: str) -> dict[str, str]:
    """Message-ID (with its angle brackets) → the bucket a sensible person gives it, for every mail of the INBOX.

    For tests and benchmarks; the triage never sees it. Raises KeyError for a person without a mailbox.
    """
    script = mailbox(handle)
    return {script.message_id(mail): mail.bucket for mail in script.mails if mail.folder == "INBOX"}


def fill(maildir: Path, handle: str, now: datetime) -> int:
    """Write the person's sample mail into a Maildir++ (the root is INBOX, `.Sent` and so on are folders).

    Returns the number of mails written: 0, touching nothing, when the Maildir already holds a mail. The same `now`
    gives the same files, names and times. Raises KeyError for a person without a mailbox, ValueError for a naive
    `now`, OSError when the Maildir cannot be written.
    """
    script = mailbox(handle)
    clock = Clock.at(now, script.owner.zone)
    if _holds_mail(maildir):
        return 0
    for folder in FOLDERS:
        root = _folder(maildir, folder)
        for part in ("cur", "new", "tmp"):
            (root / part).mkdir(parents=True, exist_ok=True)
        if folder != "INBOX":
            (root / "maildirfolder").touch()
    for mail in script.mails:
        _deliver(maildir, script, mail, clock)
    return len(script.mails)


def _holds_mail(maildir: Path) -> bool:
    roots = [maildir, *maildir.glob(".*/")]
    return any(file.is_file() for root in roots for part in ("cur", "new") for file in root.glob(f"{part}/*"))


def _folder(maildir: Path, folder: str) -> Path:
    return maildir if folder == "INBOX" else maildir / f".{folder}"


def _deliver(maildir: Path, script: Mailbox, mail: Mail, clock: Clock) -> None:
    """Put one mail where a mail client would have left it; `new` holds only what arrived today and nobody has seen."""
    sent, flags = sent_at(script, mail, clock).timestamp(), script.flags(mail)
    unique = f"{sent:.0f}.M{mail.number * 7919 % 1_000_000:06d}P{4000 + mail.number}.mx"
    fresh = mail.folder == "INBOX" and mail.day == 0 and not flags
    place = f"new/{unique}" if fresh else f"cur/{unique}:2,{flags}"
    path = _folder(maildir, mail.folder) / place
    path.write_bytes(render(script, mail, clock))
    os.utime(path, (sent, sent))
