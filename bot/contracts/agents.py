"""What an agent is: one Markdown file, and, where it has skill of its own, a module beside it."""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bot.contracts.answers import Began, Heard, SessionStatus, Stream
from bot.contracts.json import Json, JsonObject
from bot.contracts.people import Member, Person, Profile
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Place, Posted, View
from bot.contracts.tools import Call, Offer, Plan, Reading

T = TypeVar("T", bound=Json)


@dataclass(frozen=True, slots=True)
class Description:
    """The front matter of an agent's file: `usage` lines (typed text, meaning) are shown by `/meshclaw help`,
    `pointer` is the immediate answer to a command whose real answer comes in direct messages."""

    name: str
    description: str
    pointer: str
    usage: tuple[tuple[str, str], ...]
    tools: tuple[str, ...]
    instructions: str


class Store(Protocol):
    """Documents of one agent about one person: JSON, sealed to their row. Those whose name begins with `run:` are
    forgotten once their cards can no longer be undone."""

    async def load(self, name: str) -> Json: ...

    async def save(self, name: str, value: Json) -> None: ...


@dataclass(frozen=True, slots=True)
class Proposed:
    """What became of a plan: how many of its calls wait on a card, run by a grant, or were refused (`denied` says
    why, for each). `cards`: by the id of each card, the digests of its calls."""

    waiting: int = 0
    granted: int = 0
    denied: tuple[str, ...] = ()
    cards: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Offered:
    """A tool as it is offered to a model in this turn. `reads`: it runs at once; else it becomes part of a plan."""

    offer: Offer
    reads: bool


class Thread(Protocol):
    """The thread a request came from: what is said in it, and how an answer is shown there."""

    async def place(self) -> Place | None:
        """Who reads there; None in the person's own direct messages, which nobody else reads."""

    async def messages(self, limit: int) -> tuple[Heard, ...]:
        """The latest messages of the thread, oldest first."""

    def stream(self, began: Began) -> Stream:
        """An answer that is shown while it is made; it is posted with its first words, and `began` awaited then."""

    async def status(self, text: str, loading: Sequence[str] = ()) -> None:
        """Show that something is at work; empty: nothing is any more. A kindness, which never fails."""

    async def session(self, status: SessionStatus) -> None:
        """The state Slack shows of the agent's session in this thread. A kindness, which never fails."""

    async def clear(self, begun: str, known: Collection[str]) -> None:
        """Take away what a killed process left half said: the message at `begun`, and messages of ours without a key
        that are newer than the request's and not `known`."""


class Turn(Protocol):
    """All an agent may use while it handles one request. Everything here may run again after a crash, so every
    method is idempotent under the request's key and the given name."""

    request: Request
    person: Person
    store: Store

    @property
    def now(self) -> datetime: ...

    @property
    def conversation(self) -> str:
        """The pseudonym of what the request belongs to: one thread, or the person's own conversation."""

    @property
    def thread(self) -> Thread:
        """Raises PersonMends for a request that came from no thread."""

    def source(self, name: str) -> Any:
        """The reading side of a connector (`mail` → MailSource)."""

    def room(self, name: str) -> Store:
        """Documents of this person that several agents share."""

    async def profile(self) -> Profile: ...

    async def member(self) -> Member:
        """What the person is at this moment, asked of Slack anew: a guest, an admin, active or not."""

    async def step(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run and remember: after a crash the remembered result is returned. Results are small JSON without
        anything of a person's; what is theirs goes to `store`."""

    async def say(self, name: str, message: Message) -> Posted:
        """Post to the person's direct messages, once per `name`; later calls replace the message."""

    async def answer(self, name: str, message: Message) -> None:
        """Post in the thread the request came from, once per `name`; later calls replace the message."""

    async def whisper(self, message: Message) -> None:
        """Answer where the person asked, seen by them alone."""

    async def revise(self, posted: Posted, message: Message) -> None:
        """Replace a message posted by an earlier turn of this agent."""

    async def redraw(self, view: View) -> None:
        """Replace the modal the request came from, if it came from one that is still open."""

    async def tools(self) -> frozenset[str]:
        """The tools this turn may use at this moment: those its file names, and of those with an effect only what the
        mode of the person, the conversation and the connection leaves."""

    def narrowed(self, tools: Collection[str]) -> "Turn":
        """The same turn with fewer tools: of its own those that are named, or begin as `mail.*` does."""

    async def offered(self) -> Mapping[str, Offered]:
        """Of `tools()` those that are offered to models, by name."""

    async def read(self, tool: str, said: JsonObject) -> Reading:
        """Read with what a model said, at once. Raises Stopped, PersonMends for what is refused or wrong, TimeMends."""

    async def call(self, tool: str, said: JsonObject) -> Call:
        """The call that what a model said comes to, complete and checked, for `propose`. Raises PersonMends."""

    async def follow(self, name: str, action: str, args: JsonObject, posted: Posted) -> None:
        """Ask this agent for something more, in the thread of that message: a request of its own, once per `name`."""

    async def is_stopped(self) -> bool:
        """Whether somebody has said stop to what this request is part of."""

    async def stoppable(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do work that a stop ends, where the request itself began none. Raises Stopped."""

    async def propose(self, plan: Plan) -> Proposed:
        """Lay a plan before the person on one card; what a grant of theirs covers runs at once and shows a receipt.
        Raises Stopped, and PersonMends for what the gate refuses, which ends the turn."""

    async def reply(self, name: str, text: str, *, seen_by: frozenset[str] = frozenset()) -> None:
        """Answer where the person asked, for all who are there to read, in plain text. `seen_by`: the user ids who may
        see what the answer was made from, besides the person. Where more would read it, the person is asked first."""


class Agent(Protocol):
    """An agent with skill of its own."""

    description: Description

    def parse(self, text: str) -> JsonObject:
        """What was typed after the command word → arguments of action `run`; `pointer` among them is said at once
        in place of the description's. Raises PersonMends. Pure."""

    def help(self) -> Message: ...

    @property
    def actions(self) -> Mapping[str, Callable[[Turn], Awaitable[None]]]:
        """What it can be asked: `run` by command; others by its own buttons and menus (`action_id` is
        `<agent>.<action>`), and `decided`, called when a plan of its was decided (with the `reason` typed when it was
        denied), `undone` when taken back. What follows a denial proposes nothing."""

    async def view(self, name: str, person: Person, args: JsonObject, store: Store) -> View:
        """A modal one of its buttons opens at once (`action_id` `<agent>.view.<name>`). Quick: no outside calls."""
