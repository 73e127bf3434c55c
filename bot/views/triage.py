"""What triage says: its progress, the mails that need the person, and all the others a button away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.contracts.slack import Message, View
from bot.views.blocks import (
    WHOLE,
    Block,
    actions,
    button,
    compact,
    cost,
    date_token,
    fields,
    header,
    line,
    menu,
    modal,
    numbered,
    option,
    rich,
    run,
    section,
)
from bot.views.paging import button_value, turning, within
from bot.views.text import inert
from bot.views.times import when
from bot.views.values import MAILS
from bot.views.words import count, listed, number, sentence

BUCKETS: Mapping[str, str] = {
    "needs_reply": "Needs your reply",
    "needs_action": "Needs action",
    "fyi": "FYI",
    "newsletter": "Newsletters",
    "notification": "Notifications",
    "junk": "Junk",
    "to_check": "To check",
}
NEEDING = ("needs_reply", "needs_action", "to_check")
"""The buckets whose mails need the person."""
"""Bucket names and their labels, the ones that need the person first."""

_ROWS = 10
_PAGE_ROWS = 20
_BAR = 20
_SENDER, _SUBJECT, _REASON, _NOTE = 80, 150, 80, 300
_MOST_REASONS, _MOST_NOTES = 4, 5


@dataclass(frozen=True, slots=True)
class TriageRow:
    """One mail. `item_id` is opaque; `bucket_label` is shown; `reasons` in words; `corrected`: by the person."""

    item_id: str
    sender: str
    subject: str
    received: datetime
    bucket: str
    bucket_label: str
    reasons: tuple[str, ...]
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class TriageSummary:
    """The result of a run. `counts`: mails by bucket, adding up to `total`; `rows`: mails that need the person, and
    those they corrected; `hidden` more are not among `rows`, of which `more` need the person; `since_text`:
    "since 14 Nov" or empty; `seconds`: how long it took."""

    run_id: str
    folder: str
    total: int
    counts: Mapping[str, int]
    rows: tuple[TriageRow, ...]
    more: int
    since_text: str
    tz: str
    now: datetime
    seconds: float
    notes: tuple[str, ...]
    dry_run: bool
    hidden: int = 0


def working(done: int, total: int | None, phase: str) -> Message:
    """Progress; `total` None while nobody knows how much there is. `phase`: "Reading your mail"."""
    if total is None or total <= 0:
        amount = f"{count(done, MAILS)} so far" if done else "just started"
        return Message(
            f"{inert(phase, 100)}: {amount}.", [rich(line(run(phase, limit=100, bold=True), run(f" — {amount}")))]
        )
    share = min(max(done / total, 0.0), 1.0)
    amount = f"{number(done)} of {count(total, MAILS)}"
    bar = "█" * int(share * _BAR) + "░" * (_BAR - int(share * _BAR))
    lead = line(run(phase, limit=100, bold=True), run(f" — {amount}  {bar}  {int(share * 100)} %"))
    return Message(f"{inert(phase, 100)}: {amount}.", [rich(lead)])


def summary(value: TriageSummary) -> Message:
    """The message of a finished run: what is in the mailbox, and at most ten mails that need the person."""
    opening = [header(_title(value)), fields(_counts(value)), *_notes(value)]
    closing = [rich(line(run(_closing(value), italic=True)))]
    needing = sum(row.bucket in NEEDING for row in value.rows) + value.more
    room = WHOLE - cost([*opening, *closing]) - 600
    rows: list[Block] = []
    for row in value.rows[:_ROWS]:
        block = _row(row, value)
        room -= cost(block) + 1
        if room < 0:
            break
        rows.append(block)
    left = value.hidden + len(value.rows) - len(rows)
    heading = f"{count(needing, MAILS)} {'needs' if needing == 1 else 'need'} you" if needing else "No mail needs you"
    if left:
        shown = f". The first {number(len(rows))} are here" if len(rows) > 1 else ". The first is here" if rows else ""
        heading += f"{shown}, {number(left)} more in Show all" if rows else ". They are all in Show all"
        show = button(f"Show all {number(left + len(rows))}", "triage.view.rest", value.run_id)
        closing.insert(0, actions([show], "rest"))
    lead = rich(line(run(heading, bold=True)))
    return Message(_text(value, needing), [*opening, lead, *rows, *closing])


def rest(value: TriageSummary, page: int) -> View:
    """The modal that lists all rows of `value` with their reasons, page by page (from 0)."""
    pages = max(1, -(-len(value.rows) // _PAGE_ROWS))
    page = within(page, pages)
    start = page * _PAGE_ROWS
    blocks: list[Block] = [rich(line(run(_rest_lead(value, start))))]
    blocks += [_row(row, value) for row in value.rows[start : start + _PAGE_ROWS]]
    values = (button_value(value.run_id, page - 1), button_value(value.run_id, page + 1))
    blocks += turning(page, pages, "triage.view.rest", values)
    metadata = compact({"run_id": value.run_id, "page": page})
    return modal("Mails that need you", "triage.rest", blocks, metadata)


def empty(folder: str) -> Message:
    """There was nothing to sort."""
    lead = line(run("There is no mail to sort in "), run(folder, limit=100, bold=True), run(". Nothing was changed."))
    return Message(f"There is no mail to sort in {inert(folder, 100)}. Nothing was changed.", [rich(lead)])


def dry_run_note() -> str:
    """Said instead of proposing anything when the person asked for a dry run."""
    return "This was a dry run: nothing was changed, and nothing will be proposed."


def _title(value: TriageSummary) -> str:
    since = f", {value.since_text}" if value.since_text else ""
    return f"{count(value.total, MAILS)} in {value.folder}{since}"


def _text(value: TriageSummary, needing: int) -> str:
    named = [f"{label}: {number(amount)}" for label, amount in _amounts(value)]
    need = f"{count(needing, MAILS)} {'needs' if needing == 1 else 'need'} you. " if needing else "No mail needs you. "
    return f"{inert(_title(value), 200)}. {need}{inert('; '.join(named), 1_000)}. {_closing(value)}"


def _amounts(value: TriageSummary) -> list[tuple[str, int]]:
    """Every bucket that has mails, in the order people care about; buckets unknown here come last, by their names."""
    known = [(label, value.counts.get(name, 0)) for name, label in BUCKETS.items()]
    others = [(name, amount) for name, amount in value.counts.items() if name not in BUCKETS]
    return [(label, amount) for label, amount in (*known, *others) if amount]


def _counts(value: TriageSummary) -> list[str]:
    """One line a bucket, in two columns; a section takes ten, so more than that share the last one."""
    lines = [f"*{number(amount)}* {inert(label, 60)}" for label, amount in _amounts(value)] or ["*0* mails"]
    return lines if len(lines) <= _ROWS else [*lines[: _ROWS - 1], " · ".join(lines[_ROWS - 1 :])[:1_900]]


def _notes(value: TriageSummary) -> list[Block]:
    notes = list(value.notes[:_MOST_NOTES])
    if len(value.notes) > _MOST_NOTES:
        notes.append(f"and {number(len(value.notes) - _MOST_NOTES)} more remarks")
    return [rich(line(run(sentence(note), limit=_NOTE))) for note in notes]


def _closing(value: TriageSummary) -> str:
    took = f"Sorted in {value.seconds:.1f} seconds." if value.seconds >= 0.1 else "Sorted at once."
    if value.dry_run:
        return f"{took} {dry_run_note()}"
    learns = " Correct a mail that is sorted wrong: triage learns at once." if value.rows else ""
    return f"{took} Nothing was changed.{learns}"


def _row(row: TriageRow, value: TriageSummary) -> Block:
    sender = inert(row.sender.strip(), _SENDER) or "(no sender)"
    subject = inert(row.subject.strip(), _SUBJECT) or "(no subject)"
    label = inert(row.bucket_label, 40) + (", corrected by you" if row.corrected else "")
    received = date_token(row.received, when(row.received, value.tz, value.now))
    text = f"*{subject}*\n{sender} · {received}\n{label}: {_reasons(row.reasons)}"
    options = [option(name, bucket) for bucket, name in BUCKETS.items()]
    return section(text, menu("Correct…", "triage.correct", options), block_id=row.item_id)


def _reasons(reasons: Sequence[str]) -> str:
    shown = [inert(reason, _REASON) for reason in reasons[:_MOST_REASONS]]
    if len(reasons) > _MOST_REASONS:
        shown.append(f"{number(len(reasons) - _MOST_REASONS)} more reasons")
    return listed(shown) or "no reason recorded"


def _rest_lead(value: TriageSummary, start: int) -> str:
    if not value.rows:
        return "No mail needs you."
    end = min(start + _PAGE_ROWS, len(value.rows))
    beyond = f" {count(value.more, MAILS)} more of them cannot be listed any longer." if value.more else ""
    return f"{number(start + 1)} to {number(end)} of {count(len(value.rows), MAILS)}.{beyond} Nothing was changed."


def rules(done: str, lines: Sequence[str]) -> Message:
    """The person's rules, numbered, after what was just done to them."""
    lead = [rich(line(run(done)))] if done else []
    if not lines:
        hint = "You have no rules of your own. Write one: /meshclaw triage rule from news@shop.example to newsletter"
        return Message(f"{inert(done)} {hint}".strip(), [*lead, rich(line(run(hint)))])
    shown = [line(run(each, limit=_REASON * 3)) for each in lines]
    heading = rich(line(run("Your rules, obeyed before anything else:", bold=True)), numbered(shown))
    text = "; ".join(f"{index}. {inert(each)}" for index, each in enumerate(lines, 1))
    return Message(f"{inert(done)} Your rules: {text}".strip(), [*lead, heading])
