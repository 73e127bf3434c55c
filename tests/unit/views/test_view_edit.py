"""Editing: the real values in full, and what was typed comes back by name."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_checked import CARD_ID, DEPLOY, a_call, hostile, read, sound_view

from bot.contracts.forms import FormField
from bot.views.edit import block_of, edit, editable, read_edit
from bot.views.text import width
from bot.views.values import EditValue

TEXT = FormField("text", "Message", kind="long", initial="Release 2.4 is out.\nThanks!")
CHANNEL = FormField("channel", "Channel", initial="#deploys", hint="Where it is posted")
KIND = FormField("kind", "Kind", kind="choice", options=(("a", "Alpha"), ("b", "Beta")), initial="b")


def an_edit(*fields: tuple[FormField, ...], **more: Any) -> EditValue:
    calls = tuple(a_call(f"Sender {index}") for index in range(len(fields)))
    return EditValue(CARD_ID, "Tell them", calls, fields, **more)


def state(view: Mapping[str, Any]) -> dict[str, Any]:
    """`view.state.values` as Slack sends it when nothing was touched."""
    found: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            typed = {"value": element.get("initial_value"), "selected_option": element.get("initial_option")}
            found[block["block_id"]] = {element["action_id"]: typed}
    return found


def test_the_fields_of_the_only_call_that_has_any() -> None:
    view = sound_view(edit(an_edit((), (TEXT, CHANNEL, KIND))))
    assert (view["callback_id"], view["submit"]["text"]) == ("gate.edit", "Update card")
    assert "Nothing runs yet: the card is shown again with your changes, and waits for approval." in read(view)
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    assert [block["label"]["text"] for block in inputs] == ["Message", "Channel", "Kind"]
    assert inputs[0]["element"]["multiline"] is True
    assert inputs[0]["element"]["initial_value"] == TEXT.initial
    assert read_edit(state(view), view["private_metadata"]) == (
        CARD_ID,
        1,
        {"text": TEXT.initial, "channel": "#deploys", "kind": "b"},
    )


def test_what_was_typed_comes_back() -> None:
    view = edit(an_edit((TEXT, CHANNEL)))
    entered = state(view)
    entered[block_of("channel")]["value"]["value"] = "#general"
    entered[block_of("text")]["value"]["value"] = None
    entered["other"] = {"value": {"value": "x"}}
    entered["field:0:more"] = {"elsewhere": {"value": "x"}}
    assert read_edit(entered, view["private_metadata"])[2] == {"text": "", "channel": "#general"}


def test_of_several_calls_one_is_picked_first() -> None:
    value = an_edit((TEXT,), (), (CHANNEL,))
    view = sound_view(edit(value))
    assert "submit" not in view
    (menu,) = view["blocks"][1]["elements"]
    assert menu["action_id"] == "gate.view.edit"
    assert [option["value"] for option in menu["options"]] == [f"{CARD_ID}:0", f"{CARD_ID}:2"]
    picked = edit(an_edit((TEXT,), (), (CHANNEL,), index=2))
    assert read_edit(state(picked), picked["private_metadata"])[1:] == (2, {"channel": "#deploys"})
    assert edit(an_edit((TEXT,), (), (CHANNEL,), index=1)) == view
    sound_view(edit(an_edit(*((TEXT,) for _ in range(950)))))
    assert "Nothing of this card can be edited." in read(sound_view(edit(an_edit((), ()))))


@given(st.one_of(hostile, st.text(alphabet="ab \n😀", min_size=2_900, max_size=7_000)))
def test_texts_of_any_length_stand_there_in_full_and_come_back_unchanged(text: str) -> None:
    field = FormField("text", "Message", kind="long", initial=text)
    view = sound_view(edit(an_edit((field, CHANNEL))))
    assert read_edit(state(view), view["private_metadata"])[2] == {"text": text, "channel": "#deploys"}


def test_spaces_slack_may_trim_are_not_lost_between_parts() -> None:
    text = ("word word\n" * 400)[:-1]
    view = edit(an_edit((FormField("text", "Message", kind="long", initial=text),)))
    entered = state(view)
    assert len(entered) == 2
    for inputs in entered.values():
        inputs["value"]["value"] = inputs["value"]["value"].strip()
        assert width(inputs["value"]["value"]) <= 3_000
    assert read_edit(entered, view["private_metadata"])[2] == {"text": text}


def test_hidden_characters_are_pointed_out() -> None:
    assert "invoice‹U+202E›fdp.exe" in read(edit(an_edit((FormField("name", "Name", initial="invoice\u202efdp.exe"),))))
    secret = FormField("text", "Message", initial="password=hunter2hunter2")
    for field in (TEXT, secret, FormField("name", "Name", initial="two\r\nlines")):
        assert "cannot see" not in read(edit(an_edit((field,))))


def test_a_problem_is_said() -> None:
    assert "There is no channel #x." in read(sound_view(edit(an_edit((TEXT,), problem="There is no channel #x."))))


def test_whether_it_fits_one_modal() -> None:
    assert editable((TEXT, CHANNEL, KIND))
    assert not editable(())
    assert not editable((FormField("text", "Message", initial="x" * 300_000),))
    assert not editable((FormField("n" * 300, "Message"),))
    assert not editable((FormField("kind", "Kind", kind="choice"),))


@pytest.mark.parametrize(
    "metadata", ["", "{", "[]", "null", "{}", '{"card_id":1,"index":0}', '{"card_id":"a","index":-1}']
)
def test_foreign_metadata_are_refused(metadata: str) -> None:
    with pytest.raises(ValueError, match="no metadata"):
        read_edit({}, metadata)


def test_one_call_in_words() -> None:
    view = edit(EditValue(CARD_ID, "T", (DEPLOY,), ((CHANNEL,),)))
    assert read(view).startswith("Deploy acme/api to production. Nothing runs yet")
