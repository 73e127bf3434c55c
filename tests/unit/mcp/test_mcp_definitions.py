"""What of a listing is taken in, what a pin holds on to, and what a tool counts as: pure."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.tools import Effect
from connectors.mcp.definitions import MOST_TOOLS, Definition, admitted, changes
from connectors.mcp.judging import WORDS, Judgement, judged

PLAIN = Definition("say", "Says it.", {"type": "object"}, {})
HERE = {"command": "a", "args": ["b"]}

names = st.text(max_size=70) | st.sampled_from(["say", "Say", "sаy", "s-a", "s_a", "mail.move", "get1", "getl", "getI"])
hints = st.dictionaries(
    st.sampled_from(["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint", "title"]),
    st.booleans() | st.just("yes") | st.none(),
)
schemas = st.fixed_dictionaries(
    {"type": st.sampled_from(["object", "object", "array"])},
    optional={"properties": st.just({"a": {"type": "string"}})},
)
definitions = st.builds(Definition, names, st.text(max_size=20), schemas, hints)


@given(st.lists(definitions, max_size=12))
def test_a_name_is_plain_and_the_only_one_that_looks_like_it(offered: list[Definition]) -> None:
    kept, dropped = admitted(offered)
    assert len(kept) + len(dropped) == len(offered)
    looks = [tool.name.lower().replace("-", "_") for tool in kept]
    assert len(set(looks)) == len(looks)
    assert all(tool.name.isascii() and tool.name.replace("-", "").replace("_", "").isalnum() for tool in kept)
    assert all(len(f"mcp.server.{tool.name}".split(".")) == 3 for tool in kept)
    assert all(one.why and len(one.name) <= 80 for one in dropped)


def test_sizes_have_ends() -> None:
    many = [replace(PLAIN, name=f"tool{'x' * number}") for number in range(40)]
    assert len(admitted(many)[0]) == 40
    numbered = [replace(PLAIN, name=f"t_{number:x}_{'abcdefgh'[number % 8]}") for number in range(300)]
    kept, dropped = admitted(numbered)
    assert len(kept) <= MOST_TOOLS
    assert len(kept) + len(dropped) == 300
    assert admitted([replace(PLAIN, description="x" * 70_000)])[0] == ()
    assert admitted([replace(PLAIN, schema={"type": "object", "a": float("nan")})])[0] == ()
    deep: dict[str, Any] = {"type": "object"}
    for _ in range(5_000):
        deep = {"type": "object", "items": deep}
    assert admitted([replace(PLAIN, schema=deep)])[0] == ()


@given(definitions, definitions)
def test_a_pin_is_of_everything_a_classification_rests_on(one: Definition, other: Definition) -> None:
    assert (one.pin == other.pin) == (one.as_json() == other.as_json())
    assert Definition.from_json(one.as_json()).pin == one.pin
    named = {part for part, _, _ in changes(one, replace(other, name=one.name))}
    assert ("description" in named) == (one.description != other.description)
    assert ("arguments" in named) == (one.schema != other.schema)
    assert ("hints" in named) == (one.annotations != other.annotations)


def test_a_pin_knows_true_from_one() -> None:
    assert replace(PLAIN, schema={"const": True}).pin != replace(PLAIN, schema={"const": 1}).pin


def classified(word: str, definition: Definition = PLAIN, identity: Any = HERE) -> Judgement:
    return Judgement(word, "U1", datetime(2026, 11, 27, tzinfo=UTC), definition, identity)


@given(definitions, st.sampled_from(WORDS))
def test_what_is_kept_comes_back(definition: Definition, word: str) -> None:
    kept = classified(word, definition)
    assert Judgement.from_json(kept.as_json()) == kept
    assert Judgement.from_json(None) is None


@given(hints, st.sampled_from([effect.value for effect in Effect]))
def test_hints_only_raise(given_hints: dict[str, Any], word: str) -> None:
    definition = replace(PLAIN, annotations=given_hints)
    seen = judged("s", HERE, definition, definition, classified(word, definition))
    assert seen.effect in (Effect(word), None, Effect.FETCH)
    if seen.effect is Effect.FETCH:
        assert word in ("read", "fetch")
    if word in ("read", "fetch", "own", "send", "access") and given_hints.get("destructiveHint") is True:
        assert (seen.effect, seen.state) == (None, "contradicted")
    if word in ("read", "fetch") and given_hints.get("readOnlyHint") is False:
        assert seen.effect is None
    without = replace(definition, annotations={})
    assert judged("s", HERE, without, without, classified(word, without)).effect is Effect(word)


@given(hints)
def test_nothing_makes_a_tool_harmless_but_an_admins_word(given_hints: dict[str, Any]) -> None:
    definition = replace(PLAIN, annotations=given_hints)
    seen = judged("s", HERE, definition, definition, None)
    assert (seen.state, seen.effect) == ("new", None)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_holds_for_one_definition_of_one_server(word: str) -> None:
    other = replace(PLAIN, description="Says it to everybody.")
    for now, identity in ((other, HERE), (PLAIN, {"url": "https://x.example"}), (PLAIN, {**HERE, "args": []})):
        seen = judged("s", identity, now, PLAIN, classified(word))
        assert (seen.state, seen.effect, seen.usable) == ("changed", None, False)
    assert judged("s", HERE, other, PLAIN, None).state == "changed"
    assert judged("s", HERE, other, PLAIN, classified(word, other)).state in ("classified", "never")
