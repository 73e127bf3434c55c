"""Sound samples are taken where their surface takes them, and each rule refuses a bad one at its place."""

from typing import Any

import pytest
from block_samples import (
    AXIS,
    BUTTON,
    EVERYWHERE,
    GROUPS,
    IMAGE,
    MESSAGE_ONLY,
    MODAL_ONLY,
    MRKDWN,
    NOT_IN_MODALS,
    OPTION,
    OTHER,
    PLAIN,
    RICH,
    SERIES,
    TASK,
    Json,
    raw,
    rich,
)

from bot.workspace.blocks import validate_blocks


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
@pytest.mark.parametrize("block", EVERYWHERE)
def test_takes_on_every_surface(block: Json, surface: Any) -> None:
    assert validate_blocks([block], surface=surface) == []


@pytest.mark.parametrize(
    ("block", "surface", "taken"),
    [
        *((block, surface, surface == "message") for block in MESSAGE_ONLY for surface in ("message", "modal", "home")),
        *((block, surface, surface == "modal") for block in MODAL_ONLY for surface in ("message", "modal", "home")),
        *((block, surface, surface != "modal") for block in NOT_IN_MODALS for surface in ("message", "modal", "home")),
    ],
)
def test_takes_on_some_surfaces_only(block: Json, surface: Any, taken: bool) -> None:
    problems = validate_blocks([block], surface=surface)
    assert (problems == []) is taken
    assert all(problem.message.startswith("unsupported type: ") for problem in problems)


