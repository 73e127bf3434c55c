"""Slack as a connector: the channels an agent may find, and the tools to post there. Nobody connects it: it is the
app itself, so the composition root builds it, around the one sender."""

import difflib
import re
from collections.abc import Mapping, Sequence

from bot.contracts.connectors import Check, Connection
from bot.contracts.errors import PersonMends
from bot.contracts.forms import FormField
from bot.contracts.people import Person
from bot.contracts.slack import Place
from bot.contracts.tools import Call, Tool
from connectors.slack.reads import ChannelsTool, ReadTool, ThreadTool, not_found
from connectors.slack.sender import Sender
from connectors.slack.tools import PostTool, UnsayTool, typed

_ID = re.compile(r"<#([CG][A-Z0-9]{2,30})(?:\|[^<>]*)?>|#?([CG][A-Z0-9]{6,30})")
_SHOWN = 80


class SlackConnector:
    """Implements `contracts.Connector`."""

    name = "slack"
    title = "Slack"

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def tools(self) -> Sequence[Tool]:
        sender = self._sender
        reads = (ChannelsTool(sender), ReadTool(sender, self.find_channel), ThreadTool(sender, self.find_channel))
        return (*reads, PostTool(sender, self.find_channel), UnsayTool(sender))

    async def find_channel(self, person: Person, name: str) -> Place:
        """A channel the person and the app are both in, by `#name`, `name` or Slack's own `<#C1|name>`. Raises
        PersonMends for any other, in the same words whether it exists or not."""
        ours = await self._sender.channels()
        theirs = await self._sender.channels(person.user)
        shared = {channel: shown for channel, shown in ours.items() if channel in theirs}
        channel = _chosen(name.strip(), shared)
        place = await self._sender.place(channel) if channel else None
        if place is None or person.user not in place.members:
            raise _not_found(name.strip(), shared)
        return place

    def message(self, place: Place, text: str) -> Call:
        """The call that posts this text there. Raises PersonMends for a text that cannot be posted."""
        return Call(PostTool.name, {"channel": place.channel, "place": place.name, "text": typed(text)})

    def form(self) -> Sequence[FormField]:
        return ()

    async def prove(self, values: Mapping[str, str]) -> Connection:
        raise PersonMends("There is nothing to connect: MeshClaw is in Slack already.")

    async def checks(self) -> Sequence[Check]:
        """None of its own: `bot_checks` and `app_check` need the tokens."""
        return ()

    async def close(self) -> None:
        """Nothing is held open."""


def _chosen(name: str, shared: Mapping[str, str]) -> str | None:
    if (found := _ID.fullmatch(name)) and (channel := found[1] or found[2]) in shared:
        return channel
    wanted = _plain(name)
    return next((channel for channel, shown in shared.items() if _plain(shown) == wanted), None)


def _plain(name: str) -> str:
    return name.removeprefix("#").casefold()


def _not_found(name: str, shared: Mapping[str, str]) -> PersonMends:
    known = {_plain(shown): shown for shown in shared.values()}
    nearest = difflib.get_close_matches(_plain(name)[:_SHOWN], known, n=1, cutoff=0.5)
    return not_found(name[:_SHOWN], known[nearest[0]] if nearest else "")
