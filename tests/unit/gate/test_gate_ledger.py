"""The ledger: what was approved happens at most once, for exactly the arguments approved, and nothing else does."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from world import (
    ADA,
    BEN,
    HOUR,
    Gate,
    MarkTool,
    World,
    interrupted,
    mark,
    nobody_is_dead,
    outcomes,
    sqlite,
    sqlite_file,
    states,
    unmark,
)

from bot.contracts.errors import TimeMends
from bot.contracts.tools import Call, Effect, Outcome, ToolContext
from bot.gate.card import Terms
from bot.gate.ledger import combine, inverses
from bot.gate.plans import Refused
from bot.store.database import Database, database_url
from bot.store.models import ActionRow, CardRow, PlanRow
from bot.store.sealing import RowMismatch, Vault

__all__ = ["sqlite", "sqlite_file"]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def gate(sqlite: Database, vault: Vault, world: World) -> Gate:
    return Gate(sqlite, vault, MarkTool(world), unmark(world))


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


async def test_the_intent_is_written_before_the_effect(gate: Gate, world: World) -> None:
    seen: list[tuple[str, str]] = []

    async def look(thing: str) -> None:
        async with gate.database.read() as session:
            row = (await session.scalars(select(ActionRow).where(ActionRow.state == "started"))).one()
            seen.append((row.digest, row.started_by))
        assert (await gate.events())[-1] == "intent"

    world.before = look
    card = await gate.approved(mark("a"), mark("b"))
    await gate.run(card)
    assert seen == [(mark("a").digest(), "one"), (mark("b").digest(), "one")]


@pytest.mark.parametrize(
    "state", ["pending", "denied", "expired", "superseded", "holding", "called_back", "paused", "settled", "lapsed",
              "withdrawn", "undoing", "undone"]
)  # fmt: skip
async def test_a_plan_whose_card_does_not_run_does_nothing(gate: Gate, world: World, state: str) -> None:
    card = await gate.approved(mark("a"))
    async with gate.database.write() as session:
        await session.execute(update(CardRow).values(state=state, undo_plan="another"))
    with pytest.raises(Refused, match="Nobody has approved this"):
        await gate.run(card)
    assert not world.effects
    assert await gate.events() == ["proposed", "approved"]


async def test_only_the_inverse_runs_while_a_card_is_undone(gate: Gate, world: World) -> None:
    card = await gate.approved(mark("a"))
    calls = inverses(await gate.run(card))
    settled = await gate.steps.settle(card)
    now = datetime.now(UTC)
    undoing = await gate.steps.take_back(settled.plan_id, ADA, "u", calls, now=now, execute_within=HOUR)
    assert undoing.undo_id
    async with gate.database.write() as session:  # not even what the ledger has forgotten
        await session.execute(update(ActionRow).values(id="elsewhere/0"))
    with pytest.raises(Refused):
        await gate.run(undoing, card.plan_id)
    assert states(await gate.run(undoing, undoing.undo_id)) == ["done"]
    assert world.effects == Counter(["a", "-a"])


async def test_too_few_approvals_are_none(gate: Gate, world: World) -> None:
    """Counted anew before each effect, whatever the card's row says."""
    card = await gate.proposed(mark("a"), needs=2)
    await gate.approve(card)
    async with gate.database.write() as session:
        await session.execute(update(CardRow).values(state="running"))
    with pytest.raises(Refused, match="Not enough people"):
        await gate.run(await gate.cards.get(card.id))
    other, third = await gate.approved(mark("b")), await gate.proposed(mark("c"))
    async with gate.database.write() as session:
        await session.execute(update(CardRow).where(CardRow.id == other.id).values(plan=third.plan_id))
    with pytest.raises(Refused, match="Not enough people"):
        await gate.run(other, third.plan_id)  # what was approved of another plan counts nothing
    stale = await gate.approved(mark("d"))
    async with gate.database.write() as session:
        await session.execute(update(CardRow).where(CardRow.id == stale.id).values(needs=2))
    with pytest.raises(Refused, match="Not enough people"):
        await gate.run(stale)  # nor does what was known of a card before it was edited
    assert not world.effects


