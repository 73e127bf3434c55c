"""The interactive elements of blocks: finding one, what may be chosen in it, and how Slack reports the choice.

Source: docs.slack.dev/reference/interaction-payloads/block_actions-payload, reference/block-kit/block-elements. Pure.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from bot.workspace.errors import HumanError
from bot.workspace.model import Json

BUTTONS = frozenset({"button", "icon_button", "workflow_button"})
# How each stateful element names its value, and the initial value it may be sent with.
FIELDS: dict[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "checkboxes": ("selected_options", "initial_options"),
    "radio_buttons": ("selected_option", "initial_option"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "initial_files"),
}
INTERACTIVE = BUTTONS | frozenset(FIELDS) | {"overflow", "feedback_buttons"}
_FORMATS = {"datepicker": r"\d{4}-\d{2}-\d{2}", "timepicker": r"\d{2}:\d{2}"}


@dataclass(frozen=True, slots=True)
class Directory:
    """Finds the id behind what a person names in a picker; None when there is nobody or nothing of that name."""

    person: Callable[[str], str | None]
    conversation: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Found:
    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        return str(self.block.get("block_id"))

    @property
    def action_id(self) -> str:
        return str(self.element.get("action_id"))

    @property
    def type(self) -> str:
        return str(self.element["type"])

    @property
    def dispatches(self) -> bool:
        """An input tells the app at once only when its block asks for it."""
        return self.block.get("type") != "input" or bool(self.block.get("dispatch_action"))


def walk(blocks: list[Json]) -> Iterator[Found]:
    """Every interactive element, wherever in its block it sits."""
    for block in blocks:
        for element in _within(block):
            yield Found(block, element)


def _within(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if value.get("type") in INTERACTIVE:
            yield value
        else:
            for part in value.values():
                yield from _within(part)
    elif isinstance(value, list):
        for part in value:
            yield from _within(part)


def with_ids(blocks: list[Json] | None) -> list[Json]:
    """A copy of the blocks with the ids that Slack makes up where an app leaves them out."""
    filled = deepcopy(blocks or [])
    for block in filled:
        if not block.get("block_id"):
            block["block_id"] = secrets.token_urlsafe(4)[:5]
    for found in walk(filled):
        if not found.element.get("action_id"):
            found.element["action_id"] = secrets.token_urlsafe(4)[:5]
    return filled


def find(blocks: list[Json], action_id: str, block_id: str | None, value: Any) -> Found:
    """The element a person means. Raises `HumanError` when it is not there.

    The same action_id may stand in several blocks: then `block_id` or, for buttons, `value` tells them apart.
    """
    named = [one for one in walk(blocks) if one.action_id == action_id and (not block_id or one.block_id == block_id)]
    if not named:
        raise HumanError("no_such_element", f"there is no element {action_id!r} to press")
    for one in named:
        if one.type in BUTTONS and value is not None and one.element.get("value") == value:
            return one
    if value is not None and all(one.type in BUTTONS for one in named):
        raise HumanError("no_such_element", f"no button {action_id!r} has that value")
    return named[0]


def choose(element: Json, value: Any, directory: Directory) -> Json:
    """The fields a choice adds to the element's action. Raises `HumanError` when it cannot be chosen."""
    kind = element["type"]
    if kind in BUTTONS:
        return {key: element[key] for key in ("text", "value", "style", "icon") if key in element}
    if kind == "feedback_buttons":
        chosen = next((b for b in _feedback(element) if value in (b.get("value"), _plain(b))), None)
        if chosen is None:
            raise HumanError("no_such_option", "neither feedback button has that value")
        return {"text": chosen.get("text"), "value": chosen.get("value")}
    if kind == "overflow":
        return {"selected_option": _option(element, value)}
    return {FIELDS[kind][0]: _entered(element, value, directory)}


def _entered(element: Json, value: Any, directory: Directory) -> Any:
    kind = element["type"]
    if value in (None, "", []):
        return [] if kind.startswith("multi_") or kind in ("checkboxes", "file_input") else None
    if kind.startswith("multi_") or kind in ("checkboxes", "file_input"):
        values = value if isinstance(value, list) else [value]
        most = element.get("max_selected_items")
        if most and len(values) > int(most):
            raise HumanError("too_many", f"at most {most} may be chosen")
        return [_one(element, one, directory) for one in values]
    if isinstance(value, list):
        raise HumanError("no_such_option", "only one may be chosen here")
    return _one(element, value, directory)


