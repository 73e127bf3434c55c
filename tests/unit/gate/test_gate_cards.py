"""Cards at rest: what was proposed is kept as it was, found by whatever plan it showed, and forgotten once over."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from world import ADA, BEN, HERE, THERE, Gate, mark, sqlite, sqlite_file

from bot.contracts.people import Person
from bot.contracts.slack import Posted
from bot.contracts.tools import Call, Plan
from bot.gate.card import Approval, Terms
from bot.gate.plans import Refused
from bot.gate.policy import Deciders
from bot.store.database import Database
from bot.store.models import CardRow, PlanRow
from bot.store.sealing import RowMismatch, Vault

__all__ = ["sqlite", "sqlite_file"]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAN = Plan("Tidy", (Call("mail.move", {"mails": [1, 2]}), Call("mail.move", {"mails": [3]})), "8 mails", "n", {"x": 1})
LESS = (Call("mail.move", {"mails": [1]}),)
STRICT = Terms(
    "because", "a rule", Deciders(False, ("UBEN",), ("S1",), True, True, 2, "C1"), True, False, 30.0, "C2", ("UBEN",)
)


@pytest.fixture
def gate(sqlite: Database, vault: Vault) -> Gate:
    return Gate(sqlite, vault)


async def test_a_proposed_card_holds_its_plan_and_its_terms(database: Database, vault: Vault) -> None:
    gate = Gate(database, vault)
    card = await gate.proposed(plan=PLAN, now=NOW, terms=STRICT, needs=2)
    assert (card.plan, card.person, card.agent, card.state) == (PLAN, ADA, "test", "pending")
    assert (card.terms, card.needs, card.policy, card.conversation) == (STRICT, 2, "built-in", HERE)
    assert (card.created, card.expires, card.decided, card.posted) == (NOW, NOW + timedelta(hours=24), None, None)
    assert await gate.cards.by_plan(card.plan_id) == await gate.cards.current(card.plan_id) == card
    assert await gate.cards.plans.calls(card.plan_id) == await gate.cards.first_calls(card) == PLAN.calls
    assert await gate.cards.pending(ADA) == await gate.cards.standing(ADA, "pending") == [card]
    assert await gate.cards.pending(BEN) == await gate.cards.standing(ADA, "running") == []


async def test_the_same_key_names_the_same_cards_in_order(gate: Gate) -> None:
    assert await gate.cards.made("k") == []
    one = await gate.proposed(mark("a"), key="k")
    ids = [gate.cards.id_of("k", number) for number in range(3)]
    assert len({*ids, gate.cards.id_of("other")}) == 4
    assert await gate.cards.made("k") == [one]
    assert one.id == ids[0]


async def test_a_newer_plan_on_the_topic_takes_the_place_of_one_that_waits(gate: Gate) -> None:
    tidy = replace(PLAN, topic="inbox")
    old = await gate.proposed(plan=tidy)
    kept = [
        await gate.proposed(plan=tidy, agent="other"),
        await gate.proposed(plan=tidy, person=BEN),
        await gate.proposed(plan=replace(PLAN, topic="calendar")),
        await gate.proposed(plan=PLAN),
        await gate.approved(plan=replace(tidy, topic="decided")),
    ]
    new = await gate.proposed(plan=tidy, conversation=THERE)
    await gate.proposed(plan=replace(PLAN, topic="decided"))
    await gate.proposed(plan=PLAN)
    assert [await gate.state(card) for card in (old, *kept, new)] == [
        "superseded",
        *["pending"] * 4,
        "running",
        "pending",
    ]
    with pytest.raises(Refused, match="newer card"):
        await gate.approve(old)
    assert (await gate.events()).count("superseded") == 1


async def test_waiting_cards_are_counted_by_conversation(gate: Gate) -> None:
    for conversation in (HERE, HERE, THERE):
        await gate.proposed(mark("a"), conversation=conversation)
    await gate.approved(mark("a"))
    await gate.proposed(mark("a"), person=BEN)
    async with gate.database.read() as session:
        assert await gate.cards.waiting(session, HERE) == 3
        assert await gate.cards.waiting(session, THERE) == 1


async def test_a_card_that_is_not_there_is_said_to_be_unknown(gate: Gate) -> None:
    assert await gate.cards.find("nothing") is None
    for lookup in (gate.cards.get("x"), gate.cards.by_plan("x"), gate.cards.current("x"), gate.cards.plans.calls("x")):
        with pytest.raises(Refused, match="not known"):
            await lookup


async def test_approvals_are_of_the_plan_the_card_shows(gate: Gate) -> None:
    card = await gate.proposed(mark("a", "b"), needs=3)
    await gate.approve(card, now=NOW)
    both = await gate.approve(card, BEN, how="code", now=NOW + timedelta(seconds=1))
    assert both.approvals == (
        Approval("UADA", "button", NOW), Approval("UBEN", "code", NOW + timedelta(seconds=1))
    )  # fmt: skip
    less = await gate.steps.replace_plan(card.plan_id, ADA, "n", [mark("a")], "narrowed", now=NOW)
    assert less.approvals == ()


async def test_a_card_left_undrawn_is_stale_until_it_is_drawn(gate: Gate) -> None:
    card = await gate.proposed(mark("a"))
    later = datetime.now(UTC) + timedelta(days=1)
    assert [stale.id for stale in await gate.cards.stale(later)] == [card.id]
    assert await gate.cards.stale(card.changed) == []
    await gate.cards.drawn(card, Posted("D1", "1.1"))
    assert await gate.cards.stale(later) == []
    running = await gate.approve(card)
    assert running.posted == Posted("D1", "1.1")
    assert [stale.version for stale in await gate.cards.stale(later)] == [running.version]
    await gate.cards.drawn(card, Posted("D1", "1.1"))  # the older version's drawing does not count for the newer
    assert [stale.version for stale in await gate.cards.stale(later)] == [running.version]
    assert [halted.id for halted in await gate.cards.in_state("running", changed_at=later)] == [card.id]
    assert await gate.cards.in_state("pending", changed_at=later) == []


async def test_one_replica_reminds_once_of_what_expires_soon(database: Database, vault: Vault) -> None:
    gate = Gate(database, vault)
    card, decided = await gate.proposed(mark("a"), now=NOW), await gate.proposed(mark("b"), now=NOW)
    await gate.approve(decided, now=NOW)
    assert await gate.cards.to_remind(card.expires) == []
    soon = card.expires + timedelta(seconds=1)
    assert [due.id for due in await gate.cards.to_remind(soon)] == [card.id]
    mine = await asyncio.gather(*(gate.cards.reminded(card, NOW) for _ in range(4)))
    assert sorted(mine) == [False, False, False, True]
    assert await gate.cards.to_remind(soon) == []


async def test_ended_cards_are_forgotten_with_all_that_is_theirs_and_no_others(gate: Gate) -> None:
    ended = await gate.approved(mark("a"))
    await gate.run(ended)
    ended = await gate.steps.settle(ended)
    running, pending = await gate.approved(mark("a")), await gate.proposed(mark("a"))
    assert await gate.cards.purge(datetime.now(UTC) - timedelta(minutes=1)) == []
    assert await gate.cards.purge(datetime.now(UTC) + timedelta(minutes=1)) == [ended.id]
    for lookup in (
        gate.cards.get(ended.id), gate.cards.plans.calls(ended.plan_id), gate.cards.by_plan(ended.plan_id)
    ):  # fmt: skip
        with pytest.raises(Refused, match="not known"):
            await lookup
    assert await gate.ledger.entered(ended.plan_id) == []
    assert await gate.cards.get(running.id) == running
    assert await gate.cards.get(pending.id) == pending


async def test_a_plan_put_under_another_digest_or_card_does_not_open(gate: Gate) -> None:
    one, other = await gate.proposed(mark("a")), await gate.proposed(mark("b"))
    async with gate.database.write() as session:
        body = (await session.get_one(PlanRow, other.plan_id)).body
        await session.execute(update(PlanRow).where(PlanRow.id == one.plan_id).values(body=body))
    with pytest.raises(RowMismatch):
        await gate.cards.get(one.id)
    async with gate.database.write() as session:
        await session.execute(update(PlanRow).where(PlanRow.id == other.plan_id).values(digest="0" * 64))
    with pytest.raises(Refused, match="digest"):
        await gate.cards.get(other.id)


async def test_a_card_handed_to_somebody_else_does_not_open(gate: Gate) -> None:
    card = await gate.proposed(mark("a"))
    async with gate.database.write() as session:
        await session.execute(update(CardRow).values(owner=gate.cards.owner(BEN)))
    with pytest.raises(RowMismatch):
        await gate.cards.get(card.id)


async def test_nothing_of_a_card_stands_readable_in_the_database(gate: Gate) -> None:
    plan = Plan("Secretive", (Call("box.mark", {"things": ["Sesame"]}),), "Sources", "Noted", {"x": "Extra"}, "Topical")
    card = await gate.proposed(plan=plan, terms=STRICT, person=Person("T1", "USECRET"))
    await gate.steps.deny(card.plan_id, ADA, "k", "Reasoned", now=datetime.now(UTC))
    async with gate.database.read() as session:
        row, kept = await session.get_one(CardRow, card.id), await session.get_one(PlanRow, card.plan_id)
        found = repr([{**vars(row)}, {**vars(kept)}])
    words = ("Secretive", "Sesame", "Sources", "Noted", "Extra", "Topical", "Reasoned", "USECRET", "UADA", "a rule")
    assert not [word for word in words if word in found]
