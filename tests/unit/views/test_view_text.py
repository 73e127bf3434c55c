"""Outside text: nothing hidden, nothing obeyed, nothing lost."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_checked import decoded, decoded_mrkdwn, hostile, one_line

from bot.contracts.secrets import redacted
from bot.views.text import MIXED, inert, plain, split, visible, width


@given(hostile)
def test_what_is_shown_leads_back_to_the_text(text: str) -> None:
    assert decoded(plain(text)) == one_line(redacted(text))
    assert decoded_mrkdwn(visible(text)) == one_line(redacted(text))
    assert decoded_mrkdwn(inert(text)) == one_line(redacted(text))


@given(st.tuples(hostile, hostile))
def test_different_texts_never_look_the_same(pair: tuple[str, str]) -> None:
    first, second = (one_line(redacted(text)) for text in pair)
    assert (plain(first) == plain(second)) == (first == second)


@given(hostile, st.integers(1, 200))
def test_a_limit_is_kept_and_a_cut_is_seen(text: str, limit: int) -> None:
    for way in (plain, visible, inert):
        shown = way(text, limit)
        assert width(shown) <= limit
        if shown != way(text):
            assert "…" in shown


@given(hostile)
def test_mrkdwn_has_nothing_to_obey(text: str) -> None:
    shown = visible(text)
    assert not re.search(r"[*~`<>\n\r]", shown)
    assert not re.search(r"&(?!amp;|lt;|gt;)", shown)
    assert not shown.startswith("&gt;")
    assert not re.search(r":\S", shown)
    assert not re.search(r"[A-Za-z0-9]\.[A-Za-z]", shown)
    assert not re.search(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", shown)


@given(st.text())
def test_no_character_stays_unseen(text: str) -> None:
    for char in plain(text):
        assert unicodedata.category(char) not in ("Cc", "Cs", "Co", "Zl", "Zp")
        assert char not in "\u200b\u2060\ufeff\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u3164"
        assert not 0xE0000 <= ord(char) <= 0xE0FFF


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Budget 2026: final_v2.pdf", "Budget 2026: final_v2.pdf"),
        ("invoice\u202efdp.exe", "invoice‹U+202E›fdp.exe"),
        ("a\u200bb", "a‹U+200B›b"),
        ("two\nlines\r\nhere", "two lines here"),
        ("\U000e0041", "‹U+E0041›"),
        ("a\U000e0100b\ufe00", "a‹U+E0100›b‹U+FE00›"),
        ("a\u3164b", "a‹U+3164›b"),
        ("‹U+202E›", "‹U+2039›U+202E›"),
        ("‹quoted›", "‹quoted›"),
        ("👩\u200d💻 ❤\ufe0f", "👩\u200d💻 ❤\ufe0f"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("明天開會", "明天開會"),
        ("pаypal", f"pаypal{MIXED}"),
        ("Привет world", "Привет world"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 3 + "‹U+0301›‹U+0301›"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("R&D <b>", "R&amp;D &lt;b&gt;"),
        ("> quote", "＞ quote"),
        ("*bold* :tada:", "∗bold∗ ꞉tada:"),
        ("build_failed at 12:30", "build_failed at 12꞉30"),
        ("ada@example.org", "ada@example․org"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_inert_leaves_addresses_and_times_alone() -> None:
    assert inert("ada@example.org, https://example.org at 12:30") == "ada@example.org, https://example.org at 12:30"


def test_the_note_on_mixed_letters_survives_a_cut() -> None:
    assert plain("pаypal " * 50, 40).endswith("…" + MIXED)


@given(hostile, st.integers(2, 50))
def test_split_loses_nothing(text: str, limit: int) -> None:
    parts = split(plain(text), limit)
    assert "".join(parts) == plain(text)
    assert all(width(part) <= limit for part in parts)


def test_no_mark_is_cut_in_two() -> None:
    text = plain("x" * 45 + "\u202e" * 40)
    for limit in range(10, 60):
        assert all(part.count("‹") == part.count("›") for part in split(text, limit))


def test_a_secret_is_masked_before_anything_is_cut() -> None:
    token = "xoxb-" + "1234567890-abcdefghij"
    for way in (plain, visible, inert):
        assert "xoxb" not in way(f"see {token}", 12)
        assert "secret" in way(f"see {token}")
