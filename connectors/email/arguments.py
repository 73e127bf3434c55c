"""The arguments of the mail tools, as their callers write them: plain JSON, checked to the letter."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from bot.contracts.errors import PersonMends
from bot.contracts.json import Json, JsonObject
from bot.contracts.mail import MailRef, Sought
from connectors.email.folders import wanted_role

MAILS = 2_000
"""Mails in one call: what one card may hold of one sender."""

_LINE = r"^[^\x00-\x1f\x7f\ud800-\udfff]*\Z"  # `$` would let a line break pass at the end

_BRACKETED = re.compile(r"<([^<>]*)>\s*\Z")

Line = Annotated[str, StringConstraints(pattern=_LINE, max_length=1_000)]
FolderName = Annotated[str, StringConstraints(pattern=_LINE, min_length=1, max_length=500)]
Flag = Annotated[str, StringConstraints(pattern=r"^(\\(Flagged|Seen|Answered|Draft)|\$?[A-Za-z][A-Za-z0-9_-]{0,40})\Z")]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, regex_engine="python-re")


class MailArgument(_Arguments):
    """One mail: its place, and what the person is shown of it, which must be true of the mail at that place."""

    uid: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f/\ud800-\udfff]+\Z", max_length=1_000)]
    validity: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    message_id: Line = ""
    sender: Line = ""
    subject: Line = ""
    date: Annotated[str, StringConstraints(pattern=_LINE, max_length=40)] = ""
    why: Line = ""

    @property
    def address(self) -> str:
        """The sender's bare address: what stands between the last brackets, lower case. Empty when none is named."""
        return bare_address(self.sender)


class _OnMails(_Arguments):
    folder: FolderName
    mails: Annotated[list[MailArgument], Field(min_length=1, max_length=MAILS)]
    group: Line = ""
    subject: Line = ""

    @field_validator("mails")
    @classmethod
    def _once_each(cls, mails: list[MailArgument]) -> list[MailArgument]:
        if len({(mail.uid, mail.validity) for mail in mails}) != len(mails):
            raise ValueError("the same mail twice")
        return mails

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of whom the mails are, each sender once; an empty one for mails whose sender is not named."""
        return tuple(sorted({mail.address for mail in self.mails}))

    def places(self) -> dict[MailRef, MailArgument]:
        return {MailRef(self.folder, mail.validity, mail.uid): mail for mail in self.mails}

    def sought(self) -> list[Sought]:
        return [Sought(ref, mail.message_id) for ref, mail in self.places().items()]


class MoveArguments(_OnMails):
    to: FolderName
    verb: Literal["Archive", "Move", "File"] = "Move"

    @field_validator("to")
    @classmethod
    def _role(cls, to: str) -> str:
        if to.startswith("\\") and wanted_role(to) is None:
            raise ValueError("no such role of a folder")
        return to


class FlagArguments(_OnMails):
    flag: Flag
    on: bool = True

    @field_validator("flag")
    @classmethod
    def _kept(cls, flag: str) -> str:
        if re.fullmatch(r"\$?deleted", flag, re.IGNORECASE):
            raise ValueError("mail is never marked for deletion")
        return flag


def bare_address(sender: str) -> str:
    """`ann@x.example` of `Ann <Ann@x.example>`; a display name may look like an address, and is none."""
    bracketed = _BRACKETED.search(sender)
    return (bracketed[1] if bracketed else sender).strip().lower()


A = TypeVar("A", bound=BaseModel)


def read(model: type[A], args: JsonObject) -> A:
    """The arguments as values. Raises PersonMends, which names the argument and not what was in it."""
    try:
        return model.model_validate(dict(args))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "arguments"
        raise PersonMends(f"This call cannot be made: {where}: {first['msg']}.") from None
    except (TypeError, ValueError):
        raise PersonMends("This call cannot be made: its arguments are not a JSON object.") from None


def with_mails(args: _OnMails, mails: Sequence[MailArgument], **changes: Json) -> dict[str, Json]:
    """The same arguments for other mails, as plain JSON."""
    found: dict[str, Json] = args.model_dump(mode="json", exclude={"mails"}, exclude_unset=True)
    return {**found, **changes, "mails": [mail.model_dump(mode="json", exclude_unset=True) for mail in mails]}
