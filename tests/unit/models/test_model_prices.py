"""Prices: by the list, offline, and never zero for unknown."""

from decimal import Decimal

import pytest
from genai_prices import Usage

from bot.models import cost, name_of

USED = Usage(input_tokens=500, output_tokens=10, cache_read_tokens=400)


def test_a_price_is_exact() -> None:
    assert cost(name_of("openai:gpt-5"), USED) == Decimal("0.000275")  # 100 at 1.25, 400 at 0.125, 10 at 10, a million


@pytest.mark.parametrize("name", ["anthropic:claude-sonnet-5-5", "bedrock:us.anthropic.claude-sonnet-5-5"])
def test_other_providers_have_prices(name: str) -> None:
    price = cost(name_of(name), USED)
    assert price is not None
    assert price > 0


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("local:gpt-5", USED),
        ("openai:no-such-model", USED),
        ("anthropic:gpt-5", USED),
        ("openai:gpt-5", Usage(input_tokens=10, cache_read_tokens=20)),
        ("openai:gpt-5", Usage()),
    ],
    ids=["local", "unknown", "another's", "contradictory", "nothing measured"],
)
def test_what_is_not_known_is_none(name: str, usage: Usage) -> None:
    assert cost(name_of(name), usage) is None


def test_what_broke_off_uncounted_has_no_price() -> None:
    from pydantic_ai.usage import RunUsage

    assert cost(name_of("openai:gpt-5"), RunUsage(input_tokens=500, output_tokens=10, requests=1)) is not None
    broken = RunUsage(input_tokens=500, output_tokens=10, requests=2, unmeasured_requests=1)
    assert cost(name_of("openai:gpt-5"), broken) is None
