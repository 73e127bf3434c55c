"""What the views show, as plain values. All texts are raw: escaping is the views' work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.contracts.connectors import FormField
from bot.contracts.tools import CallView, Outcome


@dataclass(frozen=True, slots=True)
class Noun:
    """What is counted: "1 mail", "2 mails"."""

    one: str
    many: str


MAILS = Noun("mail", "mails")
SENDERS = Noun("sender", "senders")

CardState = Literal["pending", "running", "settled", "denied", "expired", "superseded", "undoing", "undone"]


@dataclass(frozen=True, slots=True)
class CardValue:
    """A plan waiting for its decision. `card_id` is opaque; `skipped`: items the person unticked; `why`: why it is
    asked; `approvers`: who may decide, in words. `things` are counted (one for each item of a call), `subjects` are
    what calls are about."""

    card_id: str
    title: str
    calls: tuple[CallView, ...]
    why: str
    sources: str
    note: str
    approvers: str
    expires: datetime
    tz: str
    skipped: int = 0
    choosable: bool = True
    things: Noun = MAILS
    subjects: Noun = SENDERS


@dataclass(frozen=True, slots=True)
class CallResult:
    """One call with its outcome (None: not reached yet)."""

    view: CallView
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class ReceiptValue:
    """A decided card. `by`: Slack user id of who decided, `at`: when. `results` in the plan's order.
    `undoable`: whether Undo is offered now. `undo_by`, `undo_at`: who took it back, and when."""

    card_id: str
    title: str
    state: CardState
    results: tuple[CallResult, ...]
    by: str
    at: datetime | None
    tz: str
    undoable: bool = False
    undo_results: tuple[CallResult, ...] = ()
    reason: str = ""
    undo_by: str = ""
    undo_at: datetime | None = None
    things: Noun = MAILS
    subjects: Noun = SENDERS


@dataclass(frozen=True, slots=True)
class ChoiceValue:
    """The modal of `Choose…`. `unticked[i]`: indexes of items of call i left out (a call without items counts as one
    item, index 0); `focus`: a call whose items are ticked one by one (second modal), or None for the list of calls.
    `page` from 0."""

    card_id: str
    title: str
    calls: tuple[CallView, ...]
    unticked: tuple[frozenset[int], ...]
    focus: int | None = None
    page: int = 0
    things: Noun = MAILS
    subjects: Noun = SENDERS


@dataclass(frozen=True, slots=True)
class ListingValue:
    """The modal that shows a plan in full, page by page (from 0). `outcomes`, in the order of the calls, once there
    are any."""

    card_id: str
    title: str
    calls: tuple[CallView, ...]
    page: int = 0
    outcomes: tuple[Outcome | None, ...] = ()
    things: Noun = MAILS
    subjects: Noun = SENDERS


@dataclass(frozen=True, slots=True)
class FormValue:
    """The connect modal of one connector."""

    connector: str
    title: str
    intro: str
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """One command: its word, what it does, and its usage lines (typed text, meaning)."""

    word: str
    description: str
    usage: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HomeValue:
    """App Home. `connections`: (connector word, title, label or None); `pending`: (title, channel link text)."""

    commands: tuple[CommandHelp, ...]
    connections: tuple[tuple[str, str, str | None], ...]
    pending: tuple[str, ...] = ()
