"""A conversation at rest: what one person and one agent said in one thread, as one sealed document of that person.

Nobody else's: two people who talk to MeshClaw in the same thread have a conversation each, so that nothing one of
them let it read is known to the other's.
"""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, Field

from bot.contracts.agents import Store
from bot.contracts.tools import Reading

_REMEMBERED = 200
"""Ids of messages kept to know them again: Slack repeats a delivery within minutes."""

_MOST_ORIGINS = 6


class Said(BaseModel):
    """A message of the person that waits until the agent has an ear for it. `ts`: where it stands in Slack."""

    key: str
    ts: str
    text: str


class Wanted(BaseModel):
    """A tool call of the model's that waits for a card, by the id the model gave it; `result` once it is known."""

    id: str
    tool: str
    digest: str
    card: str = ""
    result: str | None = None


class Counted(BaseModel):
    """A finished request to a model that is still to be counted, under its key."""

    key: str
    model: str
    input_tokens: int
    output_tokens: int
    cost: Decimal | None


class Conversation(BaseModel):
    """`agent`: the name of who is talked to. `history`: messages as pydantic-ai writes them. `heard`: keys of
    messages that were taken in; `queue`: those that wait. `wanted`: calls on cards. `seen_by`: who else may see all
    that was read so far (None: anybody), `origins`: where it is from. `typed`: addresses the person wrote.
    `streaming`: the answer that is being shown; `answers`: all of ours. `turned_down`: a card of this message was.
    `began`: how much of the history was there before the answer at work. `asks`: requests to the model for the
    message at work, `asked`: in all; `served`: the model that answered last; `used`, `cost`: tokens and dollars of
    this message, `past`: how often the person went on past its ceiling; `rests_at`: the ceiling that holds it up.
    `seen`: up to where the thread was read. `after`: what the model is told with the next message. `model`: what the
    person chose. `dry`: nothing it wants is laid before the person, who is told of it instead."""

    agent: str
    history: list[Any] = Field(default_factory=list)
    heard: list[str] = Field(default_factory=list)
    queue: list[Said] = Field(default_factory=list)
    wanted: list[Wanted] = Field(default_factory=list)
    seen_by: list[str] | None = None
    origins: list[str] = Field(default_factory=list)
    typed: list[str] = Field(default_factory=list)
    streaming: str = ""
    answers: list[str] = Field(default_factory=list)
    state: Literal["idle", "working", "waiting", "paused"] = "idle"
    turned_down: bool = False
    began: int = 0
    asks: int = 0
    asked: int = 0
    served: str = ""
    used: int = 0
    cost: Decimal = Decimal(0)
    past: int = 0
    rests_at: Literal["month", "message", ""] = ""
    unrecorded: list[Counted] = Field(default_factory=list)
    seen: str = ""
    after: list[str] = Field(default_factory=list)
    model: str = ""
    dry: bool = False

    @property
    def waits(self) -> bool:
        """Whether a card of it is undecided."""
        return any(call.result is None for call in self.wanted)

    def take_in(self, key: str) -> bool:
        """Note that this message was taken in; False when it was before."""
        if key in self.heard:
            return False
        self.heard = [*self.heard, key][-_REMEMBERED:]
        return True

    def read(self, reading: Reading) -> None:
        """Note where something it read is from, and who else may see it."""
        if reading.origin not in self.origins:
            self.origins = [*self.origins, reading.origin][-_MOST_ORIGINS:]
        if reading.seen_by is not None:
            self.seen_by = sorted(reading.seen_by if self.seen_by is None else reading.seen_by & set(self.seen_by))

    def for_all_of(self, members: Collection[str], person: str) -> bool:
        """Whether all these people may see what it is made from."""
        return self.seen_by is None or not set(members) - set(self.seen_by) - {person}

    def settle(self, card: str, calls: Sequence[tuple[str, str]]) -> None:
        """Note how the calls of a card ended: digest and result of each as it was carried out. What is not among them
        was changed, or left out, by the person."""
        mine = [call for call in self.wanted if call.card == card and call.result is None]
        left = list(calls)
        for call in mine:
            found = next((one for one in left if one[0] == call.digest), None)
            if found:
                left.remove(found)
                call.result = found[1]
        others = [call for call in mine if call.result is None]
        for call, changed in zip(others, _as_many(left, len(others)), strict=True):
            call.result = f"The person changed this call before approving it. {changed[1]}" if changed else _LEFT_OUT


_LEFT_OUT = "The person left this out. It was not done."


def _as_many(left: list[tuple[str, str]], count: int) -> Iterable[tuple[str, str] | None]:
    """Changed calls stand in the order of those they took the place of, if none was left out."""
    return left if len(left) == count else [None] * count


async def load(store: Store, conversation: str) -> Conversation | None:
    """The conversation that goes by this pseudonym."""
    kept = await store.load(name_of(conversation))
    return Conversation.model_validate(kept) if kept else None


async def save(store: Store, conversation: str, value: Conversation) -> None:
    await store.save(name_of(conversation), value.model_dump(mode="json"))


def name_of(conversation: str) -> str:
    """The name of the document a conversation is kept as."""
    return f"run:thread:{conversation}"
