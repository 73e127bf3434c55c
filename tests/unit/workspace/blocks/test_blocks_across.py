"""Rules across the blocks of a payload, and the envelopes of messages and views."""

from typing import Any

import pytest

from bot.workspace.blocks import validate_blocks, validate_message, validate_view

Json = dict[str, Any]

PLAIN: Json = {"type": "plain_text", "text": "x"}
SECTION: Json = {"type": "section", "text": PLAIN}
DIVIDER: Json = {"type": "divider"}
TABLE: Json = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
DATA_TABLE: Json = {"type": "data_table", "caption": "c", "rows": [[{"type": "raw_text", "text": "x"}]] * 2}
PLAN: Json = {"type": "plan", "title": "p"}
CHART: Json = {
    "type": "data_visualization",
    "title": "t",
    "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]},
}
INPUT: Json = {"type": "input", "label": PLAIN, "element": {"type": "plain_text_input", "action_id": "a"}}
MODAL: Json = {"type": "modal", "title": PLAIN, "blocks": [SECTION]}


def button(action_id: str) -> Json:
    return {"type": "button", "text": PLAIN, "action_id": action_id}


def container(*blocks: Json) -> Json:
    return {"type": "container", "title": PLAIN, "child_blocks": list(blocks)}


def found(blocks: list[Json], surface: Any = "message") -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in validate_blocks(blocks, surface=surface)]


def test_block_ids_differ_in_the_whole_payload() -> None:
    named = {**DIVIDER, "block_id": "same"}
    assert found([named, {**DIVIDER, "block_id": "other"}, DIVIDER, DIVIDER]) == []
    assert found([named, DIVIDER, named]) == [("/2/block_id", "failed_constraint")]
    assert found([named, container(named)]) == [("/1/child_blocks/0/block_id", "failed_constraint")]


def test_action_ids_differ_within_one_block_only() -> None:
    row = {"type": "actions", "elements": [button("a"), button("b")]}
    assert found([row, row, {**SECTION, "accessory": button("a")}]) == []
    twice = {"type": "actions", "elements": [button("a"), button("b"), button("a")]}
    assert found([twice]) == [("/0/elements/2/action_id", "failed_constraint")]
    card = {"type": "card", "title": PLAIN, "actions": [button("a")]}
    assert found([{"type": "carousel", "elements": [card, card]}]) == []
    assert found([container(twice)]) == [("/0/child_blocks/0/elements/2/action_id", "failed_constraint")]


def test_one_element_has_the_focus() -> None:
    focused = {**INPUT, "element": {"type": "plain_text_input", "focus_on_load": True}}
    assert found([focused, INPUT], "modal") == []
    assert found([focused, INPUT, focused], "modal") == [("/2/element/focus_on_load", "failed_constraint")]


@pytest.mark.parametrize("second", [TABLE, DATA_TABLE, container(TABLE)])
def test_a_message_takes_one_table(second: Json) -> None:
    ((pointer, code),) = found([TABLE, DIVIDER, second])
    assert code == "only_one_table_allowed"
    assert pointer.startswith("/2")
    assert found([TABLE, second], "home") == []


def test_a_message_takes_one_plan_and_two_charts() -> None:
    assert found([PLAN, CHART, CHART]) == []
    assert found([PLAN, DIVIDER, PLAN]) == [("/2", "failed_constraint")]
    assert found([CHART, CHART, CHART]) == [("/2", "failed_constraint")]


def test_markdown_blocks_share_their_limit() -> None:
    half = {"type": "markdown", "text": "x" * 6000}
    assert found([half, half]) == []
    assert found([half, half, {"type": "markdown", "text": "x"}]) == [("/2/text", "failed_constraint")]


def test_a_message_points_below_its_blocks() -> None:
    bad = {"type": "section", "text": {"type": "invalid", "text": "x"}}
    assert [problem.pointer for problem in validate_message({"blocks": [DIVIDER, bad]})] == ["/blocks/1/text/type"]
    attached = {"text": "x", "attachments": [{"color": "good"}, {"blocks": [bad], "fallback": "x"}]}
    assert [problem.pointer for problem in validate_message(attached)] == ["/attachments/1/blocks/0/text/type"]


def test_a_message_says_something() -> None:
    nothing: list[Json] = [{}, {"text": ""}, {"text": None, "blocks": []}, {"attachments": []}]
    assert {problem.code for payload in nothing for problem in validate_message(payload)} == {"no_text"}
    for payload in ({"text": "x"}, {"blocks": [DIVIDER]}, {"attachments": [{"text": "x"}]}):
        assert validate_message(payload) == []


@pytest.mark.parametrize(
    ("payload", "pointer"),
    [
        ({"text": 5}, "/text"),
        ({"text": "x", "blocks": "[]"}, "/blocks"),
        ({"text": "x", "blocks": {}}, "/blocks"),
        ({"text": "x", "attachments": {}}, "/attachments"),
        ({"text": "x", "attachments": ["x"]}, "/attachments/0"),
    ],
)
def test_a_message_has_its_types(payload: Json, pointer: str) -> None:
    assert [(p.pointer, p.code) for p in validate_message(payload)] == [(pointer, "invalid_type")]


def test_keys_of_posting_are_not_looked_at() -> None:
    assert validate_message({"channel": "C1", "text": "x", "unfurl_links": False, "metadata": {}}) == []


def test_views_are_taken() -> None:
    full = {**MODAL, "submit": PLAIN, "close": PLAIN, "private_metadata": "", "callback_id": "c", "external_id": "e"}
    assert validate_view({**full, "blocks": [INPUT], "clear_on_close": True, "notify_on_close": False}) == []
    assert validate_view({"type": "home", "blocks": []}) == []
    assert validate_view({"type": "home", "blocks": [INPUT], "title": PLAIN, "callback_id": "home"}) == []


@pytest.mark.parametrize(
    ("view", "pointer", "field"),
    [
        ({}, "", "type"),
        ({"type": "modal", "blocks": []}, "", "title"),
        ({"type": "modal", "title": PLAIN}, "", "blocks"),
        ({"type": "home"}, "", "blocks"),
        ({**MODAL, "blocks": [INPUT]}, "", "submit"),
    ],
)
def test_a_view_misses_a_field(view: Json, pointer: str, field: str) -> None:
    assert [(p.pointer, p.code, p.field) for p in validate_view(view)] == [(pointer, "missing_field", field)]


@pytest.mark.parametrize(
    ("view", "pointer"),
    [
        ({**MODAL, "type": "workflow_step"}, "/type"),
        ({**MODAL, "title": {"type": "mrkdwn", "text": "x"}}, "/title/type"),
        ({**MODAL, "id": "V1"}, ""),
        ({**MODAL, "state": {"values": {}}}, ""),
        ({**MODAL, "blocks": [{"type": "markdown", "text": "x"}]}, "/blocks/0/type"),
        ({"type": "home", "blocks": [], "submit": PLAIN}, ""),
        ({"type": "home", "blocks": [{"type": "alert", "text": PLAIN}]}, "/blocks/0/type"),
        ({**MODAL, "notify_on_close": "yes"}, "/notify_on_close"),
    ],
)
def test_a_view_breaks_a_rule(view: Json, pointer: str) -> None:
    assert [problem.pointer for problem in validate_view(view)] == [pointer]
