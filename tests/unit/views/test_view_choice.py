"""Choosing: what is ticked stays, page by page, and nothing else changes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from views_checked import CARD_ID, a_call, buttons, calls, hostile, read, skeleton, sound_view

from bot.contracts.tools import CallView
from bot.views.calls import size
from bot.views.choice import choice, read_choice
from bot.views.paging import read_value
from bot.views.values import ChoiceValue

NONE: frozenset[int] = frozenset()


def a_choice(*plan: CallView, unticked: tuple[frozenset[int], ...] | None = None, **more: Any) -> ChoiceValue:
    return ChoiceValue(CARD_ID, "Tidy up", plan, unticked or (NONE,) * len(plan), **more)


def boxes(view: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [block for block in view["blocks"] if block["type"] == "input"]


def state(view: Mapping[str, Any], untick: frozenset[str] = frozenset()) -> dict[str, Any]:
    """`view.state.values` as Slack sends it when those boxes were unticked and no other was touched."""
    return {
        block["block_id"]: {
            block["element"]["action_id"]: {
                "type": "checkboxes",
                "selected_options": [
                    entry for entry in block["element"].get("initial_options", ()) if entry["value"] not in untick
                ],
            }
        }
        for block in boxes(view)
    }


def menu_options(view: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (option["text"]["text"], option["value"])
        for block in view["blocks"]
        for element in block.get("elements", ())
        if element["type"] == "static_select"
        for option in element["options"]
    ]


def test_the_list_of_calls_reads_well() -> None:
    value = a_choice(
        a_call("A <a@x.example>", 4),
        a_call("B <b@x.example>", 1),
        a_call("C <c@x.example>", 2, verb="File", group="Junk", where=""),
        unticked=(frozenset({1}), frozenset({0}), NONE),
    )
    view = sound_view(choice(value))
    assert view["callback_id"] == "gate.choose"
    assert view["submit"]["text"] == "Update card"
    assert json.loads(view["private_metadata"]) == {"card_id": CARD_ID, "focus": None, "page": 0}
    assert read(view).startswith("5 of 7 mails ticked so far. Untick what should be left alone.")
    first, second = boxes(view)
    assert first["label"]["text"] == "Archive · Newsletters — INBOX → Archive"
    assert [option["description"]["text"] for option in first["element"]["options"]] == ["3 of 4 mails", "1 mail"]
    assert [option["value"] for option in first["element"]["initial_options"]] == ["0"]
    assert second["label"]["text"] == "File · Junk"
    assert menu_options(view) == [("A <a@x.example>", f"{CARD_ID}:0:0"), ("C <c@x.example>", f"{CARD_ID}:2:0")]
    assert read_value(f"{CARD_ID}:2:0").numbers == (2, 0)


def test_nothing_touched_changes_nothing() -> None:
    value = a_choice(a_call("A", 4), a_call("B", 1), unticked=(frozenset({1}), frozenset({0})))
    view = choice(value)
    assert read_choice(state(view), view["private_metadata"], value) == value.unticked


def test_unticking_and_ticking_a_call() -> None:
    value = a_choice(a_call("A", 4), a_call("B", 1), a_call("C", 2), unticked=(NONE, frozenset({0}), frozenset({1})))
    view = choice(value)
    entered = state(view, frozenset({"0"}))
    ((block_id, inputs),) = entered.items()
    inputs["ticked"]["selected_options"].append({"value": "1"})
    assert read_choice({block_id: inputs}, view["private_metadata"], value) == (
        frozenset(range(4)),
        NONE,
        frozenset({1}),
    )


def test_single_items() -> None:
    value = a_choice(a_call("A", 4), a_call("B", 12), unticked=(frozenset({1}), frozenset({11})), focus=1)
    view = sound_view(choice(value))
    assert view["callback_id"] == "gate.focus"
    assert [block["label"]["text"] for block in boxes(view)] == ["1 to 10 of 12 mails", "11 to 12 of 12 mails"]
    entered = state(view, frozenset({"0", "10"}))
    assert read_choice(entered, view["private_metadata"], value) == (frozenset({1}), frozenset({0, 10, 11}))


def test_a_call_without_items_is_one_thing() -> None:
    value = a_choice(a_call("Deploy", 0), unticked=(frozenset({0}),))
    view = sound_view(choice(value))
    assert "initial_options" not in boxes(view)[0]["element"]
    assert read_choice(state(view), view["private_metadata"], value) == (frozenset({0}),)
    ticked = {boxes(view)[0]["block_id"]: {"ticked": {"selected_options": [{"value": "0"}]}}}
    assert read_choice(ticked, view["private_metadata"], value) == (NONE,)


def test_boxes_are_new_when_what_is_saved_changed() -> None:
    before = a_choice(a_call("A", 4))
    after = replace(before, unticked=(frozenset(range(4)),))
    assert boxes(choice(before))[0]["block_id"] != boxes(choice(after))[0]["block_id"]


def test_groups_that_are_mixed_up_stay_apart() -> None:
    plan = tuple(a_call(f"S{index}", 1, group="AB"[index % 2]) for index in range(30))
    value = a_choice(*plan)
    view = sound_view(choice(value))
    left = read_choice(state(view, frozenset({"3", "4", "29"})), view["private_metadata"], value)
    assert [index for index, each in enumerate(left) if each] == [3, 4, 29]


def test_pages_of_calls_and_of_items() -> None:
    value = a_choice(*(a_call(f"S{index}", 2) for index in range(250)), a_call("Many", 350))
    seen = []
    for page in range(3):
        view = sound_view(choice(replace(value, page=page)))
        seen += [option["value"] for block in boxes(view) for option in block["element"]["options"]]
    assert seen == [str(index) for index in range(251)]
    assert buttons(choice(replace(value, page=1))) == {
        "Next page": ("gate.view.choose", f"{CARD_ID}:2"),
        "Previous page": ("gate.view.choose", f"{CARD_ID}:0"),
    }
    focused = replace(value, focus=250, page=1)
    assert buttons(choice(focused)) == {
        "Next page": ("gate.view.focus", f"{CARD_ID}:250:2"),
        "Previous page": ("gate.view.focus", f"{CARD_ID}:250:0"),
    }
    view = choice(focused)
    left = read_choice(state(view, frozenset({"120"})), view["private_metadata"], focused)
    assert left[250] == frozenset({120})
    assert not any(left[:250])


@given(st.lists(calls, min_size=1, max_size=12), st.data())
def test_what_slack_sends_back_is_what_was_ticked(plan: list[CallView], data: st.DataObject) -> None:
    unticked = tuple(frozenset(data.draw(st.sets(st.integers(0, size(call) - 1)))) for call in plan)
    focus = data.draw(st.none() | st.integers(0, len(plan) - 1))
    value = a_choice(*plan, unticked=unticked, focus=focus)
    view = sound_view(choice(value))
    offered = [option["value"] for block in boxes(view) for option in block["element"].get("initial_options", ())]
    off = data.draw(st.sets(st.sampled_from(offered)) if offered else st.just(set()))
    left = read_choice(state(view, frozenset(off)), view["private_metadata"], value)
    for index, call in enumerate(plan):
        if focus is None:
            assert left[index] == (frozenset(range(size(call))) if str(index) in off else unticked[index])
        elif index == focus:
            assert left[index] == unticked[index] | frozenset(map(int, off))
        else:
            assert left[index] == unticked[index]


@given(
    st.dictionaries(
        st.sampled_from(["calls:0-1:00000000", "items:0:0-9:00000000", "items:9:0-3:00000000", "calls:5-2:0", "x"]),
        st.dictionaries(
            st.sampled_from(["ticked", "other"]),
            st.sampled_from(
                [{}, {"selected_options": None}, {"selected_options": [{"value": "99"}, {"value": "-1"}]}, None]
            ),
        ),
    ),
    st.sampled_from(["", "{", "[]", "null", '{"focus": 0}', '{"focus": 99}', '{"focus": "0"}', '{"focus": null}']),
)
def test_nothing_sent_back_breaks_it(entered: dict[str, Any], metadata: str) -> None:
    value = a_choice(a_call("A", 3), a_call("B", 1))
    left = read_choice(entered, metadata, value)
    assert all(each <= frozenset(range(size(call))) for each, call in zip(left, value.calls, strict=True))


@given(hostile, st.lists(hostile, min_size=2, max_size=12))
def test_no_text_changes_the_structure(subject: str, items: list[str]) -> None:
    wild = a_choice(a_call(subject, tuple(items)), focus=None)
    tame = a_choice(a_call("x", tuple("x" for _ in items)), focus=None)
    assert skeleton(choice(wild)) == skeleton(choice(tame))
    assert skeleton(choice(replace(wild, focus=0))) == skeleton(choice(replace(tame, focus=0)))
