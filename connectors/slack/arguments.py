"""The arguments of the Slack tools, as their callers write them: plain JSON, checked to the letter."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject

LONGEST = 3_000
"""Characters of one message."""
_ROOM = 12_000
"""What Slack takes of a message, as it counts: `&`, `<` and `>` escaped."""
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")

Channel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{2,30}\Z")]
Place = Annotated[str, StringConstraints(pattern=r"^#[^\x00-\x1f\x7f\ud800-\udfff]{1,80}\Z")]
Named = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f\ud800-\udfff]{1,100}\Z")]
"""A channel as somebody wrote it."""
Timestamp = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}\.[0-9]{6}\Z")]


_LINK = re.compile(
    r"/archives/([CG][A-Z0-9]{2,30})/p([0-9]{10})([0-9]{6})(?:\?thread_ts=([0-9]{10}\.[0-9]{6})(?![0-9]))?"
)
_LARGEST_DAYS, _EARLIEST, _LATEST = 18_000, 1971, 2200


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, regex_engine="python-re")


class _Placed(_Strict):
    """`place`: the channel's name as the person is shown it, which must be true of that channel."""

    channel: Channel
    place: Place


class _Arguments(_Placed):
    text: str
    thread_ts: Timestamp | None = None

    @field_validator("text")
    @classmethod
    def _sendable(cls, text: str) -> str:
        if problem := problem_of(text):
            raise ValueError(problem)
        return text

    @property
    def thread(self) -> str:
        """In which thread, in words; empty for the channel itself."""
        if self.thread_ts is None:
            return ""
        begun = datetime.fromtimestamp(float(self.thread_ts), UTC)
        return f"in the thread of {begun.day} {begun:%B %Y, %H:%M:%S} UTC"


class PostArguments(_Arguments):
    pass


class UnsayArguments(_Arguments):
    ts: Timestamp


class _Since(_Strict):
    """`since`: days back, or a date."""

    since: str | int = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 30

    @field_validator("since")
    @classmethod
    def _readable(cls, since: str | int) -> str | int:
        moment(since, datetime.now(UTC))
        return since


class ChannelsArguments(_Strict):
    pass


class ReadArguments(_Since, _Placed):
    pass


class ThreadArguments(_Placed):
    ts: Timestamp


class PostSaid(_Strict):
    channel: Named
    text: str


class ReadSaid(_Since):
    channel: Named


class ThreadSaid(_Strict):
    """A `link` to a message, or its channel and `ts`."""

    link: Annotated[str, StringConstraints(max_length=500)] = ""
    channel: Named | None = None
    ts: Timestamp | None = None

    @property
    def place(self) -> tuple[str, str]:
        """The channel as it was named, and the message. Raises PersonMends."""
        found = _LINK.search(self.link)
        if found:
            return found[1], found[4] or f"{found[2]}.{found[3]}"
        if self.channel is None or self.ts is None:
            raise PersonMends("This names no thread.", "Give the link of a message, or its channel and ts.")
        return self.channel, self.ts


def moment(since: str | int, now: datetime) -> datetime | None:
    """A number of days back, or a date, which begins in the time zone of `now`; None for nothing. Raises ValueError."""
    text = str(since).strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= _LARGEST_DAYS:
        return now - timedelta(days=int(text))
    try:
        if not text.isascii() or len(text) > 10:
            raise ValueError
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=now.tzinfo)
        if not _EARLIEST <= day.year <= _LATEST:
            raise ValueError
    except ValueError:
        raise ValueError("say days back (7) or a date (2026-11-02)") from None
    return day


def problem_of(text: str) -> str:
    """Why a text cannot be posted as it is; empty when it can."""
    if not text.strip():
        return "There is no text."
    if _UNSEEN.search(text):
        return "It holds characters that nobody can see."
    room = len(text.encode("utf-16-le")) // 2 + 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))
    if len(text) > LONGEST or room > _ROOM:
        return f"It is too long: a message has at most {LONGEST:,} characters."
    return ""


A = TypeVar("A", bound=BaseModel)


def read(model: type[A], args: JsonObject) -> A:
    """The arguments as values. Raises PersonMends, which names the argument and not what was in it."""
    try:
        return model.model_validate(dict(args))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "arguments"
        raise PersonMends(f"This call cannot be made: {where}: {first['msg'].rstrip('.')}.") from None
    except (TypeError, ValueError):
        raise PersonMends("This call cannot be made: its arguments are not a JSON object.") from None
