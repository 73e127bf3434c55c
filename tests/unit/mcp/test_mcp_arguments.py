"""Arguments against schemas: as the standard says where it is followed, and never at the price of time."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.contracts.errors import PersonMends
from connectors.mcp.arguments import MOST, check, one_line

scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-3, 3) | st.sampled_from(["", "a", "ab", "abc"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
kinds = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
plain_schemas = st.fixed_dictionaries(
    {},
    optional={
        "type": kinds | st.lists(kinds, min_size=1, max_size=3, unique=True),
        "enum": st.lists(st.sampled_from(["a", "ab", None, "x"]), min_size=1, max_size=3, unique=True),
        "const": st.sampled_from(["a", None, True]),
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(0, 3),
        "minItems": st.integers(0, 2),
        "maxItems": st.integers(0, 2),
        "minimum": st.integers(-3, 3),
        "maximum": st.integers(-3, 3),
    },
)
schemas = st.recursive(
    plain_schemas,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": kinds,
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "additionalProperties": st.booleans(),
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "$ref": st.sampled_from(["#/$defs/one"]),
        },
    ),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


def fits(schema: Any, args: Any) -> bool:
    try:
        check(schema, args)
    except PersonMends as error:
        assert error.message.isprintable()  # noqa: PT017
        return False
    return True


@given(schemas, plain_schemas, objects)
def test_it_says_what_the_standard_says(schema: dict[str, Any], one: dict[str, Any], args: dict[str, Any]) -> None:
    whole = {**schema, "$defs": {"one": one}}
    if "$ref" in str(whole):  # beside a reference other words count too by the standard, and here do not
        if not fits(whole, args):
            assert not Draft202012Validator(whole).is_valid(args)
        return
    assert fits(whole, args) == Draft202012Validator(whole).is_valid(args)


json_values = st.recursive(
    scalars | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
words = ["type", "properties", "required", "items", "enum", "anyOf", "$ref", "additionalProperties", "minLength"]


@given(st.dictionaries(st.sampled_from(words), json_values, max_size=4), objects)
def test_a_schema_of_nonsense_breaks_nothing(schema: dict[str, Any], args: dict[str, Any]) -> None:
    fits(schema, args)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/a", "a": {"$ref": "#/a"}},
        {"$ref": "https://elsewhere.example/schema"},
        {"$ref": "file:///etc/passwd"},
        {"anyOf": [{"$ref": "#/"}] * 50},
        {"$ref": "#/x", "x": {"anyOf": [{"$ref": "#/x"}] * 90, "type": "object"}},
        {"$ref": "#/x", "x": {"anyOf": [{"type": "string"}, *[{"$ref": "#/x"}] * 90]}},
        {"properties": {"text": {"pattern": "(a+)+$", "type": "string"}}},
        {"properties": {"list": {"items": {"enum": list(range(5_000))}}}},
        {"patternProperties": {"(a+)+$": {}}, "additionalProperties": False},
    ],
)
def test_a_hostile_schema_costs_no_time(schema: dict[str, Any]) -> None:
    started = time.process_time()
    fits(schema, {"text": "a" * 50_000 + "!", "list": [5] * 10_000})
    assert time.process_time() - started < 1.0


def test_arguments_have_an_end() -> None:
    deep: Any = "a"
    for _ in range(50):
        deep = [deep]
    circle: list[Any] = []
    circle.append(circle)
    for args in ({"a": deep}, {"a": "x" * MOST}, {"a": float("nan")}, {"a": {1, 2}}, {"a": {1: 2}}, {"a": circle}):
        assert not fits({"type": "object"}, args)


@given(st.text(max_size=300), st.integers(10, 50))
def test_outside_text_becomes_one_short_printable_line(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert line.isprintable()
