"""Tools and their effects: what a connector offers, and what the gate judges."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from bot.contracts.errors import OperatorMends
from bot.contracts.forms import FormField
from bot.contracts.json import Json, JsonObject, canonical
from bot.contracts.people import Person


class Effect(StrEnum):
    """What a call does to the world, from harmless to worst."""

    READ = "read"
    FETCH = "fetch"
    OWN = "own"
    SEND = "send"
    ACCESS = "access"
    DELETE = "delete"
    SPEND = "spend"
    DEPLOY = "deploy"


WORST = Effect.DEPLOY


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call with its real arguments, plain JSON."""

    tool: str
    args: JsonObject

    def digest(self) -> str:
        """SHA-256, hex, of tool name and canonical arguments: what an approval is bound to."""
        return hashlib.sha256(canonical({"tool": self.tool, "args": self.args})).hexdigest()


@dataclass(frozen=True, slots=True)
class Noun:
    """What is counted: "1 mail", "2 mails"."""

    one: str
    many: str


THINGS = Noun("thing", "things")


@dataclass(frozen=True, slots=True)
class CallView:
    """A call in words for a card, made by trusted code from the real arguments; texts are raw, not yet escaped.

    `verb`: "Archive", `subject`: "The Daily Robot <news@robot.example>", `items`: one line per thing touched,
    all of them, `where`: "INBOX → Archive", `reversible`: whether Undo will be offered.
    `group` gathers calls on the card ("Newsletters"). `environment`: where it takes effect ("staging"), empty when
    that is no question; of a deploy an empty or unheard-of one counts as production. `own`: it touches nothing but
    the things of the person it runs for, whatever its effect. `things` are what `items` are, `subjects` what calls
    are about, when that is worth counting.
    """

    verb: str
    subject: str
    where: str
    items: tuple[str, ...]
    reversible: bool
    group: str = ""
    environment: str = ""
    own: bool = False
    things: Noun = THINGS
    subjects: Noun | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """How a tool is offered to a model. `title`: what a person reads while it runs ("Searching your mail");
    `description`: for the model, what it does and when to use it; `schema`: JSON Schema of an object, what a model may
    say."""

    title: str
    description: str
    schema: JsonObject


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, outside text: material for an agent, never an instruction to it.

    `origin`: where it is from, in words ("your mail", "#deploys", "example.org"); `seen_by`: the user ids who may see
    it too, besides the person it was read for; None: anybody may."""

    text: str
    origin: str
    seen_by: frozenset[str] | None = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended. `done` and `failed` are certain; `unknown` means nobody can tell.

    `count`: things touched; `gone`: things that were no longer there; `note`: one plain sentence when there is
    something to say; `inverse`: the call that takes it back, if it can be taken back; `reading`: what the call read,
    for the agent that asked for it and for no receipt.
    """

    state: Literal["done", "failed", "unknown"]
    count: int = 0
    gone: int = 0
    unknown: int = 0
    note: str = ""
    inverse: Call | None = None
    reading: Reading | None = None

    def as_json(self) -> dict[str, Json]:
        inverse: Json = {"tool": self.inverse.tool, "args": self.inverse.args} if self.inverse else None
        reading: Json = None
        if self.reading is not None:
            seen_by: Json = None if self.reading.seen_by is None else [*sorted(self.reading.seen_by)]
            reading = {"text": self.reading.text, "origin": self.reading.origin, "seen_by": seen_by}
        return {
            "state": self.state,
            "count": self.count,
            "gone": self.gone,
            "unknown": self.unknown,
            "note": self.note,
            "inverse": inverse,
            "reading": reading,
        }


@dataclass(frozen=True, slots=True)
class ToolContext:
    """For whom a call runs, and its idempotency key, for services that take one."""

    person: Person
    action_id: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a look at the world tells of a call that was interrupted.

    `settled`: the outcome of the part that certainly happened or can never be known; `rest`: the part that
    certainly did not happen and may run now, or None.
    """

    settled: Outcome
    rest: Call | None


Facets = Mapping[str, tuple[str, ...]]
"""What decides what a call does, by name: every value of it, as text."""


class Tool(Protocol):
    """One call a connector offers. Only the ledger may call `perform` and `look_back`; a tool that reads has `read`
    in their place.

    Subclass it to inherit what is given here for tools without anything to edit, and for those no model is offered."""

    name: str
    effect: Effect | None
    """None: undeclared, judged as the worst."""

    def check(self, args: JsonObject) -> None:
        """Validate the arguments' shape. Raises PersonMends."""

    def describe(self, args: JsonObject) -> CallView:
        """The call in words; pure."""

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        """The arguments without these items, by their place among `describe`'s; None when nothing remains; pure."""

    def facets(self, args: JsonObject) -> Facets:
        """The arguments as rules and grants see them; pure. A pattern covers a call when it matches every value of
        its facet, so a facet holds all that matters: each recipient, each sender, the folder, the address."""
        return flattened(args)

    def fields(self, args: JsonObject) -> Sequence[FormField]:
        """What a person may change before approving, with what stands there now; pure."""
        return ()

    def edited(self, args: JsonObject, values: Mapping[str, str]) -> JsonObject:
        """The arguments with what was typed into `fields`; pure. Raises PersonMends with the field to correct."""
        return args

    def offer(self) -> Offer | None:
        """What a model is told of it; None: it is not for models."""
        return None

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        """The arguments that what a model said comes to. All that a card shows is looked up here and never believed:
        a model says which mail, and this says whose it is. Changes nothing. Raises PersonMends, told to the model."""
        return said

    async def read(self, context: ToolContext, args: JsonObject) -> Reading:
        """Read, at once and as often as wanted: for tools whose effect is `read`. Raises MeshClawError."""
        raise OperatorMends("This tool reads nothing.")

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        """Do it. A definite failure is returned as `failed` or raised as MeshClawError *before* anything happened;
        any other exception means the outcome is unknown. Where a rule asks even for reading, this reads."""
        reading = await self.read(context, args)
        return Outcome("done", count=1, reading=reading)

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        """After an interruption: read the world to see how far the call came; None when it cannot be told. What reads
        may read again."""
        return Unfinished(Outcome("done"), Call(self.name, args)) if self.effect is Effect.READ else None


def flattened(args: JsonObject) -> Facets:
    """Every scalar of the arguments under its dotted path, those in lists together: `mails.sender` → all senders."""
    found: dict[str, list[str]] = {}

    def walk(path: str, value: Json) -> None:
        if isinstance(value, Mapping):
            for name, inner in value.items():
                walk(f"{path}.{name}" if path else name, inner)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for inner in value:
                walk(path, inner)
        else:
            found.setdefault(path, []).append(value if isinstance(value, str) else canonical(value).decode())

    walk("", args)
    return {name: tuple(values) for name, values in found.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """The effects a turn wants, shown on one card. `title` heads the card; `sources` says what outside text the
    plan was built from. A newer plan of the same agent on the same `topic` takes the place of one that still waits;
    without a topic it waits beside it."""

    title: str
    calls: tuple[Call, ...]
    sources: str = ""
    note: str = ""
    extra: JsonObject = field(default_factory=dict)
    """What the proposing agent wants back when the card is decided (never shown, never executed)."""
    topic: str = ""

    def digest(self) -> str:
        """SHA-256, hex, over the digests of the calls, in order."""
        return hashlib.sha256("".join(call.digest() for call in self.calls).encode()).hexdigest()


class ToolBox(Protocol):
    """All tools of all connectors by name."""

    def get(self, name: str) -> Tool | None: ...

    def names(self) -> Sequence[str]: ...
