"""Cards: one decision, by the owner alone, in time, for exactly what is shown."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from world import ADA, BEN

from bot.contracts.people import Person
from bot.contracts.slack import Posted
from bot.contracts.tools import Call, Plan
from bot.gate.audit import Audit
from bot.gate.cards import TIME_TO_DECIDE, TIME_TO_UNDO, Card, Cards, Refused
from bot.store.database import Database
from bot.store.database import database_url as address_of
from bot.store.models import AuditRow
from bot.store.sealing import Vault

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAN = Plan("Tidy", (Call("mail.move", {"mails": [1, 2]}), Call("mail.move", {"mails": [3]})), "8 mails", "n", {"x": 1})
LESS = (Call("mail.move", {"mails": [1]}),)
_keys = itertools.count()


@pytest.fixture
def cards(database: Database, vault: Vault) -> Cards:
    return Cards(database, vault, Audit(database, vault))


async def proposed(cards: Cards, person: Person = ADA, agent: str = "triage", plan: Plan = PLAN) -> Card:
    return await cards.propose(person, agent, f"key {next(_keys)}", plan, NOW)


async def decided(
    cards: Cards, plan_id: str, person: Person = ADA, *, approve: bool = True, now: datetime = NOW, key: str = ""
) -> Card:
    return await cards.decide(plan_id, person, key or f"key {next(_keys)}", approve=approve, posted=None, now=now)


async def events(database: Database, plan_id: str = "") -> Counter[str]:
    found = select(AuditRow.event).where(AuditRow.plan == plan_id) if plan_id else select(AuditRow.event)
    async with database.read() as session:
        return Counter(await session.scalars(found))


async def test_a_proposed_card_holds_its_plan(cards: Cards) -> None:
    card = await proposed(cards)
    assert (card.plan, card.person, card.agent, card.state) == (PLAN, ADA, "triage", "pending")
    assert (card.created, card.expires, card.decided, card.posted) == (NOW, NOW + TIME_TO_DECIDE, None, None)
    assert await cards.get(card.id) == await cards.by_plan(card.plan_id) == card
    assert await cards.calls(card.plan_id) == PLAN.calls
    assert await cards.pending(ADA) == [card]
    assert await cards.pending(BEN) == []


async def test_proposing_again_under_the_same_key_changes_nothing(cards: Cards) -> None:
    one = await cards.propose(ADA, "triage", "same", PLAN, NOW)
    again = await cards.propose(ADA, "triage", "same", replace(PLAN, calls=LESS), NOW + timedelta(hours=1))
    assert again == one


async def test_a_newer_card_of_the_same_agent_supersedes(cards: Cards) -> None:
    old, others, bens = await proposed(cards), await proposed(cards, agent="other"), await proposed(cards, BEN)
    new = await proposed(cards)
    states = [(await cards.get(card.id)).state for card in (old, others, bens, new)]
    assert states == ["superseded", "pending", "pending", "pending"]
    with pytest.raises(Refused, match="newer card"):
        await decided(cards, old.plan_id)


async def test_only_the_owner_decides(cards: Cards) -> None:
    card = await proposed(cards)
    for act in (
        decided(cards, card.plan_id, BEN),
        decided(cards, card.plan_id, BEN, approve=False),
        decided(cards, card.plan_id, Person("T2", ADA.user)),
        cards.narrow(card.plan_id, BEN, "n", LESS, NOW),
        cards.take_back(card.plan_id, BEN, "u", LESS, NOW),
        cards.owned(card.plan_id, BEN),
    ):
        with pytest.raises(Refused, match="somebody else"):
            await act
    assert await cards.get(card.id) == card


async def test_a_copy_of_the_card_decides_nothing(cards: Cards) -> None:
    card = await proposed(cards)
    await cards.drawn(card, Posted("D1", "1.1"))
    for copy in (Posted("C9", "1.1"), Posted("D1", "9.9")):
        with pytest.raises(Refused, match="copy"):
            await cards.decide(card.plan_id, ADA, "k", approve=True, posted=copy, now=NOW)
    done = await cards.decide(card.plan_id, ADA, "k", approve=True, posted=Posted("D1", "1.1"), now=NOW)
    assert done.state == "running"


@pytest.mark.parametrize(("late", "state"), [(timedelta(0), "pending"), (timedelta(days=9), "pending")])
async def test_after_its_time_nobody_decides(cards: Cards, late: timedelta, state: str) -> None:
    card = await proposed(cards)
    after = card.expires + late
    with pytest.raises(Refused, match="expired"):
        await decided(cards, card.plan_id, now=after)
    with pytest.raises(Refused, match="expired"):
        await cards.narrow(card.plan_id, ADA, "n", LESS, after)
    assert (await cards.get(card.id)).state == state
    assert [expired.id for expired in await cards.expire(after)] == [card.id]
    with pytest.raises(Refused, match="expired"):
        await decided(cards, card.plan_id, now=NOW)  # not even by a clock that goes wrong
    assert await cards.expire(after) == []


async def test_just_in_time_counts(cards: Cards) -> None:
    card = await proposed(cards)
    assert await cards.expire(card.expires - timedelta(microseconds=1)) == []
    done = await decided(cards, card.plan_id, now=card.expires - timedelta(microseconds=1))
    assert done.state == "running"


async def test_the_same_request_finds_its_decision_made(cards: Cards, database: Database) -> None:
    card = await proposed(cards)
    one = await decided(cards, card.plan_id, key="k")
    assert await decided(cards, card.plan_id, key="k", now=NOW + timedelta(days=9)) == one
    with pytest.raises(Refused, match="approved already"):
        await decided(cards, card.plan_id, key="other")
    with pytest.raises(Refused, match="approved already"):
        await decided(cards, card.plan_id, approve=False)
    assert (await events(database))["approved"] == 1


async def test_what_is_left_out_makes_another_plan(cards: Cards, database: Database) -> None:
    card = await proposed(cards)
    less = await cards.narrow(card.plan_id, ADA, "n", LESS, NOW)
    assert less.plan == replace(PLAN, calls=LESS)
    assert less.plan_id != card.plan_id
    assert less.plan.digest() != PLAN.digest()
    assert less.version > card.version
    assert await cards.narrow(card.plan_id, ADA, "n", LESS, NOW) == less, "the same request again"
    with pytest.raises(Refused, match="changed since"):
        await decided(cards, card.plan_id)
    with pytest.raises(Refused, match="changed since"):
        await cards.narrow(card.plan_id, ADA, "from an older drawing", LESS, NOW)
    with pytest.raises(Refused, match="changed since"):
        await cards.owned(card.plan_id, ADA)
    assert (await cards.by_plan(card.plan_id)) == (await cards.owned(less.plan_id, ADA)) == less
    assert (await decided(cards, less.plan_id)).plan.calls == LESS
    assert await cards.first_calls(less) == PLAN.calls
    assert await events(database, less.plan_id) == Counter(narrowed=1, approved=1)


async def test_nothing_ticked_is_no_plan(cards: Cards) -> None:
    card = await proposed(cards)
    with pytest.raises(Refused, match="Nothing is ticked"):
        await cards.narrow(card.plan_id, ADA, "n", (), NOW)
    assert await cards.get(card.id) == card


async def test_undo_once_and_in_time(cards: Cards, database: Database) -> None:
    card = await proposed(cards)
    with pytest.raises(Refused):
        await cards.take_back(card.plan_id, ADA, "u", LESS, NOW)
    running = await decided(cards, card.plan_id)
    with pytest.raises(Refused, match="being carried out"):
        await cards.take_back(card.plan_id, ADA, "u", LESS, NOW)
    settled = await cards.settle(running)
    with pytest.raises(Refused, match="nothing to take back"):
        await cards.take_back(card.plan_id, ADA, "u", (), NOW)
    with pytest.raises(Refused, match="seven days"):
        await cards.take_back(card.plan_id, ADA, "u", LESS, NOW + TIME_TO_UNDO + timedelta(seconds=1))
    undoing = await cards.take_back(settled.plan_id, ADA, "u", LESS, NOW + TIME_TO_UNDO)
    assert undoing.state == "undoing"
    assert undoing.undo_id
    assert await cards.calls(undoing.undo_id) == LESS
    assert await cards.take_back(settled.plan_id, ADA, "u", LESS, NOW) == undoing, "the same request again"
    with pytest.raises(Refused, match="being undone already"):
        await cards.take_back(settled.plan_id, ADA, "another", LESS, NOW)
    undone = await cards.settle(undoing, undone=True)
    assert undone.state == "undone"
    assert await cards.take_back(settled.plan_id, ADA, "u", LESS, NOW) == undone
    with pytest.raises(Refused, match="undone already"):
        await cards.take_back(settled.plan_id, ADA, "another", LESS, NOW)
    assert await events(database) == Counter(proposed=1, approved=1, settled=1, undo=1, undone=1)


async def test_settling_twice_is_settled_once(cards: Cards, database: Database) -> None:
    running = await decided(cards, (await proposed(cards)).plan_id)
    assert (await cards.settle(running)) == (await cards.settle(running))
    assert (await events(database))["settled"] == 1


async def test_a_card_left_undrawn_is_stale_until_it_is_drawn(cards: Cards) -> None:
    card = await proposed(cards)
    later = datetime.now(UTC) + timedelta(days=1)
    assert [stale.id for stale in await cards.stale(later)] == [card.id]
    await cards.drawn(card, Posted("D1", "1.1"))
    assert await cards.stale(later) == []
    running = await decided(cards, card.plan_id)
    assert [stale.version for stale in await cards.stale(later)] == [running.version]
    await cards.drawn(card, Posted("D1", "1.1"))  # the older version's drawing does not count for the newer
    assert [stale.version for stale in await cards.stale(later)] == [running.version]
    assert [halted.id for halted in await cards.halted(later)] == [card.id]


async def test_ended_cards_are_forgotten_and_no_others(cards: Cards) -> None:
    ended = await cards.settle(await decided(cards, (await proposed(cards)).plan_id))
    running = await decided(cards, (await proposed(cards, agent="b")).plan_id)
    pending = await proposed(cards, agent="c")
    assert await cards.purge(datetime.now(UTC) - timedelta(minutes=1)) == []
    assert await cards.purge(datetime.now(UTC) + timedelta(minutes=1)) == [ended.id]
    for lookup in (cards.get(ended.id), cards.calls(ended.plan_id), cards.by_plan(ended.plan_id)):
        with pytest.raises(Refused, match="not known"):
            await lookup
    assert await cards.get(running.id) == running
    assert await cards.get(pending.id) == pending


def _approve(cards: Cards, card: Card, key: str) -> Callable[[], object]:
    return lambda: decided(cards, card.plan_id, key=key)


def _deny(cards: Cards, card: Card, key: str) -> Callable[[], object]:
    return lambda: decided(cards, card.plan_id, key=key, approve=False)


def _narrow(cards: Cards, card: Card, key: str) -> Callable[[], object]:
    return lambda: cards.narrow(card.plan_id, ADA, key, LESS, NOW)


def _expire(cards: Cards, card: Card, key: str) -> Callable[[], object]:
    return lambda: _if_any(cards.expire(card.expires))


async def _if_any(expired: object) -> None:
    if not await expired:  # type: ignore[misc]
        raise Refused("Somebody was first.")


@pytest.mark.parametrize(
    "makers", [[_approve], [_deny], [_approve, _deny], [_approve, _deny, _narrow], [_approve, _expire]]
)
async def test_of_eight_at_once_one_decides(
    database_url: str, vault: Vault, tmp_path: Path, makers: list[Callable[..., Callable[[], object]]]
) -> None:
    """Two replicas, four clicks each."""
    databases = [Database(address_of(database_url, tmp_path)) for _ in range(2)]
    await databases[0].migrate()
    replicas = [Cards(database, vault, Audit(database, vault)) for database in databases]
    for number in range(6):
        card = await proposed(replicas[0], agent=f"agent {number}")
        acts = [makers[each % len(makers)](replicas[each % 2], card, f"{number} {each}")() for each in range(8)]
        results = await asyncio.gather(*acts, return_exceptions=True)  # type: ignore[call-overload]
        assert sum(isinstance(result, Refused) for result in results) == 7, results
        assert sum(isinstance(result, BaseException) for result in results) == 7
        told = await events(databases[0], card.plan_id)
        after = await replicas[1].get(card.id)
        said = {"running": "approved", "denied": "denied", "expired": "expired", "pending": "narrowed"}[after.state]
        assert told + await events(databases[0], after.plan_id) - Counter(proposed=2) >= Counter({said: 1})
        assert sum(count for event, count in told.items() if event != "proposed") == (0 if said == "narrowed" else 1)
    assert await Audit(databases[0], vault).verify() is None
    for database in databases:
        await database.close()
