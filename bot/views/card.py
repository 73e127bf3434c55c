"""The card: a plan before the person, with everything it would do, and the buttons that decide."""

from collections.abc import Sequence

from bot.contracts.slack import Message
from bot.contracts.tools import CallView
from bot.views.blocks import WHOLE, Block, actions, button, cost, divided, header, line, points, rich, run
from bot.views.calls import (
    Group,
    amount_of,
    bare,
    by_verb,
    grouped,
    measure,
    phrase,
    size,
    subjects_of,
    things_of,
    total,
)
from bot.views.terms import terms
from bot.views.text import inert
from bot.views.times import moment
from bot.views.values import CardValue
from bot.views.words import count, number, sentence

SPARE = 600
"""Kept for the frames of blocks that a long group is divided into."""
_TERMS = 5_500
_MOST_GROUPS = 12
_MOST_ITEMS = 2
_SUBJECT, _ITEM, _WHERE, _TITLE = 120, 90, 80, 100
_PHRASE, _WHOLE_ITEM = 400, 3_100


def card(value: CardValue) -> Message:
    """The message of a plan waiting for its decision. What does not fit is counted and is one button away."""
    opening = [header(value.title), _lead(value)]
    closing = [*terms(value, _TERMS), _buttons(value)]
    room = WHOLE - cost([*opening, *closing]) - SPARE
    plan = _single(value.calls[0], room) if len(value.calls) == 1 else _plan(value, room)
    return Message(_text(value), [*opening, *plan, *closing])


def _text(value: CardValue) -> str:
    whom = "your decision" if value.deciding else "a decision"
    return (
        f"{sentence(inert(value.title, 150))} "
        f"Waiting for {whom}: {inert(by_verb(value.calls), 1_000)}. "
        f"{_promise(value)} Decide by {moment(value.expires, value.tz)}."
    )


def _promise(value: CardValue) -> str:
    return "Nothing happens until you approve." if value.deciding else "Nothing happens until it is approved."


def _lead(value: CardValue) -> Block:
    elements = [run(amount_of(value.calls), limit=_PHRASE, bold=True), run(". ", bold=True), run(_promise(value))]
    if value.skipped:
        left = "is" if value.skipped == 1 else "are"
        elements.append(run(f" {count(value.skipped, things_of(value.calls))} you unticked {left} left alone."))
    return rich(line(*elements))


def _buttons(value: CardValue) -> Block:
    whole = number(total(value.calls))
    listing = button(f"Show all {whole}", "gate.view.listing", value.card_id)
    if not value.deciding:
        return actions([listing, button("Withdraw", "gate.deny", value.card_id)], "card")
    if value.critical:
        elements = [button(f"Approve {whole}…", "gate.view.prove", value.card_id, style="primary")]
    else:
        elements = [button(f"Approve {whole}", "gate.approve", value.card_id, style="primary")]
    if value.editable:
        elements.append(button("Edit…", "gate.view.edit", value.card_id))
    if value.choosable:
        elements.append(button("Choose…", "gate.view.choose", value.card_id))
    elements += [
        listing,
        button("Not now", "gate.deny", value.card_id),
        button("Deny…", "gate.view.deny", value.card_id),
    ]
    return actions(elements, "card")


def _single(call: CallView, room: int) -> list[Block]:
    """A plan of one call: its items in full, as many as there is room for."""
    if not call.items:  # the lead says it all
        return [] if call.reversible else [rich(line(run("Cannot be taken back.", bold=True)))]
    title = f"{call.verb} · {call.group}" if call.group else call.verb
    elements = [
        run(title, limit=_TITLE, bold=True),
        run(": "),
        run(call.subject, limit=_PHRASE, bold=True),
        run(f" — {count(size(call), call.things)}"),
        *([run(", "), run(call.where, limit=_WHERE)] if call.where else []),
    ]
    if not call.reversible:
        elements.append(run(". Cannot be taken back", bold=True))
    heading = line(*elements)
    lines: list[Block] = []
    room -= cost(rich(heading, points([_hidden(call, call.items)])))
    for item in call.items:
        entry = line(run(item, limit=_WHOLE_ITEM, italic=True))
        room -= cost(entry) + 1
        if room < 0:
            lines.append(_hidden(call, call.items[len(lines) :]))
            break
        lines.append(entry)
    return divided(heading, lines)


