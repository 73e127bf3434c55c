"""Mails as an agent is told of them: a line for each of a list, or the whole of one. Outside text throughout: a line
holds no line breaks, so that none can pass for another."""

from collections.abc import Sequence

from bot.contracts.mail import Address, Mail
from connectors.email.headers import one_line
from connectors.email.parse import Whole

CHARACTERS = 6_000
_ADDRESSES = 10
_NAMED = 50
_FLAGS = {"\\flagged": "flagged", "\\answered": "answered", "\\draft": "draft"}


def listed(name: str, mail: Mail) -> str:
    """One mail of a list: id, date, sender, subject, flags."""
    sender, subject = one_line(str(mail.sender)) or "(no sender)", one_line(mail.subject) or "(no subject)"
    parts = [f"{mail.received:%Y-%m-%d %H:%M}", sender, subject[:200], ", ".join(flags_of(mail))]
    return f"[{name}] {' · '.join(part for part in parts if part)}"


def flags_of(mail: Mail) -> Sequence[str]:
    have = {flag.lower() for flag in mail.flags}
    unread = [] if "\\seen" in have else ["unread"]
    return [*unread, *(word for flag, word in _FLAGS.items() if flag in have)]


def told(name: str, whole: Whole) -> str:
    """One mail: what its head says, then its text."""
    mail = whole.mail
    text = whole.text[:CHARACTERS].rstrip()
    left = len(whole.text) - len(text)
    lines = {
        "Id": name,
        "Folder": mail.ref.folder,
        "From": _people(mail.senders),
        "To": _people(mail.to),
        "Cc": _people(mail.cc),
        "Received": f"{mail.received:%Y-%m-%d %H:%M} UTC",
        "Subject": mail.subject or "(no subject)",
        "Flags": ", ".join(flags_of(mail)),
        "Attachments": _attachments(whole),
        "Removed": "text that a reader would not see" if mail.hidden else "",
        "Odd": "; ".join(mail.defects),
        "Left out": f"{left:,} characters at the end" if left else "",
    }
    head = "\n".join(f"{title}: {one_line(value)}" for title, value in lines.items() if value)
    return f"{head}\n\n{text or '(no text)'}"


def _people(addresses: Sequence[Address]) -> str:
    more = len(addresses) - _ADDRESSES
    shown = ", ".join(str(address) for address in addresses[:_ADDRESSES])
    return f"{shown} and {more} more" if more > 0 else shown


def _attachments(whole: Whole) -> str:
    names = [one_line(name)[:200] or "(no name)" for name in whole.attachments[:_NAMED]]
    more = len(whole.attachments) - len(names)
    shown = ", ".join(names) + (f" and {more} more" if more > 0 else "")
    return f"{shown}; perhaps more, the mail is very large".removeprefix("; ") if whole.cut else shown
