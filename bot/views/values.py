"""What the views show, as plain values. All texts are raw: escaping is the views' work.

Rich text elements (`Block`) are made with `bot.views.blocks`, which escapes; whoever hands them over made them there.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from bot.contracts.forms import FormField
from bot.contracts.tools import CallView, Noun, Outcome
from bot.views.blocks import Block

MAILS = Noun("mail", "mails")

CardState = Literal[
    "pending",
    "holding",
    "running",
    "paused",
    "settled",
    "denied",
    "called_back",
    "expired",
    "lapsed",
    "withdrawn",
    "superseded",
    "undoing",
    "undone",
]
Mode = Literal["read-only", "ask"]
How = Literal["button", "code", "break-glass"]


@dataclass(frozen=True, slots=True)
class CardValue:
    """A plan waiting for its decision. `card_id` is opaque (the plan's id); `skipped`: items the person unticked.

    `why`: why it is asked; `approvers`: rich text elements that say who may decide (`policy.deciders_line`);
    `approved_by`: user ids of those who have, of the `needs` different people it takes; `asker`: user id of whom it was
    made for, shown when given; `deciding`: False for the asker's copy of a card that others decide.
    `critical`: approving takes a code; `outbox`: seconds an approved plan can still be called back;
    `ceiling`: what limit was reached; `links`: addresses the person typed themselves, the only ones one can press.
    """

    card_id: str
    title: str
    calls: tuple[CallView, ...]
    why: str
    sources: str
    note: str
    approvers: tuple[Block, ...]
    expires: datetime
    tz: str
    skipped: int = 0
    choosable: bool = True
    editable: bool = False
    deciding: bool = True
    asker: str = ""
    approved_by: tuple[str, ...] = ()
    needs: int = 1
    environment: str = ""
    critical: bool = False
    outbox: int = 0
    ceiling: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallResult:
    """One call with its outcome (None: not reached yet)."""

    view: CallView
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved, when and how. `why`: what somebody who broke the glass gave as the reason."""

    user: str
    at: datetime | None = None
    how: How = "button"
    why: str = ""


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A standing permission. `words`: what it allows; `left`: things it may still touch."""

    grant_id: str
    words: str
    left: int
    until: datetime


@dataclass(frozen=True, slots=True)
class ReceiptValue:
    """A decided card. `results` in the plan's order.

    `by`, `at`: user id of who decided, and when; `approvals`, when given, tells it for each of several people.
    `reason`: what was typed when it was denied, why it is paused, or who is no longer entitled.
    `goes_out`: when an approved plan leaves the outbox; `granted`: the standing permissions it ran by; `grantable`:
    "Always allow…" is offered; `undoable`: whether Undo is offered now; `undo_by`, `undo_at`: who took it back, and
    when; `notes`: lines for what cannot be taken back because the world has moved.
    """

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
    approvals: tuple[Approval, ...] = ()
    goes_out: datetime | None = None
    granted: tuple[GrantLine, ...] = ()
    grantable: bool = False
    notes: tuple[str, ...] = ()
    asker: str = ""


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


@dataclass(frozen=True, slots=True)
class ListingValue:
    """The modal that shows a plan in full, page by page (from 0). `outcomes`, in the order of the calls, once there
    are any."""

    card_id: str
    title: str
    calls: tuple[CallView, ...]
    page: int = 0
    outcomes: tuple[Outcome | None, ...] = ()


@dataclass(frozen=True, slots=True)
class EditValue:
    """The modal of `Edit…`. `fields[i]`: what of call i may be changed, empty when nothing may; `index`: the call to
    edit, or None to ask which (of several that may be edited). `problem`: why what was typed does not do."""

    card_id: str
    title: str
    calls: tuple[CallView, ...]
    fields: tuple[tuple[FormField, ...], ...]
    index: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DenialValue:
    """The modal of `Deny…`."""

    card_id: str
    title: str
    calls: tuple[CallView, ...]


@dataclass(frozen=True, slots=True)
class ProofValue:
    """The modal that asks for a code before a critical plan is approved."""

    card_id: str
    title: str
    calls: tuple[CallView, ...]
    environment: str = ""


@dataclass(frozen=True, slots=True)
class EnrolValue:
    """Setting up an authenticator app. `secret_groups`: the secret in groups of four letters, `uri`: the same as an
    `otpauth:` address; `account`: the name it has in the app."""

    secret_groups: tuple[str, ...]
    uri: str
    account: str


@dataclass(frozen=True, slots=True)
class FacetPattern:
    """One facet of a grant. `name`: as in `Tool.facets`; `label`: in words; `patterns`: each value of it has to match
    one of them."""

    name: str
    label: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GrantFormValue:
    """The modal of `Always allow…`. `others`: further calls of the card whose like may be allowed, by index and in
    words; `tool`: in words; `today`: in the person's zone; `until`: the end date that stands
    there at first, by default 30 days from today. `covered` of `approved` calls of the last 30 days match."""

    card_id: str
    title: str
    tool: str
    patterns: tuple[FacetPattern, ...]
    count: int
    today: date
    covered: int
    approved: int
    until: date | None = None
    index: int = 0
    others: tuple[tuple[int, str], ...] = ()


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
class ConnectionLine:
    """One account a person can have: `word` of the connector, `label` of the account, None when there is none yet.
    `mode`: None where it has no meaning."""

    word: str
    title: str
    label: str | None = None
    mode: Mode | None = None


@dataclass(frozen=True, slots=True)
class PendingLine:
    """A card that waits. `waits_for`: rich text elements that say who may decide; empty: the person."""

    title: str
    waits_for: tuple[Block, ...] = ()
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class StopLine:
    """A stop that holds. `by`: user id; `everyone`: an admin stopped all; `liftable`: the person may resume."""

    by: str
    at: datetime
    everyone: bool = False
    liftable: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class GlassLine:
    """Break-glass in force: `by` may decide what is not theirs, until then."""

    by: str
    why: str
    until: datetime


@dataclass(frozen=True, slots=True)
class HomeValue:
    """App Home of one person. `enrolled`: an authenticator app is set up; None hides that part."""

    commands: tuple[CommandHelp, ...]
    connections: tuple[ConnectionLine, ...]
    pending: tuple[PendingLine, ...] = ()
    grants: tuple[GrantLine, ...] = ()
    mode: Mode = "ask"
    enrolled: bool | None = None
    stops: tuple[StopLine, ...] = ()
    glass: tuple[GlassLine, ...] = ()
    tz: str = "UTC"