def _one(element: Json, value: Any, directory: Directory) -> Any:
    kind: str = element["type"]
    if kind.endswith("static_select") or kind in ("checkboxes", "radio_buttons"):
        return _option(element, value)
    if kind.endswith("external_select"):
        return value if isinstance(value, dict) else {"text": _text(str(value)), "value": str(value)}
    if kind.endswith("users_select"):
        return _known(directory.person(str(value)), value)
    if kind.endswith(("conversations_select", "channels_select")):
        return _known(directory.conversation(str(value)), value)
    if kind == "datetimepicker":
        if not str(value).isdigit():
            raise HumanError("no_such_option", "a point in time is given in whole seconds")
        return int(value)
    if kind == "rich_text_input":
        return value if isinstance(value, dict) else _rich_text(str(value))
    if kind in _FORMATS and not re.fullmatch(_FORMATS[kind], str(value)):
        raise HumanError("no_such_option", f"{value!r} is no value for a {kind}")
    return value if kind == "file_input" else str(value)


def _known(id: str | None, value: Any) -> str:
    if id is None:
        raise HumanError("no_such_option", f"{value!r} is nobody here")
    return id


def _option(element: Json, value: Any) -> Json:
    wanted = value.get("value") if isinstance(value, dict) else value
    groups = element.get("option_groups") or []
    options = [*(element.get("options") or []), *(option for group in groups for option in group.get("options", ()))]
    for option in options:
        if isinstance(option, dict) and option.get("value") == wanted:
            return option
    raise HumanError("no_such_option", f"there is no option {wanted!r}")


def _feedback(element: Json) -> list[Json]:
    return [one for key in ("positive_button", "negative_button") if isinstance(one := element.get(key), dict)]


def _plain(button: Json) -> Any:
    return (button.get("text") or {}).get("text")


def _text(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": True}


def _rich_text(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


# What was entered, as `state.values` holds it

Values = dict[str, dict[str, Json]]


def state_values(blocks: list[Json], entered: Values) -> Values:
    """The state Slack sends: every stateful element, with what was entered, else its initial value, else empty."""
    result: Values = {}
    for found in walk(blocks):
        if found.type not in FIELDS:
            continue
        kept = entered.get(found.block_id, {}).get(found.action_id)
        result.setdefault(found.block_id, {})[found.action_id] = kept or initial(found.element)
    return result


def initial(element: Json) -> Json:
    """The state of an element nobody has touched."""
    kind = element["type"]
    field, initial_field = FIELDS[kind]
    empty: list[Any] | None = [] if field.endswith("s") else None
    return {"type": kind, field: element.get(initial_field, empty)}


def remember(entered: Values, found: Found, chosen: Json) -> None:
    """Keeps a choice as state, for elements that have any."""
    if found.type in FIELDS:
        entered.setdefault(found.block_id, {})[found.action_id] = {"type": found.type, **chosen}


def kept_values(entered: Values, blocks: list[Json]) -> Values:
    """What stays entered when a view is replaced: same block_id, same action_id, same type."""
    result: Values = {}
    for found in walk(blocks):
        kept = entered.get(found.block_id, {}).get(found.action_id)
        if kept and kept.get("type") == found.type:
            result.setdefault(found.block_id, {})[found.action_id] = kept
    return result


def missing(blocks: list[Json], state: Values) -> dict[str, str]:
    """What Slack's client says, by block_id, before it lets a form go: required, too short, too long, malformed."""
    errors: dict[str, str] = {}
    for block in blocks:
        element = block.get("element")
        if block.get("type") != "input" or not isinstance(element, dict) or element.get("type") not in FIELDS:
            continue
        entered = state[block["block_id"]][element["action_id"]]
        value = entered.get(FIELDS[element["type"]][0])
        problem = _empty(block, value) or _malformed(element, value)
        if problem:
            errors[block["block_id"]] = problem
    return errors


def _empty(block: Json, value: Any) -> str | None:
    return "Please complete this required field." if value in (None, "", []) and not block.get("optional") else None


def _malformed(element: Json, value: Any) -> str | None:
    kind = element["type"]
    if value in (None, "", []):
        return None
    if kind == "email_text_input" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        return "Please enter a valid email address."
    if kind == "url_text_input" and not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://?[^\s]+", value):
        return "Please enter a valid URL."
    if kind == "number_input":
        return _number(element, value)
    if kind == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3000)
        if len(value) < least:
            return f"Please enter at least {least} characters."
        if len(value) > most:
            return f"Please enter at most {most} characters."
    return None


def _number(element: Json, value: str) -> str | None:
    if not re.fullmatch(r"-?\d+(\.\d+)?", value) or ("." in value and not element.get("is_decimal_allowed")):
        return "Please enter a valid number."
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and float(value) < float(low):
        return f"Please enter {low} or more."
    if high is not None and float(value) > float(high):
        return f"Please enter {high} or less."
    return None