def _hidden(call: CallView, items: Sequence[str]) -> Block:
    return line(run(f"and {number(len(items))} more {_noun(len(items), call)}: all in "), run("Show all", italic=True))


def _noun(amount: int, call: CallView) -> str:
    return call.things.one if amount == 1 else call.things.many


def _plan(value: CardValue, room: int) -> list[Block]:
    """The groups with as many calls, and then items, as there is room for."""
    kept, rest, room = _kept(value, room)
    headings = [_heading(group, value) for group in kept]
    shown, room = _chosen(kept, value, room)
    items = _items(kept, shown, value, room)
    blocks: list[Block] = []
    for group, heading, most in zip(kept, headings, shown, strict=True):
        indexes = group.indexes[:most]
        lines = [_line(value.calls[index], group, items.get(index, 0)) for index in indexes]
        if len(indexes) < len(group.indexes):
            lines.append(_more(group.indexes[len(indexes) :], value))
        blocks.extend(divided(heading, lines))
    return [*blocks, *([_more_groups(rest, value)] if rest else [])]


def _kept(value: CardValue, room: int) -> tuple[list[Group], list[Group], int]:
    """The groups that get a heading, those that are only counted, and the room left for calls."""
    groups = grouped(value.calls)
    room -= cost(_more_groups(groups, value))
    kept: list[Group] = []
    for group in groups[:_MOST_GROUPS]:
        frame = cost(rich(_heading(group, value), points([_more(group.indexes, value)])))
        if kept and frame > room:
            break
        kept.append(group)
        room -= frame
    return kept, groups[len(kept) :], room


def _chosen(groups: Sequence[Group], value: CardValue, room: int) -> tuple[list[int], int]:
    """How many calls of each group are shown, dealt out in turn so that no group crowds out another."""
    shown = [0] * len(groups)
    open_groups = list(range(len(groups)))
    while open_groups:
        for index in tuple(open_groups):
            group = groups[index]
            price = 0
            if shown[index] < len(group.indexes):
                price = cost(_line(value.calls[group.indexes[shown[index]]], group, 0)) + 1
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
            price = cost(_line(call, group, amount)) - cost(_line(call, group, amount - 1))
            if price > room:
                return named
            named[index] = amount
            room -= price
    return named


def _heading(group: Group, value: CardValue) -> Block:
    calls = [value.calls[index] for index in group.indexes]
    elements = [run(group.title, limit=_TITLE, bold=True), run(f" — {measure(calls)}")]
    if group.where:
        elements += [run(", "), run(group.where, limit=_WHERE)]
    final = total(call for call in calls if not call.reversible)
    if final:
        share = "Cannot" if final == total(calls) else f"{number(final)} of them cannot"
        elements.append(run(f". {share} be taken back", bold=True))
    return line(*elements)


def _line(call: CallView, group: Group, items: int) -> Block:
    """One call: about whom, how many, where to, and the first of its items."""
    if bare([call]):
        return line(run(phrase(call), limit=_SUBJECT + _WHERE, bold=True))
    elements = [run(call.subject, limit=_SUBJECT, bold=True), run(f" — {count(size(call), call.things)}")]
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
    things, subjects = things_of(calls), subjects_of(calls)
    whole = total(calls)
    if subjects is None:
        more = f"{number(whole)} more {things.one if whole == 1 else things.many}"
    else:
        about = len({call.subject for call in calls})
        more = f"{number(about)} more {subjects.one if about == 1 else subjects.many}, {count(whole, things)}"
    return line(run(f"and {more}: all in "), run("Show all", italic=True))


def _more_groups(groups: Sequence[Group], value: CardValue) -> Block:
    calls = [value.calls[index] for group in groups for index in group.indexes]
    kinds = "group" if len(groups) == 1 else "groups"
    return rich(
        line(run(f"and {number(len(groups))} more {kinds}, {measure(calls)}: all in "), run("Show all", italic=True))
    )
