"""The thread a request came from, as agents see it."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from bot.contracts.agents import Thread
from bot.contracts.answers import Began, Conversations, Heard, SessionStatus, Stream
from bot.contracts.errors import MeshClawError, PersonMends
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.slack import Place, Posted, Slack

_NAMES = 20
"""People of a thread whose names are looked up."""


class TalkingSlack(Slack, Conversations, Protocol):
    """Slack with what it has for conversations."""


@dataclass(frozen=True, slots=True)
class LiveThread:
    """Implements `bot.contracts.agents.Thread`. `ts`: that of the thread's first message."""

    slack: TalkingSlack
    request: Request
    channel: str
    ts: str

    async def place(self) -> Place | None:
        if self.channel == await self.slack.direct(self.request.person):
            return None
        place = await self.slack.place(self.channel)
        if place is None:
            raise PersonMends("MeshClaw is not in that channel.", "Invite it there: /invite @MeshClaw")
        return place

    async def messages(self, limit: int) -> tuple[Heard, ...]:
        heard = await self.slack.thread(self.channel, self.ts, limit)
        people = dict.fromkeys(one.user for one in heard if not (one.name or one.by_us))
        names = {user: await self._name(user) for user in list(people)[:_NAMES]}
        return tuple(replace(one, name=one.name or names.get(one.user, "")) for one in heard)

    async def _name(self, user: str) -> str:
        """Empty where Slack does not tell it."""
        with suppress(MeshClawError):
            return (await self.slack.profile(Person(self.request.person.team, user))).name
        return ""

    def stream(self, began: Began) -> Stream:
        return self.slack.open_stream(self.channel, self.ts, self.request.person, began=began)

    async def status(self, text: str, loading: Sequence[str] = ()) -> None:
        with suppress(MeshClawError):
            await self.slack.status(self.channel, self.ts, text, loading)

    async def session(self, status: SessionStatus) -> None:
        with suppress(MeshClawError):
            await self.slack.session(self.channel, self.ts, status)

    async def clear(self, begun: str, known: Collection[str]) -> None:
        since = str(self.request.args.get("ts") or self.ts)
        left = [Posted(self.channel, begun)] if begun else []
        left += await self.slack.orphans(self.channel, self.ts, since, frozenset(known))
        for posted in left:
            await self.slack.mend(posted)
            await self.slack.remove(posted)


def thread_of(request: Request, slack: TalkingSlack) -> Thread:
    """Raises PersonMends for a request that came from no thread."""
    if not (request.channel and request.thread_ts):
        raise PersonMends("This was asked in no thread.", "Write it as a message.")
    return LiveThread(slack, request, request.channel, request.thread_ts)
