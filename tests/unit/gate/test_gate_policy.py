"""The policy: what may run unasked. Reading, and nothing else."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.tools import WORST, Effect
from bot.gate.policy import effect_of, judge, why


@dataclass
class Declared:
    """A tool as far as the policy looks at it."""

    effect: Effect | None
    name: str = "t"


def tool(effect: Effect | None) -> Declared:
    return Declared(effect)


def test_a_tool_nobody_offers_is_denied() -> None:
    assert judge(None) == "deny"
    assert effect_of(None) is WORST


def test_a_tool_that_declares_nothing_counts_as_the_worst() -> None:
    assert effect_of(tool(None)) is WORST  # type: ignore[arg-type]
    assert judge(tool(None)) == "ask"  # type: ignore[arg-type]


def test_the_worst_is_the_last_in_the_order() -> None:
    assert next(iter(Effect)) is Effect.READ
    assert list(Effect)[-1] is WORST


@given(st.sampled_from([None, *Effect]), st.text())
def test_no_effect_is_ever_allowed_unasked(effect: Effect | None, name: str) -> None:
    verdict = judge(Declared(effect, name))  # type: ignore[arg-type]
    assert verdict == ("allow" if effect is Effect.READ else "ask")


@given(st.text().filter(lambda word: word != "read"))
def test_a_word_that_is_no_effect_is_not_allowed(word: str) -> None:
    """Say, of a connector that was never type-checked."""
    assert judge(Declared(word)) == "ask"  # type: ignore[arg-type]


@given(st.sets(st.sampled_from(list(Effect)), min_size=1))
def test_the_worst_effect_of_a_plan_is_the_one_told(effects: set[Effect]) -> None:
    worst = max(effects, key=list(Effect).index)
    assert why(effects) == why({worst})


@pytest.mark.parametrize("effect", list(Effect))
def test_every_effect_has_words_of_its_own(effect: Effect) -> None:
    assert sum(why({other}) == why({effect}) for other in Effect) == 1


def test_a_plan_of_nothing_known_is_told_as_the_worst() -> None:
    assert why(set()) == why({WORST})
