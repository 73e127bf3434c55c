"""Answers where more than one person reads: an answer in a wider place than what it was made from asks first."""

from collections.abc import Awaitable, Callable

from bot.contracts.agents import Proposed
from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.slack import Place, Slack
from bot.contracts.tools import Call, Plan
from bot.engine.posts import Posts
from bot.views import notices

POST = "slack.post"


def is_wider(place: Place, person: Person, seen_by: frozenset[str]) -> bool:
    """Whether somebody would read it there who might not see what it was made from."""
    return place.outside or bool(place.members - seen_by - {person.user})


class Replies:
    """Says what agents answer, in the place they were asked in."""

    def __init__(self, slack: Slack, posts: Posts, propose: Callable[[Request, Plan], Awaitable[Proposed]]) -> None:
        self._slack = slack
        self._posts = posts
        self._propose = propose

    async def _asked(self, request: Request, plan: Plan) -> bool:
        """Whether it waits on a card, or goes out by a permission of theirs."""
        try:
            proposed = await self._propose(request, plan)
        except PersonMends:
            return False
        return bool(proposed.waiting or proposed.granted)

    async def reply(self, request: Request, name: str, text: str, seen_by: frozenset[str]) -> None:
        """Post it where it was asked for, when nobody reads there who may not; else lay it before the person."""
        direct = await self._slack.direct(request.person)
        key = f"{request.key}:{name}"
        if request.channel in (None, direct):
            await self._posts.put(key, direct, notices.said(text), request.thread_ts)
            return
        place = await self._slack.place(str(request.channel))
        if place is None:
            await self._posts.put(key, direct, notices.said(text))
        elif is_wider(place, request.person, seen_by):
            args = {"channel": place.channel, "place": place.name, "text": text}
            thread = {"thread_ts": request.thread_ts} if request.thread_ts else {}
            plan = Plan(
                f"Answer in {place.name}",
                (Call(POST, {**args, **thread}),),
                sources="what only you may see",
                note=f"{len(place.members)} people can read it there.",
            )
            if not await self._asked(request, plan):  # then it is theirs alone, and not lost
                await self._posts.put(key, direct, notices.said(text))
        else:
            await self._posts.put(key, place.channel, notices.said(text), request.thread_ts)
