"""What a scripted model is asked and answers, in words that are the same for every provider's protocol.

script = Script([calls(("search", {"query": "invoices"})), says("Two are ", "unpaid.")])
async with ModelServer(script) as server: ...
"""

import inspect
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call a model made earlier."""

    id: str
    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Returned:
    """What a tool answered."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """One message. `role`: `user`, `assistant` or `tool`, in whichever protocol."""

    role: str
    text: str = ""
    calls: tuple[Called, ...] = ()
    results: tuple[Returned, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `number`: counted over the server's life, from 1; `body`: as it came, whole; `at`: `loop.time()`."""

    number: int
    protocol: str
    model: str
    system: str
    messages: tuple[Told, ...]
    tools: Mapping[str, Mapping[str, Any]]
    streamed: bool
    body: str
    raw: Mapping[str, Any]
    headers: Mapping[str, str]
    at: float

    @property
    def conversation(self) -> str:
        """What one conversation has in common in all its requests: the first thing the person said."""
        return next((told.text for told in self.messages if told.role == "user"), "")

    @property
    def said(self) -> str:
        """The last thing the person said."""
        return next((told.text for told in reversed(self.messages) if told.role == "user" and told.text), "")

    @property
    def results(self) -> tuple[Returned, ...]:
        """What tools answered since the model spoke last."""
        found: list[Returned] = []
        for told in reversed(self.messages):
            if told.role == "assistant":
                break
            found[:0] = told.results
        return tuple(found)


class Fault(Enum):
    """How an answer goes wrong, where it is not a status."""

    HANG = "no byte ever comes"
    CUT = "the connection breaks off after the texts"
    END = "the stream ends after the texts as if it were whole, but says no reason"
    STALL = "the connection stays open after the texts, and nothing more comes"
    TOO_LONG = "the prompt does not fit the model"


@dataclass(frozen=True, slots=True)
class Usage:
    """What the model says it used; `cached` is a part of `input`."""

    input: int = 100
    output: int = 10
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `texts`: pieces, each streamed by itself, a `float` between them is a pause in seconds; `calls`: name
    and arguments, made in parallel; `status`: an error instead; `before`: seconds until the first byte."""

    texts: tuple[str | float, ...] = ()
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    usage: Usage = field(default_factory=Usage)
    status: int | None = None
    fault: Fault | None = None
    before: float = 0.0
    retry_after: int | None = None

    @property
    def text(self) -> str:
        return "".join(piece for piece in self.texts if isinstance(piece, str))

    def after(self, seconds: float) -> "Answer":
        """The same, with a slow first byte."""
        return replace(self, before=seconds)

    def using(self, input: int, output: int, cached: int = 0) -> "Answer":
        """The same, at another price."""
        return replace(self, usage=Usage(input, output, cached))

    def cut(self) -> "Answer":
        """The same texts, and then the connection breaks."""
        return replace(self, fault=Fault.CUT)

    def ending(self) -> "Answer":
        """The same texts, and then the stream ends without the words that end it."""
        return replace(self, fault=Fault.END)

    def stalling(self) -> "Answer":
        """The same texts, and then nothing, for ever."""
        return replace(self, fault=Fault.STALL)


def says(*texts: str | float) -> Answer:
    """`says("Good ", 0.1, "morning")`: two pieces with a pause between them."""
    return Answer(texts=texts)


def calls(*made: tuple[str, Mapping[str, Any]], saying: str = "") -> Answer:
    """`calls(("search", {"query": "x"}), ("read", {"id": 1}))`: in parallel."""
    return Answer(texts=(saying,) if saying else (), calls=made)


def fails(status: int, retry_after: int | None = None) -> Answer:
    return Answer(status=status, retry_after=retry_after)


def hangs() -> Answer:
    return Answer(fault=Fault.HANG)


def too_long() -> Answer:
    return Answer(status=400, fault=Fault.TOO_LONG)


Answering: TypeAlias = Callable[[Asked], Answer | Awaitable[Answer]]


class Unscripted(AssertionError):
    """The model was asked more often than the script has answers."""


class Script:
    """Answers in order, for each conversation from the first: the model of one story, told to any number of people at
    once. An answer may be a function of what was asked."""

    def __init__(
        self, answers: Sequence[Answer | Answering], by: Callable[[Asked], object] = lambda asked: asked.conversation
    ) -> None:
        self._answers = answers
        self._by = by
        self._given: dict[object, int] = defaultdict(int)

    async def __call__(self, asked: Asked) -> Answer:
        place = self._given[self._by(asked)]
        if place >= len(self._answers):
            raise Unscripted(f"request {asked.number} is one more than the script's {len(self._answers)}")
        self._given[self._by(asked)] += 1
        answer = self._answers[place]
        return answer if isinstance(answer, Answer) else await answered(answer, asked)


async def answered(script: Answering, asked: Asked) -> Answer:
    """The script's answer, whether it takes its time or not."""
    answer = script(asked)
    return await answer if inspect.isawaitable(answer) else answer
