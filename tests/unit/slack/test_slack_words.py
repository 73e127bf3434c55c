"""A message in a person's name: inert, shown whole, recognised again."""

import copy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.workspace.blocks import validate_message
from connectors.slack.arguments import LONGEST, PostArguments, problem_of, read
from connectors.slack.tools import PostTool, typed
from connectors.slack.words import message, on_one_line, still_says

ADA, BEN = Person("T1", "U01ADA"), Person("T1", "U02BEN")
ARGS = {"channel": "C01DEPLOYS2", "place": "#deploys"}
texts = st.text(
    st.one_of(st.sampled_from("a &<>@#!|:*_~`↵‹›\n\u202e\u200b👍"), st.characters(exclude_categories=["Cc", "Cs"])),
    min_size=1,
    max_size=200,
).filter(lambda text: text.strip())


def whole(line: str) -> str:
    """`on_one_line` read back."""
    return line.replace(" ↵ ", "\n").replace("‹↵›", "↵")


@given(texts)
@example("‹\n›")
@example("‹↵›")
@example(" ↵ ")
@example("a\n\nb")
def test_the_card_shows_every_letter_on_one_line(text: str) -> None:
    (item,) = PostTool(None, None).describe({**ARGS, "text": text}).items  # type: ignore[arg-type]
    assert "\n" not in item
    assert whole(item) == text


@given(texts)
@example("<!channel> <@U02BEN> <https://evil.example|here> *bold* :tada: @here")
@example("&" * 2_400)
def test_nothing_in_it_is_more_than_letters(text: str) -> None:
    words = message(ADA, text)
    assert not validate_message({"text": words.text, "blocks": list(words.blocks)})
    ((section,),) = [block["elements"] for block in words.blocks]
    user, *rest = section["elements"]
    assert user == {"type": "user", "user_id": "U01ADA"}
    assert {element["type"] for element in rest} == {"text"}
    assert "".join(element["text"] for element in rest) == f", by MeshClaw\n{text}"
    assert "<" not in words.text.replace("<@U01ADA>", "", 1)


@given(texts, texts)
def test_a_message_is_recognised_by_its_words_and_its_person(text: str, other: str) -> None:
    found = {"blocks": list(message(ADA, text).blocks)}
    assert still_says(found, ADA, text)
    assert not still_says(found, BEN, text)
    assert not still_says(found, ADA, f"{text} {other}")
    assert not still_says({**found, "edited": {"user": "UAPP"}}, ADA, text)


def test_slacks_own_way_of_giving_text_back_is_no_change() -> None:
    text = "Ship & rest <now> 👍\nplease"
    found: Any = {"blocks": copy.deepcopy(list(message(ADA, text).blocks))}
    section = found["blocks"][0]["elements"][0]
    found["blocks"][0]["block_id"] = "x1"
    section["elements"][2:] = [
        {"type": "text", "text": "\nShip &amp; rest &lt;now&gt; "},
        {"type": "emoji", "name": "+1", "unicode": "1f44d"},
        {"type": "text", "text": "\nplease"},
    ]
    assert still_says(found, ADA, text)


@pytest.mark.parametrize("blocks", [None, [], "x", [{"type": "divider"}], [{"type": "rich_text", "elements": None}]])
def test_anything_else_is_not_that_message(blocks: Any) -> None:
    assert not still_says({"blocks": blocks}, ADA, "hello")


@pytest.mark.parametrize(
    "text", ["", " \n ", "a\x00", "a\tb", "a\rb", "\ud800", "x" * (LONGEST + 1), "&" * 2_500, "a\x1b[0m"]
)
def test_what_slack_would_refuse_or_nobody_would_see_is_refused(text: str) -> None:
    assert problem_of(text)
    with pytest.raises(PersonMends, match="text"):
        read(PostArguments, {**ARGS, "text": text})


@given(st.text(max_size=50))
def test_what_is_typed_is_sendable_or_refused_in_words(text: str) -> None:
    try:
        sendable = typed(text, field="text")
    except PersonMends as error:
        assert (error.field, bool(error.mend)) == ("text", True)  # noqa: PT017
    else:
        assert problem_of(sendable) == ""


def test_what_is_typed_keeps_its_lines() -> None:
    assert typed(" a\r\nb\tc \n") == "a\nb    c"


def test_edited_is_the_same_call_with_other_words() -> None:
    tool = PostTool(None, None)  # type: ignore[arg-type]
    args = {**ARGS, "text": "four"}
    (field,) = tool.fields(args)
    assert (field.name, field.kind, field.initial) == ("text", "long", "four")
    assert tool.edited(args, {"text": "five"}) == {**args, "text": "five"}
    with pytest.raises(PersonMends) as caught:
        tool.edited(args, {"text": " "})
    assert caught.value.field == "text"


def test_a_thread_is_told() -> None:
    view = PostTool(None, None).describe({**ARGS, "text": "a", "thread_ts": "1793181600.000100"})  # type: ignore[arg-type]
    assert view.where == "in the thread of 28 October 2026, 10:00:00 UTC"


def test_one_line_of_plain_words_is_itself() -> None:
    assert on_one_line("The release is at four.") == "The release is at four."
