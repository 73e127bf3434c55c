"""What a person's agents may read in Slack: channels that the person and the app are both in, at this very moment.

Any other channel is refused in the words for one that does not exist. A message is one line, so that none can pass
for another, and its address is made here.
"""

import asyncio
import html
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Person, Profile
from bot.contracts.slack import Place
from bot.contracts.tools import CallView, Effect, Facets, Noun, Offer, Reading, Tool, ToolContext
from connectors.slack.api import CLOSED, Refused
from connectors.slack.arguments import (
    ChannelsArguments,
    ReadArguments,
    ReadSaid,
    ThreadArguments,
    ThreadSaid,
    moment,
    read,
)
from connectors.slack.history import Found
from connectors.slack.tools import Find
from connectors.slack.words import on_one_line

THREAD = 100
"""Answers of a thread that are read."""
_LONGEST, _ROOM = 1_500, 20_000
_NAMES = 30
"""People looked up for one reading; others are called by their ids."""
_TOPIC = 150
_NEWS = frozenset(("channel_join", "channel_leave", "group_join", "group_leave", "tombstone"))

_SPECIAL = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_MESSAGES = Noun("message", "messages")


class _Reads(Protocol):
    """What stands in channels."""

    async def listing(self, user: str | None = None) -> Mapping[str, Found]: ...

    async def latest(self, channel: str, oldest: float, limit: int) -> tuple[Sequence[Found], bool]: ...

    async def thread(self, channel: str, ts: str, limit: int) -> tuple[Sequence[Found], bool]: ...

    async def link(self, channel: str, ts: str, thread_ts: str | None = None) -> str: ...


class _Slack(Protocol):
    """What the tools need of the sender."""

    @property
    def history(self) -> _Reads: ...

    async def place(self, channel: str) -> Place | None: ...

    async def profile(self, person: Person) -> Profile: ...


def _object(required: Sequence[str], properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


_CHANNEL: JsonObject = {"type": "string", "description": "The channel, such as #deploys", "maxLength": 100}

CHANNELS = Offer(
    "Looking at your channels",
    "List the Slack channels that can be read for this person: those that they and MeshClaw are both in.",
    _object((), {}),
)
READ = Offer(
    "Reading a channel",
    "Read the latest messages of a Slack channel the person is in, with the number of replies to each. Use "
    "slack.thread for the replies themselves.",
    _object(
        ("channel",),
        {
            "channel": _CHANNEL,
            "since": {"type": "string", "description": "Days back, such as 2, or a date, such as 2026-11-02"},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100, "description": "30 unless said"},
        },
    ),
)
THREAD_OFFER = Offer(
    "Reading a thread",
    "Read a thread of a Slack channel the person is in: the link of one of its messages, or channel and ts.",
    _object(
        (),
        {
            "link": {"type": "string", "description": "A link as slack.read lists it", "maxLength": 500},
            "channel": _CHANNEL,
            "ts": {"type": "string", "description": "The time stamp of a message, such as 1793181600.000100"},
        },
    ),
)


class ChannelsTool(Tool):
    """`slack.channels`: where there is something to read."""

    name = "slack.channels"
    effect: Effect | None = Effect.READ

    def __init__(self, slack: _Slack) -> None:
        self._slack = slack

    def check(self, args: JsonObject) -> None:
        read(ChannelsArguments, args)

    def describe(self, args: JsonObject) -> CallView:
        read(ChannelsArguments, args)
        return CallView("List", "your channels", "", (), False, own=True)

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        return None if 0 in left_out else args

    def offer(self) -> Offer | None:
        return CHANNELS

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        self.check(said)
        return {}

    async def read(self, context: ToolContext, args: JsonObject) -> Reading:
        self.check(args)
        ours, theirs = await asyncio.gather(
            self._slack.history.listing(), self._slack.history.listing(context.person.user)
        )
        shared = sorted((each for channel, each in ours.items() if channel in theirs), key=lambda each: each["name"])
        if not shared:
            return Reading("You and MeshClaw are in no channel together.", "Slack")
        lines = [_channel_line(each) for each in shared]
        return Reading(_cut(["Channels that you and MeshClaw are both in:", *lines]), "Slack")


