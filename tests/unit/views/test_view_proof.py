"""Saying no with a reason, and approving with a code."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_checked import CARD_ID, DEPLOY, a_call, calls, hostile, read, sound_view

from bot.contracts.tools import CallView
from bot.views import denial, proof
from bot.views.values import DenialValue, EnrolValue, ProofValue

KEY = ("JBSW", "Y3DP", "EHPK", "3PXP")
URI = "otpauth://totp/MeshClaw:ada?secret=JBSWY3DPEHPK3PXP&issuer=MeshClaw"


def inputs(view: Any) -> list[Any]:
    return [block for block in view["blocks"] if block["type"] == "input"]


def test_denying_asks_why() -> None:
    view = sound_view(denial.denial(DenialValue(CARD_ID, "Release 2.4", (DEPLOY,))))
    assert view["callback_id"] == "gate.deny_reason"
    assert read(view).startswith("Release 2.4: Deploy acme/api to production. Nothing of it will be done.")
    (reason,) = inputs(view)
    assert reason["label"]["text"] == "Why? The agent is told."
    assert reason["optional"] is True
    assert reason["element"]["multiline"] is True
    typed = {"reason": {"value": {"type": "plain_text_input", "value": " not on a Friday \n"}}}
    assert denial.read(typed, view["private_metadata"]) == (CARD_ID, "not on a Friday")
    assert denial.read({"reason": {"value": {"value": None}}}, view["private_metadata"]) == (CARD_ID, "")
    assert denial.read({}, view["private_metadata"]) == (CARD_ID, "")


@pytest.mark.parametrize("metadata", ["", "{", "[]", "null", "{}", '{"card_id":1}'])
def test_foreign_metadata_are_refused(metadata: str) -> None:
    with pytest.raises(ValueError, match="no metadata"):
        denial.read({}, metadata)
    with pytest.raises(ValueError, match="no metadata"):
        proof.read({}, metadata)


def test_a_code_is_asked_for_what_stands_there() -> None:
    view = sound_view(proof.proof(ProofValue(CARD_ID, "Release 2.4", (DEPLOY,), "production")))
    assert view["callback_id"] == "gate.prove"
    shown = read(view)
    assert "This is critical in production: approving takes a code." in shown
    assert "Deploy: acme/api\nproduction · cannot be taken back" in shown
    assert "Show all" not in shown
    assert [block["block_id"] for block in inputs(view)] == ["code"]
    assert json.loads(view["private_metadata"]) == {"card_id": CARD_ID}
    typed = {"code": {"value": {"value": " 123 456 "}}}
    assert proof.read(typed, view["private_metadata"]) == (CARD_ID, "123456")
    assert proof.read_code({"code": {"value": {"value": None}}}) == ""
    assert proof.read_code({}) == ""


def test_a_long_plan_says_where_the_rest_is() -> None:
    plan = tuple(a_call(f"Sender {index}", 30) for index in range(200))
    assert "The rest of it is in Show all on the card." in read(sound_view(proof.proof(ProofValue(CARD_ID, "T", plan))))


@given(st.lists(calls, min_size=1, max_size=10), hostile, hostile)
def test_no_text_is_refused(plan: list[CallView], title: str, environment: str) -> None:
    sound_view(proof.proof(ProofValue(CARD_ID, title, tuple(plan), environment)))
    sound_view(denial.denial(DenialValue(CARD_ID, title, tuple(plan))))
    sound_view(proof.enrol(EnrolValue(KEY, URI, title)))


def test_setting_up_and_taking_off_an_authenticator_app() -> None:
    view = sound_view(proof.enrol(EnrolValue(KEY, URI, "MeshClaw (ada)")))
    assert view["callback_id"] == "gate.enrol"
    assert "Key: JBSW Y3DP EHPK 3PXP (time-based, 6 digits)" in read(view)
    assert URI in read(view)
    assert "JBSW" not in view["private_metadata"]
    assert [block["block_id"] for block in inputs(view)] == ["code"]
    off = sound_view(proof.remove())
    assert off["callback_id"] == "gate.unenrol"
    assert [block["block_id"] for block in inputs(off)] == ["code"]


def test_who_has_none_is_led_to_the_home_tab() -> None:
    shown = read(sound_view(proof.not_enrolled()))
    assert "you have not set one up" in shown
    assert "Open MeshClaw in Slack and choose the Home tab." in shown
