"""What an agent is: one Markdown file, and, where it has skill of its own, a module beside it."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bot.contracts.json import Json, JsonObject
from bot.contracts.people import Person, Profile
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Posted, View
from bot.contracts.tools import Plan

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
    why, for each)."""

    waiting: int = 0
    granted: int = 0
    denied: tuple[str, ...] = ()


class Turn(Protocol):
    """All an agent may use while it handles one request. Everything here may run again after a crash, so every
    method is idempotent under the request's key and the given name."""

    request: Request
    person: Person
    store: Store

    @property
    def now(self) -> datetime: ...

    def source(self, name: str) -> Any:
        """The reading side of a connector (`mail` → MailSource)."""

    async def profile(self) -> Profile: ...

    async def step(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run and remember: after a crash the remembered result is returned. Results are small JSON without
        anything of a person's; what is theirs goes to `store`."""

    async def say(self, name: str, message: Message) -> Posted:
        """Post to the person's direct messages, once per `name`; later calls replace the message."""

    async def whisper(self, message: Message) -> None:
        """Answer where the person asked, seen by them alone."""

    async def revise(self, posted: Posted, message: Message) -> None:
        """Replace a message posted by an earlier turn of this agent."""

    async def redraw(self, view: View) -> None:
        """Replace the modal the request came from, if it came from one that is still open."""

    async def tools(self) -> frozenset[str]:
        """The tools this turn may use at this moment: those its file names, and of those with an effect only what the
        mode of the person, the conversation and the connection leaves."""

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
