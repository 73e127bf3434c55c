"""Interruptions: whatever dies wherever, nothing happens twice, and what nobody can tell is said to be unknown."""

import asyncio
import itertools
import os
from collections import Counter

import pytest
from stopping import stopped
from world import Gate, MarkTool, World, begun, mark, nobody_is_dead, outcomes, sqlite, sqlite_file, states

from bot.contracts.errors import OutcomeUnknown, PersonMends, TimeMends
from bot.contracts.policy import Ceiling, Policy
from bot.contracts.tools import Call, Effect, Outcome
from bot.gate.card import Card
from bot.gate.ledger import Entered, inverses
from bot.gate.plans import Refused
from bot.store.database import Database
from bot.store.sealing import Vault

__all__ = ["sqlite", "sqlite_file"]

LONG = os.environ.get("MESHCLAW_CHAOS") == "long"


@pytest.mark.parametrize("error", [OutcomeUnknown("?"), ConnectionResetError("cut"), KeyError("bug")])
async def test_after_an_interruption_only_the_rest_is_done(sqlite: Database, vault: Vault, error: Exception) -> None:
    world = World()
    tool = MarkTool(world)
    gate = Gate(sqlite, vault, tool)
    cut = iter([None, error])

    async def sometimes(thing: str) -> None:
        if raised := next(cut, None):
            raise raised

    world.before = sometimes
    entered = await gate.run(await gate.approved(mark("a", "b", "c")))
    assert world.effects == Counter(["a", "b", "c"])
    assert outcomes(entered) == [Outcome("done", count=3)]
    assert [part.count for part in entered[0].parts or ()] == [1, 2]
    assert inverses(entered) == [
        Call("box.unmark", {"things": ["b", "c"]}),
        Call("box.unmark", {"things": ["a"]}),
    ]
    assert tool.looked == 1


