"""The modals an agent is written in: a short form for a new one, the whole file for one there is."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bot.contracts.slack import View
from bot.views.agents import Told, mistakes_list
from bot.views.blocks import (
    TEXT_LIMIT,
    Block,
    compact,
    input_block,
    line,
    modal,
    option,
    plain_text,
    rich,
    run,
    text_input,
)
from bot.views.text import plain
from bot.views.words import number, sentence

_VALUE = "value"
_SUBMIT = "agents.edit"
_PROMISE = "It is yours alone until you share it, and whatever it would change waits for your button."
_PART = re.compile(r"part:(\d{1,3})")
_MORE = "more"
_MOST_IN_GROUP = 100
_LONGEST_VALUE = 150  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object
_MOST_TOLD = 8
_FORM = ("name", "description", "tools", "schedule", "instructions")


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """A tool that may be picked. `asks`: its calls wait on a card."""

    name: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """What was written: the `file`, or, of a new agent's form, its `head` (fields of the front matter) and its
    `instructions`. `agent_id` and `version` are empty and None for a new agent."""

    agent_id: str
    version: int | None
    file: str | None
    head: Mapping[str, object]
    instructions: str


def new_form(tools: Sequence[ToolChoice], *, draft: Mapping[str, str] | None = None, notes: Sequence[str] = ()) -> View:
    """A new agent in five fields. `draft`: what stands in `name`, `description`, `schedule` and `instructions`;
    `notes`: what became of a skill it was made from. A draft too long for one field is written as a file instead."""
    given = draft or {}
    tools = [tool for tool in tools if 0 < len(tool.name) <= _LONGEST_VALUE]
    blocks = [rich(line(run(_PROMISE))), *(rich(line(run(sentence(note), limit=400))) for note in notes[:10])]
    blocks += [
        text_input(
            "Name", "name", _VALUE, initial=given.get("name", ""), placeholder="standup", most=31,
            hint="You run it with /meshclaw and this word: a to z, 0 to 9 and hyphens.",
        ),
        text_input(
            "What it is for", "description", _VALUE, initial=given.get("description", ""), most=200,
            placeholder="Gathers what I did yesterday",
        ),
        *([_picker(tools)] if tools else []),
        text_input(
            "When it runs by itself", "schedule", _VALUE, initial=given.get("schedule", ""), optional=True, most=200,
            placeholder="every weekday at 09:00", hint="On your own clock. Empty: only when you ask.",
        ),
        text_input(
            "Instructions", "instructions", _VALUE, initial=given.get("instructions", ""), multiline=True,
            placeholder="Look at … Then write …", hint="More than 3,000 characters: save it, then edit its file.",
        ),
    ]  # fmt: skip
    return modal("New agent", _SUBMIT, blocks, compact({"new": True}), submit="Save", close="Cancel")


def edit_form(agent_id: str, version: int | None, text: str, mistakes: Sequence[Told] = ()) -> View:
    """The whole file; a long one divided over several inputs, which come back as one. Without an id it is a new one."""
    blocks: list[Block] = [*mistakes_list(mistakes), rich(line(run(_PROMISE)))]
    parts = _parts(text)
    for part, piece in enumerate(parts):
        label = "File" if len(parts) == 1 else f"File, part {number(part + 1)} of {number(len(parts))}"
        blocks.append(text_input(label, f"part:{part}", _VALUE, initial=piece, multiline=True, optional=len(parts) > 1))
    hint = "What stands here is put below the rest, on a line of its own."
    blocks.append(text_input("More", _MORE, _VALUE, multiline=True, optional=True, hint=hint))
    metadata = compact({"id": agent_id, "version": version})
    return modal("Edit agent" if agent_id else "New agent", _SUBMIT, blocks, metadata, submit="Save", close="Cancel")


def read_typed(state: Mapping[str, Mapping[str, Any]], metadata: str) -> Typed:
    """What stands in either modal. Raises ValueError for metadata that are not ours."""
    try:
        kept = json.loads(metadata)
        if kept.get("new") is True:
            return _form(state)
        agent_id, version = kept["id"], kept["version"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("no metadata of this modal") from None
    if not isinstance(agent_id, str) or not (version is None or type(version) is int):
        raise ValueError("no metadata of this modal")
    more = _text(state, _MORE)
    file = "".join(text for _, text in _typed_parts(state)) + (f"\n{more}" if more.strip() else "")
    return Typed(agent_id, version, file, {}, "")


def errors_at(state: Mapping[str, Mapping[str, Any]], mistakes: Sequence[Told]) -> dict[str, str]:
    """The mistakes by the block they are made in, for Slack to show there: several of one block together."""
    found: dict[str, list[str]] = {}
    parts = _typed_parts(state)
    for one in mistakes:
        if parts:
            place = f"Line {number(one.line)}{f', {one.field}' if one.field else ''}: "
            block = _part_of(parts, one.line, _MORE in state and _text(state, _MORE).strip() != "")
        else:
            place, block = "", next((name for name in _FORM if one.field.endswith(name) and name in state), _FORM[-1])
        found.setdefault(block, []).append(plain(f"{place}{sentence(one.said)} {one.mend}".strip(), 300))
    return {block: _told(texts) for block, texts in found.items()}


def _told(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_TOLD
    return "\n".join([*texts[:_MOST_TOLD], *([f"and {number(more)} more"] if more > 0 else [])])


def _picker(tools: Sequence[ToolChoice]) -> Block:
    """The tools, connector by connector; all of a connector as one choice, for whatever it offers later too."""
    groups: list[Block] = []
    ordered = sorted(tools, key=lambda tool: tool.name)
    for connector, found in groupby(ordered, key=lambda tool: tool.name.partition(".")[0]):
        options = [option(tool.name, tool.name, _does(tool)) for tool in found]
        if len(options) > 1:
            options.insert(0, option(f"everything of {connector}", f"{connector}.*", "also what it offers later"))
        for start in range(0, len(options), _MOST_IN_GROUP):
            label = plain_text(connector, 75)
            groups.append({"label": label, "options": options[start : start + _MOST_IN_GROUP]})
    element: Block = {
        "type": "multi_static_select",
        "action_id": _VALUE,
        "placeholder": plain_text("None: it only answers", 150),
        "option_groups": groups[:_MOST_IN_GROUP],
    }
    return input_block("Tools it may use", "tools", element, optional=True, hint="It has no other.")


def _does(tool: ToolChoice) -> str:
    return "asks by card first" if tool.asks else "reads"


def _form(state: Mapping[str, Mapping[str, Any]]) -> Typed:
    schedule = _text(state, "schedule").strip()
    head: dict[str, object] = {
        "name": _text(state, "name").strip(),
        "description": _text(state, "description").strip(),
        "tools": _picked(state),
        "meshclaw": {"schedule": schedule} if schedule else {},
    }
    return Typed("", None, None, {name: value for name, value in head.items() if value}, _text(state, "instructions"))


def _picked(state: Mapping[str, Mapping[str, Any]]) -> list[str]:
    entered = _entered(state, "tools")
    chosen = entered.get("selected_options")
    values = [one.get("value") for one in chosen if isinstance(one, Mapping)] if isinstance(chosen, list) else []
    return [value for value in values if isinstance(value, str)]


def _text(state: Mapping[str, Mapping[str, Any]], block_id: str) -> str:
    value = _entered(state, block_id).get("value")
    return value if isinstance(value, str) else ""


def _entered(state: Mapping[str, Mapping[str, Any]], block_id: str) -> Mapping[str, Any]:
    inputs = state.get(block_id)
    entered = inputs.get(_VALUE) if isinstance(inputs, Mapping) else None
    return entered if isinstance(entered, Mapping) else {}


def _typed_parts(state: Mapping[str, Mapping[str, Any]]) -> list[tuple[int, str]]:
    numbers = sorted(int(found[1]) for block_id in state if (found := _PART.fullmatch(block_id)))
    return [(part, _text(state, f"part:{part}")) for part in numbers]


def _part_of(parts: Sequence[tuple[int, str]], line_number: int, more: bool) -> str:
    """The block in which a line of the file begins."""
    begun = 1
    for part, text in parts:
        begun += text.count("\n")
        if line_number <= begun:
            return f"part:{part}"
    return _MORE if more else f"part:{parts[-1][0]}"


def _parts(text: str) -> list[str]:
    """The file in parts an input can hold with room to write, cut where no space stands: those at its ends may be lost
    on the way."""
    most = TEXT_LIMIT - 300 if text.isascii() else (TEXT_LIMIT - 300) // 2  # a character is 2 units at most
    cut = re.compile(rf"(?s).{{1,{most}}}(?:\Z|(?<=\S)(?=\S))|.{{1,{most}}}")
    return cut.findall(text) or [""]