class ReadTool(Tool):
    """`slack.read`: the latest messages of a channel."""

    name = "slack.read"
    effect: Effect | None = Effect.READ

    def __init__(self, slack: _Slack, find: Find) -> None:
        self._slack, self._find = slack, find

    def check(self, args: JsonObject) -> None:
        read(ReadArguments, args)

    def describe(self, args: JsonObject) -> CallView:
        given = read(ReadArguments, args)
        since = str(given.since).strip()
        what = f"since {since}" if "-" in since else f"of the last {since} days" if since else "the latest"
        return CallView("Read", given.place, "", (f"{what}, at most {given.limit}",), False, things=_MESSAGES)

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        return None if 0 in left_out else args

    def facets(self, args: JsonObject) -> Facets:
        return {"channel": (read(ReadArguments, args).channel,)}

    def offer(self) -> Offer | None:
        return READ

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        given = read(ReadSaid, {name: value for name, value in said.items() if value is not None})
        place = await self._find(person, given.channel)
        return {"channel": place.channel, "place": place.name, **given.model_dump(include={"since", "limit"})}

    async def read(self, context: ToolContext, args: JsonObject) -> Reading:
        given = read(ReadArguments, args)
        place = await _seen(self._slack, context.person, given.channel, given.place)
        zone = await _zone(self._slack, context.person)
        since = moment(given.since, datetime.now(zone))
        try:
            messages, more = await self._slack.history.latest(
                place.channel, since.timestamp() if since else 0.0, given.limit
            )
        except Refused as refused:
            raise _refused(refused, given.place) from None
        heading = f"{place.name}, the latest messages, oldest first, times in {zone.key}:"
        lines = await _Lines(self._slack, context.person, place.channel, zone).of(messages)
        lines += ["There are older ones."] if more else []
        text = _cut([heading, *lines]) if messages else f"{place.name}: no messages{' since then' if since else ''}."
        return Reading(text, place.name, place.members)


class ThreadTool(Tool):
    """`slack.thread`: one thread of a channel."""

    name = "slack.thread"
    effect: Effect | None = Effect.READ

    def __init__(self, slack: _Slack, find: Find) -> None:
        self._slack, self._find = slack, find

    def check(self, args: JsonObject) -> None:
        read(ThreadArguments, args)

    def describe(self, args: JsonObject) -> CallView:
        given = read(ThreadArguments, args)
        begun = datetime.fromtimestamp(float(given.ts), UTC)
        item = f"thread of {begun.day} {begun:%B %Y, %H:%M:%S} UTC"
        return CallView("Read", given.place, "", (item,), False, things=Noun("thread", "threads"))

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        return None if 0 in left_out else args

    def facets(self, args: JsonObject) -> Facets:
        return {"channel": (read(ThreadArguments, args).channel,)}

    def offer(self) -> Offer | None:
        return THREAD_OFFER

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        named = read(ThreadSaid, {name: value for name, value in said.items() if value is not None})
        channel, ts = named.place
        place = await self._find(person, channel)
        return {"channel": place.channel, "place": place.name, "ts": ts}

    async def read(self, context: ToolContext, args: JsonObject) -> Reading:
        given = read(ThreadArguments, args)
        place = await _seen(self._slack, context.person, given.channel, given.place)
        try:
            messages, more = await self._slack.history.thread(place.channel, given.ts, THREAD)
        except Refused as refused:
            raise _refused(refused, given.place) from None
        if not messages:
            raise PersonMends(f"There is no such thread in {place.name}.", "Use a link that slack.read lists.")
        zone = await _zone(self._slack, context.person)
        lines = await _Lines(self._slack, context.person, place.channel, zone).of(messages)
        if more:
            lines.insert(1, "(Some answers were left out here.)")
        heading = f"A thread in {place.name}, oldest first, times in {zone.key}:"
        return Reading(_cut([heading, *lines]), place.name, place.members)


