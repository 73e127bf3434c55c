"""The ledger: what was approved happens at most once, and what nobody can tell is said to be unknown."""

import asyncio
import itertools
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from stopping import stopped
from world import ADA, BEN, Box, MarkTool, World

from bot.contracts.errors import OutcomeUnknown, PersonMends, TimeMends
from bot.contracts.people import Person
from bot.contracts.tools import Call, Effect, Outcome, Plan, ToolContext
from bot.gate.audit import Audit
from bot.gate.cards import Card, Cards, Refused
from bot.gate.ledger import Entered, Ledger, combine, inverses
from bot.store.database import Database, database_url
from bot.store.models import ActionRow, AuditRow, PlanRow
from bot.store.sealing import RowMismatch, Vault

_keys = itertools.count(1)


async def nobody_is_dead(executor: str) -> bool:
    return False


async def everybody_else_is_dead(executor: str) -> bool:
    return True


class Gate:
    """Cards and a ledger over one world."""

    def __init__(self, database: Database, vault: Vault, *tools: MarkTool) -> None:
        self.database, self.vault = database, vault
        self.audit = Audit(database, vault)
        self.cards = Cards(database, vault, self.audit)
        self.tools = Box(*tools)
        self.ledger = self.another("one")

    def another(self, executor: str, is_dead: object = everybody_else_is_dead) -> Ledger:
        """The ledger of another replica, or of another life."""
        parts = (self.database, self.vault, self.audit, self.cards, self.tools)
        return Ledger(*parts, executor, is_dead)  # type: ignore[arg-type]

    async def proposed(self, *calls: Call, person: Person = ADA) -> Card:
        return await self.cards.propose(person, "test", f"k{next(_keys)}", Plan("t", calls), datetime.now(UTC))

    async def approved(self, *calls: Call, person: Person = ADA) -> Card:
        card = await self.proposed(*calls, person=person)
        return await self.cards.decide(
            card.plan_id, person, f"k{next(_keys)}", approve=True, posted=None, now=datetime.now(UTC)
        )

    async def run(self, card: Card, plan_id: str | None = None, ledger: Ledger | None = None) -> list[Entered]:
        return [one async for one in (ledger or self.ledger).execute(card, plan_id or card.plan_id)]

    async def events(self) -> list[str]:
        async with self.database.read() as session:
            return list(await session.scalars(select(AuditRow.event).order_by(AuditRow.seq)))


def mark(*things: str) -> Call:
    return Call("box.mark", {"things": list(things)})


def outcomes(entered: list[Entered]) -> list[Outcome | None]:
    return [one.outcome for one in entered]


