"""Interactive elements: what may be chosen in each, and how the choice is told."""

from __future__ import annotations

from typing import Any

import pytest

from bot.workspace import elements
from bot.workspace.elements import Directory
from bot.workspace.errors import HumanError

Json = dict[str, Any]
DIRECTORY = Directory({"ada": "U1", "U1": "U1"}.get, {"#general": "C1"}.get)


def _option(value: str) -> Json:
    return {"text": {"type": "plain_text", "text": value.upper()}, "value": value}


OPTIONS = [_option("a"), _option("b")]


@pytest.mark.parametrize(
    ("element", "value", "expected"),
    [
        ({"type": "button", "value": "1", "text": {"t": 1}}, None, {"value": "1", "text": {"t": 1}}),
        ({"type": "static_select", "options": OPTIONS}, "b", {"selected_option": OPTIONS[1]}),
        ({"type": "static_select", "option_groups": [{"options": OPTIONS}]}, "a", {"selected_option": OPTIONS[0]}),
        ({"type": "static_select", "options": OPTIONS}, None, {"selected_option": None}),
        ({"type": "external_select"}, "x", {"selected_option": {"text": elements._text("x"), "value": "x"}}),
        ({"type": "multi_static_select", "options": OPTIONS}, ["a", "b"], {"selected_options": OPTIONS}),
        ({"type": "multi_static_select", "options": OPTIONS}, "a", {"selected_options": OPTIONS[:1]}),
        ({"type": "checkboxes", "options": OPTIONS}, [], {"selected_options": []}),
        ({"type": "radio_buttons", "options": OPTIONS}, "a", {"selected_option": OPTIONS[0]}),
        ({"type": "overflow", "options": OPTIONS}, "b", {"selected_option": OPTIONS[1]}),
        ({"type": "users_select"}, "ada", {"selected_user": "U1"}),
        ({"type": "multi_users_select"}, ["ada"], {"selected_users": ["U1"]}),
        ({"type": "channels_select"}, "#general", {"selected_channel": "C1"}),
        ({"type": "multi_conversations_select"}, ["#general"], {"selected_conversations": ["C1"]}),
        ({"type": "datepicker"}, "2026-11-21", {"selected_date": "2026-11-21"}),
        ({"type": "timepicker"}, "09:30", {"selected_time": "09:30"}),
        ({"type": "datetimepicker"}, "1795250000", {"selected_date_time": 1795250000}),
        ({"type": "plain_text_input"}, "hello", {"value": "hello"}),
        ({"type": "plain_text_input"}, "", {"value": None}),
        (
            {"type": "feedback_buttons", "positive_button": {"text": {"text": "Good"}, "value": "up"}},
            "up",
            {"text": {"text": "Good"}, "value": "up"},
        ),
    ],
)
def test_a_choice_is_told_in_the_elements_own_field(element: Json, value: Any, expected: Json) -> None:
    assert elements.choose(element, value, DIRECTORY) == expected


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ({"type": "static_select", "options": OPTIONS}, "c"),
        ({"type": "static_select", "options": OPTIONS}, ["a", "b"]),
        ({"type": "overflow", "options": OPTIONS}, None),
        ({"type": "checkboxes", "options": OPTIONS}, ["a", "c"]),
        ({"type": "multi_static_select", "options": OPTIONS, "max_selected_items": 1}, ["a", "b"]),
        ({"type": "users_select"}, "mallory"),
        ({"type": "datepicker"}, "21.11.2026"),
        ({"type": "datetimepicker"}, "now"),
        ({"type": "feedback_buttons", "positive_button": {"value": "up"}}, "down"),
    ],
)
def test_what_is_not_offered_cannot_be_chosen(element: Json, value: Any) -> None:
    with pytest.raises(HumanError):
        elements.choose(element, value, DIRECTORY)


def _blocks() -> list[Json]:
    button = {"type": "button", "action_id": "go", "value": "1"}
    return [
        {"type": "section", "block_id": "s", "accessory": button},
        {"type": "actions", "block_id": "a", "elements": [{**button, "value": "2"}, {"type": "datepicker"}]},
        {"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "f"}]},
    ]


def test_elements_are_found_wherever_they_sit() -> None:
    blocks = elements.with_ids(_blocks())
    assert [one.type for one in elements.walk(blocks)] == ["button", "button", "datepicker", "feedback_buttons"]
    assert elements.find(blocks, "go", None, None).block_id == "s"
    assert elements.find(blocks, "go", None, "2").block_id == "a"
    assert elements.find(blocks, "go", "a", None).element["value"] == "2"
    for wrong in (("stop", None, None), ("go", "elsewhere", None), ("go", None, "3")):
        with pytest.raises(HumanError):
            elements.find(blocks, *wrong)


def test_missing_ids_are_made_up_once_and_the_senders_blocks_left_alone() -> None:
    sent = _blocks()
    filled = elements.with_ids(sent)
    assert sent == _blocks()
    ids = [block["block_id"] for block in filled]
    assert len(set(ids)) == 3
    assert all(found.action_id for found in elements.walk(filled))
    assert elements.with_ids(filled) == filled


def _input(element: Json, **block: Any) -> Json:
    return {"type": "input", "block_id": "i", "element": {"action_id": "e", **element}, **block}


def test_state_holds_what_was_entered_else_what_was_there() -> None:
    blocks = [_input({"type": "static_select", "options": OPTIONS, "initial_option": OPTIONS[0]})]
    assert elements.state_values(blocks, {})["i"]["e"]["selected_option"] == OPTIONS[0]
    entered: elements.Values = {}
    found = next(elements.walk(blocks))
    elements.remember(entered, found, elements.choose(found.element, "b", DIRECTORY))
    assert elements.state_values(blocks, entered)["i"]["e"] == {"type": "static_select", "selected_option": OPTIONS[1]}
    assert elements.kept_values(entered, blocks) == entered
    assert elements.kept_values(entered, [_input({"type": "plain_text_input"})]) == {}


@pytest.mark.parametrize(
    ("element", "value", "fine"),
    [
        ({"type": "plain_text_input"}, None, False),
        ({"type": "plain_text_input", "min_length": 3}, "ab", False),
        ({"type": "plain_text_input", "max_length": 3}, "abcd", False),
        ({"type": "plain_text_input", "max_length": 3}, "abc", True),
        ({"type": "email_text_input"}, "ada@example", False),
        ({"type": "email_text_input"}, "ada@example.com", True),
        ({"type": "url_text_input"}, "example", False),
        ({"type": "url_text_input"}, "https://example.com", True),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", False),
        ({"type": "number_input", "is_decimal_allowed": True, "min_value": "1"}, "0.5", False),
        ({"type": "number_input", "is_decimal_allowed": True, "max_value": "2"}, "2.0", True),
        ({"type": "checkboxes", "options": OPTIONS}, [], False),
    ],
)
def test_a_client_lets_only_sound_forms_go(element: Json, value: Any, fine: bool) -> None:
    blocks = [_input(element)]
    entered: elements.Values = {}
    found = next(elements.walk(blocks))
    elements.remember(entered, found, elements.choose(found.element, value, DIRECTORY))
    assert (elements.missing(blocks, elements.state_values(blocks, entered)) == {}) is fine
    optional = [_input(element, optional=True)]
    assert elements.missing(optional, elements.state_values(optional, {})) == {}
