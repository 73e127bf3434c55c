"""Standing permissions: never wider at first than what was approved, and read back as typed."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_checked import CARD_ID, NOW, buttons, hostile, read, sound_view

from bot.views.grants import GrantTyped, grant, grantable, held, read_grant
from bot.views.values import FacetPattern, GrantFormValue, GrantLine

TODAY = date(2026, 11, 21)
FACETS = (
    FacetPattern("channel", "Channel", ("#deploys",)),
    FacetPattern("mails.sender", "Senders", ("a@x.example", "b@x.example")),
    FacetPattern("cc", "Copies to", ()),
)


def a_form(*facets: FacetPattern, **more: Any) -> GrantFormValue:
    given_: dict[str, Any] = {"count": 20, "today": TODAY, "covered": 12, "approved": 40, **more}
    return GrantFormValue(CARD_ID, "Tell #deploys", "Send messages", facets, **given_)


def state(view: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            typed = {"value": element.get("initial_value"), "selected_date": element.get("initial_date")}
            found[block["block_id"]] = {element["action_id"]: typed}
    return found


def test_it_reads_well_and_comes_back() -> None:
    view = sound_view(grant(a_form(*FACETS, index=3)))
    assert (view["callback_id"], view["submit"]["text"]) == ("gate.grant", "Allow")
    shown = read(view)
    assert shown.startswith("Always allow Send messages without asking, as long as all of this is so. A * stands for")
    assert "In the last 30 days this would have covered 12 of 40 approved calls." in shown
    assert buttons(view) == {"Work out again": ("gate.view.grant_preview", f"{CARD_ID}:3")}
    assert read_grant(state(view), view["private_metadata"]) == GrantTyped(
        CARD_ID,
        3,
        {"channel": ("#deploys",), "mails.sender": ("a@x.example", "b@x.example"), "cc": ()},
        20,
        TODAY + timedelta(days=30),
    )


def test_it_never_lasts_longer_than_90_days() -> None:
    for until in (TODAY + timedelta(days=400), TODAY + timedelta(days=90)):
        view = sound_view(grant(a_form(*FACETS, until=until)))
        assert read_grant(state(view), view["private_metadata"]).until == TODAY + timedelta(days=90)


def test_what_is_too_long_is_not_filled_in_with_something_wider() -> None:
    view = sound_view(grant(a_form(FacetPattern("text", "Text", ("x" * 3_001,)))))
    assert read_grant(state(view), view["private_metadata"]).patterns == {"text": ()}
    assert view["blocks"][1]["optional"] is False
    assert "too long to stand here" in read(view)


def test_a_line_break_in_a_value_does_not_become_two_patterns() -> None:
    view = sound_view(grant(a_form(FacetPattern("text", "Text", ("one\ntwo",)))))
    assert read_grant(state(view), view["private_metadata"]).patterns == {"text": ("one?two",)}


@given(st.lists(st.lists(hostile, max_size=4), max_size=5), hostile, st.integers(-5, 10**9))
def test_slack_takes_every_form(values: list[list[str]], words: str, count: int) -> None:
    facets = [FacetPattern(f"facet{index}", words or "x", tuple(each)) for index, each in enumerate(values)]
    sound_view(grant(a_form(*facets, count=count)))


def test_many_facets() -> None:
    names = [f"args.{index}" for index in range(60)]
    assert grantable(names)
    sound_view(grant(a_form(*(FacetPattern(name, name, ("x" * 2_900,)) for name in names))))
    assert not grantable([*names, "one more"])
    assert not grantable(["x" * 300])


@pytest.mark.parametrize(
    ("typed", "count", "until"),
    [
        ({}, None, None),
        ({"count": {"value": {"value": "abc"}}, "until": {"value": {"selected_date": "soon"}}}, None, None),
        ({"count": {"value": {"value": "-1"}}, "until": {"value": {"selected_date": None}}}, None, None),
        (
            {"count": {"value": {"value": "7"}}, "until": {"value": {"selected_date": "2026-12-01"}}},
            7,
            date(2026, 12, 1),
        ),
        ({"count": None, "facet:0:x": {"value": None}, "facet:0:y": {}}, None, None),
    ],
)
def test_nothing_typed_breaks_it(typed: dict[str, Any], count: int | None, until: date | None) -> None:
    assert read_grant(typed, f'{{"card_id":"{CARD_ID}","index":0}}') == GrantTyped(CARD_ID, 0, {}, count, until)


@pytest.mark.parametrize("metadata", ["", "{", "[]", "null", "{}", '{"card_id":1,"index":0}', '{"card_id":"a"}'])
def test_foreign_metadata_are_refused(metadata: str) -> None:
    with pytest.raises(ValueError, match="no metadata"):
        read_grant({}, metadata)


def test_those_that_hold() -> None:
    (block,) = held([GrantLine("9a", "Send messages to #deploys", 1_200, NOW)], "Europe/London")
    assert block["text"]["text"].startswith("Send messages to #deploys\n1,200 left, until <!date^")
    assert block["accessory"]["action_id"] == "gate.revoke"
