"""Canonical JSON and the digests made of it: equal values, equal digests; different values, different digests."""

import json
import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.json import Json, canonical
from bot.contracts.tools import Call, Plan

texts = st.text(st.characters(exclude_categories=()), max_size=10)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)
objects = st.dictionaries(texts, values, max_size=4)


def shuffled(value: Any) -> Any:
    """An equal value, written in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(inner)) for key, inner in value.items()]
        random.Random(1).shuffle(items)
        return dict(reversed(items))
    return [shuffled(inner) for inner in value] if isinstance(value, list) else value


def told_apart(value: Any) -> Any:
    """The value so that what Python takes for equal, as 1, 1.0 and True, is not."""
    if isinstance(value, dict):
        return {key: told_apart(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [told_apart(inner) for inner in value]
    return (type(value).__name__, repr(value))


@given(values)
def test_it_is_json_and_reads_back(value: Any) -> None:
    assert json.loads(canonical(value).decode("utf-8", "surrogatepass")) == value


@given(values)
def test_the_order_of_keys_does_not_matter(value: Any) -> None:
    assert canonical(shuffled(value)) == canonical(value)


@given(values, values)
def test_different_values_have_different_forms(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) is (told_apart(one) == told_apart(other))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [math.nan], {"a": math.inf}])
def test_numbers_json_has_not_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical(value)


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object(), {("a",): 1}])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_text_keeps_its_code_points() -> None:
    assert canonical({"b": "é 陳 😀", "a": [1, None, True]}) == '{"a":[1,null,true],"b":"é 陳 😀"}'.encode()
    assert canonical("é") != canonical("e\u0301"), "no normalisation: what is not the same does not become it"


@given(objects, objects, texts, texts)
def test_calls_have_the_same_digest_if_and_only_if_they_are_the_same(a: Any, b: Any, one: str, two: str) -> None:
    same = one == two and told_apart(a) == told_apart(b)
    assert (Call(one, a).digest() == Call(two, b).digest()) is same


@given(st.lists(st.sampled_from([Call("t", {"n": n}) for n in range(4)]), max_size=5), st.randoms())
def test_the_digest_of_a_plan_covers_its_calls_in_order(calls: list[Call], chance: random.Random) -> None:
    other = list(calls)
    chance.shuffle(other)
    assert (Plan("a", tuple(calls)).digest() == Plan("b", tuple(other), "c").digest()) is (calls == other)
    assert Plan("a", (*calls, Call("t", {}))).digest() != Plan("a", tuple(calls)).digest()


@given(st.text(max_size=5))
def test_a_digest_is_sha256_in_hex(tool: str) -> None:
    digest = Call(tool, {}).digest()
    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")


def test_one_call_is_not_its_name_and_arguments_run_together() -> None:
    pairs: list[tuple[str, dict[str, Json]]] = [("a", {"b": ""}), ("a", {"": "b"}), ("ab", {"": ""}), ("", {"ab": ""})]
    assert len({Call(tool, args).digest() for tool, args in pairs}) == len(pairs)
