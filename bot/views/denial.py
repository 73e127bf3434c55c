"""The modal of *Deny…*: no, and why."""

import json
from collections.abc import Mapping
from typing import Any

from bot.contracts.slack import View
from bot.views.blocks import compact, line, modal, rich, run, text_input
from bot.views.calls import amount_of
from bot.views.values import DenialValue

_BLOCK, _ACTION = "reason", "value"
MOST = 1_000
"""Longest reason, in characters."""


def denial(value: DenialValue) -> View:
    """Asks for a reason; it may be left empty."""
    lead = [
        run(value.title, limit=150, bold=True),
        run(": "),
        run(amount_of(value.calls), limit=400),
        run(". Nothing of it will be done."),
    ]
    reason = text_input("Why? The agent is told.", _BLOCK, _ACTION, multiline=True, optional=True, most=MOST)
    metadata = compact({"card_id": value.card_id})
    return modal("Deny", "gate.deny_reason", [rich(line(*lead)), reason], metadata, submit="Deny", close="Cancel")


def read(state: Mapping[str, Mapping[str, Any]], metadata: str) -> tuple[str, str]:
    """Plan id, and the reason or an empty text. Raises ValueError for metadata that are not ours."""
    plan = read_plan(metadata)
    entered = state.get(_BLOCK, {}).get(_ACTION)
    reason = entered.get("value") if isinstance(entered, Mapping) else None
    return plan, reason.strip()[:MOST] if isinstance(reason, str) else ""


def read_plan(metadata: str) -> str:
    """The plan id a modal carries. Raises ValueError when it is not ours."""
    try:
        plan = json.loads(metadata)["card_id"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("no metadata of this modal") from None
    if not isinstance(plan, str):
        raise ValueError("no metadata of this modal")
    return plan
