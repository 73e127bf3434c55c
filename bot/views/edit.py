"""The modal of *Edit…*: the fields of one call, with what really stands there, for the person to change."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.contracts.forms import FormField
from bot.contracts.secrets import redacted
from bot.contracts.slack import View
from bot.views.blocks import (
    TEXT_LIMIT,
    Block,
    actions,
    compact,
    input_block,
    line,
    menu,
    modal,
    option,
    rich,
    run,
    text_input,
)
from bot.views.calls import phrase
from bot.views.paging import button_value
from bot.views.text import MIXED, plain, width
from bot.views.values import EditValue
from bot.views.words import number, sentence

_VALUE = "value"
_PROMISE = "Nothing runs yet: the card is shown again with your changes, and waits for approval."
_HIDDEN = "Characters one cannot see stand in it: "
_BLOCK_ID = re.compile(r"field:(\d{1,3}):(.+)")
_MOST_NAME = 200
_MOST_BLOCKS = 90
_MOST_OPTIONS = 100
_BREAKS = str.maketrans("\n\r\t", "   ")


def edit(value: EditValue) -> View:
    """The fields of one call; when several calls may be edited and none is picked, a menu to pick one.

    A text too long for one input is divided over several, and comes back as one.
    """
    editable = [index for index, fields in enumerate(value.fields) if fields]
    index = value.index if value.index in editable else editable[0] if len(editable) == 1 else None
    if index is None:
        return _menu(value, editable)
    lead = [run(phrase(value.calls[index]), limit=400, bold=True), run(f". {_PROMISE}")]
    blocks = [rich(line(*lead))]
    if value.problem:
        blocks.append(rich(line(run(value.problem, limit=600, bold=True))))
    for field in value.fields[index]:
        blocks += _inputs(field)
    metadata = compact({"card_id": value.card_id, "index": index})
    return modal("Edit", "gate.edit", blocks, metadata, submit="Update card", close="Cancel")


def editable(fields: Sequence[FormField]) -> bool:
    """Whether the fields fit one modal: every one of them in full."""
    return 0 < sum(len(_parts(field.initial)) for field in fields) + 2 * len(fields) <= _MOST_BLOCKS and all(
        0 < len(field.name) <= _MOST_NAME and (field.kind != "choice" or 0 < len(field.options) <= _MOST_OPTIONS)
        for field in fields
    )


def read_edit(state: Mapping[str, Mapping[str, Any]], metadata: str) -> tuple[str, int, dict[str, str]]:
    """Plan id, index of the call, and what stands in its fields now, by name. Blocks that are not of this modal count
    for nothing; names are as they were sent. Raises ValueError for metadata that are not ours."""
    plan, index = read_metadata(metadata)
    parts: dict[str, dict[int, str]] = {}
    for block_id, inputs in state.items():
        found, text = _BLOCK_ID.fullmatch(block_id), _typed(inputs)
        if found and text is not None:
            parts.setdefault(found[2], {})[int(found[1])] = text
    return plan, index, {name: "".join(text for _, text in sorted(typed.items())) for name, typed in parts.items()}


def read_metadata(metadata: str) -> tuple[str, int]:
    """Plan id and index of the call. Raises ValueError when it is not ours."""
    try:
        found = json.loads(metadata)
        plan, index = found["card_id"], found["index"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("no metadata of this modal") from None
    if not isinstance(plan, str) or not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise ValueError("no metadata of this modal")
    return plan, index


def block_of(name: str) -> str:
    """The block of a field, for a problem to be shown at."""
    return _block_id(name, 0)


def _menu(value: EditValue, editable: Sequence[int]) -> View:
    blocks = [rich(line(run("Which of them do you want to change?", bold=True), run(f" {_PROMISE}")))]
    for start in range(0, len(editable), _MOST_OPTIONS)[:_MOST_BLOCKS]:
        options = [
            option(phrase(value.calls[index]), button_value(value.card_id, index))
            for index in editable[start : start + _MOST_OPTIONS]
        ]
        end = min(start + _MOST_OPTIONS, len(editable))
        label = "Pick one…" if len(editable) <= _MOST_OPTIONS else f"Pick one, {number(start + 1)} to {number(end)}…"
        blocks.append(actions([menu(label, "gate.view.edit", options)], f"pick-{start}"))
    if not editable:
        blocks = [rich(line(run("Nothing of this card can be edited.")))]
    return modal("Edit", "gate.edit_menu", blocks, compact({"card_id": value.card_id}))


def _inputs(field: FormField) -> list[Block]:
    hint = sentence(field.hint)
    if field.kind == "choice":
        return [input_block(field.label, _block_id(field.name, 0), _choice(field), hint=hint, optional=field.optional)]
    parts = _parts(field.initial)
    blocks = [
        text_input(
            field.label if len(parts) == 1 else f"{field.label}, part {number(part + 1)} of {number(len(parts))}",
            _block_id(field.name, part),
            _VALUE,
            initial=text,
            hint=hint if part == 0 else "",
            placeholder=field.placeholder,
            multiline=field.kind == "long" or "\n" in text or len(parts) > 1,
            optional=field.optional or len(parts) > 1,
        )
        for part, text in enumerate(parts)
    ]
    one_line = field.initial.replace("\r\n", "\n").translate(_BREAKS)
    if plain(one_line).removesuffix(MIXED) != redacted(one_line):
        blocks.insert(0, rich(line(run(_HIDDEN, bold=True), run(field.initial, limit=1_000))))
    return blocks


def _choice(field: FormField) -> Block:
    options = [option(label, value) for value, label in field.options]
    element = menu(field.placeholder or "Choose", _VALUE, options)
    initial = [entry for entry in options if entry["value"] == field.initial]
    if initial:
        element["initial_option"] = initial[0]
    return element


def _parts(text: str) -> list[str]:
    """The text in parts an input can hold, cut where no space stands: those at its ends may be lost on the way."""
    parts: list[str] = []
    while width(text) > TEXT_LIMIT:
        end, length = 0, 0
        for char in text:
            length += width(char)
            if length > TEXT_LIMIT:
                break
            end += 1
        cut = end
        while cut > end // 2 and (text[cut - 1].isspace() or text[cut].isspace()):
            cut -= 1
        cut = cut if cut > end // 2 else end
        parts.append(text[:cut])
        text = text[cut:]
    return [*parts, text]


def _block_id(name: str, part: int) -> str:
    return f"field:{part}:{name}"


def _typed(inputs: Any) -> str | None:
    """What was typed or chosen in one block; None when there is no such block."""
    entered = inputs.get(_VALUE) if isinstance(inputs, Mapping) else None
    if not isinstance(entered, Mapping):
        return None
    selected = entered.get("selected_option")
    text = selected.get("value") if isinstance(selected, Mapping) else entered.get("value")
    return text if isinstance(text, str) else ""