def section(**more: Any) -> Json:
    return {"type": "section", "text": MRKDWN, **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def chart(**more: Any) -> Json:
    line = {"type": "bar", "series": [SERIES], "axis_config": AXIS, **more}
    return {"type": "data_visualization", "title": "t", "chart": line}


def field(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": PLAIN, "element": element, **more}


BAD: list[tuple[object, str, str]] = [
    ("not a block", "/0", "invalid_type"),
    (None, "/0", "invalid_type"),
    ({}, "/0", "missing_field"),
    ({"type": 1}, "/0/type", "invalid_type"),
    ({"type": "nonsense"}, "/0/type", "failed_constraint"),
    ({"type": "button", "text": PLAIN}, "/0/type", "failed_constraint"),
    ({"type": "divider", "colour": "red"}, "/0", "failed_constraint"),
    ({"type": "divider", "block_id": None}, "/0/block_id", "invalid_type"),
    ({"type": "section"}, "/0", "missing_field"),
    (section(fields=[]), "/0/fields", "failed_constraint"),
    (section(text="bare"), "/0/text", "invalid_type"),
    (section(text={"type": "mrkdwn", "text": ""}), "/0/text/text", "failed_constraint"),
    (section(text={"type": "mrkdwn", "text": "x", "emoji": True}), "/0/text", "failed_constraint"),
    (section(text={"type": "plain_text", "text": "x", "verbatim": True}), "/0/text", "failed_constraint"),
    (section(text={"type": "plain_text"}), "/0/text", "missing_field"),
    (section(text={"type": "invalid", "text": "x"}), "/0/text/type", "failed_constraint"),
    (section(accessory={"type": "plain_text_input"}), "/0/accessory/type", "failed_constraint"),
    (section(accessory={"type": "datetimepicker"}), "/0/accessory/type", "failed_constraint"),
    (section(accessory={**BUTTON, "style": "default"}), "/0/accessory/style", "failed_constraint"),
    (section(accessory={**BUTTON, "url": "example.com"}), "/0/accessory/url", "failed_constraint"),
    (section(accessory={**BUTTON, "text": MRKDWN}), "/0/accessory/text/type", "failed_constraint"),
    (section(accessory={**BUTTON, "confirm": {}}), "/0/accessory/confirm", "missing_field"),
    (section(accessory={**IMAGE, "slack_file": {"id": "F"}}), "/0/accessory", "failed_constraint"),
    (section(accessory={"type": "image", "alt_text": "a"}), "/0/accessory", "missing_field"),
    (section(accessory={**IMAGE, "image_url": "ftp://x/y"}), "/0/accessory/image_url", "failed_constraint"),
    ({"type": "header", "text": MRKDWN}, "/0/text/type", "failed_constraint"),
    ({"type": "header", "text": PLAIN, "level": 5}, "/0/level", "failed_constraint"),
    ({"type": "header", "text": PLAIN, "level": True}, "/0/level", "invalid_type"),
    (actions(), "/0/elements", "failed_constraint"),
    (actions(IMAGE), "/0/elements/0/type", "failed_constraint"),
    (actions(BUTTON, BUTTON), "/0/elements/1/action_id", "failed_constraint"),
    (actions({"type": "overflow", "options": []}), "/0/elements/0/options", "failed_constraint"),
    (
        actions({"type": "overflow", "options": [{"text": MRKDWN, "value": "v"}]}),
        "/0/elements/0/options/0/text/type",
        "failed_constraint",
    ),
    (actions({"type": "static_select"}), "/0/elements/0", "missing_field"),
    (
        actions({"type": "static_select", "options": [OPTION], "option_groups": GROUPS}),
        "/0/elements/0",
        "failed_constraint",
    ),
    (
        actions({"type": "static_select", "options": [OPTION], "initial_option": OTHER}),
        "/0/elements/0/initial_option",
        "failed_constraint",
    ),
    (
        actions({"type": "checkboxes", "options": [OPTION], "initial_options": [OPTION, OTHER]}),
        "/0/elements/0/initial_options/1",
        "failed_constraint",
    ),
    (
        actions({"type": "multi_users_select", "initial_users": ["U1", "U2"], "max_selected_items": 1}),
        "/0/elements/0/initial_users",
        "failed_constraint",
    ),
    (
        actions({"type": "static_select", "options": [{**OPTION, "url": "https://example.com"}]}),
        "/0/elements/0/options/0",
        "failed_constraint",
    ),
    (actions({"type": "datepicker", "initial_date": "21/11/2026"}), "/0/elements/0/initial_date", "failed_constraint"),
    (actions({"type": "timepicker", "initial_time": "24:00"}), "/0/elements/0/initial_time", "failed_constraint"),
    (actions({"type": "conversations_select", "filter": {}}), "/0/elements/0/filter", "missing_field"),
    (actions({"type": "plain_text_input"}), "/0/elements/0/type", "failed_constraint"),
    (field({"type": "button", "text": PLAIN}), "/0/element/type", "failed_constraint"),
    (field({"type": "number_input"}), "/0/element", "missing_field"),
    (
        field({"type": "number_input", "is_decimal_allowed": False, "min_value": "2", "max_value": "1"}),
        "/0/element/min_value",
        "failed_constraint",
    ),
    (
        field({"type": "plain_text_input", "min_length": 2, "max_length": 1}),
        "/0/element/min_length",
        "failed_constraint",
    ),
    (field({"type": "plain_text_input"}, label=MRKDWN), "/0/label/type", "failed_constraint"),
    ({"type": "input", "element": {"type": "plain_text_input"}}, "/0", "missing_field"),
    ({"type": "context", "elements": [BUTTON]}, "/0/elements/0/type", "failed_constraint"),
    ({"type": "context_actions", "elements": [BUTTON]}, "/0/elements/0/type", "failed_constraint"),
    ({"type": "image", "image_url": "https://example.com/a"}, "/0", "missing_field"),
    (rich({"type": "text", "text": ""}), "/0/elements/0/elements/0/text", "failed_constraint"),
    (
        rich({"type": "text", "text": "x", "style": {"loud": True}}),
        "/0/elements/0/elements/0/style",
        "failed_constraint",
    ),
    (rich({"type": "broadcast", "range": "all"}), "/0/elements/0/elements/0/range", "failed_constraint"),
    ({"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}, "/0/elements/0/type", "failed_constraint"),
    (
        {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [], "border": True}]},
        "/0/elements/0/border",
        "failed_constraint",
    ),
    ({"type": "file", "source": "remote"}, "/0", "missing_field"),
    ({"type": "card", "subtitle": PLAIN}, "/0", "missing_field"),
    ({"type": "card", "title": "bare"}, "/0/title", "invalid_type"),
    ({"type": "task_card", **TASK, "status": "done"}, "/0/status", "failed_constraint"),
    ({"type": "task_card", "task_id": "t"}, "/0", "missing_field"),
    ({"type": "plan", "title": "p", "tasks": [{"title": "x"}]}, "/0/tasks/0", "missing_field"),
    ({"type": "table", "rows": [[raw("")]]}, "/0/rows/0/0/text", "failed_constraint"),
    ({"type": "table", "rows": [[PLAIN]]}, "/0/rows/0/0/type", "failed_constraint"),
    ({"type": "table", "rows": []}, "/0/rows", "failed_constraint"),
    ({"type": "data_table", "rows": [[raw("a")], [raw("b")]]}, "/0", "missing_field"),
    ({"type": "data_table", "caption": "c", "rows": [[raw("a")]]}, "/0/rows", "failed_constraint"),
    ({"type": "data_table", "caption": "c", "rows": [[RICH], [raw("a")]]}, "/0/rows/0/0/type", "failed_constraint"),
    (
        {"type": "data_table", "caption": "c", "rows": [[raw("a")], [raw("a"), raw("b")]]},
        "/0/rows/1",
        "failed_constraint",
    ),
    (
        {"type": "data_table", "caption": "c", "rows": [[raw("a")], [raw("b")]], "row_header_column_index": 1},
        "/0/row_header_column_index",
        "failed_constraint",
    ),
    (chart(type="donut"), "/0/chart/type", "failed_constraint"),
    (chart(series=[SERIES, SERIES]), "/0/chart/series/1/name", "failed_constraint"),
    (chart(series=[{**SERIES, "data": SERIES["data"][:1]}]), "/0/chart/series/0/data", "failed_constraint"),
    (chart(axis_config={"categories": ["Mon", "Wed"]}), "/0/chart/series/0/data", "failed_constraint"),
    (
        {
            "type": "data_visualization",
            "title": "t",
            "chart": {"type": "pie", "segments": [{"label": "a", "value": 0}]},
        },
        "/0/chart/segments/0/value",
        "failed_constraint",
    ),
    (
        {"type": "container", "title": PLAIN, "child_blocks": [{"type": "markdown", "text": "x"}]},
        "/0/child_blocks/0/type",
        "failed_constraint",
    ),
    ({"type": "container", "child_blocks": [{"type": "divider"}]}, "/0", "missing_field"),
]


@pytest.mark.parametrize(("block", "pointer", "code"), BAD)
def test_refuses_in_a_message(block: object, pointer: str, code: str) -> None:
    problems = validate_blocks([block], surface="message")
    assert [(problem.pointer, problem.code) for problem in problems] == [(pointer, code)]


def test_answers_with_the_sample_of_slacks_own_page() -> None:
    """The example at https://docs.slack.dev/reference/methods/blocks.validate, with what was got added."""
    block = {"type": "section", "text": {"type": "invalid", "text": "x"}}
    assert [problem.as_dict() for problem in validate_blocks([block], surface="message")] == [
        {
            "pointer": "/0/text/type",
            "code": "failed_constraint",
            "message": "unsupported type: invalid",
            "constraint": {"type": "enum", "expected": ["plain_text", "mrkdwn"], "got": "invalid"},
        }
    ]


def test_names_the_missing_field() -> None:
    assert [problem.as_dict() for problem in validate_blocks([{"type": "header"}], surface="home")] == [
        {"pointer": "/0", "code": "missing_field", "message": "missing required field: text", "field": "text"}
    ]


def test_reports_every_fault_at_once() -> None:
    blocks = [section(text={"type": "mrkdwn", "text": ""}), {"type": "divider"}, {"type": "header", "text": "bare"}]
    assert [problem.pointer for problem in validate_blocks(blocks, surface="modal")] == ["/0/text/text", "/2/text"]


def test_escapes_odd_keys_in_pointers() -> None:
    button = {**BUTTON, "confirm": {"text": {"type": "plain_text", "text": "x", "a/b~c": 1}}}
    (problem,) = validate_blocks([actions(button)], surface="message")
    assert problem.message == "invalid additional property: a/b~c"
    assert problem.pointer == "/0/elements/0/confirm/text"
