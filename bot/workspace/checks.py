"""Refusing what Slack would refuse: the rules of `bot.workspace.blocks`, as errors of the methods that post."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.workspace.blocks import Problem, validate_message, validate_view
from bot.workspace.errors import SlackError
from bot.workspace.model import Json

UPDATE_TEXT_LIMIT = 4_000
# Problems that methods answer with an error of their own, and its name.
_OWN_ERRORS = {
    "msg_blocks_too_long": "msg_blocks_too_long",
    "msg_too_long": "msg_too_long",
    "no_text": "no_text",
    "only_one_table_allowed": "invalid_attachments",
    "view_too_large": "view_too_large",
}


def check_message(
    text: str | None, blocks: list[Any] | None, attachments: list[Any] | None, *, files: bool = False
) -> None:
    """Raises `SlackError` when Slack would refuse such a message."""
    if attachments and len(attachments) > 100:
        raise SlackError("too_many_attachments")
    payload: Json = {"text": text or None, "blocks": blocks or None, "attachments": attachments or None}
    problems = [one for one in validate_message(payload) if not (files and one.code == "no_text")]
    if problems:
        in_attachments = problems[0].pointer.startswith("/attachments")
        raise refusal("invalid_attachments" if in_attachments else "invalid_blocks", problems)


def check_view(view: Json, type: str | None = None) -> None:
    """Raises `SlackError` when Slack would refuse that view, or take it for another purpose only (`type`)."""
    if type and view.get("type") not in (type, None):
        raise SlackError.because("invalid_arguments", f"this view must be of type {type} [json-pointer:/view/type]")
    if problems := validate_view(view):
        raise refusal("invalid_arguments", problems, at="/view")


def refusal(code: str, problems: Sequence[Problem], at: str = "") -> SlackError:
    """The error for these problems: their own where Slack has one for them, else `code`, with every reason."""
    own = next((_OWN_ERRORS[one.code] for one in problems if one.code in _OWN_ERRORS), None)
    return SlackError(
        own or code,
        errors=[problem.as_dict() for problem in problems],
        response_metadata={
            "messages": [f"[ERROR] {problem.message} [json-pointer:{at}{problem.pointer}]" for problem in problems]
        },
    )
