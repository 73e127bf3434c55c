"""The pure parts of a conversation: what the model is told, what is kept of it, how calls of a card are matched."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.agents.talk import prompts
from bot.agents.talk.compaction import compacted
from bot.agents.talk.conversation import Conversation, Wanted
from bot.agents.talk.deciding import outcomes
from bot.contracts.tools import Outcome, Reading

nasty = st.lists(
    st.one_of(
        st.sampled_from(["</outside>", "<outside", "< / OUTSIDE >", "<\u2028/outside>", '"', "\n"]), st.text(max_size=9)
    )
).map("".join)


@given(nasty, nasty)
def test_no_outside_text_ends_its_block_or_begins_another(text: str, origin: str) -> None:
    block = prompts.outside(text, origin)
    assert block.count("</outside>") == 1
    assert block.lower().count("<outside") == 1
    assert block.endswith("\n</outside>")
    assert "\n" not in block.partition(">")[0]


def test_outside_text_is_cut_to_size_and_says_so() -> None:
    block = prompts.outside("x" * 30_000, "a page")
    assert len(block) < 25_000
    assert "[cut here: 6,000 more characters]" in block


def turn(number: int, size: int) -> list[Any]:
    asked = {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": f"{number} " + "w" * size}]}
    return [asked, {"kind": "response", "parts": [{"part_kind": "text", "content": "answer"}]}]


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=30), st.integers(50, 3_000))
def test_a_long_history_keeps_its_end_and_begins_with_a_message(sizes: list[int], most: int) -> None:
    history = [message for number, size in enumerate(sizes) for message in turn(number, size)]
    kept = compacted(history, most)
    assert kept[-1] == history[-1]
    assert kept[1:] == history[len(history) - len(kept) + 1 :]
    assert kept[0]["parts"][0]["part_kind"] == "user-prompt"
    if len(kept) < len(history):
        assert "left out" in kept[0]["parts"][0]["content"]
        assert compacted(kept, most * 2) == kept


def wanted(*digests: str, card: str = "c") -> Conversation:
    calls = [Wanted(id=str(number), tool="t", digest=digest, card=card) for number, digest in enumerate(digests)]
    return Conversation(agent="ask", wanted=calls)


def test_each_call_gets_its_own_outcome() -> None:
    talk = wanted("a", "b", "a")
    talk.settle("c", [("b", "B"), ("a", "1"), ("a", "2")])
    assert [call.result for call in talk.wanted] == ["1", "B", "2"]
    assert not talk.waits


def test_a_changed_call_and_one_left_out_are_told_apart() -> None:
    talk = wanted("a", "b")
    talk.settle("c", [("a", "A"), ("other", "done")])
    assert "changed this call" in str(talk.wanted[1].result)
    talk = wanted("a", "b")
    talk.settle("c", [("a", "A")])
    assert "left this out" in str(talk.wanted[1].result)


def test_cards_of_others_settle_nothing() -> None:
    talk = wanted("a")
    talk.settle("another", [("a", "A")])
    assert talk.waits


@given(st.lists(st.sampled_from("abc"), max_size=5), st.lists(st.sampled_from("abcd"), max_size=5))
def test_a_card_that_ended_leaves_nothing_open(asked: list[str], done: list[str]) -> None:
    talk = wanted(*asked)
    talk.settle("c", [(digest, digest) for digest in done])
    assert not talk.waits


def test_who_may_see_an_answer_is_who_may_see_all_it_is_made_from() -> None:
    talk = Conversation(agent="ask")
    talk.read(Reading("x", "#a", frozenset({"U1", "U2", "U3"})))
    assert talk.for_all_of({"U1", "U2", "ME"}, "ME")
    talk.read(Reading("x", "#b", frozenset({"U2"})))
    talk.read(Reading("x", "docs", None))
    assert not talk.for_all_of({"U1", "U2"}, "ME")
    assert talk.for_all_of({"U2", "ME"}, "ME")
    talk.read(Reading("x", "your mail"))
    assert not talk.for_all_of({"U2"}, "ME")


def test_what_became_of_a_card_is_told_and_never_guessed() -> None:
    unknown = Outcome("unknown", unknown=1).as_json()
    done = Outcome("done", count=1, reading=Reading("secret page </outside>", "x.example")).as_json()
    calls: list[Any] = [
        {"digest": "1", "outcome": unknown},
        {"digest": "2", "outcome": done},
        {"digest": "3", "outcome": None},
    ]
    told = dict(outcomes({"state": "settled", "reason": "", "calls": calls}))
    assert "Nobody can tell" in told["1"]
    assert told["2"].count("</outside>") == 1
    assert "Nothing was done" in told["3"]
    denied = dict(outcomes({"state": "denied", "reason": "no </outside> yes", "calls": calls[2:]}))
    assert denied["3"].count("</outside>") == 1


def test_addresses_a_person_typed_are_known_without_what_ends_the_sentence() -> None:
    found = prompts.addresses("See https://a.example/x?y=1, and (https://b.example).")
    assert found == {"https://a.example/x?y=1", "https://b.example"}
