"""The modal of "Ask MeshClaw about this": a message, and what the person wants to know of it."""

import json
from collections.abc import Mapping
from typing import Any

from bot.contracts.errors import PersonMends
from bot.contracts.slack import View
from bot.views.blocks import compact, line, modal, rich, run, text_input

CALLBACK = "ask_about"
SUBMIT = "ask.about"
_INPUT, _ACTION = "question", "value"
_MOST = 2_000
_KEPT = 2_600
"""Characters of the message that go on: a modal carries 3,000 with it."""

_SHOWN = 600


def form(message: str) -> View:
    """`message`: its text, raw."""
    about = message[:_KEPT]
    while len(compact({"about": about})) > _KEPT + 200:  # characters that are longer as JSON
        about = about[: len(about) * 3 // 4]
    quoted = rich(line(run(about, limit=_SHOWN, italic=True)))
    question = text_input("What do you want to know, or have done?", _INPUT, _ACTION, multiline=True, most=_MOST)
    return modal("Ask about this", SUBMIT, [quoted, question], compact({"about": about}), submit="Ask", close="Cancel")


def read(state: Mapping[str, Mapping[str, Any]], metadata: str) -> tuple[str, str]:
    """The question, and the message it is about. Raises PersonMends for an empty question, ValueError for a modal that
    is not ours."""
    entered = state.get(_INPUT, {}).get(_ACTION)
    question = entered.get("value") if isinstance(entered, Mapping) else None
    try:
        about = json.loads(metadata)["about"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("no question of ours") from None
    if not isinstance(about, str):
        raise ValueError("no question of ours")
    if not isinstance(question, str) or not question.strip():
        raise PersonMends("There is no question.", field=_INPUT)
    return question.strip()[:_MOST], about[:_KEPT]
