"""May this call run, now? A stop, a ceiling, a mode, the clock and a revoked grant each hold before the next effect."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from world import (
    ADA,
    BEN,
    HERE,
    HOUR,
    THERE,
    Gate,
    MarkTool,
    World,
    begun,
    mark,
    sqlite,
    sqlite_file,
    states,
    unmark,
)

from bot.contracts.errors import PersonMends
from bot.contracts.policy import Ceiling, Policy
from bot.contracts.tools import Call, Effect
from bot.gate.card import Card, Terms
from bot.gate.grants import Grant
from bot.gate.ledger import inverses
from bot.gate.permits import Halted
from bot.gate.plans import Refused
from bot.store.database import Database
from bot.store.models import ActionRow, CardRow
from bot.store.sealing import Vault

__all__ = ["sqlite", "sqlite_file"]

FIVE = Policy(ceilings={Effect.OWN: Ceiling(2, 4, 6)})
BLINK = timedelta(microseconds=1)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def gate(sqlite: Database, vault: Vault, world: World) -> Gate:
    send = MarkTool(world, name="box.send", effect=Effect.SEND)
    mail = MarkTool(world, name="mail.move")
    return Gate(sqlite, vault, MarkTool(world), unmark(world), send, mail, policy=FIVE)


async def halted(gate: Gate, card: Card) -> tuple[str, str]:
    """What it becomes, and why."""
    with pytest.raises(Halted) as raised:
        await gate.run(card, card.undo_id or card.plan_id)
    assert raised.value.at_ceiling is ("ceiling" in raised.value.why)
    return raised.value.becomes, raised.value.why


async def resumed(gate: Gate, card: Card, *, at_ceiling: bool = False) -> Card:
    paused = await gate.steps.pause(card, "Why", at_ceiling=at_ceiling)
    return await gate.steps.go_on(paused.plan_id, ADA, now=datetime.now(UTC), execute_within=HOUR)


# Stops


@pytest.mark.parametrize("scope", ["person", "all", "conversation"])
async def test_no_effect_while_a_stop_holds(database: Database, vault: Vault, scope: str) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    card = await gate.approved(mark("a"), mark("b"), mark("c"))
    now = datetime.now(UTC)

    async def stop(thing: str) -> None:
        if thing != "b":
            return
        if scope == "person":
            await gate.stops.stop_person(ADA, "UADA", datetime.now(UTC))
        elif scope == "all":
            await gate.stops.stop_all(BEN, datetime.now(UTC))
        else:
            await gate.stops.stop_conversation(BEN, HERE, "UBEN", datetime.now(UTC))

    world.before = stop
    assert await halted(gate, card) == ("paused", "Somebody said stop.")
    assert world.effects == Counter("ab"), "what was being done is done, and nothing after it"
    assert states(await gate.ledger.entered(card.plan_id)) == ["done", "done"]
    if scope == "conversation":
        card = await resumed(gate, card)  # what is begun after such a stop runs
    elif scope == "person":
        assert (await halted(gate, await resumed(gate, card)))[0] == "paused"
        await gate.stops.resume_person(ADA, "UADA", now)
    else:
        await gate.stops.resume_all(BEN, now)
    await gate.run(card)
    assert world.effects == Counter("abc")


async def test_stops_of_others_and_elsewhere_hold_nothing(gate: Gate, world: World) -> None:
    card = await gate.approved(mark("a"))
    now = datetime.now(UTC)
    await gate.stops.stop_person(BEN, "UBEN", now)
    await gate.stops.stop_conversation(ADA, THERE, "UADA", now)
    await gate.stops.stop_conversation(ADA, HERE, "UADA", card.changed - BLINK)
    await gate.run(card)
    assert world.effects == Counter("a")


async def test_a_stop_said_while_it_waits_in_the_outbox_holds(gate: Gate, world: World) -> None:
    """Though it is let out later than the stop was said, it was begun before."""
    card = await gate.approved(Call("box.send", {"things": ["a"]}), terms=Terms(outbox=0.01))
    await gate.stops.stop_conversation(ADA, HERE, "UADA", datetime.now(UTC))
    card = await gate.steps.release(card, datetime.now(UTC) + HOUR)
    assert card.state == "running"
    assert (await halted(gate, card))[0] == "paused"
    assert not world.effects
    await gate.run(await resumed(gate, card))
    assert world.effects == Counter("a")


async def test_an_undo_rests_at_a_stop_too(gate: Gate, world: World) -> None:
    card = await gate.approved(mark("a"))
    calls = inverses(await gate.run(card))
    settled = await gate.steps.settle(card)
    now = datetime.now(UTC)
    undoing = await gate.steps.take_back(settled.plan_id, ADA, "u", calls, now=now, execute_within=HOUR)
    await gate.stops.stop_person(ADA, "UADA", now)
    assert (await halted(gate, undoing))[0] == "paused"
    assert world.effects == Counter("a")


# The clock


async def test_what_was_not_begun_in_time_lapses(gate: Gate, world: World) -> None:
    card = await gate.approved(mark("a"), within=timedelta(seconds=-1))
    assert (await halted(gate, card))[0] == "lapsed"
    card = await gate.approved(mark("a"), mark("b"))

    async def takes_long(thing: str) -> None:
        async with gate.database.write() as session:
            await session.execute(update(CardRow).values(execute_by=datetime.now(UTC)))

    world.before = takes_long
    assert (await halted(gate, card))[0] == "lapsed"
    assert world.effects == Counter("a")
    undoing = update(CardRow).where(CardRow.id == card.id).values(state="undoing", undo_plan=card.plan_id)
    async with gate.database.write() as session:
        await session.execute(undoing)
    assert (await halted(gate, card))[0] == "lapsed"


async def test_a_stop_is_said_before_the_time_is(gate: Gate) -> None:
    card = await gate.approved(mark("a"), within=timedelta(seconds=-1))
    await gate.stops.stop_person(ADA, "UADA", datetime.now(UTC))
    assert (await halted(gate, card))[0] == "paused", "a stopped card waits for its person"


# Modes


async def test_read_only_holds_what_was_approved_before(gate: Gate, world: World) -> None:
    card = await gate.approved(mark("a"))
    now = datetime.now(UTC)
    for narrow, widen in (
        (gate.modes.set_person(ADA, "read-only", "UADA", now), gate.modes.set_person(ADA, "ask", "UADA", now)),
        (
            gate.modes.set_conversation(ADA, HERE, "read-only", "UADA", now),
            gate.modes.set_conversation(ADA, HERE, "ask", "UADA", now),
        ),
    ):
        await narrow
        assert await halted(gate, card) == ("paused", "This was made read-only after it was approved.")
        await widen
    await gate.modes.set_person(BEN, "read-only", "UBEN", now)
    await gate.modes.set_conversation(ADA, THERE, "read-only", "UADA", now)
    await gate.run(card)
    assert world.effects == Counter("a")


async def test_a_connection_nobody_widened_stays_untouched(gate: Gate, world: World) -> None:
    card = await gate.approved(Call("mail.move", {"things": ["a"]}))
    assert (await halted(gate, card))[0] == "paused"
    await gate.modes.set_connection(ADA, "mail", "ask", "UADA", datetime.now(UTC))
    await gate.run(card)
    assert world.effects == Counter("a")


# Grants


async def granted(gate: Gate) -> tuple[Grant, Card]:
    now = datetime.now(UTC)
    grant = await gate.grants.write(
        ADA, "box.mark", {"things": ("a*",)}, count=9, until=now + HOUR, words="Mark", now=now, actor="UADA"
    )
    terms = Terms(grant=grant.id)
    return grant, await gate.proposed(mark("a1"), mark("a2"), terms=terms, state="running")


async def test_a_grant_revoked_meanwhile_withdraws_the_rest(database: Database, vault: Vault) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world))
    grant, card = await granted(gate)

    async def revoke(thing: str) -> None:
        await gate.grants.revoke(ADA, grant.id, datetime.now(UTC), "UADA")

    world.before = revoke
    assert (await halted(gate, card))[0] == "withdrawn"
    assert world.effects == Counter(["a1"])


async def test_a_grant_whose_time_is_over_allows_nothing_more(gate: Gate, world: World) -> None:
    grant, card = await granted(gate)
    gone = card.terms.grant.replace(card.terms.grant[0], "x", 1)
    async with gate.database.write() as session:
        terms = gate.cards.body(card, Terms(grant=gone))
        await session.execute(update(CardRow).where(CardRow.id == card.id).values(body=terms))
    assert (await halted(gate, await gate.cards.get(card.id)))[0] == "withdrawn", "nor one that is not there"
    await gate.grants.purge(datetime.now(UTC) + 9 * HOUR)
    assert (await halted(gate, card))[0] == "withdrawn"
    assert grant.left == 9
    assert not world.effects


# Ceilings


async def test_a_card_rests_at_the_ceiling_of_a_card(gate: Gate, world: World) -> None:
    card = await gate.approved(mark("a"), mark("b"), mark("c"))
    assert await halted(gate, card) == ("paused", "the ceiling of 2 things on one card")
    assert world.effects == Counter("ab"), "exactly as many as allowed"
    card = await resumed(gate, card)
    assert (await halted(gate, card))[0] == "paused", "whoever went on past a stop was asked about no ceiling"
    await gate.run(await resumed(gate, card, at_ceiling=True))
    assert world.effects == Counter("abc")


async def test_a_call_of_too_many_things_is_not_begun(gate: Gate, world: World) -> None:
    card = await gate.approved(mark("a", "b", "c"))
    assert (await halted(gate, card))[0] == "paused"
    assert not world.effects
    assert await gate.ledger.entered(card.plan_id) == []


@pytest.mark.parametrize(("ago", "most", "span"), [(0.9, 4, "an hour"), (23.9, 6, "a day"), (24.1, 9, "")])
async def test_a_person_rests_at_the_ceilings_of_hour_and_day(
    database: Database, vault: Vault, ago: float, most: int, span: str
) -> None:
    world = World()
    gate = Gate(database, vault, MarkTool(world), policy=FIVE)
    first = [await gate.approved(mark(f"{number}a", f"{number}b")) for number in range(3)]
    for card in first[: (most - 1) // 2 if span else 3]:
        async with database.write() as session:  # as if these had been done a while ago
            await session.execute(update(ActionRow).values(started_at=datetime.now(UTC) - timedelta(days=2)))
        await gate.run(card)
    cards = first[: (most - 1) // 2 if span else 3]
    async with database.write() as session:
        await session.execute(update(ActionRow).values(started_at=datetime.now(UTC) - ago * HOUR))
    done = sum(world.effects.values())
    assert done == 2 * len(cards)
    bens = await gate.approved(mark("ben"), person=BEN)
    await gate.run(bens)
    one_more = await gate.approved(mark("y"))
    await gate.run(one_more)
    last = await gate.approved(mark("z", "zz"))
    if span:
        assert await halted(gate, last) == ("paused", f"the ceiling of {most} things {span}")
        assert not world.effects["z"]
    else:
        await gate.run(last)


async def test_what_certainly_failed_counts_to_no_ceiling_but_what_it_did_first(gate: Gate, world: World) -> None:
    async def fails(thing: str) -> None:
        if thing == "b":
            raise PersonMends("No such thing.")
        if thing == "cut":
            raise ConnectionResetError

    world.before = fails
    card = await gate.approved(mark("b"), mark("c"), mark("d"))
    assert states(await gate.run(card)) == ["failed", "done", "done"], "2 on one card, and one that failed"
    spent = await gate.ceilings.spent(ADA, Effect.OWN, datetime.now(UTC))
    assert spent.in_hour == 2
    cuts = iter([True])

    async def cut_then_fails(thing: str) -> None:
        if thing == "y":
            raise ConnectionResetError if next(cuts, False) else PersonMends("Away.")

    world.before = cut_then_fails
    partly = await gate.approved(mark("x", "y"))
    assert states(await gate.run(partly)) == ["failed"]
    assert world.effects["x"] == 1
    spent = await gate.ceilings.spent(ADA, Effect.OWN, datetime.now(UTC))
    assert spent.in_hour == 4, "of a call that failed halfway all of it counts"


async def test_an_undo_passes_ceilings_and_modes(gate: Gate, world: World) -> None:
    """Taking back is what a person wants most when too much was done."""
    card = await gate.approved(mark("a"), mark("b"))
    calls = inverses(await gate.run(card))
    now = datetime.now(UTC)
    settled = await gate.steps.settle(card)
    undoing = await gate.steps.take_back(settled.plan_id, ADA, "u", calls, now=now, execute_within=HOUR)
    await gate.modes.set_person(ADA, "read-only", "UADA", now)
    async with gate.database.write() as session:
        await session.execute(update(ActionRow).values(items=100))
    await gate.run(undoing, undoing.undo_id)
    assert world.effects == Counter(["a", "b", "-a", "-b"])


async def test_what_was_begun_waits_for_leave_to_be_looked_at(gate: Gate, world: World) -> None:
    """A stop holds what was interrupted, too; leaving it says how far it came."""
    card = await gate.approved(mark("a", "b"))
    await begun(gate, card, world, "b")
    await gate.stops.stop_person(ADA, "UADA", datetime.now(UTC))
    gate.ledger = gate.another("two")
    assert (await halted(gate, card))[0] == "paused"
    assert states(await gate.ledger.entered(card.plan_id)) == ["open"]
    await gate.ledger.resolve(card, card.plan_id, "Left as it was.")
    assert states(await gate.ledger.entered(card.plan_id)) == ["failed"]
    assert world.effects == Counter("a")


async def test_only_an_approved_card_is_halted_any_other_is_refused(gate: Gate) -> None:
    await gate.stops.stop_person(ADA, "UADA", datetime.now(UTC))
    with pytest.raises(Refused):
        await gate.run(await gate.proposed(mark("a")))
