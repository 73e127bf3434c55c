"""Standing permissions: the modal of *Always allow…*, and the list of those that hold."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.contracts.slack import View
from bot.views.blocks import (
    TEXT_LIMIT,
    Block,
    actions,
    button,
    compact,
    date_token,
    input_block,
    line,
    menu,
    modal,
    option,
    rich,
    run,
    section,
    text_input,
)
from bot.views.paging import button_value
from bot.views.text import inert, width
from bot.views.times import moment
from bot.views.values import FacetPattern, GrantFormValue, GrantLine
from bot.views.words import number

USUAL, LONGEST = timedelta(days=30), timedelta(days=90)
MOST_THINGS = 10_000
MOST_FACETS = 60
_VALUE = "value"
_FACET = "facet:"
_MOST_NAME = 200
_MOST_OTHERS = 100
_STARS = "A * stands for anything, a ? for one character; otherwise it has to be exactly the same."


@dataclass(frozen=True, slots=True)
class GrantTyped:
    """What a person typed into the modal: patterns by facet, things it may touch (None: no number), its last day
    (None: not chosen)."""

    card_id: str
    index: int
    patterns: Mapping[str, tuple[str, ...]]
    count: int | None
    until: date | None


def grant(value: GrantFormValue) -> View:
    """The person writes a permission: what it has to match, for how many things, until when, and what that would have
    covered so far. What stands there at first is what was just approved, and nothing wider."""
    lead = [
        run("Always allow ", bold=True),
        run(value.tool, limit=200, bold=True),
        run(f" without asking, as long as all of this is so. {_STARS}"),
    ]
    others = [option(label, button_value(value.card_id, index)) for index, label in value.others[:_MOST_OTHERS]]
    preview = button("Work out again", "gate.view.grant_preview", button_value(value.card_id, value.index))
    blocks = [
        rich(line(*lead)),
        *([actions([menu("Another of what was approved…", "gate.view.grant", others)], "others")] if others else []),
        *(_facet(each, value.index) for each in value.patterns[:MOST_FACETS]),
        _count(value),
        _end(value),
        rich(line(run(_covered(value), bold=True))),
        actions([preview], "preview"),
        rich(line(run("Every use shows a receipt, and you can revoke it at any time in App Home."))),
    ]
    metadata = compact({"card_id": value.card_id, "index": value.index})
    return modal("Always allow", "gate.grant", blocks, metadata, submit="Allow", close="Cancel")


def grantable(facets: Sequence[str]) -> bool:
    """Whether these facets, by name, fit the modal: none may be left out of a permission."""
    return len(facets) <= MOST_FACETS and all(0 < len(name) <= _MOST_NAME for name in facets)


def read_grant(state: Mapping[str, Mapping[str, Any]], metadata: str) -> GrantTyped:
    """What stands in the modal. Names of facets are as they were sent: whoever writes the permission asks for all
    facets of the call and no other. Raises ValueError for metadata that are not ours."""
    try:
        found = json.loads(metadata)
        plan, index = found["card_id"], found["index"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("no metadata of this modal") from None
    if not isinstance(plan, str) or not isinstance(index, int) or isinstance(index, bool):
        raise ValueError("no metadata of this modal")
    prefix = block_of("", index)
    patterns = {
        block_id.removeprefix(prefix): tuple(entry for entry in map(str.strip, text.split("\n")) if entry)
        for block_id in state
        if block_id.startswith(prefix) and (text := _typed(state, block_id, "value")) is not None
    }
    return GrantTyped(
        plan, index, patterns, _whole(_typed(state, "count", "value")), _day(_typed(state, "until", "selected_date"))
    )


def block_of(facet: str, index: int) -> str:
    """The block of a facet, for a problem to be shown at. It changes with the call: Slack keeps what stands in a block
    that stays."""
    return f"{_FACET}{index}:{facet}"


def held(grants: Sequence[GrantLine], tz: str) -> list[Block]:
    """The permissions that hold, each with the button that ends it."""
    return [
        section(
            f"{inert(grant.words, 400) or 'A permission'}\n"
            f"{number(grant.left)} left, until {date_token(grant.until, moment(grant.until, tz))}",
            button("Revoke", "gate.revoke", grant.grant_id),
        )
        for grant in grants
    ]


def _facet(facet: FacetPattern, index: int) -> Block:
    """One pattern a line. A value that does not fit is not filled in: half of it would allow more than it."""
    initial = "\n".join(pattern.replace("\r\n", "\n").replace("\n", "?") for pattern in facet.patterns)
    fits = width(initial) <= TEXT_LIMIT
    several = len(facet.patterns) > 1 or not fits
    hint = "One pattern a line." if several else ""
    if not fits:
        hint += " What was approved is too long to stand here: type a pattern, or leave it."
    return text_input(
        facet.label,
        block_of(facet.name, index),
        _VALUE,
        initial=initial if fits else "",
        hint=hint or ("" if facet.patterns else "Empty: only when there is none."),
        multiline=several,
        optional=not facet.patterns,
    )


def _count(value: GrantFormValue) -> Block:
    element = {
        "type": "number_input",
        "action_id": _VALUE,
        "is_decimal_allowed": False,
        "initial_value": str(max(1, min(value.count, MOST_THINGS))),
        "min_value": "1",
        "max_value": str(MOST_THINGS),
    }
    return input_block("For how many things", "count", element, hint="It ends when they are used up.")


def _end(value: GrantFormValue) -> Block:
    last = value.today + LONGEST
    until = min(value.until or value.today + USUAL, last)
    element = {"type": "datepicker", "action_id": _VALUE, "initial_date": until.isoformat()}
    return input_block(
        "Until", "until", element, hint=f"At most {LONGEST.days} days, that is until {last.isoformat()}."
    )


def _covered(value: GrantFormValue) -> str:
    if not value.approved:
        return "In the last 30 days there were no approved calls of this kind."
    calls = "call" if value.approved == 1 else "calls"
    share = f"{number(value.covered)} of {number(value.approved)} approved {calls}"
    return f"In the last 30 days this would have covered {share}."


def _typed(state: Mapping[str, Mapping[str, Any]], block_id: str, key: str) -> str | None:
    """What was typed in one block; empty when nothing was, None when there is no such block."""
    inputs = state.get(block_id)
    entered = inputs.get(_VALUE) if isinstance(inputs, Mapping) else None
    if not isinstance(entered, Mapping):
        return None
    text = entered.get(key)
    return text if isinstance(text, str) else ""


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
