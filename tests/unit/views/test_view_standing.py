"""Stops, modes, reminders, break-glass and refusals, in words."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from views_checked import NOW, buttons, hostile, hostile_line, read, skeleton, sound_message

from bot.views import standing

ADA, BEN, TZ = "U01ADA00001", "U02BEN00002", "Europe/London"


def test_a_lasting_stop_offers_the_way_back() -> None:
    message = sound_message(standing.stopped(ADA, lasting=True, held_cards=2))
    assert read(message).startswith(
        "Stopped. Nothing more is done, and nothing new begins, until it is resumed. 2 cards are paused: you decide "
        "how it goes on. By @U01ADA00001."
    )
    assert buttons(message) == {"Resume": ("gate.resume", "person")}
    assert buttons(standing.stopped(BEN, lasting=True, everyone=True)) == {"Resume": ("gate.resume", "all")}
    assert buttons(standing.stopped(BEN, lasting=True, everyone=True, liftable=False)) == {}


def test_a_stop_of_what_was_going_on() -> None:
    message = sound_message(standing.stopped(ADA, lasting=False))
    assert message.text == "Stopped. What was going on has ended."
    assert buttons(message) == {}


def test_resumed() -> None:
    assert sound_message(standing.resumed(ADA)).text.startswith("Going on. Whatever was paused still waits")
    assert "for everybody" in sound_message(standing.resumed(ADA, everyone=True)).text


def test_stop_all_is_announced() -> None:
    message = sound_message(standing.stop_announcement(BEN, "mails vanish", NOW, TZ))
    assert read(message).startswith(
        "Stopped for everybody\nBy @U02BEN00002, Sat 21 Nov 2026, 09:12. Nothing more is done"
    )
    assert "Reason: Mails vanish." in read(message)
    assert "Reason" not in read(sound_message(standing.stop_announcement(BEN, " ", NOW, TZ)))


def test_modes() -> None:
    shown = sound_message(standing.mode_said("read-only", changed=True))
    assert shown.text == "The mode is now read-only. MeshClaw looks and does not touch; it has no tool that could."
    assert buttons(shown) == {"Switch to asking": ("gate.mode", "ask")}
    there = sound_message(standing.mode_said("ask", changed=False, place="this conversation"))
    assert there.text.startswith("The mode in this conversation is ask.")
    assert buttons(there) == {}


def test_a_read_only_connection_offers_to_be_widened() -> None:
    message = sound_message(standing.read_only_said("email", "mail"))
    assert message.text == "These could be tidied, but your mail is connected read-only."
    assert buttons(message) == {"Allow changes…": ("gate.widen", "email")}


def test_three_cards_wait_already() -> None:
    message = sound_message(standing.enough_cards(["Tidy up", "Release 2.4", "Tell them"]))
    assert read(message).split("\n") == [
        "3 cards already wait for a decision here. Decide one of them, then ask again.",
        "Tidy up",
        "Release 2.4",
        "Tell them",
    ]
    assert message.text.endswith("Waiting: Tidy up, Release 2.4 and Tell them.")


def test_a_reminder() -> None:
    message = sound_message(standing.reminder("Release 2.4", NOW, TZ, ADA))
    assert read(message) == (
        "Still waiting for your decision: Release 2.4. Decide by Sat 21 Nov 2026, 09:12; after that, nothing will be "
        "done. It was asked for by @U01ADA00001."
    )


def test_break_glass_is_loud() -> None:
    message = sound_message(standing.glass_broken(BEN, "production is down", NOW + timedelta(minutes=15), TZ))
    assert message.text.startswith("‼ BREAK-GLASS until Sat 21 Nov 2026, 09:27")
    assert "@U02BEN00002 may decide what is not theirs to decide, until Sat 21 Nov 2026, 09:27" in read(message)
    assert "Reason: Production is down." in read(message)
    assert "none given" in read(standing.glass_broken(BEN, "", NOW, TZ))


def test_a_use_of_break_glass_is_loud_too() -> None:
    message = sound_message(standing.glass_used(BEN, ADA, "Release 2.4"))
    assert message.text.startswith("‼ BREAK-GLASS used: Release 2.4")
    assert "@U02BEN00002 approved, by break-glass: Release 2.4. It was asked for by @U01ADA00001." in read(message)


def test_a_refused_plan_says_why() -> None:
    message = sound_message(standing.refused("Drop the table", ["nobody deletes in production"] * 2))
    assert read(message).split("\n") == [
        "Not allowed: Drop the table. The policy says no, whoever approves.",
        "Nobody deletes in production.",
    ]
    many = read(sound_message(standing.refused("T", [f"reason {number}" for number in range(30)])))
    assert "and 20 more reasons" in many


@given(hostile, hostile, st.lists(hostile_line, max_size=30))
def test_no_text_is_refused_or_changes_the_structure(one: str, two: str, many: list[str]) -> None:
    sound_message(standing.stopped(one, lasting=True))
    sound_message(standing.stop_announcement(one, two, NOW, two))
    sound_message(standing.mode_said("ask", changed=True, place=one))
    sound_message(standing.enough_cards([one, two, *many]))
    sound_message(standing.glass_broken(one, two, NOW, TZ))
    sound_message(standing.refused(one, [two, *many]))
    sound_message(standing.glass_used(one, two, one))
    tame = skeleton(standing.reminder("x", NOW, TZ).blocks)
    assert skeleton(sound_message(standing.reminder(one, NOW, TZ)).blocks) == tame
    sound_message(standing.read_only_said("email", one))
