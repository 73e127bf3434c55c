"""The post agent: one message for one channel, as the person typed it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from bot.contracts.agents import Description, Store, Turn
from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.slack import Message, Place, View
from bot.contracts.tools import Call, Plan
from bot.views import help
from bot.views import post as views
from bot.views.values import CommandHelp

_EXAMPLE = "For example: /meshclaw post #deploys The release is at four."


class Channels(Protocol):
    """What the Slack connector offers to this agent."""

    async def find_channel(self, person: Person, name: str) -> Place:
        """A channel the person and the app are both in. Raises PersonMends with the nearest name."""

    def message(self, place: Place, text: str) -> Call:
        """The call that posts this text there. Raises PersonMends for a text that cannot be posted."""


class PostAgent:
    """`/meshclaw post`."""

    def __init__(self, description: Description) -> None:
        self.description = description

    @property
    def actions(self) -> Mapping[str, Callable[[Turn], Awaitable[None]]]:
        return {"run": self.run, "decided": self.told, "undone": self.told}

    def parse(self, text: str) -> JsonObject:
        channel, message = (*text.split(maxsplit=1), "", "")[:2]
        if not channel:
            raise PersonMends("Post needs a channel and a message.", _EXAMPLE)
        if not message.strip():
            raise PersonMends(f"There is no message for “{channel[:80]}”.", _EXAMPLE)
        return {"channel": channel, "text": message.strip()}

    def help(self) -> Message:
        one = self.description
        return help.command_help(CommandHelp(one.name, one.description, one.usage))

    async def view(self, name: str, person: Person, args: JsonObject, store: Store) -> View:
        raise PersonMends("There is nothing to open here.")

    async def run(self, turn: Turn) -> None:
        channels: Channels = turn.source("slack")
        place = await channels.find_channel(turn.person, str(turn.request.args["channel"]))
        call = channels.message(place, str(turn.request.args["text"]))
        done = await turn.propose(Plan(title=f"Post in {place.name}", calls=(call,), note=_readers(turn.person, place)))
        if done.denied:
            await turn.say("answer", views.denied(place.name, done.denied))

    async def told(self, turn: Turn) -> None:
        """The receipt says all there is to say."""


def _readers(person: Person, place: Place) -> str:
    """Who will read it, as things stand now."""
    others = len(place.members - {person.user})
    who = "Nobody else is" if not others else "1 other person is" if others == 1 else f"{others:,} other people are"
    note = f"{who} in {place.name} now."
    return f"{note} People of other companies are among them." if place.outside else note
