"""The modal of *Choose…*: which calls, and which of their items, the updated card shall ask for."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.contracts.slack import View
from bot.contracts.tools import CallView
from bot.views.blocks import Block, actions, checkboxes, compact, line, long_option, menu, modal, option, rich, run
from bot.views.calls import Group, bare, grouped, size, things_of, total
from bot.views.paging import button_value, turning, within
from bot.views.values import ChoiceValue
from bot.views.words import count, number

_BOXES = 10
_PAGE_OPTIONS = 100
_PAGE_BLOCKS = 80
_PAGE_BYTES = 140_000
_TICKS = "ticked"
_BLOCK_ID = re.compile(r"(calls|items:(\d{1,9})):(\d{1,9})-(\d{1,9}):[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Boxes:
    """At most ten boxes under one heading; `options` by index, of which `ticked` are on."""

    heading: str
    block_id: str
    options: Mapping[int, Block]
    ticked: frozenset[int]

    def block(self) -> Block:
        ticked = [entry for index, entry in self.options.items() if index in self.ticked]
        return checkboxes(self.heading, list(self.options.values()), ticked, self.block_id, _TICKS)


def choice(value: ChoiceValue) -> View:
    """The list of calls, or with `focus` the items of one call, as boxes; what is ticked stays in the plan.

    Slack keeps what a person ticked while a block's id stays the same, so the id changes with what is saved.
    """
    if value.focus is not None and 0 <= value.focus < len(value.calls):
        return _items_view(value, value.focus)
    return _calls_view(value)


def read_choice(
    state: Mapping[str, Mapping[str, Any]], private_metadata: str, value: ChoiceValue
) -> tuple[frozenset[int], ...]:
    """The items left out after what the person ticked on one page, for every call of the plan.

    `state`: `view.state.values` of a click or a submission. Calls and items that were not on that page keep what
    `value` says. Blocks that are not of this modal, and numbers that are not of this plan, count for nothing.
    """
    unticked = list(value.unticked)
    focus = _focus(private_metadata)
    for block_id, inputs in state.items():
        found = _BLOCK_ID.fullmatch(block_id)
        if found is None or _TICKS not in inputs:
            continue
        ticked = set(_numbers(inputs[_TICKS]))
        span = range(int(found[3]), int(found[4]) + 1)
        if found[2] is None and focus is None:
            for index in _calls_of(value, span):
                unticked[index] = _call_ticked(value.calls[index], unticked[index], index in ticked)
        elif found[2] is not None and focus == int(found[2]) < len(value.calls):
            shown = frozenset(range(span.start, min(span.stop, size(value.calls[focus]))))
            unticked[focus] = (unticked[focus] - shown) | (shown - ticked)
    return tuple(unticked)


def _call_ticked(call: CallView, unticked: frozenset[int], ticked: bool) -> frozenset[int]:
    """A ticked call keeps its single choices, unless none of its items was in."""
    whole = frozenset(range(size(call)))
    if not ticked:
        return whole
    return unticked & whole if unticked & whole != whole else frozenset()


def _numbers(chosen: Any) -> Iterable[int]:
    for entry in (chosen.get("selected_options") or ()) if isinstance(chosen, Mapping) else ():
        text = entry.get("value", "")
        if text.isascii() and text.isdigit() and len(text) < 10:
            yield int(text)


def _focus(private_metadata: str) -> int | None:
    try:
        metadata = json.loads(private_metadata)
    except ValueError:
        return None
    focus = metadata.get("focus") if isinstance(metadata, dict) else None
    return focus if isinstance(focus, int) else None


def _calls_view(value: ChoiceValue) -> View:
    sheets = _sheets(_call_boxes(value))
    page = within(value.page, len(sheets))
    blocks = [rich(line(run(_calls_lead(value)))), *(boxes.block() for boxes in sheets[page])]
    single = [index for boxes in sheets[page] for index in boxes.options if len(value.calls[index].items) > 1]
    if single:
        blocks.append(actions([_focus_menu(value, single)], "focus"))
    values = (button_value(value.card_id, page - 1), button_value(value.card_id, page + 1))
    blocks += turning(page, len(sheets), "gate.view.choose", values)
    return _modal("Choose", "gate.choose", blocks, value, page, submit="Update card", close="Cancel")


def _calls_lead(value: ChoiceValue) -> str:
    whole = total(value.calls)
    kept = whole - sum(len(left) for left in value.unticked)
    return (
        f"{number(kept)} of {count(whole, things_of(value.calls))} ticked so far. Untick what should be left alone. "
        "The card is updated; nothing happens until you approve it."
    )


def _call_boxes(value: ChoiceValue) -> list[Boxes]:
    boxes = []
    for group in grouped(value.calls):
        for start in range(0, len(group.indexes), _BOXES):
            indexes = group.indexes[start : start + _BOXES]
            options = {index: _call_option(value, index, group) for index in indexes}
            ticked = frozenset(index for index in indexes if len(value.unticked[index]) < size(value.calls[index]))
            parts = "" if len(group.indexes) <= _BOXES else f", part {start // _BOXES + 1}"
            heading = f"{group.title}{parts}" + (f" — {group.where}" if group.where else "")
            block_id = f"calls:{indexes[0]}-{indexes[-1]}:{_version(value.unticked[index] for index in indexes)}"
            boxes.append(Boxes(heading, block_id, options, ticked))
    return boxes


def _calls_of(value: ChoiceValue, span: range) -> list[int]:
    """The calls of one block of boxes: those of one group from the first to the last."""
    for group in grouped(value.calls):
        if span.start in group.indexes:
            return [index for index in group.indexes if index in span]
    return []


def _call_option(value: ChoiceValue, index: int, group: Group) -> Block:
    call, left = value.calls[index], len(value.unticked[index])
    whole = size(call)
    some = f"{number(whole - left)} of " if 0 < left < whole else ""
    where = f", {call.where}" if call.where and not group.where else ""
    amount = "" if bare([call]) else f"{some}{count(whole, call.things)}"
    return option(call.subject, str(index), f"{amount}{where if amount else where.removeprefix(', ')}")


def _focus_menu(value: ChoiceValue, indexes: Sequence[int]) -> Block:
    options = [option(value.calls[index].subject, button_value(value.card_id, index, 0)) for index in indexes]
    things = things_of([value.calls[index] for index in indexes])
    return menu(f"Pick single {things.many} of…", "gate.view.focus", options)


def _items_view(value: ChoiceValue, focus: int) -> View:
    call = value.calls[focus]
    sheets = _sheets(_item_boxes(value, focus))
    page = within(value.page, len(sheets))
    blocks = [
        rich(
            line(
                run(f"{call.verb}: ", bold=True),
                run(call.subject, limit=300, bold=True),
                run(f" — {count(size(call), call.things)}. Untick what should be left alone."),
            )
        ),
        *(boxes.block() for boxes in sheets[page]),
    ]
    values = (button_value(value.card_id, focus, page - 1), button_value(value.card_id, focus, page + 1))
    blocks += turning(page, len(sheets), "gate.view.focus", values)
    return _modal(
        f"Pick {call.things.many}", "gate.focus", blocks, value, page, submit="Keep this choice", close="Back"
    )


def _item_boxes(value: ChoiceValue, focus: int) -> list[Boxes]:
    call, left = value.calls[focus], value.unticked[focus]
    texts = call.items or (call.subject,)
    boxes = []
    for start in range(0, len(texts), _BOXES):
        end = min(start + _BOXES, len(texts))
        options = {index: long_option(texts[index], str(index)) for index in range(start, end)}
        ticked = frozenset(options) - left
        heading = f"{number(start + 1)} to {number(end)} of {count(len(texts), call.things)}"
        block_id = f"items:{focus}:{start}-{end - 1}:{_version([left & frozenset(options)])}"
        boxes.append(Boxes(heading, block_id, options, ticked))
    return boxes


def _sheets(boxes: Iterable[Boxes]) -> list[list[Boxes]]:
    """Pages within Slack's limits: boxes, blocks and, since texts may be of any script, bytes."""
    sheets: list[list[Boxes]] = [[]]
    options = size_ = 0
    for entry in boxes:
        weight = len(json.dumps(entry.block())) + 600
        full = options + len(entry.options) > _PAGE_OPTIONS or size_ + weight > _PAGE_BYTES
        if sheets[-1] and (full or len(sheets[-1]) >= _PAGE_BLOCKS):
            sheets.append([])
            options = size_ = 0
        sheets[-1].append(entry)
        options += len(entry.options)
        size_ += weight
    return sheets


def _version(sets: Iterable[frozenset[int]]) -> str:
    return hashlib.sha256(compact([sorted(each) for each in sets]).encode()).hexdigest()[:8]


def _modal(
    title: str, callback_id: str, blocks: list[Block], value: ChoiceValue, page: int, *, submit: str, close: str
) -> View:
    metadata = compact({"card_id": value.card_id, "focus": value.focus, "page": page})
    return modal(title, callback_id, blocks, metadata, submit=submit, close=close)
