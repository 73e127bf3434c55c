"""The receipt: what a card becomes once it was decided, with what happened and what nobody can tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.contracts.slack import Message
from bot.views.blocks import (
    WHOLE,
    Block,
    actions,
    button,
    cost,
    date,
    divided,
    header,
    line,
    person,
    points,
    rich,
    run,
    stacked,
)
from bot.views.calls import Group, Tally, grouped, look_in, measure, tallied, tally, told, total
from bot.views.card import SPARE
from bot.views.text import inert
from bot.views.times import moment
from bot.views.values import CallResult, CardState, ReceiptValue
from bot.views.words import count, number, sentence

_MOST_GROUPS = 12
_MOST_NAMES = 3
_TITLE, _SUBJECT, _WHERE, _NOTE, _REASON = 100, 100, 80, 240, 500

_STANDING: dict[CardState, tuple[str, str]] = {
    "pending": ("Waiting for a decision.", "Nothing happens until it is approved."),
    "running": ("Working on it.", ""),
    "settled": ("Done.", ""),
    "denied": ("Not done.", "Nothing was changed."),
    "expired": ("Expired: nobody decided in time.", "Nothing was changed."),
    "superseded": ("Replaced by a newer card.", "Nothing was changed by this one."),
    "undoing": ("Taking it back.", ""),
    "undone": ("Taken back.", ""),
}
_VERBS: dict[CardState, str] = {"denied": "Declined", "expired": "Expired", "superseded": "Replaced", "pending": ""}
_WORKED: frozenset[CardState] = frozenset(("running", "settled", "undoing", "undone"))
_UNDO: frozenset[CardState] = frozenset(("undoing", "undone"))


def receipt(value: ReceiptValue) -> Message:
    """The message of a decided card: who decided when, what was done in numbers, and each call that was not simply
    done. What does not fit is counted and is one button away."""
    blocks = [header(value.title), _standing(value)]
    closing = [_buttons(value)]
    room = WHOLE - cost([*blocks, *closing]) - SPARE
    if value.state in _UNDO:
        part = _results(
            "So far" if value.state == "undoing" else "Taken back",
            value.undo_results,
            value,
            room // 2,
            done="taken back",
        )
        blocks += part
        room -= cost(part)
    if value.state in _WORKED:
        heading = "Before that" if value.state in _UNDO else "So far" if value.state == "running" else "What was done"
        blocks += _results(heading, value.results, value, room, done="done")
    else:
        blocks += _asked(value)
    return Message(_text(value), [*blocks, *closing])


def _text(value: ReceiptValue) -> str:
    parts = [sentence(inert(value.title, 150)), *_words(value)]
    verb = _VERBS.get(value.state, "Approved")
    if verb and value.at is not None:
        parts.append(f"{verb} {moment(value.at, value.tz)}.")
    return " ".join(part for part in parts if part)


def _words(value: ReceiptValue) -> tuple[str, str]:
    """The state, and what it means in numbers."""
    state, meaning = _STANDING[value.state]
    if value.state not in _WORKED:
        return state, meaning
    results, done = (value.undo_results, "taken back") if value.state in _UNDO else (value.results, "done")
    if not results:
        return state, ""
    sums = tallied(results)
    if value.state in ("settled", "undone") and sums.done < sums.whole:
        state = "Not everything was taken back." if value.state == "undone" else "Finished, but not all of it was done."
        if sums.unknown:
            state = "Finished, and part of it is not known."
        elif not sums.failed and not sums.waiting:
            state = "Taken back." if value.state == "undone" else "Done."
    return state, f"{count(sums.whole, value.things)}: {told(sums, done)}."


def _standing(value: ReceiptValue) -> Block:
    state, meaning = _words(value)
    lines = [[run(state, bold=True), *([run(f" {meaning}")] if meaning else [])]]
    if value.reason:
        lines.append([run(value.reason, limit=_REASON)])
    verb = _VERBS.get(value.state, "Approved")
    if verb and (value.by or value.at):
        lines.append(_decided(verb, value.by, value.at, value.tz))
    if value.state in _UNDO and (value.undo_by or value.undo_at):
        lines.append(_decided("Undo asked for", value.undo_by, value.undo_at, value.tz))
    return rich(stacked(lines))


def _decided(verb: str, by: str, at: datetime | None, tz: str) -> list[Block]:
    elements = [run(verb)]
    if by:
        elements += [run(" by "), person(by)]
    if at is not None:
        elements += [run(", "), date(at, tz)]
    return elements


def _buttons(value: ReceiptValue) -> Block:
    elements = []
    if value.undoable:
        elements.append(button("Undo", "gate.undo", value.card_id))
    whole = number(total(result.view for result in value.results))
    elements.append(button(f"Show all {whole}", "gate.view.listing", value.card_id))
    return actions(elements, "receipt")


def _asked(value: ReceiptValue) -> list[Block]:
    """What the card had asked for, when none of it was done."""
    calls = [result.view for result in value.results]
    groups = grouped(calls)
    lines = []
    for group in groups[:_MOST_GROUPS]:
        amount = measure([calls[index] for index in group.indexes], value.things, value.subjects)
        lines.append(line(run(group.title, limit=_TITLE, bold=True), run(f" — {amount}"), *_way(group)))
    rest = [calls[index] for group in groups[_MOST_GROUPS:] for index in group.indexes]
    if rest:
        lines.append(line(run(f"and {measure(rest, value.things, value.subjects)} more")))
    return [rich(line(run("What was asked", bold=True)), points(lines))] if lines else []


def _results(heading: str, results: Sequence[CallResult], value: ReceiptValue, room: int, done: str) -> list[Block]:
    """Group by group how it ended, below each what went wrong or is not known."""
    groups = grouped([result.view for result in results])
    kept = groups[:_MOST_GROUPS]
    parts: list[tuple[Block, list[Block], list[Trouble]]] = []
    for group in kept:
        mine = [results[index] for index in group.indexes]
        parts.append((_group_line(group, mine, value, done), [], _troubles(mine)))
    rest = [results[index] for group in groups[_MOST_GROUPS:] for index in group.indexes]
    tail = [points([_rest_line(rest, value, done)])] if rest else []
    room -= cost([rich(points([first]), points([], indent=1)) for first, _, _ in parts]) + cost(tail)
    left: list[Trouble] = []
    for _, lines, troubles in parts:
        for trouble in troubles:
            entry = _trouble_line(trouble, value, done)
            if cost(entry) + 1 <= room and not left:
                lines.append(entry)
                room -= cost(entry) + 1
            else:
                left.append(trouble)
    if left:
        tail.append(points([_untold(left, value, done)]))
    blocks = [rich(line(run(heading, bold=True)))]
    for first, lines, _ in parts:
        blocks += divided(points([first]), lines, indent=1)
    return [*blocks, *([rich(*tail)] if tail else [])] if parts else []


def _group_line(group: Group, results: Sequence[CallResult], value: ReceiptValue, done: str) -> Block:
    calls = [result.view for result in results]
    return line(
        run(group.title, limit=_TITLE, bold=True),
        run(f" — {measure(calls, value.things, value.subjects)}"),
        *_way(group),
        run(f": {told(tallied(results), done)}"),
    )


def _rest_line(results: Sequence[CallResult], value: ReceiptValue, done: str) -> Block:
    amount = measure([result.view for result in results], value.things, value.subjects)
    return line(run(f"and {amount} more: {told(tallied(results), done)}"))


def _way(group: Group) -> list[Block]:
    return [run(", "), run(group.where, limit=_WHERE)] if group.where else []


@dataclass(frozen=True, slots=True)
class Trouble:
    """Calls that ended in the same unwelcome way."""

    subjects: tuple[str, ...]
    sums: Tally
    where: str
    note: str


def _troubles(results: Sequence[CallResult]) -> list[Trouble]:
    """Whatever failed, is unknown or has a remark, same endings together."""
    found: dict[tuple[str, str, bool, bool], list[CallResult]] = {}
    for result in results:
        sums = tally(result.view, result.outcome)
        note = result.outcome.note if result.outcome else ""
        if sums.failed or sums.unknown or note:
            found.setdefault((result.view.where, note, bool(sums.failed), bool(sums.unknown)), []).append(result)
    return [
        Trouble(tuple(dict.fromkeys(result.view.subject for result in same)), tallied(same), where, note)
        for (where, note, _, _), same in found.items()
    ]


def _trouble_line(trouble: Trouble, value: ReceiptValue, done: str) -> Block:
    elements: list[Block] = []
    for position, subject in enumerate(trouble.subjects[:_MOST_NAMES]):
        elements += [*([run(", ")] if position else []), run(subject, limit=_SUBJECT, bold=True)]
    more = len(trouble.subjects) - _MOST_NAMES
    if more > 0:
        elements.append(run(f" and {number(more)} more {value.subjects.one if more == 1 else value.subjects.many}"))
    elements.append(run(f" — {told(trouble.sums, done)}"))
    if trouble.sums.unknown:
        which = "it was" if trouble.sums.unknown == 1 else "they were"
        elements += [
            run(f". {number(trouble.sums.unknown)}: nobody can tell whether {which} {done}; "),
            run(look_in(trouble.where), limit=_WHERE + 20),
        ]
    if trouble.note:
        elements += [run(". "), run(trouble.note, limit=_NOTE)]
    return line(*elements)


def _untold(troubles: Sequence[Trouble], value: ReceiptValue, done: str) -> Block:
    subjects = len({subject for trouble in troubles for subject in trouble.subjects})
    sums = sum((trouble.sums for trouble in troubles), Tally())
    return line(
        run(f"and {count(subjects, value.subjects)} more that need a look, {told(sums, done)}: all in "),
        run("Show all", italic=True),
    )
