"""What Slack hands out for a short time: trigger ids, and the links a reply may be sent to."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.workspace.errors import SlackError
from bot.workspace.model import ResponseUrl

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60.0
RESPONSE_USES = 5
_TRIGGERS_KEPT = 20_000  # also expired ones, so that a late one is told "expired" rather than "invalid"


@dataclass(slots=True)
class Trigger:
    person: str
    expires: float
    view_id: str | None
    used: bool = False


class Tickets:
    """Trigger ids live in memory; response links are kept (`keep`, by token; None when expired), as they outlive us."""

    def __init__(self, clock: Callable[[], float], keep: Callable[[str, ResponseUrl | None], None]) -> None:
        self._clock = clock
        self._keep = keep
        self._triggers: OrderedDict[str, Trigger] = OrderedDict()
        self._responses: OrderedDict[str, ResponseUrl] = OrderedDict()

    def populate(self, kept: Iterable[ResponseUrl]) -> None:
        """Takes over the links of an earlier run."""
        self._responses.update((link.token, link) for link in sorted(kept, key=_expiry))
        self._forget_expired()

    def trigger(self, person: str, view_id: str | None = None) -> str:
        """A trigger id for that person, from inside a modal when `view_id` is given."""
        now = self._clock()
        id = f"{int(now * 1000)}.{secrets.randbelow(10**12):012d}.{secrets.token_hex(16)}"
        self._triggers[id] = Trigger(person, now + TRIGGER_SECONDS, view_id)
        while len(self._triggers) > _TRIGGERS_KEPT:
            self._triggers.popitem(last=False)
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
        link = self._responses[token] = ResponseUrl(token, person, channel, expires, ts, ephemeral, thread_ts)
        self._keep(token, link)
        self._forget_expired()
        return token

    def respond(self, token: str) -> ResponseUrl:
        """Counts one use of a response link. Raises `SlackError` with `expired_url` or `used_url`."""
        link = self._responses.get(token)
        if link is None or self._clock() > link.expires:
            raise SlackError("expired_url")
        if link.uses >= RESPONSE_USES:
            raise SlackError("used_url")
        link.uses += 1
        self._keep(token, link)
        return link

    def _forget_expired(self) -> None:
        now = self._clock()
        while self._responses and next(iter(self._responses.values())).expires < now:
            token, _ = self._responses.popitem(last=False)
            self._keep(token, None)


def _expiry(link: ResponseUrl) -> float:
    return link.expires
