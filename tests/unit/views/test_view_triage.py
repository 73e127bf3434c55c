"""Triage: numbers that add up, and texts that stay texts."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_checked import NOW, buttons, hostile, hostile_line, read, skeleton, sound_message, sound_view

from bot.views.triage import BUCKETS, TriageRow, TriageSummary, dry_run_note, empty, rest, summary, working


def a_row(number: int = 0, **more: Any) -> TriageRow:
    given_: dict[str, Any] = {
        "item_id": f"item-{number}",
        "sender": "Grace Hopper <grace@navy.example>",
        "subject": "Can you review the budget by Friday?",
        "received": NOW - timedelta(hours=1),
        "bucket": "needs_reply",
        "bucket_label": "Needs your reply",
        "reasons": ("asks a question", "deadline Friday", "you answered 8 of their last 10"),
    }
    return TriageRow(**{**given_, **more})


def a_summary(*rows: TriageRow, **more: Any) -> TriageSummary:
    given_: dict[str, Any] = {
        "run_id": "run1",
        "folder": "INBOX",
        "total": 53,
        "counts": {"needs_reply": len(rows), "newsletter": 53 - len(rows)},
        "rows": rows,
        "more": 0,
        "since_text": "the last 7 days",
        "tz": "Europe/London",
        "now": NOW,
        "seconds": 1.42,
        "notes": (),
        "dry_run": False,
    }
    return TriageSummary(**{**given_, "hidden": more.get("more", 0), **more})


def menus(shown: Any) -> dict[str, list[str]]:
    return {
        block["block_id"]: [option["value"] for option in block["accessory"]["options"]]
        for block in shown
        if block.get("accessory", {}).get("action_id") == "triage.correct"
    }


def test_a_summary_reads_well() -> None:
    message = sound_message(summary(a_summary(a_row(1), a_row(2, corrected=True))))
    shown = read(message)
    assert shown.startswith(
        "53 mails in INBOX, the last 7 days\n*2* Needs your reply\n*51* Newsletters\n2 mails need you\n"
    )
    assert (
        "*Can you review the budget by Friday?*\nGrace Hopper &lt;grace@navy.example&gt; · "
        f"<!date^{int(NOW.timestamp()) - 3600}^{{date_short_pretty}} at {{time}}|today 08:12>\n"
        "Needs your reply: asks a question, deadline Friday and you answered 8 of their last 10\n"
    ) in shown
    assert "Needs your reply, corrected by you: asks" in shown
    assert shown.endswith(
        "Sorted in 1.4 seconds. Nothing was changed. Correct a mail that is sorted wrong: triage learns at once."
    )
    assert menus(message.blocks) == {"item-1": list(BUCKETS), "item-2": list(BUCKETS)}
    assert "initial_option" not in str(message.blocks)
    assert "Show all" not in shown
    assert message.text.startswith(
        "53 mails in INBOX, the last 7 days. 2 mails need you. Needs your reply: 2; Newsletters: 51."
    )


def test_the_rest_is_a_button_away() -> None:
    message = sound_message(summary(a_summary(*(a_row(number) for number in range(10)), more=27)))
    assert "37 mails need you. The first 10 are here, 27 more in Show all" in read(message)
    assert buttons(message) == {"Show all 37": ("triage.view.rest", "run1")}


def test_one_mail_and_none() -> None:
    assert "1 mail needs you" in read(summary(a_summary(a_row())))
    none = sound_message(summary(a_summary()))
    assert "No mail needs you" in read(none)
    assert "No mail needs you." in none.text


def test_a_dry_run_says_so() -> None:
    shown = read(sound_message(summary(a_summary(a_row(), dry_run=True, notes=("3 mails could not be read",)))))
    assert dry_run_note() in shown
    assert "3 mails could not be read." in shown


@given(st.integers(0, 30), st.integers(0, 50), hostile, hostile)
def test_rows_shown_and_rows_more_are_all(many: int, more: int, subject: str, sender: str) -> None:
    rows = [a_row(number, subject=subject, sender=sender, reasons=(subject, sender) * 4) for number in range(many)]
    message = sound_message(summary(a_summary(*rows, more=more)))
    shown = len(menus(message.blocks))
    assert shown <= 10
    left = re.search(r"(\d+) more in Show all", read(message))
    everything = many + more if "They are all in Show all" in read(message) else int(left[1]) if left else 0
    assert shown + everything == many + more
    assert (f"Show all {many + more}" in buttons(message)) == bool(everything)


def test_a_corrected_mail_is_shown_and_not_counted() -> None:
    corrected = a_row(2, bucket="fyi", bucket_label=BUCKETS["fyi"], corrected=True)
    message = sound_message(summary(a_summary(a_row(1), corrected, more=3, hidden=4)))
    assert "4 mails need you. The first 2 are here, 4 more in Show all" in read(message)
    assert "FYI, corrected by you" in read(message)
    assert "Show all 6" in buttons(message)


@given(st.dictionaries(st.sampled_from(list(BUCKETS)), st.integers(0, 60_000)))
def test_counts_add_up(counts: dict[str, int]) -> None:
    total = sum(counts.values())
    message = sound_message(summary(a_summary(counts=counts, total=total)))
    shown = [int(number.replace(",", "")) for number in re.findall(r"^\*([\d,]+)\*", read(message), re.MULTILINE)]
    assert sum(shown) == total


def test_all_rows_page_by_page() -> None:
    rows = tuple(a_row(number) for number in range(45))
    seen: list[str] = []
    for page in range(3):
        view = sound_view(rest(a_summary(*rows), page))
        seen += menus(view["blocks"])
    assert seen == [row.item_id for row in rows]
    assert "21 to 40 of 45 mails." in read(rest(a_summary(*rows), 1))
    assert buttons(rest(a_summary(*rows), 1)) == {
        "Next page": ("triage.view.rest", "run1:2"),
        "Previous page": ("triage.view.rest", "run1:0"),
    }
    assert rest(a_summary(*rows), 99) == rest(a_summary(*rows), 2)
    assert "No mail needs you." in read(sound_view(rest(a_summary(), 0)))


@given(st.lists(st.tuples(hostile, hostile_line, hostile_line), max_size=25), hostile, st.lists(hostile, max_size=8))
def test_no_text_is_refused(texts: list[tuple[str, str, str]], folder: str, notes: list[str]) -> None:
    rows = [
        a_row(number, sender=one, subject=two, reasons=(three, one), bucket_label=two)
        for number, (one, two, three) in enumerate(texts)
    ]
    value = a_summary(*rows, folder=folder, since_text=folder, notes=tuple(notes))
    sound_message(summary(value))
    sound_view(rest(value, 0))
    sound_view(rest(value, 1))
    sound_message(empty(folder))
    sound_message(working(3, 10, folder))


@given(hostile, hostile, hostile)
def test_no_text_changes_the_structure(sender: str, subject: str, folder: str) -> None:
    wild = a_summary(a_row(sender=sender, subject=subject, reasons=(subject,)), folder=folder)
    tame = a_summary(a_row(sender="x", subject="x", reasons=("x",)), folder="x")
    assert skeleton(summary(wild).blocks) == skeleton(summary(tame).blocks)
    assert skeleton(rest(wild, 0)) == skeleton(rest(tame, 0))
    row = read(rest(wild, 0)).split("\n")
    assert row[1].startswith("*")
    assert row[1].endswith("*")
    assert row[1].count("*") == 2


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [
        (0, None, "Reading your mail — just started"),
        (1, None, "Reading your mail — 1 mail so far"),
        (1200, 2000, "Reading your mail — 1,200 of 2,000 mails  ████████████░░░░░░░░  60 %"),
        (7, 5, "Reading your mail — 7 of 5 mails  ████████████████████  100 %"),
        (0, 0, "Reading your mail — just started"),
    ],
)
def test_progress(done: int, total: int | None, words: str) -> None:
    assert read(sound_message(working(done, total, "Reading your mail"))) == words


def test_empty() -> None:
    assert sound_message(empty("INBOX")).text == "There is no mail to sort in INBOX. Nothing was changed."
