"""What a model may say of mails, and the arguments it comes to: whose they are and what about is looked up here."""

import difflib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from bot.contracts.errors import PersonMends
from bot.contracts.json import Json, JsonObject
from bot.contracts.mail import Folder, FolderRole, Mail, MailRef
from bot.contracts.people import Person
from bot.contracts.tools import Offer
from connectors.email.arguments import FolderName, Line
from connectors.email.headers import one_line
from connectors.email.ids import PATTERN, Ids, unknown
from connectors.email.mailbox import Mailbox

MOST = 200
"""Mails in one call that a model may name."""

Open = Callable[[Person], AbstractAsyncContextManager[Mailbox]]
Names = Callable[[Person], Awaitable[Ids]]
MailId = Annotated[str, StringConstraints(pattern=PATTERN)]
Query = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]*\Z", max_length=10_000)]
_Ids = Annotated[list[MailId], Field(min_length=1, max_length=MOST)]

_SUBJECT = 200
_SHOWN = 80
_ROLES = {"archive": "\\Archive", "junk": "\\Junk", "spam": "\\Junk"}
_READ_ROLES = {role.value: f"\\{role.value}" for role in FolderRole if role is not FolderRole.OTHER}
_LARGEST_DAYS, _EARLIEST = 18_000, 1970