class _Lines:
    """Messages of one channel as lines, for one person."""

    def __init__(self, slack: _Slack, person: Person, channel: str, zone: ZoneInfo) -> None:
        self._slack, self._person, self._channel, self._zone = slack, person, channel, zone
        self._names: Mapping[str, str] = {}

    async def of(self, messages: Sequence[Found]) -> list[str]:
        messages = [each for each in messages if each.get("subtype") not in _NEWS]
        self._names = await self._looked_up(messages)
        return [await self._line(each) for each in messages]

    async def _looked_up(self, messages: Sequence[Found]) -> Mapping[str, str]:
        """Names of those who wrote and of those who are mentioned."""
        wrote = [str(each["user"]) for each in messages if each.get("user")]
        mentioned = [
            found[2] for each in messages for found in _SPECIAL.finditer(str(each.get("text"))) if found[1] == "@"
        ]
        users = list(dict.fromkeys(wrote + mentioned))[:_NAMES]
        return dict(zip(users, await asyncio.gather(*map(self._name, users)), strict=True))

    async def _name(self, user: str) -> str:
        try:
            name = (await self._slack.profile(Person(self._person.team, user))).name
        except Refused:
            name = ""
        return _line_of(name)[:80] or user

    async def _line(self, message: Found) -> str:
        ts = str(message["ts"])
        root = message.get("thread_ts")
        link = await self._slack.history.link(self._channel, ts, str(root) if root else None)
        when = datetime.fromtimestamp(float(ts), self._zone)
        replies = int(message.get("reply_count") or 0)
        counted = f", {replies} {'reply' if replies == 1 else 'replies'}" if replies else ""
        user = str(message.get("user") or "")
        who = self._names.get(user) or _line_of(str(message.get("username") or "")) or user or "an app"
        return f"[{link}] {when:%Y-%m-%d %H:%M}{counted}, {who}: {self._text(message)}"

    def _text(self, message: Found) -> str:
        text = html.unescape(_SPECIAL.sub(self._special, str(message.get("text") or "")))
        names = [str(file.get("name") or "") for file in message.get("files") or () if isinstance(file, Mapping)]
        files = f" (files: {_line_of(', '.join(names))[:200]})" if names else ""
        line = _line_of(text)
        return f"{line[:_LONGEST]}{'…' if len(line) > _LONGEST else ''}{files}" or "(no text)"

    def _special(self, found: re.Match[str]) -> str:
        """What Slack writes between angle brackets: people, channels, groups and links."""
        sign, target, label = found[1], found[2], found[3] or ""
        if sign == "@":
            return f"@{self._names.get(target) or label or target}"
        if sign == "#":
            return f"#{label or 'a channel'}"
        if sign == "!":
            return label or f"@{target.partition('^')[0]}"
        return f"{label} ({target})" if label and label != target else target


async def _seen(slack: _Slack, person: Person, channel: str, shown: str) -> Place:
    """The channel, if the person and the app are in it now. Raises PersonMends, as if it did not exist."""
    place = await slack.place(channel)
    if place is None or person.user not in place.members:
        raise not_found(shown)
    return place


def not_found(name: str, nearest: str = "") -> PersonMends:
    """Said of every channel the two are not both in, whether there is one of that name or not."""
    message = f"You and MeshClaw are not both in a channel “{name}”."
    if nearest:
        return PersonMends(message, f"Did you mean {nearest}?")
    return PersonMends(message, "Invite MeshClaw there: type /invite @MeshClaw in that channel.")


def _refused(refused: Refused, shown: str) -> Exception:
    return not_found(shown) if refused.code in CLOSED else refused


async def _zone(slack: _Slack, person: Person) -> ZoneInfo:
    try:
        return ZoneInfo((await slack.profile(person)).tz)
    except (Refused, KeyError, ValueError, OSError):  # nobody knows it, or there is none of that name here
        return ZoneInfo("UTC")


def _channel_line(channel: Mapping[str, Any]) -> str:
    topic = _line_of(html.unescape(str((channel.get("topic") or {}).get("value") or "")))[:_TOPIC]
    count = channel.get("num_members")
    told = [f"{count} member{'' if count == 1 else 's'}"] if isinstance(count, int) else []
    told += [topic] if topic else []
    return f"#{channel['name']}{': ' if told else ''}{'; '.join(told)}"


def _line_of(text: str) -> str:
    """A text as one line, without what nobody sees."""
    joined = on_one_line("\n".join(text.strip().splitlines()))
    return "".join(letter for letter in joined if letter.isprintable())


def _cut(lines: Sequence[str]) -> str:
    """As many of the lines as there is room for; the newest stay."""
    heading, *rest = lines
    room, kept = _ROOM - len(heading), 0
    for line in reversed(rest):
        room -= len(line) + 1
        if room < 0:
            break
        kept += 1
    left_out = [] if kept == len(rest) else ["(What was before that was left out.)"]
    return "\n".join([heading, *left_out, *rest[len(rest) - kept :]])
