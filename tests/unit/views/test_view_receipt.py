"""The receipt: who, when, what; every thing in exactly one number."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_checked import CARD_ID, NOW, a_call, buttons, calls, hostile, hostile_line, read, sound_message

from bot.contracts.tools import CallView, Outcome
from bot.views.calls import Tally, size, tallied, tally
from bot.views.receipt import receipt
from bot.views.values import CallResult, ReceiptValue

STATES = ["pending", "running", "settled", "denied", "expired", "superseded", "undoing", "undone"]


def a_receipt(state: Any, *results: CallResult, **more: Any) -> ReceiptValue:
    given_: dict[str, Any] = {"by": "U01ADA00001", "at": NOW, "tz": "Europe/London", **more}
    return ReceiptValue(CARD_ID, "Tidy up your inbox", state, results, **given_)


def ended(call: CallView, state: Any = "done", **numbers: Any) -> CallResult:
    return CallResult(call, Outcome(state, **numbers))


def test_all_done() -> None:
    message = sound_message(
        receipt(a_receipt("settled", ended(a_call(), count=3), ended(a_call("B", 1), count=1), undoable=True))
    )
    assert read(message).split("\n") == [
        "Tidy up your inbox",
        "Done. 4 mails: all done.",
        "Approved by @U01ADA00001, Sat 21 Nov 2026, 09:12",
        "What was done",
        "Archive · Newsletters — 4 mails from 2 senders, INBOX → Archive: all done",
        "Undo",
        "Show all 4",
    ]
    assert message.text == "Tidy up your inbox. Done. 4 mails: all done. Approved Sat 21 Nov 2026, 09:12."
    assert buttons(message)["Undo"] == ("gate.undo", CARD_ID)
    assert buttons(message)["Show all 4"] == ("gate.view.listing", CARD_ID)


def test_no_undo_unless_it_is_offered() -> None:
    assert "Undo" not in buttons(receipt(a_receipt("settled", ended(a_call(), count=3))))


def test_what_was_gone_failed_or_is_unknown_is_said_in_words() -> None:
    shown = read(
        sound_message(
            receipt(
                a_receipt(
                    "settled",
                    ended(a_call("A", 64), count=61, gone=3),
                    ended(a_call("B", 5), "unknown", count=3, unknown=2, note="The server went away."),
                    ended(a_call("C", 2), "failed", note="There is no folder Archive"),
                    ended(a_call("D", 1), "failed", note="There is no folder Archive"),
                )
            )
        )
    )
    sums = "64 done, 3 were already gone, 3 not done, 2 unknown"
    assert f"Finished, and part of it is not known. 72 mails: {sums}." in shown
    assert (
        "B — 3 done, 2 unknown. 2: nobody can tell whether they were done; look in INBOX and Archive. The server"
        in shown
    )
    assert "C, D — 3 not done. There is no folder Archive" in shown


def test_one_that_was_gone() -> None:
    shown = read(receipt(a_receipt("settled", ended(a_call("A", 2), count=1, gone=1))))
    assert "Done. 2 mails: 1 done, 1 was already gone." in shown


def test_running_says_how_far_it_is() -> None:
    shown = read(receipt(a_receipt("running", ended(a_call("A", 2), count=2), CallResult(a_call("B", 4), None))))
    assert "Working on it. 6 mails: 2 done, 4 not begun." in shown
    assert "So far" in shown


@pytest.mark.parametrize(
    ("state", "by", "said"),
    [
        ("denied", "U01ADA00001", ["Not done. Nothing was changed.", "Declined by @U01ADA00001, Sat 21 Nov"]),
        ("expired", "", ["Expired: nobody decided in time. Nothing was changed.", "Expired, Sat 21 Nov"]),
        ("superseded", "U01ADA00001", ["Replaced by a newer card. Nothing was changed by this one."]),
    ],
)
def test_nothing_was_done(state: str, by: str, said: list[str]) -> None:
    shown = read(sound_message(receipt(a_receipt(state, CallResult(a_call(items=3), None), by=by))))
    for words in [*said, "What was asked", "Archive · Newsletters — 3 mails from 1 sender, INBOX → Archive"]:
        assert words in shown


def test_undone_tells_its_own_results_and_what_was_before() -> None:
    back = a_call(verb="Move back", where="Archive → INBOX", items=3)
    value = a_receipt(
        "undone",
        ended(a_call(items=3), count=3),
        undo_results=(ended(back, count=2, gone=1),),
        undo_by="U01ADA00001",
        undo_at=NOW + timedelta(minutes=5),
    )
    shown = read(sound_message(receipt(value)))
    assert "Taken back. 3 mails: 2 taken back, 1 was already gone." in shown
    assert "Undo asked for by @U01ADA00001, Sat 21 Nov 2026, 09:17" in shown
    assert "Move back · Newsletters — 3 mails from 1 sender, Archive → INBOX: 2 taken back, 1 was already gone" in shown
    assert "Before that\nArchive · Newsletters — 3 mails from 1 sender, INBOX → Archive: all done" in shown


def test_undoing_before_it_has_begun() -> None:
    shown = read(sound_message(receipt(a_receipt("undoing", ended(a_call(items=3), count=3)))))
    assert "Taking it back.\n" in shown
    assert "0 mails" not in shown


outcomes = st.none() | st.builds(
    Outcome,
    state=st.sampled_from(["done", "failed", "unknown"]),
    count=st.integers(-1, 15),
    gone=st.integers(-1, 15),
    unknown=st.integers(-1, 15),
    note=hostile_line,
)


@pytest.mark.parametrize(
    ("outcome", "sums"),
    [
        (None, Tally(waiting=5)),
        (Outcome("done", count=5), Tally(done=5)),
        (Outcome("done", count=2, gone=2), Tally(done=2, gone=2, failed=1)),
        (Outcome("failed"), Tally(failed=5)),
        (Outcome("failed", count=1, gone=1, unknown=1), Tally(done=1, gone=1, unknown=1, failed=2)),
        (Outcome("unknown"), Tally(unknown=5)),
        (Outcome("unknown", count=3, unknown=1), Tally(done=3, unknown=2)),
        (Outcome("done", count=99), Tally(done=5)),
    ],
)
def test_tallies(outcome: Outcome | None, sums: Tally) -> None:
    assert tally(a_call(items=5), outcome) == sums


def test_a_call_without_items_is_one_thing() -> None:
    assert tally(a_call(items=0), Outcome("done")) == Tally(done=1)
    assert tally(a_call(items=0), Outcome("unknown")) == Tally(unknown=1)
    assert tally(a_call(items=0), Outcome("failed")) == Tally(failed=1)


@given(calls, outcomes)
def test_a_tally_is_complete(call: CallView, outcome: Outcome | None) -> None:
    sums = tally(call, outcome)
    assert sums.whole == size(call)
    assert min(sums.done, sums.gone, sums.unknown, sums.failed, sums.waiting) >= 0


@given(
    st.sampled_from(STATES),
    st.lists(st.builds(CallResult, calls, outcomes), max_size=8),
    st.lists(st.builds(CallResult, calls, outcomes), max_size=8),
    hostile,
    hostile,
    st.booleans(),
)
def test_slack_takes_every_receipt(
    state: Any, results: list[CallResult], back: list[CallResult], by: str, reason: str, undoable: bool
) -> None:
    value = a_receipt(state, *results, by=by, reason=reason, undoable=undoable, undo_results=tuple(back), undo_by=by)
    sound_message(receipt(value))


@given(st.integers(1, 300), st.integers(1, 20))
def test_troubles_that_do_not_fit_are_counted(many: int, kinds: int) -> None:
    results = [
        ended(
            a_call(f"Sender {index}", 2, group=f"Group {index % kinds}"), "failed", note=f"Refused {index}: {'x' * 100}"
        )
        for index in range(many)
    ]
    shown = read(sound_message(receipt(a_receipt("settled", *results))))
    told = [int(match) for match in re.findall(r"^Sender \d+ — (\d+) not done", shown, re.MULTILINE)]
    more = re.search(r"and (\d+) senders? more that needs? a look, (\d+) not done", shown)
    assert sum(told) + (int(more[2]) if more else 0) == min(2 * many, tallied(results).failed) - beyond(shown)


def beyond(shown: str) -> int:
    """Not done in groups that have no line of their own."""
    more = re.search(r"^and (\d+) mails? from \d+ senders? more: (\d+) not done", shown, re.MULTILINE)
    return int(more[2]) if more else 0
