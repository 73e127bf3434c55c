"""What Slack hands out for a short time: trigger ids, and the links a reply may be sent to."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.workspace.errors import SlackError

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60.0
RESPONSE_USES = 5
_REMEMBERED = 20_000  # expired tickets kept, so that a late one is told "expired" rather than "invalid"


@dataclass(slots=True)
class Trigger:
    person: str
    expires: float
    view_id: str | None
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where an answer to one command or click goes: `ts` is the message that was clicked, if any."""

    person: str
    channel: str
    expires: float
    ts: str | None = None
    ephemeral: bool = False
    thread_ts: str | None = None
    uses: int = 0


class Tickets:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._triggers: OrderedDict[str, Trigger] = OrderedDict()
        self._responses: OrderedDict[str, ResponseUrl] = OrderedDict()

    def trigger(self, person: str, view_id: str | None = None) -> str:
        """A trigger id for that person, from inside a modal when `view_id` is given."""
        now = self._clock()
        id = f"{int(now * 1000)}.{secrets.randbelow(10**12):012d}.{secrets.token_hex(16)}"
        self._triggers[id] = Trigger(person, now + TRIGGER_SECONDS, view_id)
        _forget(self._triggers)
        return id

    def take(self, id: str) -> Trigger:
        """Uses a trigger up. Raises `SlackError`: invalid, expired or exchanged_trigger_id."""
        trigger = self._triggers.get(id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock() > trigger.expires:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger

    def response(
        self, person: str, channel: str, ts: str | None = None, *, ephemeral: bool = False, thread_ts: str | None = None
    ) -> str:
        """A new response link's token."""
        token = secrets.token_urlsafe(18)
        expires = self._clock() + RESPONSE_SECONDS
        self._responses[token] = ResponseUrl(person, channel, expires, ts, ephemeral, thread_ts)
        _forget(self._responses)
        return token

    def respond(self, token: str) -> ResponseUrl:
        """Counts one use of a response link. Raises `SlackError` with `expired_url` or `used_url`."""
        link = self._responses.get(token)
        if link is None or self._clock() > link.expires:
            raise SlackError("expired_url")
        if link.uses >= RESPONSE_USES:
            raise SlackError("used_url")
        link.uses += 1
        return link


def _forget(tickets: OrderedDict[str, Any]) -> None:
    while len(tickets) > _REMEMBERED:
        tickets.popitem(last=False)
