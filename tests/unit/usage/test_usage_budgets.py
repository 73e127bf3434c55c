from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.errors import PersonMends
from bot.contracts.usage import Ceiling, Month, read_ceiling
from bot.usage.budgets import ceiling_words, judge

months = st.builds(
    Month,
    requests=st.integers(0, 100),
    tokens=st.integers(0, 10**7),
    cost=st.decimals(0, 1000, places=4),
    unpriced=st.integers(0, 10),
    past=st.integers(0, 5),
)


@pytest.mark.parametrize(
    ("typed", "ceiling"),
    [
        ("$20", Ceiling(dollars=Decimal("20.00"))),
        ("20 USD", Ceiling(dollars=Decimal("20.00"))),
        ("1,000.5 dollars", Ceiling(dollars=Decimal("1000.50"))),
        ("500k tokens", Ceiling(tokens=500_000)),
        ("1.5M tokens", Ceiling(tokens=1_500_000)),
        ("none", Ceiling()),
    ],
)
def test_a_ceiling_is_read_as_people_type_it(typed: str, ceiling: Ceiling) -> None:
    assert read_ceiling(typed) == ceiling


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_ceiling_or_told(text: str) -> None:
    try:
        ceiling = read_ceiling(text)
    except PersonMends:
        return
    assert ceiling_words(ceiling)


def test_what_is_no_ceiling_is_told_with_an_example() -> None:
    with pytest.raises(PersonMends) as told:
        read_ceiling("a lot")
    assert "/meshclaw budget" in told.value.mend


@given(months, st.integers(1, 10**7), st.integers(0, 10**6))
def test_a_ceiling_in_tokens_is_never_passed_without_being_asked(month: Month, ceiling: int, upcoming: int) -> None:
    verdict = judge(month, Ceiling(tokens=ceiling), upcoming)
    over = month.tokens + upcoming > ceiling * (1 + Decimal("0.25") * month.past)
    assert (verdict.state == "over") == (over or month.tokens >= ceiling * (1 + Decimal("0.25") * month.past))


@given(months, st.integers(0, 10**6))
def test_no_ceiling_stops_nothing(month: Month, upcoming: int) -> None:
    assert judge(month, Ceiling(), upcoming).state == "well"


@given(months, st.integers(0, 10**6))
def test_going_on_leaves_more_room(month: Month, upcoming: int) -> None:
    ceiling = Ceiling(dollars=Decimal(10))
    states = [
        judge(Month(month.requests, month.tokens, month.cost, past=past), ceiling, upcoming).state for past in (0, 5)
    ]
    order = ["well", "near", "over"]
    assert order.index(states[1]) <= order.index(states[0])


def test_a_ceiling_of_nothing_lets_nothing_be_spent() -> None:
    assert judge(Month(), Ceiling(tokens=0), 0).state == "over"
