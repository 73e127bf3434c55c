"""A card as values: what it asks, on which terms, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.contracts.people import Person
from bot.contracts.policy import ASKER, Deciders
from bot.contracts.slack import Posted
from bot.contracts.tools import Call, Plan

TIME_TO_UNDO = timedelta(days=7)
ENDED = ("settled", "denied", "called_back", "expired", "lapsed", "withdrawn", "superseded", "undone")
ACTIVE = ("running", "undoing")
MOST_PENDING = 3
"""Cards that may wait in one conversation: people who see more stop reading them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a card asks, fixed when it is made. `why` it is asked, by which `rule`; `own`: it touches its
    person's own things alone; `outbox`: seconds it waits once approved; `asked_in`: the channel it was asked in,
    `thread`: the thread there; `shown_to`: user and channel ids it is shown to besides its person; `grant`: id of the
    standing permission it runs by, `allowed`: name of the policy's rule that lets it run, both without being asked;
    `denied`: why other calls of the same plan were refused."""

    why: str = ""
    rule: str = ""
    deciders: Deciders = ASKER
    critical: bool = False
    own: bool = True
    outbox: float = 0.0
    asked_in: str = ""
    shown_to: tuple[str, ...] = ()
    grant: str = ""
    allowed: str = ""
    denied: tuple[str, ...] = ()
    thread: str = ""

    @property
    def asks(self) -> bool:
        return not (self.grant or self.allowed)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Terms":
        names = {"people", "groups"}
        given: Mapping[str, Any] = kept["deciders"]
        deciders: dict[str, Any] = {key: tuple(value) if key in names else value for key, value in given.items()}
        texts = {name: tuple(kept[name]) for name in ("shown_to", "denied")}
        return cls(**{**kept, **texts, "deciders": Deciders(**deciders)})


@dataclass(frozen=True, slots=True)
class Said:
    """What was said last: `by` whom (user id, empty: nobody), `reason` in their words; `pause`: why it rests, in ours,
    `at_ceiling` or for another reason; `waived`: its person went on past a ceiling."""

    by: str = ""
    reason: str = ""
    pause: str = ""
    at_ceiling: bool = False
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval of the plan the card stands for. `how`: `button`, `code` or `break-glass`."""

    user: str
    how: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it stands now. `plan_id` names the plan its buttons carry; `undo_id` the plan that takes it back."""

    id: str
    person: Person
    agent: str
    conversation: str
    state: str
    plan: Plan
    plan_id: str
    undo_id: str | None
    terms: Terms
    needs: int
    policy: str
    posted: Posted | None
    version: int
    created: datetime
    expires: datetime
    decided: datetime | None
    changed: datetime
    execute_by: datetime | None = None
    hold_until: datetime | None = None
    said: Said = field(default_factory=Said)
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A card to be made: `calls` on these `terms`; `needs`: how many have to approve; `state`: `pending`, or where a
    plan begins that nobody has to be asked about."""

    calls: tuple[Call, ...]
    terms: Terms
    needs: int = 1
    state: str = "pending"
