"""Mail written for tests: whole RFC 5322 messages as bytes, and a Maildir to put them into."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

OWNER = "ada@harbour.example"
_unique = itertools.count()
_NOW = datetime.now(UTC).replace(microsecond=0)


def newsletter(number: int, sender: str = "news@weekly.example", subject: str = "", hours: float = 1) -> bytes:
    """A list mail with one-click unsubscribe; `number` makes it unique, `hours` is its age."""
    host = sender.rpartition("@")[2].rstrip(">")
    return written(
        number,
        sender,
        subject or f"Issue {number}: what is new",
        "Five stories worth your time this week. Read them on our site.\n",
        hours,
        f"List-Id: Weekly <list.{host}>",
        f"List-Unsubscribe: <https://{host}/leave/{number}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Precedence: bulk",
    )


def question(number: int, sender: str = "Bo Berg <bo@harbour.example>", subject: str = "", hours: float = 1) -> bytes:
    """A person asks the owner something."""
    text = "Hi Ada,\n\ncould you tell me by tomorrow whether the crane is free on Friday?\n\nThanks, Bo\n"
    return written(number, sender, subject or f"Crane {number}?", text, hours)


def answer(number: int, to: str = "bo@harbour.example", hours: float = 30) -> bytes:
    """Something the owner wrote."""
    return written(number, f"Ada <{OWNER}>", "Re: Crane?", "Yes, it is.\n", hours, to=to)


def put(maildir: Path, mails: Iterable[bytes], folder: str = "INBOX", flags: str = "S") -> int:
    """Write mails into a folder of a Maildir++, newest first; their number."""
    root = maildir if folder == "INBOX" else maildir / f".{folder}"
    for part in ("cur", "new", "tmp"):
        (root / part).mkdir(parents=True, exist_ok=True)
    if folder != "INBOX":
        (root / "maildirfolder").touch()
    count = 0
    for count, mail in enumerate(mails, 1):
        at = _NOW.timestamp() - count
        path = root / "cur" / f"{at:.0f}.M{next(_unique)}P1.here:2,{flags}"
        path.write_bytes(mail)
        os.utime(path, (at, at))
    return count


def written(
    number: int, sender: str, subject: str, text: str, hours: float = 1, *headers: str, to: str = f"Ada <{OWNER}>"
) -> bytes:
    """Any plain mail, `hours` old."""
    lines = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Date: {format_datetime(_NOW - timedelta(hours=hours))}",
        f"Message-ID: <{number}.{sum(sender.encode())}@letters.example>",
        *headers,
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + text.replace("\n", "\r\n")).encode()
