"""Tools and their effects: what a connector offers, and what the gate judges."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

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
class Outcome:
    """How a call ended. `done` and `failed` are certain; `unknown` means nobody can tell.

    `count`: things touched; `gone`: things that were no longer there; `note`: one plain sentence when there is
    something to say; `inverse`: the call that takes it back, if it can be taken back.
    """

    state: Literal["done", "failed", "unknown"]
    count: int = 0
    gone: int = 0
    unknown: int = 0
    note: str = ""
    inverse: Call | None = None

    def as_json(self) -> dict[str, Json]:
        inverse: Json = {"tool": self.inverse.tool, "args": self.inverse.args} if self.inverse else None
        return {
            "state": self.state,
            "count": self.count,
            "gone": self.gone,
            "unknown": self.unknown,
            "note": self.note,
            "inverse": inverse,
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
    """One call a connector offers. Only the ledger may call `perform` and `look_back`.

    Subclass it to inherit what is given here for tools without anything to edit."""

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

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        """Do it. A definite failure is returned as `failed` or raised as MeshClawError *before* anything happened;
        any other exception means the outcome is unknown."""

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        """After an interruption: read the world to see how far the call came; None when it cannot be told."""


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
