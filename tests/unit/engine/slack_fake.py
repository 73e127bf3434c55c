"""A Slack that remembers what stands in it and whom it knows, and can be away."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from bot.contracts.people import Member, Person, Profile
from bot.contracts.slack import Message, Place, Posted, SlackAway, View


def member(user: str, *, active: bool = True, guest: bool = False, bot: bool = False, admin: bool = False) -> Member:
    return Member(user, "T1", active=active, guest=guest, bot=bot, admin=admin)


@dataclass
class FakeSlack:
    """Implements `bot.contracts.slack.Slack`. `messages`: what stands where; `members`, `groups`: as Slack would say
    at this moment; whoever is in no list is a plain member. `asked`: called before each answer about people."""

    messages: dict[Posted, Message] = field(default_factory=dict)
    keys: dict[str, Posted] = field(default_factory=dict)
    whispers: list[tuple[Person, Message]] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    away: bool = False
    asked: Callable[[], Awaitable[None]] | None = None
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def direct(self, person: Person) -> str:
        self._answer()
        return f"D{person.user}"

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted:
        self._answer()
        posted = Posted(channel, f"{next(self._numbers)}.0")
        self.messages[posted], self.keys[key] = message, posted
        return posted

    async def find(self, channel: str, key: str) -> Posted | None:
        self._answer()
        return self.keys.get(key)

    async def update(self, posted: Posted, message: Message) -> bool:
        self._answer()
        stood = posted in self.messages
        self.messages[posted] = message
        return stood

    async def whisper(self, channel: str, person: Person, message: Message, thread_ts: str | None = None) -> None:
        self._answer()
        self.whispers.append((person, message))

    async def update_view(self, view_id: str, view: View) -> bool:
        return True

    async def publish_home(self, person: Person, view: View) -> None:
        self._answer()

    async def profile(self, person: Person) -> Profile:
        self._answer()
        return Profile(person.user.title(), "Europe/London", "en-GB")

    async def member(self, user: str) -> Member:
        await self._asked()
        return self.members.get(user) or member(user)

    async def group(self, group: str) -> frozenset[str]:
        await self._asked()
        return self.groups.get(group, frozenset())

    async def admins(self) -> frozenset[str]:
        self._answer()
        return frozenset(user for user, known in self.members.items() if known.admin)

    async def place(self, channel: str) -> Place | None:
        return None

    async def remove(self, posted: Posted) -> bool:
        self._answer()
        return self.messages.pop(posted, None) is not None

    def leaves(self, user: str) -> None:
        """Somebody's account is deactivated."""
        self.members[user] = replace(self.members.get(user) or member(user), active=False)

    def channels(self) -> list[str]:
        """Where messages stand, one for each."""
        return sorted(posted.channel for posted in self.messages)

    async def _asked(self) -> None:
        self._answer()
        if self.asked:
            await self.asked()

    def _answer(self) -> None:
        if self.away:
            raise SlackAway("Slack does not answer.")