class Said(BaseModel):
    """What a model said, checked to the letter."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, regex_engine="python-re")


class MoveSaid(Said):
    ids: _Ids
    to: FolderName


class FlagSaid(Said):
    ids: _Ids
    flag: Literal["flagged", "seen"]
    on: bool = True


class SearchArguments(Said):
    """`query`: words; `sender` is said `from`; `since`: days back, or a date."""

    query: Query = ""
    sender: Annotated[Line, Field(alias="from")] = ""
    subject: Line = ""
    folder: FolderName | None = None
    since: Annotated[str | int, Field(union_mode="left_to_right")] = ""
    unread: bool = False
    limit: Annotated[int, Field(ge=1, le=50)] = 20

    @field_validator("since")
    @classmethod
    def _readable(cls, since: str | int) -> str | int:
        moment(since, datetime.now(UTC))
        return since


class ReadArguments(Said):
    """`sender` and `subject`: what the person is shown of the mail."""

    id: MailId
    sender: Line = ""
    subject: Line = ""


class ReadSaid(Said):
    id: MailId


def moment(since: str | int, now: datetime) -> datetime | None:
    """A number of days back, or a date (which begins in UTC); None for nothing. Raises ValueError."""
    text = str(since).strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= _LARGEST_DAYS:
        return now - timedelta(days=int(text))
    try:
        if not text.isascii() or len(text) > 10:
            raise ValueError
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        if day.year < _EARLIEST:
            raise ValueError
    except ValueError:
        raise ValueError("say days back (7) or a date (2026-11-02)") from None
    return day


def meant(said: JsonObject) -> JsonObject:
    """Without what a model left open by saying null."""
    return {name: value for name, value in said.items() if value is not None}


_ID: JsonObject = {"type": "string", "description": "An id as mail.search lists it, such as 4711-k3v7mzd2qpa"}
_IDS: JsonObject = {"type": "array", "items": _ID, "minItems": 1, "maxItems": MOST}


def _object(required: Sequence[str], properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


def _text(description: str) -> JsonObject:
    return {"type": "string", "description": description, "maxLength": 500}


MOVE = Offer(
    "Preparing to move mail",
    "Move mails of one folder to another folder of the person's mailbox: to the archive, to junk, or to a folder by "
    "its name. Nothing is ever deleted, and it can be undone. Only ids that mail.search listed count; search first. "
    "Call it once for each folder that mails are in.",
    _object(("ids", "to"), {"ids": _IDS, "to": _text("A folder's name as the mailbox has it, or archive, or junk")}),
)
FLAG = Offer(
    "Preparing to flag mail",
    "Put a flag on mails of one folder, or take it off: `flagged` marks them as important, `seen` as read. It can be "
    "undone. Only ids that mail.search listed count.",
    _object(
        ("ids", "flag"),
        {
            "ids": _IDS,
            "flag": {"type": "string", "enum": ["flagged", "seen"]},
            "on": {"type": "boolean", "description": "false takes the flag off; true unless said"},
        },
    ),
)
SEARCH = Offer(
    "Searching your mail",
    "Find mails in the person's own mailbox; lists id, date, sender, subject and flags of each, newest first. Use it "
    "whenever a question is about their mail, and before mail.read, mail.move and mail.flag. Without `folder` it looks "
    "in the inbox and the archive. Give few, telling words. Changes nothing.",
    _object(
        (),
        {
            "query": _text("Words that stand in the mail, anywhere"),
            "from": _text("Part of the sender's name or address"),
            "subject": _text("Words of the subject"),
            "folder": _text("A folder's name, or inbox, archive, sent, junk, drafts, trash"),
            "since": _text("Days back, such as 7, or a date, such as 2026-11-02"),
            "unread": {"type": "boolean", "description": "true: only mails not read yet"},
            "limit": {"type": "integer", "minimum": 1, "maximum": 50, "description": "20 unless said"},
        },
    ),
)
READ = Offer(
    "Reading a mail",
    "Read one mail of the person's mailbox: its head, its text and the names of what is attached. Takes an id that "
    "mail.search listed. Changes nothing: the mail stays unread.",
    _object(("id",), {"id": _ID}),
)


async def mails_meant(mailbox: Mailbox, ids: Ids, names: Sequence[str]) -> dict[str, Json]:
    """`folder` and `mails` of a call on these mails, as they are now. Raises PersonMends for mails of several folders
    and for one that is not there."""
    refs = await mailbox.resolve(ids, list(dict.fromkeys(names)))
    folders = sorted({ref.folder for ref in refs.values()})
    if len(folders) > 1:
        raise PersonMends(f"These mails are in several folders: {', '.join(folders)}.", "Call once for each folder.")
    heads = (await mailbox.heads(list(refs.values()))).mails
    for name, ref in refs.items():
        if ref not in heads:
            raise unknown(name)
    return {"folder": folders[0], "mails": [_mail(ref, heads[ref]) for ref in refs.values()]}


def _mail(ref: MailRef, mail: Mail) -> Json:
    return {
        "uid": ref.uid,
        "validity": ref.validity,
        "message_id": mail.message_id,
        "date": mail.received.date().isoformat(),
        **shown_of(mail),
    }


def shown_of(mail: Mail) -> dict[str, Json]:
    """Whose a mail is and what about, for a card."""
    subject = one_line(mail.subject)
    short = subject if len(subject) <= _SUBJECT else f"{subject[: _SUBJECT - 1].rstrip()}…"
    return {"sender": one_line(str(mail.sender)), "subject": short}


async def target_meant(mailbox: Mailbox, said: str) -> str:
    """Where to move to: a role as `\\Archive`, or the name of a folder that is there. Raises PersonMends."""
    role = _ROLES.get(said.strip().lower())
    return role or await folder_meant(mailbox, said)


async def folder_meant(mailbox: Mailbox, said: str) -> str:
    """The folder of that name, or of that role. Raises PersonMends, naming the nearest."""
    name = said.strip()
    folders = await mailbox.folders()
    same = [folder.name for folder in folders if folder.name == name]
    alike = same or [folder.name for folder in folders if folder.name.casefold() == name.casefold()]
    if alike:
        return alike[0]
    role = _READ_ROLES.get(name.lower())
    found = await mailbox.place(role, create=False) if role else None
    if found is None:
        raise _no_folder(name, folders)
    return found


def _no_folder(name: str, folders: Sequence[Folder]) -> PersonMends:
    names = {folder.name.casefold(): folder.name for folder in folders}
    nearest = difflib.get_close_matches(name.casefold()[:_SHOWN], names, n=1)
    mend = f"Did you mean {names[nearest[0]]}?" if nearest else f"There are: {', '.join(list(names.values())[:20])}."
    return PersonMends(f"There is no folder “{name[:_SHOWN]}” in this mailbox.", mend)