async def test_a_tool_that_is_alwaysinterrupted_ends_as_unknown(sqlite: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(sqlite, vault, MarkTool(world))

    async def always(thing: str) -> None:
        if thing != "a":
            raise ConnectionResetError

    world.before = always
    entered = await gate.run(await gate.approved(mark("a", "b", "c")))
    assert outcomes(entered) == [Outcome("unknown", count=1, unknown=2)]
    assert world.effects == Counter(["a"])


async def test_a_tool_that_cannot_look_back_is_not_repeated(sqlite: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(sqlite, vault, MarkTool(world, blind=True))

    async def cut(thing: str) -> None:
        if thing == "b":
            raise ConnectionResetError

    world.before = cut
    card = await gate.approved(mark("a", "b"))
    entered = await gate.run(card)
    world.before = None
    assert outcomes(entered) == outcomes(await gate.run(card)) == [Outcome("unknown", unknown=2)]
    assert world.effects == Counter(["a"])


@pytest.mark.parametrize("error", [PersonMends("login refused"), ValueError("bug")])
async def test_looking_back_that_fails_says_unknown(sqlite: Database, vault: Vault, error: Exception) -> None:
    world = World()

    async def fails() -> None:
        raise error

    gate = Gate(sqlite, vault, MarkTool(world, looking_back=fails))

    async def cut(thing: str) -> None:
        raise ConnectionResetError

    world.before = cut
    assert outcomes(await gate.run(await gate.approved(mark("a", "b")))) == [Outcome("unknown", unknown=2)]


async def test_looking_back_waits_for_a_service_that_is_away(
    sqlite: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.gate.ledger._LOOK_BACK_PAUSES", (0.001, 0.001))
    world = World()
    times = iter([1, 2])

    async def away_twice() -> None:
        if next(times, None):
            raise TimeMends("away")

    tool = MarkTool(world, looking_back=away_twice)
    gate = Gate(sqlite, vault, tool)
    cuts = iter([1])

    async def cut(thing: str) -> None:
        if next(cuts, None):
            raise ConnectionResetError

    world.before = cut
    assert outcomes(await gate.run(await gate.approved(mark("a")))) == [Outcome("done", count=1)]
    assert tool.looked == 3
    assert world.effects == Counter(["a"])


@pytest.mark.parametrize("blind", [False, True])
async def test_stopped_at_every_wait_nothing_happens_twice(database: Database, vault: Vault, blind: bool) -> None:
    """Cancelled at each await point in turn, and then run again, as after a restart."""
    unknown = 0
    step = 1 if LONG else 3 if database.is_sqlite and not blind else 6
    for at in itertools.count(1, step):
        world = World()
        gate = Gate(database, vault, MarkTool(world, blind=blind))
        card = await gate.approved(mark("a", "b"), mark("c"))
        came = await stopped(_drain(gate, card), at)
        after = gate.another(f"life {at}")
        entered = await gate.run(card, ledger=after)
        unknown += _agrees_with_world(world, entered, blind)
        if not came:
            break
    assert at > 20
    assert (unknown > 0) is blind
    assert await gate.audit.verify() is None


async def test_stopped_twice_nothing_happens_twice(database: Database, vault: Vault) -> None:
    steps = (5, 7) if LONG else (23, 29) if database.is_sqlite else (41, 43)
    for first, second in itertools.product(range(3, 120, steps[0]), range(3, 120, steps[1])):
        world = World()
        gate = Gate(database, vault, MarkTool(world))
        card = await gate.approved(mark("a", "b"), mark("c"))
        await stopped(_drain(gate, card), first)
        await stopped(_drain(gate, card, "second"), second)
        _agrees_with_world(world, await gate.run(card, ledger=gate.another("third")), False)


async def _drain(gate: Gate, card: Card, executor: str = "one") -> None:
    await gate.run(card, ledger=gate.another(executor))


def _agrees_with_world(world: World, entered: list[Entered], blind: bool) -> int:
    """What the ledger says is so, and nothing is there twice; how many outcomes are unknown."""
    assert max(world.effects.values()) == 1
    assert [one.index for one in entered] == [0, 1]
    unknown = 0
    for one, things in zip(entered, (("a", "b"), ("c",)), strict=True):
        assert one.outcome
        happened = sum(world.effects[thing] for thing in things)
        if one.outcome.state == "unknown":
            assert blind
            assert one.outcome.unknown == len(things)
            unknown += 1
        else:
            assert (one.outcome.state, one.outcome.count, happened) == ("done", len(things), len(things))
            assert {thing for part in one.parts or () for thing in _undone(part)} == set(things)
    return unknown


def _undone(part: Outcome) -> list[str]:
    return list(part.inverse.args["things"]) if part.inverse else []  # type: ignore[arg-type]


async def test_one_waiting_behind_aninterrupted_run_keeps_a_third_out(sqlite: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(sqlite, vault, MarkTool(world))
    card = await gate.approved(mark("a", "b"))
    here, on = asyncio.Event(), asyncio.Event()

    async def first_stops(thing: str) -> None:
        here.set()
        await on.wait()

    world.before = first_stops
    async with asyncio.timeout(20):
        first = asyncio.create_task(gate.run(card))
        await here.wait()
        others = [asyncio.create_task(gate.run(card)) for _ in range(2)]
        await asyncio.sleep(0.01)
        here.clear()
        first.cancel()
        await here.wait()  # the second is at it now, and the third must still wait for it
        others.append(asyncio.create_task(gate.run(card)))
        await asyncio.sleep(0.05)
        on.set()
        await asyncio.gather(*others)
        assert world.effects == Counter(["a", "b"])


# What was begun and may not go on is looked at, and how it ended is said


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("", Outcome("failed", note="No time left.")),
        ("a", Outcome("failed", count=1, note="No time left.")),
        ("ab", Outcome("done", count=2)),
    ],
)
async def test_what_was_begun_is_looked_at_and_nothing_more_of_it_done(
    sqlite: Database, vault: Vault, marked: str, expected: Outcome
) -> None:
    world = World()
    gate = Gate(sqlite, vault, MarkTool(world))
    card = await gate.approved(mark("a", "b"), mark("c"))
    await begun(gate, card, world, "a")
    world.effects.update(marked)  # as far as the service came before it died
    await gate.another("two").resolve(card, card.plan_id, "No time left.")
    assert world.effects == Counter(marked)
    assert outcomes(await gate.ledger.entered(card.plan_id)) == [expected]
    assert [part.count for part in (await gate.ledger.entered(card.plan_id))[0].parts or () if part.inverse] == [
        len(marked)
    ] * bool(marked)
    await gate.ledger.resolve(card, card.plan_id, "Another reason.")
    assert outcomes(await gate.ledger.entered(card.plan_id)) == [expected], "what has an outcome keeps it"


async def test_what_nobody_can_tell_is_unknown_also_when_it_may_not_go_on(sqlite: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(sqlite, vault, MarkTool(world, blind=True))
    card = await gate.approved(mark("a", "b"))
    await begun(gate, card, world, "b")
    await gate.another("two").resolve(card, card.plan_id, "No time left.")
    assert outcomes(await gate.ledger.entered(card.plan_id)) == [Outcome("unknown", unknown=2)]
    assert world.effects == Counter(["a"])


async def test_what_was_never_begun_has_no_outcome(sqlite: Database, vault: Vault) -> None:
    gate = Gate(sqlite, vault, MarkTool(World()))
    card = await gate.approved(mark("a"))
    await gate.ledger.resolve(card, card.plan_id, "No time left.")
    assert await gate.ledger.entered(card.plan_id) == []
    assert "intent" not in await gate.events()


async def test_resolving_waits_for_a_living_replica(sqlite: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(sqlite, vault, MarkTool(world))
    card = await gate.approved(mark("a"))
    here, on = asyncio.Event(), asyncio.Event()

    async def hold(thing: str) -> None:
        here.set()
        await on.wait()

    world.before = hold
    one = asyncio.create_task(gate.run(card))
    await here.wait()
    other = asyncio.create_task(gate.another("two", nobody_is_dead).resolve(card, card.plan_id, "Left."))
    done, _ = await asyncio.wait([other], timeout=0.2)
    assert not done
    on.set()
    await asyncio.gather(one, other)
    assert outcomes(await gate.ledger.entered(card.plan_id)) == [Outcome("done", count=1)]


async def test_a_tool_that_went_away_after_it_was_begun_leaves_it_unknown(sqlite: Database, vault: Vault) -> None:
    """Only what was never begun certainly failed."""
    world = World()
    for resolving in (False, True):
        gate = Gate(sqlite, vault, MarkTool(world))
        card = await gate.approved(mark(f"{resolving} a", f"{resolving} b"))
        await begun(gate, card, world, f"{resolving} b")
        gate.tools.lose("box.mark")
        after = gate.another("two")
        if resolving:
            await after.resolve(card, card.plan_id, "Left.")
        else:
            await gate.run(card, ledger=after)
        assert states(await after.entered(card.plan_id)) == ["unknown"]


async def test_what_was_begun_does_not_pass_a_ceiling_by_itself(sqlite: Database, vault: Vault) -> None:
    """Its things count once, not again when it is taken up after an interruption."""
    world = World()
    policy = Policy(ceilings={Effect.OWN: Ceiling(2, 2, 2)})
    gate = Gate(sqlite, vault, MarkTool(world), policy=policy)
    card = await gate.approved(mark("a", "b"))
    await begun(gate, card, world, "b")
    assert outcomes(await gate.run(card, ledger=gate.another("two"))) == [Outcome("done", count=2)]
    assert world.effects == Counter(["a", "b"])


async def test_what_was_begun_under_one_card_goes_on_under_no_other(sqlite: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(sqlite, vault, MarkTool(world))
    card, other = await gate.approved(mark("a")), await gate.approved(mark("b"))
    await begun(gate, card, world, "a")
    for wrong in (other, await gate.proposed(mark("c"))):
        with pytest.raises(Refused):
            await gate.run(wrong, card.plan_id, gate.another("two"))
    assert not world.effects
