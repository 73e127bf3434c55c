"""The shapes of what Slack sends, looked at once before anything else: what is of another shape is nobody's wish."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import structlog
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from slack_bolt.response import BoltResponse

_MOST_VALUE = 3_000
_log = structlog.get_logger("handlers")


def _writable(text: str) -> str:
    """Whole characters alone, so that it can be written down anywhere."""
    if "\x00" in text:
        raise ValueError("a NUL")
    text.encode()  # raises ValueError for half a character
    return text


_Id = Annotated[str, Field(pattern=re.compile(r"^[\x21-\x7e]{1,255}\Z"))]
_Word = Annotated[str, Field(max_length=255), AfterValidator(_writable)]
_Value = Annotated[str, Field(max_length=_MOST_VALUE), AfterValidator(_writable)]
_Text = Annotated[str, AfterValidator(_writable)]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, regex_engine="python-re")


class _Named(_Shape):
    id: _Id


class _User(_Named):
    team_id: _Id | None = None


class _Option(_Shape):
    value: _Value | None = None


class _Action(_Shape):
    action_id: _Word
    block_id: _Word | None = None
    action_ts: _Id | None = None
    value: _Value | None = None
    selected_option: _Option | None = None


class _Container(_Shape):
    channel_id: _Id | None = None
    message_ts: _Id | None = None
    thread_ts: _Id | None = None
    view_id: _Id | None = None


class _Entered(_Shape):
    value: _Text | None = None
    selected_date: _Word | None = None
    selected_option: _Option | None = None
    selected_options: list[_Option] | None = None


class _State(_Shape):
    values: dict[_Word, dict[_Word, _Entered]]


class _View(_Named):
    type: _Word
    callback_id: _Word | None = None
    hash: _Word | None = None
    root_view_id: _Id | None = None
    private_metadata: _Value | None = None
    state: _State | None = None
    blocks: list[dict[str, Any]] = []


class _Interaction(_Shape):
    user: _User
    team: _Named | None = None
    view: _View | None = None


class _Click(_Interaction):
    trigger_id: _Id
    actions: Annotated[list[_Action], Field(min_length=1)]
    container: _Container | None = None
    channel: _Named | None = None


class _Submitted(_View):
    callback_id: _Word
    state: _State


class _Submission(_Interaction):
    view: _Submitted


class _Message(_Shape):
    ts: _Id
    thread_ts: _Id | None = None
    user: _Id | None = None
    text: _Text | None = None


class _Shortcut(_Interaction):
    callback_id: _Word
    trigger_id: _Id
    channel: _Named
    message: _Message


class _Command(_Shape):
    command: _Word
    team_id: _Id
    user_id: _Id
    trigger_id: _Id
    channel_id: _Id
    text: _Text | None = None


class _Event(_Shape):
    type: _Word
    subtype: _Word | None = None
    user: _Id | None = None
    bot_id: _Id | None = None
    channel: Any = None
    channel_type: _Word | None = None
    thread_ts: _Id | None = None
    text: _Text | None = None


class _Earlier(_Shape):
    """A message as it stood before, or stands now."""

    subtype: _Word | None = None
    user: _Id | None = None
    bot_id: _Id | None = None
    ts: _Id | None = None
    thread_ts: _Id | None = None
    text: _Text | None = None


class _File(_Shape):
    name: _Text | None = None


class _Said(_Event):
    channel: _Id
    ts: _Id | None = None
    message: _Earlier | None = None
    previous_message: _Earlier | None = None
    files: list[_File] | None = None


class _Mention(_Said):
    ts: _Id


class _Opened(_Event):
    user: _Id
    channel: _Id
    tab: _Word | None = None


class _Stopped(_Event):
    user: _Id
    channel: _Id


_INTERACTIONS: Mapping[str, type[_Interaction]] = {
    "block_actions": _Click,
    "view_submission": _Submission,
    "message_action": _Shortcut,
}
_EVENTS: Mapping[str, type[_Event]] = {
    "message": _Said,
    "app_mention": _Mention,
    "app_home_opened": _Opened,
    "agent_session_stopped": _Stopped,
}


class _Delivery(_Shape):
    team_id: _Id
    event_id: _Id
    event: dict[str, Any]


async def only_sound(body: Mapping[str, Any], next: Callable[[], Awaitable[None]]) -> BoltResponse | None:
    """Middleware: what has a shape of Slack's goes on; anything else is acknowledged, and nothing comes of it."""
    if is_sound(body):
        await next()
        return None
    return nothing_of_it()


def nothing_of_it() -> BoltResponse:
    """The answer to what Slack does not send: it need not be sent again."""
    _log.warning("payload of no known shape")
    return BoltResponse(status=200, body="")


def is_sound(body: Any) -> bool:
    """Whether Slack sends something of this shape, of a kind that is taken here."""
    try:
        _check(body)
    except (ValidationError, AttributeError, LookupError, TypeError, RecursionError):
        return False
    return True


def _check(body: Any) -> None:
    if "command" in body:
        _Command.model_validate(body)
    elif "event" in body:
        event = _Delivery.model_validate(body).event
        _EVENTS.get(event["type"], _Event).model_validate(event)
    else:
        _INTERACTIONS[body["type"]].model_validate(body)
