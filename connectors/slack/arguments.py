"""The arguments of the Slack tools, as their callers write them: plain JSON, checked to the letter."""

import re
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, field_validator

from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject

LONGEST = 3_000
"""Characters of one message."""
_ROOM = 12_000
"""What Slack takes of a message, as it counts: `&`, `<` and `>` escaped."""
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")

Channel = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{2,30}\Z")]
Place = Annotated[str, StringConstraints(pattern=r"^#[^\x00-\x1f\x7f\ud800-\udfff]{1,80}\Z")]
Timestamp = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}\.[0-9]{6}\Z")]


class _Arguments(BaseModel):
    """`place`: the channel's name as the person is shown it, which must be true of that channel."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, regex_engine="python-re")

    channel: Channel
    place: Place
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


A = TypeVar("A", bound=_Arguments)


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
