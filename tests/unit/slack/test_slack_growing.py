"""What fits into a growing message, and that nothing is lost between two of them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.answers import Task, open_fence, room
from bot.workspace.blocks import validate_message
from bot.workspace.streams import append, blocks_of, check_chunk
from connectors.slack.growing import MOST, Growing, Piece, blank, chunk

TASK = Task("t1", "Searching your mail", "in_progress")
TEXTS = st.sampled_from(
    ["word " * 400, "```py\n" + "x = 1\n" * 900 + "```\n", "a & b < c " * 300, "x" * 9_000, "é\n\n", "a"]
)
TASKS = st.builds(
    Task,
    id=st.sampled_from("abc"),
    title=st.just("Reading"),
    status=st.sampled_from(["in_progress", "complete"]),
    details=st.sampled_from(["", "d" * 400]),
)
PIECES = st.lists(st.one_of(TEXTS, TEXTS, TASKS), max_size=10)


def _pages(pieces: list[Piece]) -> list[Growing]:
    waiting = list(pieces)
    pages: list[Growing] = []
    while waiting:
        page = Growing()
        fit = page.fit(waiting)
        page.take(fit)
        fit.taken_from(waiting)
        pages.append(page)
        assert len(pages) < 40
    return pages


def _words(text: str) -> str:
    return re.sub(r"^```.*$|\s", "", text, flags=re.MULTILINE)


@given(pieces=PIECES)
def test_whatever_comes_fits_into_messages_that_slack_takes(pieces: list[Piece]) -> None:
    pages = _pages(pieces)
    left_open = open_fence("".join(piece for piece in pieces if isinstance(piece, str)))
    assert _words("".join(page.text for page in pages)) == _words("".join(p for p in pieces if isinstance(p, str)))
    for page in pages:
        assert room(page.text) <= MOST
        assert not page.fence or (left_open and page is pages[-1])  # as it was said
        blocks = page.blocks()
        if blocks:
            assert not validate_message({"text": "x", "blocks": [dict(block) for block in blocks]})


@given(pieces=PIECES)
def test_the_same_blocks_come_of_it_as_slack_makes(pieces: list[Piece]) -> None:
    page = Growing()
    fit = page.fit(pieces)
    page.take(fit)
    streamed = append([], [check_chunk(chunk(piece)) for piece in fit.pieces])
    assert page.blocks() == blocks_of(streamed, "timeline")


def test_what_comes_while_something_is_on_its_way_stays() -> None:
    page = Growing()
    waiting: list[Piece] = ["Hello"]
    fit = page.fit(waiting)
    waiting[0] = "Hello, world"
    waiting.append(TASK)
    fit.taken_from(waiting)
    assert waiting == [", world", TASK]
    fit = page.fit(waiting)
    waiting.append("more")
    fit.taken_from(waiting)
    assert waiting == ["more"]


def test_a_code_block_goes_on_in_the_next_message() -> None:
    first, second, *_ = _pages(["Look:\n```py\n" + "x = 1\n" * 3_000])
    assert first.text.startswith("Look:\n```py\n")
    assert first.text.endswith("x = 1\n```")
    assert second.text.startswith("```py\nx = 1\n")


def test_what_says_nothing_is_blank() -> None:
    assert blank([" \n", ""])
    assert not blank([TASK])
    assert not blank(["a"])
