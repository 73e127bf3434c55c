"""What is said without being asked: reminders before a card expires, and loudly, what only admins may do."""

from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from bot.contracts.errors import OperatorMends
from bot.contracts.people import Person
from bot.contracts.policy import Policy
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Slack
from bot.engine.posts import Posts
from bot.gate.card import Card
from bot.gate.cards import Cards
from bot.gate.overrides import Override
from bot.gate.policy import in_quiet_hours
from bot.views import standing

_log = structlog.get_logger("engine.notify")


class Notices:
    """Posts what nobody asked for, each once. Keys of posts name nobody: they stand in the clear."""

    def __init__(self, cards: Cards, slack: Slack, posts: Posts, policy: Policy) -> None:
        self._cards = cards
        self._slack = slack
        self._posts = posts
        self._policy = policy

    async def remind(self, now: datetime) -> None:
        """Tell those who may decide a card that it expires soon; in quiet hours nobody, and later only if there is a
        later before it expires."""
        for card in await self._cards.to_remind(now + self._policy.remind_before):
            awake = [person for person in self._deciders(card) if not await self._is_quiet(person, now)]
            if not awake or card.expires <= now or not await self._cards.reminded(card, now):
                continue
            for number, person in enumerate(awake):
                tz = (await self._slack.profile(person)).tz
                asker = "" if person == card.person else card.person.user
                message = standing.reminder(card.plan.title, card.expires, tz, asker)
                await self._direct(person, f"reminder:{card.id}:{number}", message)

    async def glass_broken(self, override: Override) -> None:
        """Somebody may decide, for a while, what is not theirs to decide."""
        tz = (await self._slack.profile(override.person)).tz
        message = standing.glass_broken(override.person.user, override.reason, override.until, tz)
        await self._loudly(override.person, f"glass:{override.id}", message)

    async def glass_used(self, request: Request, card: Card) -> None:
        """Somebody decided what was not theirs to decide."""
        message = standing.glass_used(request.person.user, card.person.user, card.plan.title)
        await self._loudly(request.person, f"glass used:{request.key}", message)
        await self._direct(card.person, f"glass used:{request.key}:asker", message)

    async def stopped_all(self, admin: Person, reason: str, now: datetime) -> None:
        tz = (await self._slack.profile(admin)).tz
        message = standing.stop_announcement(admin.user, reason, now, tz)
        await self._loudly(admin, f"stop all:{now.isoformat()}", message)

    async def resumed_all(self, admin: Person, now: datetime) -> None:
        await self._loudly(admin, f"resume all:{now.isoformat()}", standing.resumed(admin.user, everyone=True))

    async def _loudly(self, person: Person, key: str, message: Message) -> None:
        """In the channel the policy names, and to every admin."""
        if self._policy.break_glass_channel:
            await self._put(key, self._policy.break_glass_channel, message)
        for number, user in enumerate(sorted({*self._policy.admins, *await self._slack.admins()})):
            await self._direct(Person(person.team, user), f"{key}:{number}", message)

    async def _direct(self, person: Person, key: str, message: Message) -> None:
        with suppress(OperatorMends):  # somebody who cannot be written to keeps nobody else from being told
            await self._put(key, await self._slack.direct(person), message)

    async def _put(self, key: str, channel: str, message: Message) -> None:
        try:
            await self._posts.put(key, channel, message)
        except OperatorMends as error:
            _log.warning("notice not posted", where=channel[:1], error=type(error).__name__)

    def _deciders(self, card: Card) -> list[Person]:
        users = [user for user in card.terms.shown_to if user[:1] in ("U", "W")]
        return [Person(card.person.team, user) for user in users] if users else [card.person]

    async def _is_quiet(self, person: Person, now: datetime) -> bool:
        zone = ZoneInfo((await self._slack.profile(person)).tz)
        return in_quiet_hours(self._policy, now.astimezone(zone).time())
