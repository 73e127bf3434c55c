"""The listing: page by page everything, nothing cut."""

import json
import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st
from views_checked import CARD_ID, a_call, buttons, calls, decoded, hostile, one_line, read, sound_view

from bot.contracts.tools import CallView, Outcome
from bot.views.listing import listing, pages
from bot.views.text import plain
from bot.views.values import ListingValue


def all_pages(plan: tuple[CallView, ...]) -> list[str]:
    value = [ListingValue(CARD_ID, "Tidy up", plan, page) for page in range(pages(plan))]
    return [read(sound_view(listing(each))) for each in value]


def test_one_page_reads_well() -> None:
    plan = (
        a_call(items=2),
        a_call("Win Now <win@lucky.example>", 1, verb="File", group="", where="", reversible=False),
    )
    view = sound_view(listing(ListingValue(CARD_ID, "Tidy up your inbox", plan)))
    assert read(view).split("\n") == [
        "Tidy up your inbox",
        "3 mails from 2 senders, all of them listed here.",
        "Archive · Newsletters: The Daily Robot <news@robot.example>",
        "2 mails · INBOX → Archive · can be taken back",
        "Issue 1",
        "Issue 2",
        "File: Win Now <win@lucky.example>",
        "1 mail · cannot be taken back",
        "Issue 1",
    ]
    assert buttons(view) == {}
    assert json.loads(view["private_metadata"]) == {"card_id": CARD_ID, "page": 0}


def test_after_the_decision_it_tells_how_each_call_ended() -> None:
    value = ListingValue(CARD_ID, "Tidy up", (a_call("A", 2), a_call("B", 1)), outcomes=(Outcome("done", 1, 1), None))
    shown = read(sound_view(listing(value)))
    assert "2 mails · INBOX → Archive · can be taken back · 1 done, 1 was already gone" in shown
    assert "1 mail · INBOX → Archive · can be taken back · not begun" in shown


def test_pages_are_turned() -> None:
    plan = tuple(a_call(f"Sender {index}", 8) for index in range(100))
    count = pages(plan)
    assert count >= 3
    first, second, last = (listing(ListingValue(CARD_ID, "T", plan, page)) for page in (0, 1, count - 1))
    assert buttons(first) == {"Next page": ("gate.view.listing", f"{CARD_ID}:1")}
    assert buttons(second) == {
        "Next page": ("gate.view.listing", f"{CARD_ID}:2"),
        "Previous page": ("gate.view.listing", f"{CARD_ID}:0"),
    }
    assert buttons(last) == {"Previous page": ("gate.view.listing", f"{CARD_ID}:{count - 2}")}
    assert f"Page 2 of {count}" in read(second)
    assert listing(ListingValue(CARD_ID, "T", plan, 10_000)) == last


@settings(max_examples=30)
@given(st.lists(calls, min_size=1, max_size=15))
def test_every_item_is_there_in_full(plan: list[CallView]) -> None:
    shown = "\n".join(all_pages(tuple(plan)))
    joined = shown.replace("\n", "")
    for call in plan:
        for text in (call.subject, call.where, *call.items):
            assert plain(text).replace("\n", "") in joined


@settings(max_examples=30)
@given(st.lists(hostile, min_size=1, max_size=5))
def test_items_keep_their_numbers(items: list[str]) -> None:
    found: dict[int, str] = {}
    for page in range(pages((a_call("S", tuple(items)),))):
        view = listing(ListingValue(CARD_ID, "T", (a_call("S", tuple(items)),), page))
        for block in view["blocks"]:
            for part in block["elements"]:
                if part["type"] == "rich_text_list":
                    for position, line in enumerate(part["elements"], part.get("offset", 0)):
                        found[position] = found.get(position, "") + line["elements"][0]["text"]
    assert sorted(found) == list(range(len(items)))
    for position, item in enumerate(items):
        assert decoded(found[position]) == (one_line(item) or "(empty)")


@given(st.lists(st.integers(2_300, 2_700), min_size=1, max_size=4))
def test_an_item_that_is_divided_keeps_one_number(lengths: list[int]) -> None:
    plan = (a_call("S", ("short", *("x" * length for length in lengths), "last")),)
    found: dict[int, str] = {}
    for page in range(pages(plan)):
        for block in listing(ListingValue(CARD_ID, "T", plan, page))["blocks"]:
            for part in block["elements"]:
                if part["type"] == "rich_text_list":
                    for position, line in enumerate(part["elements"], part.get("offset", 0)):
                        found[position] = found.get(position, "") + line["elements"][0]["text"]
    assert [found[position] for position in sorted(found)] == list(plan[0].items)


@settings(max_examples=8)
@given(st.integers(1, 1_000), st.integers(1, 100))
def test_many_items_are_all_numbered(many: int, length: int) -> None:
    plan = (a_call("S", tuple(f"{number} {'陳' * length}" for number in range(many))),)
    found = [int(number) for page in all_pages(plan) for number in re.findall(r"^(\d+) 陳", page, re.MULTILINE)]
    assert found == list(range(many))


def test_ten_thousand_mails_are_quick() -> None:
    plan = tuple(a_call(f"Sender {index}", 20) for index in range(500))
    begun = time.perf_counter()
    listing(ListingValue(CARD_ID, "T", plan, 7))
    assert time.perf_counter() - begun < 2
