"""The laboratory itself: tests of the gate stand on it, so it must not be what hides a fault."""

from __future__ import annotations

import asyncio
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.tools import Call, Effect, Tool, ToolContext, flattened
from lab import Lab, LabConnector, World
from lab.connector import TOOLS

ADA = Person("T1", "UADA")
GOOD: dict[str, JsonObject] = {
    "lab.read": {"what": "inbox"},
    "lab.fetch": {"url": "https://example.com/a"},
    "lab.note": {"title": "Friday", "text": "bring cake"},
    "lab.forget": {"title": "Friday"},
    "lab.send": {"to": "bob@example.com", "text": "hello"},
    "lab.share": {"thing": "plan.pdf", "person": "bob@example.com"},
    "lab.unshare": {"thing": "plan.pdf", "person": "bob@example.com"},
    "lab.erase": {"things": ["a", "b", "c"]},
    "lab.pay": {"to": "Acme", "amount": 12_345},
    "lab.deploy": {"service": "api", "version": "v2", "environment": "staging"},
    "lab.mystery": {"what": "something"},
}


@pytest.fixture
def lab(tmp_path: Path) -> LabConnector:
    return LabConnector(tmp_path / "lab.jsonl")


def tool(lab: LabConnector, name: str) -> Tool:
    return next(each for each in lab.tools() if each.name == name)


def context(action: str) -> ToolContext:
    return ToolContext(ADA, action)


def test_there_is_a_tool_of_every_effect_and_one_that_declares_none(lab: LabConnector) -> None:
    assert {each.effect for each in lab.tools()} == {*Effect, None}
    assert set(GOOD) == set(TOOLS) == {each.name for each in lab.tools()}


@pytest.mark.parametrize("name", list(GOOD))
async def test_each_tool_does_what_it_says_once_per_key(lab: LabConnector, name: str) -> None:
    args = GOOD[name]
    one = tool(lab, name)
    if made_by := {"lab.forget": "lab.note", "lab.unshare": "lab.share"}.get(name):
        await tool(lab, made_by).perform(context("first"), GOOD[made_by])
    before = list(lab.world.effects())
    one.check(args)
    view = one.describe(args)
    assert all(view.items)
    assert all(value in " ".join((view.subject, view.where, *view.items)) for value in _texts(args))
    unseen = await one.look_back(context("a/0"), args)
    assert unseen
    assert unseen.rest == Call(name, args)
    outcome = await one.perform(context("a/0"), args)
    if one.effect is Effect.READ:
        assert lab.world.effects() == before
        return
    assert (outcome.state, outcome.count) == ("done", len(view.items))
    assert lab.world.effects() == [*before, Call(name, args)]
    seen = await one.look_back(context("a/0"), args)
    assert seen
    assert (seen.rest, seen.settled) == (None, outcome)
    if name not in ("lab.forget", "lab.unshare"):
        await one.perform(context("a/0"), args)
        assert lab.world.effects() == [*before, Call(name, args)]
        assert [entry.action for entry in lab.world.asked_again()] == ["a/0"]
        await one.perform(context("a/1"), args)
        assert lab.world.effects() == [*before, Call(name, args), Call(name, args)]


def _texts(args: JsonObject) -> list[str]:
    return [value for values in flattened(args).values() for value in values if not value.isdigit()]


@pytest.mark.parametrize("name", list(GOOD))
def test_arguments_that_are_not_as_declared_are_refused(lab: LabConnector, name: str) -> None:
    one = tool(lab, name)
    first = next(iter(GOOD[name]))
    for wrong in (
        {},
        {**GOOD[name], "more": "x"},
        {**GOOD[name], first: 7.5},
        {**GOOD[name], first: None},
        {**GOOD[name], first: ""},
        {key: value for key, value in GOOD[name].items() if key != first},
    ):
        with pytest.raises(PersonMends):
            one.check(wrong)


async def test_what_was_written_is_taken_back_once_and_then_is_gone(lab: LabConnector) -> None:
    for index, name in enumerate(("lab.note", "lab.share")):
        inverse = (await tool(lab, name).perform(context(f"{index}/do"), GOOD[name])).inverse
        assert inverse
        undo = tool(lab, inverse.tool)
        undo.check(inverse.args)
        assert (await undo.perform(context(f"{index}/undo"), inverse.args)).count == 1
        gone = await undo.perform(context(f"{index}/again"), inverse.args)
        assert (gone.count, gone.gone) == (0, 1)


def test_things_can_be_left_out_and_fields_edited(lab: LabConnector) -> None:
    erase = tool(lab, "lab.erase")
    assert erase.without(GOOD["lab.erase"], [1]) == {"things": ["a", "c"]}
    assert erase.without(GOOD["lab.erase"], [0, 1, 2]) is None
    pay = tool(lab, "lab.pay")
    assert [(each.name, each.initial) for each in pay.fields(GOOD["lab.pay"])] == [("to", "Acme"), ("amount", "12345")]
    assert pay.edited(GOOD["lab.pay"], {"amount": "99"}) == {"to": "Acme", "amount": 99}
    for wrong in ("nine", "-1", ""):
        with pytest.raises(PersonMends) as refused:
            pay.edited(GOOD["lab.pay"], {"amount": wrong})
        assert refused.value.field == "amount"


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8), st.sets(st.integers(0, 7)))
def test_what_is_left_out_is_exactly_what_is_missing(things: list[str], left_out: set[int]) -> None:
    erase = tool(LabConnector(Path("unused")), "lab.erase")
    rest = erase.without({"things": things}, left_out)
    expected = [thing for index, thing in enumerate(things) if index not in left_out]
    assert (rest["things"] if rest else []) == expected


async def test_a_blind_tool_cannot_tell(lab: LabConnector) -> None:
    lab.blind = ("lab.send",)
    await tool(lab, "lab.send").perform(context("a/0"), GOOD["lab.send"])
    assert await tool(lab, "lab.send").look_back(context("a/0"), GOOD["lab.send"]) is None


async def test_what_a_test_raises_before_an_effect_prevents_it(lab: LabConnector) -> None:
    async def broken(context: ToolContext, call: Call) -> None:
        await asyncio.sleep(0)
        raise ConnectionError(call.tool)

    lab.before = broken
    with pytest.raises(ConnectionError):
        await tool(lab, "lab.send").perform(context("a/0"), GOOD["lab.send"])
    assert lab.world.entries() == []


def _do_many(path: str) -> None:
    for number in range(40):
        World(Path(path)).do(f"plan/{number}", "T1/UADA", Call("lab.note", {"title": str(number), "text": "x" * 3000}))


def test_processes_at_once_do_each_thing_once_and_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "lab.jsonl"
    started = multiprocessing.get_context("spawn")
    workers = [started.Process(target=_do_many, args=(str(path),)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    world = World(path)
    assert len(world.entries()) == 80
    assert sorted(entry.action for entry in world.entries() if not entry.again) == sorted(
        f"plan/{number}" for number in range(40)
    )


def test_an_unknown_script_is_told(tmp_path: Path) -> None:
    agent = Lab(tmp_path / "lab.jsonl").agent
    agent.scripts["greet"] = None  # type: ignore[assignment]
    assert agent.parse("greet") == {"script": "greet"}
    with pytest.raises(PersonMends):
        agent.parse("nonsense")
