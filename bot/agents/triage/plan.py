"""What triage proposes: one call per bucket and sender. Pure. It never deletes."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.agents.triage.sorting import Sorted
from bot.agents.triage.verdict import Bucket
from bot.contracts.json import Json
from bot.contracts.mail import Folder, FolderRole
from bot.contracts.tools import Call

_WHY = 300
MOST = 2_000
"""Mails on one card: what a person can still look through."""


@dataclass(frozen=True, slots=True)
class Move:
    """Where the mails of a bucket go, in the words of the card."""

    verb: str
    to: str
    group: str


_MOVES = {
    Bucket.NEWSLETTER: Move("Archive", "\\Archive", "Newsletters"),
    Bucket.NOTIFICATION: Move("Archive", "\\Archive", "Notifications"),
    Bucket.JUNK: Move("File", "\\Junk", "Junk"),
}
_ALREADY_THERE = {"\\Archive": FolderRole.ARCHIVE, "\\Junk": FolderRole.JUNK}


def proposals(folder: Folder, mails: Sequence[Sorted]) -> tuple[list[Call], int]:
    """The calls to propose, biggest sender first within each bucket, and how many mails did not fit the card.

    What the person flagged stays where it is; what names a deadline is proposed to be flagged."""
    groups: dict[tuple[Bucket, str], list[Sorted]] = {}
    room = MOST
    left_over = 0
    for mail in mails:
        move = _MOVES.get(mail.verdict.bucket)
        flag = mail.verdict.bucket is Bucket.NEEDS_ACTION and mail.verdict.deadline is not None
        if mail.flagged or not (flag or (move and folder.role is not _ALREADY_THERE[move.to])):
            continue
        if room == 0:
            left_over += 1
            continue
        room -= 1
        groups.setdefault((mail.verdict.bucket, mail.address or mail.sender), []).append(mail)
    order = [*_MOVES, Bucket.NEEDS_ACTION]
    ordered = sorted(groups.items(), key=lambda item: (order.index(item[0][0]), -len(item[1])))
    calls = [
        _move(folder, _MOVES[bucket], several) if bucket in _MOVES else _flag(folder, several)
        for (bucket, _), several in ordered
    ]
    return calls, left_over


def _move(folder: Folder, move: Move, mails: Sequence[Sorted]) -> Call:
    return Call(
        "mail.move",
        {
            "folder": folder.name,
            "to": move.to,
            "verb": move.verb,
            "group": move.group,
            "subject": mails[0].sender or "(no sender)",
            "mails": [_mail(mail) for mail in mails],
        },
    )


def _flag(folder: Folder, mails: Sequence[Sorted]) -> Call:
    return Call(
        "mail.flag",
        {
            "folder": folder.name,
            "flag": "\\Flagged",
            "on": True,
            "group": "Mails with a deadline",
            "subject": mails[0].sender or "(no sender)",
            "mails": [_mail(mail) for mail in mails],
        },
    )


def _mail(mail: Sorted) -> Json:
    return {
        "uid": mail.ref.uid,
        "validity": mail.ref.validity,
        "message_id": mail.message_id,
        "sender": mail.sender,
        "subject": mail.subject,
        "date": mail.received.date().isoformat(),
        "why": "; ".join(mail.verdict.reasons[:2])[:_WHY] if mail.verdict.bucket is Bucket.JUNK else "",
    }
