"""What a person's agents can do in Slack: post a message in a channel in their name, and take it back."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol

from bot.contracts.errors import OutcomeUnknown, PersonMends
from bot.contracts.forms import FormField
from bot.contracts.json import Json, JsonObject
from bot.contracts.people import Person
from bot.contracts.slack import Message, Place, Posted, SlackAway
from bot.contracts.tools import Call, CallView, Effect, Facets, Noun, Offer, Outcome, Tool, ToolContext, Unfinished
from connectors.slack.api import Refused
from connectors.slack.arguments import LONGEST, PostArguments, PostSaid, UnsayArguments, problem_of, read
from connectors.slack.history import Found
from connectors.slack.words import message, on_one_line, still_says

_MESSAGES = Noun("message", "messages")
_NOT_ALLOWED = {
    "is_archived": "It is archived.",
    "restricted_action": "Only some people may post there.",
    "restricted_action_read_only_channel": "Nobody may post there.",
    "restricted_action_thread_only_channel": "Only answers may be posted there.",
    "restricted_action_non_threadable_channel": "No answers may be posted there.",
    "thread_not_found": "The thread is not there any more.",
}


Find = Callable[[Person, str], Awaitable[Place]]
"""A channel that the person and the app are both in, by its name. Raises PersonMends for any other."""

POST = Offer(
    "Preparing a message",
    "Post a message in a Slack channel, in the person's name. Others will read it; it can be taken back. The text "
    "stands there letter by letter: no markup, no mentions, no links. Use it only when the person asked for a message "
    "to be posted there.",
    {
        "type": "object",
        "properties": {
            "channel": {"type": "string", "description": "The channel, such as #deploys", "maxLength": 100},
            "text": {"type": "string", "description": "The message, plain text", "minLength": 1, "maxLength": LONGEST},
        },
        "required": ["channel", "text"],
        "additionalProperties": False,
    },
)


class _History(Protocol):
    async def seek(self, channel: str, key: str, thread_ts: str | None = None) -> Posted | None: ...

    async def message(self, posted: Posted, thread_ts: str | None = None) -> Found | None: ...


class _Slack(Protocol):
    """What the tools need of the sender."""

    @property
    def history(self) -> _History: ...

    async def place(self, channel: str) -> Place | None: ...

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted: ...

    async def remove(self, posted: Posted) -> bool: ...


class PostTool(Tool):
    """`slack.post`: one message in a channel that the person and the app are in; taken back by deleting it."""

    name = "slack.post"
    effect: Effect | None = Effect.SEND

    def __init__(self, slack: _Slack, find: Find) -> None:
        self._slack, self._find = slack, find

    def check(self, args: JsonObject) -> None:
        read(PostArguments, args)

    def describe(self, args: JsonObject) -> CallView:
        return _view("Post", read(PostArguments, args), reversible=True)

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        return None if 0 in left_out else args

    def facets(self, args: JsonObject) -> Facets:
        given = read(PostArguments, args)
        return {"channel": (given.channel,), "text": (given.text,)}

    def fields(self, args: JsonObject) -> Sequence[FormField]:
        given = read(PostArguments, args)
        return (FormField("text", "Message", "long", hint=f"It goes to {given.place}.", initial=given.text),)

    def edited(self, args: JsonObject, values: Mapping[str, str]) -> JsonObject:
        given, text = read(PostArguments, args), values.get("text", "")
        return args if text == given.text else {**args, "text": typed(text, field="text")}

    def offer(self) -> Offer | None:
        return POST

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        given = read(PostSaid, said)
        text = typed(given.text)
        place = await self._find(person, given.channel)
        return {"channel": place.channel, "place": place.name, "text": text}

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        given = read(PostArguments, args)
        _open_to(context.person, await self._slack.place(given.channel), given.place)
        words = message(context.person, given.text)
        try:
            posted = await self._slack.post(given.channel, words, key=context.action_id, thread_ts=given.thread_ts)
        except SlackAway:  # it may have taken the message before it went away
            raise OutcomeUnknown("Slack went away while the message was being posted.") from None
        except Refused as refused:
            if refused.code not in _NOT_ALLOWED:
                raise
            raise PersonMends(f"Nothing was posted in {given.place}.", _NOT_ALLOWED[refused.code]) from None
        return _posted(given, posted)

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        given = read(PostArguments, args)
        try:
            posted = await self._slack.history.seek(given.channel, context.action_id, given.thread_ts)
        except OutcomeUnknown:
            return None
        if posted is None:
            return Unfinished(Outcome("done"), Call(self.name, args))
        return Unfinished(_posted(given, posted), None)


class UnsayTool(Tool):
    """`slack.unsay`: delete a message that `slack.post` has posted for the same person, unless it was changed since."""

    name = "slack.unsay"
    effect: Effect | None = Effect.SEND

    def __init__(self, slack: _Slack) -> None:
        self._slack = slack

    def check(self, args: JsonObject) -> None:
        read(UnsayArguments, args)

    def describe(self, args: JsonObject) -> CallView:
        return _view("Delete", read(UnsayArguments, args), reversible=False)

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        return None if 0 in left_out else args

    def facets(self, args: JsonObject) -> Facets:
        given = read(UnsayArguments, args)
        return {"channel": (given.channel,), "text": (given.text,)}

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        given = read(UnsayArguments, args)
        posted = Posted(given.channel, given.ts)
        found = await self._slack.history.message(posted, given.thread_ts)
        if found is None:
            return _gone()
        if not still_says(found, context.person, given.text):
            return Outcome("failed", note="It no longer says what was posted for you, and was left alone.")
        try:
            removed = await self._slack.remove(posted)
        except SlackAway:
            raise OutcomeUnknown("Slack went away while the message was being deleted.") from None
        return Outcome("done", count=1) if removed else _gone()

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        """Whoever deleted it, it is deleted."""
        given = read(UnsayArguments, args)
        found = await self._slack.history.message(Posted(given.channel, given.ts), given.thread_ts)
        if found is None:
            return Unfinished(Outcome("done", count=1), None)
        return Unfinished(Outcome("done"), Call(self.name, args))


def typed(text: str, *, field: str | None = None) -> str:
    """A message as somebody typed it, ready to be posted. Raises PersonMends for one that cannot be."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ").strip()
    if problem := problem_of(text):
        raise PersonMends(problem, f"Write a message of 1 to {LONGEST:,} characters.", field=field)
    return text


def _view(verb: str, given: PostArguments | UnsayArguments, *, reversible: bool) -> CallView:
    """The message is one thing, whatever its length; all of it is shown."""
    return CallView(
        verb=verb,
        subject=given.place,
        where=given.thread,
        items=(on_one_line(given.text),),
        reversible=reversible,
        things=_MESSAGES,
    )


def _open_to(person: Person, place: Place | None, shown: str) -> None:
    """Raises PersonMends unless the person and the app are there, and it is the place the person was shown."""
    if place is None:
        raise PersonMends(f"MeshClaw is not in {shown}.", "Invite it there: type /invite @MeshClaw in that channel.")
    if person.user not in place.members:
        raise PersonMends(f"You are not in {shown}.", "Join that channel first.")
    if place.name != shown:
        raise PersonMends(f"{shown} is called {place.name} now.", "Ask again, with the name it has now.")


def _posted(given: PostArguments, posted: Posted) -> Outcome:
    back: dict[str, Json] = {**given.model_dump(mode="json", exclude_none=True), "ts": posted.ts}
    return Outcome("done", count=1, inverse=Call(UnsayTool.name, back))


def _gone() -> Outcome:
    return Outcome("failed", gone=1, note="Somebody has deleted the message already.")
