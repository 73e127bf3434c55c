"""The one sender of Slack messages, as the core sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.contracts.errors import TimeMends
from bot.contracts.people import Member, Person, Profile

Blocks = Sequence[Mapping[str, Any]]
View = Mapping[str, Any]


class SlackAway(TimeMends):
    """Slack does not answer for now."""


@dataclass(frozen=True, slots=True)
class Message:
    """Blocks and the text that stands for them in notifications and for screen readers."""

    text: str
    blocks: Blocks = ()


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation. `name`: "#deploys", or "direct messages"; `members`: the user ids of the people in it, without
    bots; `outside`: people of other companies are in it too (Slack Connect)."""

    channel: str
    name: str
    is_private: bool
    members: frozenset[str]
    outside: bool = False


class Slack(Protocol):
    """Slack as the core uses it. All methods raise SlackAway when Slack is away, OperatorMends when the app lacks a
    scope or the channel is closed to it."""

    async def direct(self, person: Person) -> str:
        """The id of the app's direct-message channel with that person."""

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted:
        """Post. `key` travels in the message's metadata, so that `find` can tell it was posted."""

    async def find(self, channel: str, key: str, thread_ts: str | None = None) -> Posted | None:
        """A message of ours with that key among the latest 100 of the channel, or of the thread."""

    async def update(self, posted: Posted, message: Message) -> bool:
        """Replace the message; False when it is gone."""

    async def whisper(self, channel: str, person: Person, message: Message, thread_ts: str | None = None) -> None:
        """An ephemeral message, seen by that person alone: in the channel, or, where they or the app are not in it, in
        their direct messages."""

    async def update_view(self, view_id: str, view: View) -> bool:
        """Replace an open modal; False when it is open no more."""

    async def publish_home(self, person: Person, view: View) -> None: ...

    async def profile(self, person: Person) -> Profile: ...

    async def member(self, user: str) -> Member:
        """What somebody is at this moment: asked anew each time. Nobody of that id is a member who is not active."""

    async def group(self, group: str) -> frozenset[str]:
        """The user ids in a Slack user group at this moment; empty when there is no such group."""

    async def admins(self) -> frozenset[str]:
        """The user ids of those who administer the workspace; up to an hour old, so nothing is decided by it."""

    async def place(self, channel: str) -> Place | None:
        """A conversation the app is in, with who sees it at this moment; None when the app does not see it."""

    async def remove(self, posted: Posted) -> bool:
        """Delete a message of ours; False when it is gone already."""

    async def end_session(self, channel: str, thread_ts: str) -> None:
        """Show that the agent's session in that thread is at work no more, where there is one."""
