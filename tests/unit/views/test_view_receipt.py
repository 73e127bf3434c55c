"""The receipt: who, when, what; every thing in exactly one number."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_checked import CARD_ID, DEPLOY, NOW, a_call, buttons, calls, hostile, hostile_line, read, sound_message

from bot.contracts.tools import CallView, Outcome
from bot.views.blocks import WHOLE, cost
from bot.views.calls import Tally, size, tallied, tally
from bot.views.receipt import receipt
from bot.views.values import Approval, CallResult, CardState, GrantLine, ReceiptValue

STATES = list(get_args(CardState))


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


def test_holding_can_be_called_back() -> None:
    value = a_receipt("holding", CallResult(DEPLOY, None), goes_out=NOW + timedelta(seconds=30))
    message = sound_message(receipt(value))
    assert "Goes out at 09:12:30. Until then you can call it back." in read(message)
    assert "What will be done\nDeploy acme/api to production" in read(message)
    assert buttons(message)["Call back"] == ("gate.call_back", CARD_ID)
    assert "It goes out at 09:12:30." in message.text


def test_called_back() -> None:
    value = a_receipt("called_back", CallResult(DEPLOY, None), undo_by="U02BEN00002", undo_at=NOW)
    shown = read(sound_message(receipt(value)))
    assert "Called back in time. Nothing was sent, and nothing was changed." in shown
    assert "Called back by @U02BEN00002" in shown
    assert "Call back" not in buttons(receipt(value))


def test_paused_says_why_and_asks_how_to_go_on() -> None:
    results = (ended(a_call("A", 2), count=2), CallResult(a_call("B", 4), None))
    message = sound_message(receipt(a_receipt("paused", *results, reason="20 mails an hour are enough.")))
    assert "Paused. 6 mails: 2 done, 4 not begun." in read(message)
    assert "Why: 20 mails an hour are enough." in read(message)
    assert buttons(message)["Go on"] == ("gate.go_on", CARD_ID)
    assert buttons(message)["Leave the rest"] == ("gate.leave", CARD_ID)


def test_lapsed_tells_what_was_done_and_what_was_not() -> None:
    results = (ended(a_call("A", 2), count=2), CallResult(a_call("B", 4), None))
    shown = read(sound_message(receipt(a_receipt("lapsed", *results))))
    assert "Approved, but not carried out in time. 6 mails: 2 done, 4 not begun." in shown


def test_what_was_begun_is_never_called_nothing() -> None:
    for state in ("denied", "expired", "withdrawn", "superseded", "called_back"):
        shown = read(receipt(a_receipt(state, ended(a_call("A", 2), count=2), CallResult(a_call("B", 4), None))))
        assert "Nothing was" not in shown
        assert "6 mails: 2 done, 4 not begun" in shown


def test_withdrawn_and_denied_say_why() -> None:
    gone = read(sound_message(receipt(a_receipt("withdrawn", CallResult(DEPLOY, None), reason="Ben was deactivated."))))
    assert "whoever approved it may not decide it any more. Nothing was changed." in gone
    assert "Ben was deactivated." in gone
    denied = sound_message(receipt(a_receipt("denied", CallResult(DEPLOY, None), reason="<!channel> not today")))
    assert "Reason given: <!channel> not today" in read(denied)
    assert "<!channel>" not in denied.text


def test_several_people_are_named_and_break_glass_is_loud() -> None:
    approvals = (
        Approval("U01ADA00001", NOW),
        Approval("U02BEN00002", NOW, "code"),
        Approval("U03EVE00003", NOW, "break-glass", "production is down"),
    )
    message = sound_message(receipt(a_receipt("settled", ended(DEPLOY), approvals=approvals)))
    shown = read(message).split("\n")
    assert "Approved by @U01ADA00001, Sat 21 Nov 2026, 09:12" in shown
    assert "Approved by @U02BEN00002, Sat 21 Nov 2026, 09:12, with a code" in shown
    assert (
        "‼ BREAK-GLASS: @U03EVE00003 approved what was not theirs to decide, Sat 21 Nov 2026, 09:12. "
        "Their reason: production is down"
    ) in shown
    assert message.text.startswith("‼ BREAK-GLASS: ")
    assert "Deploy acme/api to production: done" in shown


def test_a_use_of_a_grant_says_which_and_can_be_revoked() -> None:
    grant = GrantLine("9a" * 16, "Post to #deploys", 7, NOW + timedelta(days=3))
    value = a_receipt("settled", ended(DEPLOY), by="", granted=(grant,), grantable=False)
    message = sound_message(receipt(value))
    assert "Ran by a standing permission: Post to #deploys. 7 left, until Tue 24 Nov 2026, 09:12" in read(message)
    assert buttons(message)["Revoke"] == ("gate.revoke", "9a" * 16)
    assert "Allowed beforehand, Sat 21 Nov" in read(message)
    both = sound_message(receipt(a_receipt("settled", ended(DEPLOY), granted=(grant, grant, grant, grant))))
    assert "and 1 more standing permissions" in read(both)


def test_always_allow_is_offered_where_it_may_be() -> None:
    value = a_receipt("settled", ended(a_call(), count=3), grantable=True)
    assert buttons(sound_message(receipt(value)))["Always allow…"] == ("gate.view.grant", CARD_ID)
    assert "Always allow…" not in buttons(receipt(a_receipt("settled", ended(a_call(), count=3))))


def test_what_cannot_be_taken_back_any_more_is_said() -> None:
    notes = tuple(f"Issue {number} was moved on since." for number in range(9))
    shown = read(sound_message(receipt(a_receipt("undone", ended(a_call(), count=3), notes=notes))))
    assert "Cannot be taken back any more\nIssue 0 was moved on since." in shown
    assert "and 3 more: all in Show all" in shown


def test_one_call_in_words() -> None:
    failed = read(receipt(a_receipt("settled", ended(DEPLOY, "failed", note="No such service"))))
    assert "\nNot done.\n" in failed
    assert "Deploy acme/api to production: not done" in failed
    assert "1 thing" not in failed
    unknown = read(receipt(a_receipt("settled", ended(DEPLOY, "unknown"))))
    assert "Nobody can tell whether it was done." in unknown


@pytest.mark.parametrize("state", STATES)
def test_a_receipt_that_is_long_everywhere_fits(state: Any) -> None:
    long = "&<>" * 4_000
    results = [
        ended(a_call(f"{index}{long}", 3, group=f"{index}{long}", where=long), "failed", note=f"{index}{long}")
        for index in range(60)
    ]
    value = a_receipt(
        state,
        *results,
        by="U01ADA00001",
        reason=long,
        undo_results=tuple(results),
        approvals=(Approval("U03EVE00003", NOW, "break-glass", long),) * 30,
        granted=(GrantLine("9a", long, 1, NOW),) * 9,
        notes=(long,) * 30,
        asker="U01ADA00001",
        goes_out=NOW,
        undoable=True,
        grantable=True,
    )
    message = sound_message(receipt(value))
    assert cost(list(message.blocks)) <= WHOLE
    unbegun = tuple(CallResult(result.view, None) for result in results)
    assert cost(list(sound_message(receipt(replace(value, results=unbegun))).blocks)) <= WHOLE
