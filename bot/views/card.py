"""The card: a plan before the person, with everything it would do, and the buttons that decide."""

from collections.abc import Sequence

from bot.contracts.slack import Message
from bot.contracts.tools import CallView
from bot.views.blocks import WHOLE, Block, actions, button, cost, date, divided, header, line, points, rich, run
from bot.views.calls import Group, by_verb, grouped, measure, size, total
from bot.views.text import inert
from bot.views.times import moment
from bot.views.values import CardValue
from bot.views.words import count, number, sentence

SPARE = 600
"""Kept for the frames of blocks that a long group is divided into."""
_MOST_GROUPS = 12
_MOST_ITEMS = 2
_SUBJECT, _ITEM, _WHERE, _TITLE = 120, 90, 80, 100


def card(value: CardValue) -> Message:
    """The message of a plan waiting for its decision. What does not fit is counted and is one button away."""
    opening = [header(value.title), _lead(value)]
    closing = [_terms(value), _buttons(value)]
    room = WHOLE - cost([*opening, *closing]) - SPARE
    return Message(_text(value), [*opening, *_plan(value, room), *closing])


def _text(value: CardValue) -> str:
    return (
        f"{sentence(inert(value.title, 150))} "
        f"Waiting for your decision: {inert(by_verb(value.calls, value.things), 1_000)}. "
        f"Nothing happens until you approve. Decide by {moment(value.expires, value.tz)}."
    )


def _lead(value: CardValue) -> Block:
    amount = measure(value.calls, value.things, value.subjects)
    elements = [run(f"{amount}. ", bold=True), run("Nothing happens until you approve.")]
    if value.skipped:
        left = "is" if value.skipped == 1 else "are"
        elements.append(run(f" {count(value.skipped, value.things)} you unticked {left} left alone."))
    return rich(line(*elements))


def _terms(value: CardValue) -> Block:
    lines = [line(run(f"{label}: ", bold=True), run(text, limit=most)) for label, text, most in (
        ("Why you are asked", value.why, 500),
        ("Built from", value.sources, 500),
        ("Note", value.note, 700),
        ("Who may decide", value.approvers, 200),
    ) if text]  # fmt: skip
    lines.append(line(run("Undo: ", bold=True), run(_undo(value.calls, value))))
    lines.append(
        line(run("Decide by: ", bold=True), date(value.expires, value.tz), run("; after that, nothing will be done."))
    )
    return rich(points(lines))


def _undo(calls: Sequence[CallView], value: CardValue) -> str:
    final = total(call for call in calls if not call.reversible)
    if not final:
        return "all of it can be taken back afterwards."
    if final == total(calls):
        return "none of it can be taken back."
    return f"{count(final, value.things)} cannot be taken back (marked below each heading); the rest can."


def _buttons(value: CardValue) -> Block:
    whole = total(value.calls)
    elements = [button(f"Approve {number(whole)}", "gate.approve", value.card_id, style="primary")]
    if value.choosable:
        elements.append(button("Choose…", "gate.view.choose", value.card_id))
    elements.append(button(f"Show all {number(whole)}", "gate.view.listing", value.card_id))
    elements.append(button("Not now", "gate.deny", value.card_id))
    return actions(elements, "card")


def _plan(value: CardValue, room: int) -> list[Block]:
    """The groups with as many calls, and then items, as there is room for."""
    groups = grouped(value.calls)
    kept, rest = groups[:_MOST_GROUPS], groups[_MOST_GROUPS:]
    headings = [_heading(group, value) for group in kept]
    tail = [_more_groups(rest, value)] if rest else []
    frames = [
        rich(heading, points([_more(group.indexes, value)])) for group, heading in zip(kept, headings, strict=True)
    ]
    room -= cost([*frames, *tail])
    shown, room = _chosen(kept, value, room)
    items = _items(kept, shown, value, room)
    blocks: list[Block] = []
    for group, heading, most in zip(kept, headings, shown, strict=True):
        indexes = group.indexes[:most]
        lines = [_line(value.calls[index], group, value, items.get(index, 0)) for index in indexes]
        if len(indexes) < len(group.indexes):
            lines.append(_more(group.indexes[len(indexes) :], value))
        blocks.extend(divided(heading, lines))
    return [*blocks, *tail]


def _chosen(groups: Sequence[Group], value: CardValue, room: int) -> tuple[list[int], int]:
    """How many calls of each group are shown, dealt out in turn so that no group crowds out another."""
    shown = [0] * len(groups)
    open_groups = list(range(len(groups)))
    while open_groups:
        for index in tuple(open_groups):
            group = groups[index]
            price = 0
            if shown[index] < len(group.indexes):
                price = cost(_line(value.calls[group.indexes[shown[index]]], group, value, 0)) + 1
            if not price or price > room:
                open_groups.remove(index)
                continue
            shown[index] += 1
            room -= price
    return shown, room


def _items(groups: Sequence[Group], shown: Sequence[int], value: CardValue, room: int) -> dict[int, int]:
    """How many items each shown call names: first one for each, then a second, as long as there is room."""
    calls = [(group, index) for group, most in zip(groups, shown, strict=True) for index in group.indexes[:most]]
    named: dict[int, int] = {}
    for amount in range(1, _MOST_ITEMS + 1):
        for group, index in calls:
            call = value.calls[index]
            if len(call.items) < amount:
                continue
            before = cost(_line(call, group, value, amount - 1))
            price = cost(_line(call, group, value, amount)) - before
            if price > room:
                return named
            named[index] = amount
            room -= price
    return named


def _heading(group: Group, value: CardValue) -> Block:
    calls = [value.calls[index] for index in group.indexes]
    elements = [run(group.title, limit=_TITLE, bold=True), run(f" — {measure(calls, value.things, value.subjects)}")]
    if group.where:
        elements += [run(", "), run(group.where, limit=_WHERE)]
    final = total(call for call in calls if not call.reversible)
    if final:
        share = "Cannot" if final == total(calls) else f"{number(final)} of them cannot"
        elements.append(run(f". {share} be taken back", bold=True))
    return line(*elements)


def _line(call: CallView, group: Group, value: CardValue, items: int) -> Block:
    """One call: about whom, how many, where to, and the first of its items."""
    elements = [
        run(call.subject, limit=_SUBJECT, bold=True),
        run(f" — {count(size(call), value.things)}"),
    ]
    if call.where and not group.where:
        elements += [run(", "), run(call.where, limit=_WHERE)]
    for position, item in enumerate(call.items[:items]):
        elements += [run(": " if position == 0 else "; "), run(item, limit=_ITEM, italic=True)]
    if items and len(call.items) > items:
        elements.append(run(f" and {number(len(call.items) - items)} more"))
    return line(*elements)


def _more(indexes: Sequence[int], value: CardValue) -> Block:
    """`and 14 more senders, 80 mails: all in Show all`."""
    calls = [value.calls[index] for index in indexes]
    subjects = len({call.subject for call in calls})
    one = value.subjects.one if subjects == 1 else value.subjects.many
    return line(
        run(f"and {number(subjects)} more {one}, {count(total(calls), value.things)}: all in "),
        run("Show all", italic=True),
    )


def _more_groups(groups: Sequence[Group], value: CardValue) -> Block:
    calls = [value.calls[index] for group in groups for index in group.indexes]
    kinds = "group" if len(groups) == 1 else "groups"
    return rich(
        line(
            run(f"and {number(len(groups))} more {kinds}, {measure(calls, value.things, value.subjects)}: all in "),
            run("Show all", italic=True),
        )
    )