async def test_an_approved_plan_is_carried_out_in_order_once(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    card = await gate.approved(mark("a", "b"), mark("c"))
    first = await gate.run(card)
    again = await gate.run(card)
    assert list(world.effects.elements()) == ["a", "b", "c"]
    assert outcomes(first) == outcomes(again) == [Outcome("done", count=2), Outcome("done", count=1)]
    assert await gate.ledger.entered(card.plan_id) == first
    assert world.people == {ADA}
    assert inverses(first) == [Call("box.unmark", {"things": ["c"]}), Call("box.unmark", {"things": ["a", "b"]})]
    assert await gate.events() == ["proposed", "approved", *["intent", "outcome"] * 2]


async def test_the_intent_is_written_before_the_effect(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    seen: list[tuple[str, str]] = []

    async def look(thing: str) -> None:
        async with database.read() as session:
            row = (await session.scalars(select(ActionRow).where(ActionRow.state == "started"))).one()
            seen.append((row.digest, row.started_by))
        assert (await gate.events())[-1] == "intent"

    world.before = look
    card = await gate.approved(mark("a"), mark("b"))
    await gate.run(card)
    assert seen == [(mark("a").digest(), "one"), (mark("b").digest(), "one")]


@pytest.mark.parametrize("decision", ["pending", "denied", "expired", "superseded", "settled", "undoing"])
async def test_a_plan_whose_card_is_not_approved_does_nothing(database: Database, vault: Vault, decision: str) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    card = await gate.proposed(mark("a"))
    now = datetime.now(UTC)
    if decision == "denied":
        await gate.cards.decide(card.plan_id, ADA, "no", approve=False, posted=None, now=now)
    elif decision == "expired":
        await gate.cards.expire(card.expires)
    elif decision == "superseded":
        await gate.proposed(mark("b"))
    elif decision != "pending":
        running = await gate.cards.decide(card.plan_id, ADA, "yes", approve=True, posted=None, now=now)
        settled = await gate.cards.settle(running)
        if decision == "undoing":
            await gate.cards.take_back(settled.plan_id, ADA, "undo", [mark("z")], now)
    assert (await gate.cards.get(card.id)).state == decision
    with pytest.raises(Refused):
        await gate.run(card)
    assert not world.effects
    assert "intent" not in await gate.events()


async def test_the_plan_of_another_card_does_nothing(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    approved = await gate.approved(mark("a"))
    pending = await gate.proposed(mark("b"), person=BEN)
    bens = await gate.approved(mark("c"), person=BEN)
    for card, plan_id in ((approved, pending.plan_id), (pending, approved.plan_id), (approved, bens.plan_id)):
        with pytest.raises(Refused):
            await gate.run(card, plan_id)
    with pytest.raises(Refused):
        await gate.run(approved, "no such plan")
    assert not world.effects


async def test_the_begun_plan_of_another_card_does_nothing(database: Database, vault: Vault) -> None:
    """The row there is of an interrupted action opens no way around the card."""
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    adas, bens = await gate.approved(mark("a")), await gate.approved(mark("b"), person=BEN)
    world.before = _interrupted
    with pytest.raises(asyncio.CancelledError):
        await gate.run(bens)
    world.before = None
    with pytest.raises(Refused):
        await gate.run(adas, bens.plan_id)
    assert not world.effects


async def _interrupted(thing: str) -> None:
    raise asyncio.CancelledError


async def test_the_plan_before_narrowing_does_nothing(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    card = await gate.proposed(mark("a", "b"))
    narrowed = await gate.cards.narrow(card.plan_id, ADA, "n", [mark("a")], datetime.now(UTC))
    running = await gate.cards.decide(narrowed.plan_id, ADA, "y", approve=True, posted=None, now=datetime.now(UTC))
    with pytest.raises(Refused):
        await gate.run(running, card.plan_id)
    assert not world.effects
    await gate.run(running)
    assert world.effects == Counter(["a"])


async def test_a_plan_that_does_not_match_its_digest_does_nothing(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    card = await gate.approved(mark("a"))
    async with database.write() as session:
        await session.execute(update(PlanRow).values(digest="0" * 64))
    with pytest.raises(Refused, match="digest"):
        await gate.run(card)
    assert not world.effects


async def test_a_begun_action_of_another_call_does_nothing(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    card = await gate.approved(mark("a"))
    world.before = _interrupted
    with pytest.raises(asyncio.CancelledError):
        await gate.run(card)
    world.before = None
    async with database.write() as session:
        await session.execute(update(ActionRow).values(digest=mark("b").digest()))
    with pytest.raises(Refused, match="ledger"):
        await gate.run(card)
    assert not world.effects


async def test_an_outcome_copied_from_another_action_is_refused(database: Database, vault: Vault) -> None:
    gate = Gate(database, vault, MarkTool(World()))
    one, other = await gate.approved(mark("a", "b", "c")), await gate.approved(mark("d"))
    await gate.run(one)
    await gate.run(other)
    async with database.write() as session:
        outcome = select(ActionRow.outcome).where(ActionRow.plan == one.plan_id).scalar_subquery()
        await session.execute(update(ActionRow).where(ActionRow.plan == other.plan_id).values(outcome=outcome))
    with pytest.raises(RowMismatch):
        await gate.ledger.entered(other.plan_id)


@pytest.mark.parametrize("effect", [None, Effect.OWN, Effect.DEPLOY])
async def test_a_tool_that_is_gone_fails_and_does_nothing(
    database: Database, vault: Vault, effect: Effect | None
) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world, effect=effect))
    card = await gate.approved(Call("gone.tool", {"things": ["a"]}), mark("b"))
    assert [one.outcome.state for one in await gate.run(card) if one.outcome] == ["failed", "done"]
    assert world.effects == Counter(["b"])


async def test_what_fails_before_anything_happened_is_failed_and_said(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))

    async def away(thing: str) -> None:
        raise TimeMends("The box is closed.", "Come back tomorrow.")

    world.before = away
    card = await gate.approved(mark("a"))
    entered = await gate.run(card)
    world.before = None
    assert outcomes(entered) == outcomes(await gate.run(card))
    assert outcomes(entered) == [Outcome("failed", note="The box is closed. Come back tomorrow.")]
    assert not world.effects


async def test_arguments_of_a_wrong_shape_fail(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    entered = await gate.run(await gate.approved(Call("box.mark", {"things": "not a list"})))
    assert outcomes(entered) == [Outcome("failed", note="Things are missing.")]


@pytest.mark.parametrize("error", [OutcomeUnknown("?"), ConnectionResetError("cut"), KeyError("bug")])
async def test_after_an_interruption_only_the_rest_is_done(database: Database, vault: Vault, error: Exception) -> None:
    world = World()
    tool = MarkTool(world)
    gate = Gate(database, vault, tool)
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


async def test_a_tool_that_is_always_interrupted_ends_as_unknown(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))

    async def always(thing: str) -> None:
        if thing != "a":
            raise ConnectionResetError

    world.before = always
    entered = await gate.run(await gate.approved(mark("a", "b", "c")))
    assert outcomes(entered) == [Outcome("unknown", count=1, unknown=2)]
    assert world.effects == Counter(["a"])


async def test_a_tool_that_cannot_look_back_is_not_repeated(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world, blind=True))

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
async def test_looking_back_that_fails_says_unknown(database: Database, vault: Vault, error: Exception) -> None:
    world = World()

    async def fails() -> None:
        raise error

    gate = Gate(database, vault, MarkTool(world, looking_back=fails))

    async def cut(thing: str) -> None:
        raise ConnectionResetError

    world.before = cut
    assert outcomes(await gate.run(await gate.approved(mark("a", "b")))) == [Outcome("unknown", unknown=2)]


async def test_looking_back_waits_for_a_service_that_is_away(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.gate.ledger._LOOK_BACK_PAUSES", (0.001, 0.001))
    world = World()
    times = iter([1, 2])

    async def away_twice() -> None:
        if next(times, None):
            raise TimeMends("away")

    tool = MarkTool(world, looking_back=away_twice)
    gate = Gate(database, vault, tool)
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
    for at in itertools.count(1):
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
    for first, second in itertools.product(range(3, 80, 7), range(3, 80, 11)):
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


async def test_two_runs_at_once_in_one_process_do_it_once(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    card = await gate.approved(*(mark(f"{number}a", f"{number}b") for number in range(4)))
    runs = await asyncio.gather(*(gate.run(card) for _ in range(6)))
    assert set(world.effects.values()) == {1}
    assert all(outcomes(one) == outcomes(runs[0]) for one in runs)


async def test_one_waiting_behind_an_interrupted_run_keeps_a_third_out(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
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


async def test_two_replicas_at_once_do_it_once(postgres_url: str, vault: Vault, tmp_path: Path) -> None:
    databases = [Database(database_url(postgres_url, tmp_path)) for _ in range(2)]
    await databases[0].migrate()
    world = World()
    gates = [Gate(database, vault, MarkTool(world)) for database in databases]
    ledgers = [gate.another(f"replica {number}", nobody_is_dead) for number, gate in enumerate(gates)]
    card = await gates[0].approved(*(mark(f"{number}a", f"{number}b") for number in range(5)))

    async def slowly(thing: str) -> None:
        await asyncio.sleep(0.02)

    world.before = slowly
    runs = await asyncio.gather(*(gate.run(card, ledger=ledger) for gate, ledger in zip(gates, ledgers, strict=True)))
    assert set(world.effects.values()) == {1}
    assert outcomes(runs[0]) == outcomes(runs[1]) == [Outcome("done", count=2)] * 5
    assert (await gates[0].events()).count("outcome") == 5
    for database in databases:
        await database.close()


async def test_what_a_living_replica_is_at_is_waited_for(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    card = await gate.approved(mark("a"))
    here, on = asyncio.Event(), asyncio.Event()

    async def hold(thing: str) -> None:
        here.set()
        await on.wait()

    world.before = hold
    one = asyncio.create_task(gate.run(card))
    await here.wait()
    other = asyncio.create_task(gate.run(card, ledger=gate.another("two", nobody_is_dead)))
    done, _ = await asyncio.wait([other], timeout=0.3)
    assert not done
    on.set()
    assert outcomes(await other) == outcomes(await one) == [Outcome("done", count=1)]
    assert world.effects == Counter(["a"])


def test_parts_add_up_and_the_worst_state_counts() -> None:
    done, failed = Outcome("done", count=2, gone=1, note="n"), Outcome("failed", note="f")
    assert combine([done, done]) == Outcome("done", count=4, gone=2, note="n")
    assert combine([done, failed]) == Outcome("failed", count=2, gone=1, note="n f")
    assert combine([failed, Outcome("unknown", unknown=3)]).state == "unknown"
    assert combine([Outcome("done", unknown=1)]).state == "unknown"


async def test_a_tool_is_told_its_action_for_services_that_take_a_key(database: Database, vault: Vault) -> None:
    world = World()
    tool = MarkTool(world)
    gate = Gate(database, vault, tool)
    contexts: list[ToolContext] = []
    perform = tool.perform

    async def kept(context: ToolContext, args: object) -> Outcome:
        contexts.append(context)
        return await perform(context, args)  # type: ignore[arg-type]

    tool.perform = kept  # type: ignore[method-assign]
    card = await gate.approved(mark("a"), mark("b"))
    await gate.run(card)
    assert contexts == [ToolContext(ADA, f"{card.plan_id}/0"), ToolContext(ADA, f"{card.plan_id}/1")]