async def test_one_who_broke_the_glass_is_enough(gate: Gate, world: World) -> None:
    card = await gate.approve(await gate.proposed(mark("a"), needs=3), BEN, how="break-glass")
    await gate.run(card)
    assert world.effects == Counter(["a"])


async def test_what_nobody_had_to_approve_runs(gate: Gate, world: World) -> None:
    card = await gate.proposed(mark("a"), terms=Terms(allowed="a rule"), state="running")
    await gate.run(card)
    assert world.effects == Counter(["a"])
    assert await gate.events() == ["granted", "intent", "outcome"]


async def test_the_plan_of_another_card_does_nothing(gate: Gate, world: World) -> None:
    approved = await gate.approved(mark("a"))
    pending = await gate.proposed(mark("b"), person=BEN)
    bens = await gate.approved(mark("c"), person=BEN)
    for card, plan_id in ((approved, pending.plan_id), (pending, approved.plan_id), (approved, bens.plan_id)):
        with pytest.raises(Refused):
            await gate.run(card, plan_id)
    with pytest.raises(Refused):
        await gate.run(approved, "no such plan")
    assert not world.effects


async def test_the_begun_plan_of_another_card_does_nothing(gate: Gate, world: World) -> None:
    """The row there is of an interrupted action opens no way around the card."""
    adas, bens = await gate.approved(mark("a")), await gate.approved(mark("b"), person=BEN)
    world.before = interrupted
    with pytest.raises(asyncio.CancelledError):
        await gate.run(bens)
    world.before = None
    with pytest.raises(Refused):
        await gate.run(adas, bens.plan_id)
    assert not world.effects


async def test_the_plan_before_narrowing_does_nothing(gate: Gate, world: World) -> None:
    card = await gate.proposed(mark("a", "b"))
    narrowed = await gate.steps.replace_plan(card.plan_id, ADA, "n", [mark("a")], "narrowed", now=datetime.now(UTC))
    running = await gate.approve(narrowed)
    with pytest.raises(Refused):
        await gate.run(running, card.plan_id)
    assert not world.effects
    await gate.run(running)
    assert world.effects == Counter(["a"])


async def test_a_plan_that_does_not_match_its_digest_does_nothing(gate: Gate, world: World) -> None:
    card = await gate.approved(mark("a"))
    async with gate.database.write() as session:
        await session.execute(update(PlanRow).values(digest="0" * 64))
    with pytest.raises(Refused, match="digest"):
        await gate.run(card)
    assert not world.effects


async def test_a_begun_action_of_another_call_does_nothing(gate: Gate, world: World) -> None:
    card = await gate.approved(mark("a"))
    world.before = interrupted
    with pytest.raises(asyncio.CancelledError):
        await gate.run(card)
    world.before = None
    async with gate.database.write() as session:
        await session.execute(update(ActionRow).values(digest=mark("b").digest()))
    with pytest.raises(Refused, match="ledger"):
        await gate.run(card)
    assert not world.effects


async def test_an_outcome_copied_from_another_action_is_refused(gate: Gate) -> None:
    one, other = await gate.approved(mark("a", "b", "c")), await gate.approved(mark("d"))
    await gate.run(one)
    await gate.run(other)
    async with gate.database.write() as session:
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


async def test_what_fails_before_anything_happened_is_failed_and_said(gate: Gate, world: World) -> None:

    async def away(thing: str) -> None:
        raise TimeMends("The box is closed.", "Come back tomorrow.")

    world.before = away
    card = await gate.approved(mark("a"))
    entered = await gate.run(card)
    world.before = None
    assert outcomes(entered) == outcomes(await gate.run(card))
    assert outcomes(entered) == [Outcome("failed", note="The box is closed. Come back tomorrow.")]
    assert not world.effects


async def test_arguments_of_a_wrong_shape_fail(gate: Gate) -> None:
    entered = await gate.run(await gate.approved(Call("box.mark", {"things": "not a list"})))
    assert outcomes(entered) == [Outcome("failed", note="Things are missing.")]


async def test_two_runs_at_once_in_one_process_do_it_once(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    card = await gate.approved(*(mark(f"{number}a", f"{number}b") for number in range(4)))
    runs = await asyncio.gather(*(gate.run(card) for _ in range(6)))
    assert set(world.effects.values()) == {1}
    assert all(outcomes(one) == outcomes(runs[0]) for one in runs)


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
