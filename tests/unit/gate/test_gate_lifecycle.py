"""The steps of a card: one decision, in time, for exactly what is shown, by as many different people as it takes; and
the same request asked again finds its step taken."""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from world import ADA, BEN, CY, HOUR, Gate, mark, new_key, sqlite, sqlite_file

from bot.contracts.tools import Plan
from bot.gate.card import TIME_TO_UNDO, Card, Terms
from bot.gate.plans import Refused
from bot.gate.policy import Deciders
from bot.store.database import Database
from bot.store.sealing import Vault

__all__ = ["sqlite", "sqlite_file"]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, BLINK = timedelta(seconds=1), timedelta(microseconds=1)
OUTBOX = Terms(outbox=30.0)
LESS = (mark("a"),)


@pytest.fixture
def gate(sqlite: Database, vault: Vault) -> Gate:
    return Gate(sqlite, vault)


async def proposed(gate: Gate, **proposal: object) -> Card:
    return await gate.proposed(mark("a", "b"), now=NOW, **proposal)  # type: ignore[arg-type]


async def running(gate: Gate, **proposal: object) -> Card:
    return await gate.approve(await proposed(gate, **proposal), now=NOW)


async def deny(gate: Gate, card: Card, key: str = "", reason: str = "", now: datetime = NOW) -> Card:
    return await gate.steps.deny(card.plan_id, ADA, key or new_key(), reason, now=now)


async def narrow(gate: Gate, card: Card, key: str = "", now: datetime = NOW) -> Card:
    return await gate.steps.replace_plan(card.plan_id, ADA, key or new_key(), LESS, "narrowed", now=now)


async def go_on(gate: Gate, card: Card, now: datetime = NOW, key: str = "") -> Card:
    return await gate.steps.go_on(card.plan_id, ADA, now=now, execute_within=HOUR, key=key or new_key())


async def take_back(gate: Gate, card: Card, key: str = "u", now: datetime = NOW) -> Card:
    return await gate.steps.take_back(card.plan_id, ADA, key, LESS, now=now, execute_within=HOUR)


# Approving


async def test_an_approved_card_runs_for_as_long_as_it_may(gate: Gate) -> None:
    card = await running(gate)
    assert (card.state, card.decided, card.execute_by, card.hold_until) == ("running", NOW, NOW + HOUR, None)
    assert [(one.user, one.how) for one in card.approvals] == [("UADA", "button")]


async def test_two_of_three_have_to_be_different_people(database: Database, vault: Vault) -> None:
    gate = Gate(database, vault)
    card = await proposed(gate, needs=2)
    one = await gate.approve(card, BEN, now=NOW, key="b")
    assert (one.state, len(one.approvals)) == ("pending", 1)
    assert await gate.approve(card, BEN, now=NOW, key="b") == one, "the same request again"
    with pytest.raises(Refused, match="You have approved this already"):
        await gate.approve(card, BEN, now=NOW)
    assert await gate.cards.get(card.id) == one
    two = await gate.approve(card, CY, now=NOW, key="c")
    assert (two.state, {each.user for each in two.approvals}) == ("running", {"UBEN", "UCY"})
    for user, key in ((BEN, "b"), (CY, "c")):
        assert await gate.approve(card, user, now=NOW + 9 * HOUR, key=key) == two, "both find what they did"
    with pytest.raises(Refused, match="approved already"):
        await gate.approve(card, ADA, now=NOW)
    assert await gate.events() == ["proposed", "approved", "approved"]


@pytest.mark.parametrize("event", ["narrowed", "edited"])
async def test_what_was_approved_of_an_older_plan_counts_nothing(gate: Gate, event: str) -> None:
    card = await proposed(gate, needs=2)
    await gate.approve(card, BEN, now=NOW, key="b")
    less = await gate.steps.replace_plan(card.plan_id, ADA, "n", LESS, event, now=NOW)
    with pytest.raises(Refused, match="changed since"):
        await gate.approve(card, CY, now=NOW)
    with pytest.raises(Refused, match="changed since"):
        await gate.approve(card, BEN, now=NOW, key="b")
    assert (await gate.approve(less, CY, now=NOW)).state == "pending"
    assert (await gate.approve(less, BEN, now=NOW)).state == "running"


async def test_an_edited_plan_may_need_other_people(gate: Gate) -> None:
    card = await proposed(gate)
    stricter = Terms("why", "rule", Deciders(asker=False, people=("UBEN", "UCY"), count=2))
    edited = await gate.steps.replace_plan(card.plan_id, ADA, "e", LESS, "edited", now=NOW, terms=stricter)
    assert (edited.terms, edited.needs, edited.plan.calls) == (stricter, 2, LESS)
    assert (await gate.approve(edited, BEN, now=NOW)).state == "pending"


async def test_break_glass_counts_for_all(gate: Gate) -> None:
    card = await proposed(gate, needs=3)
    assert (await gate.approve(card, CY, how="break-glass", now=NOW)).state == "running"


async def test_the_first_decision_wins(gate: Gate) -> None:
    card, other = await proposed(gate), await proposed(gate)
    one = await gate.approve(card, now=NOW, key="k")
    with pytest.raises(Refused, match="approved already"):
        await deny(gate, card)
    denied = await deny(gate, other, "k2", "Not today")
    assert (denied.state, denied.said.by, denied.said.reason, denied.decided) == ("denied", "UADA", "Not today", NOW)
    assert await deny(gate, other, "k2", now=NOW + 99 * HOUR) == denied, "the same request again"
    with pytest.raises(Refused, match="turned down"):
        await deny(gate, other, "another")
    with pytest.raises(Refused, match="turned down"):
        await gate.approve(other, now=NOW)
    assert await gate.approve(card, now=NOW + 99 * HOUR, key="k") == one
    assert await gate.events() == ["proposed", "proposed", "approved", "denied"]


async def test_after_its_time_nobody_decides(gate: Gate) -> None:
    for late in (timedelta(0), timedelta(days=9)):
        card = await proposed(gate)
        after = card.expires + late
        for act in (gate.approve(card, now=after), deny(gate, card, now=after), narrow(gate, card, now=after)):
            with pytest.raises(Refused, match="expired"):
                await act
        assert await gate.cards.get(card.id) == card
        assert [due.id for due in await gate.cards.in_state("pending", expires_at=after + BLINK)] == [card.id]
        assert await gate.steps.expire(card, after)
        assert not await gate.steps.expire(card, after)
        with pytest.raises(Refused, match="expired"):
            await gate.approve(card, now=NOW)  # not even by a clock that goes wrong
        assert await gate.state(card) == "expired"


async def test_just_in_time_counts(gate: Gate) -> None:
    card = await proposed(gate)
    assert await gate.cards.in_state("pending", expires_at=card.expires) == []
    assert (await gate.approve(card, now=card.expires - BLINK)).state == "running"
    assert not await gate.steps.expire(card, card.expires)


# Leaving out and editing


async def test_what_is_left_out_makes_another_plan(gate: Gate) -> None:
    card = await proposed(gate, plan=Plan("Tidy", (mark("a", "b"), mark("c")), "sources", "note", {"x": 1}))
    less = await narrow(gate, card, "n")
    assert less.plan == Plan("Tidy", LESS, "sources", "note", {"x": 1})
    assert less.plan_id != card.plan_id
    assert less.plan.digest() != card.plan.digest()
    assert (less.version, less.terms, less.needs) == (card.version + 1, card.terms, card.needs)
    assert await narrow(gate, card, "n") == less, "the same request again"
    for act in (gate.approve(card, now=NOW), deny(gate, card), narrow(gate, card), gate.cards.current(card.plan_id)):
        with pytest.raises(Refused, match="changed since"):
            await act
    assert await gate.cards.by_plan(card.plan_id) == await gate.cards.current(less.plan_id) == less
    assert (await gate.approve(less, now=NOW)).plan.calls == LESS
    assert await gate.cards.first_calls(less) == card.plan.calls
    with pytest.raises(Refused, match="approved already"):
        await narrow(gate, less)
    assert await gate.events() == ["proposed", "narrowed", "approved"]


async def test_nothing_ticked_is_no_plan(gate: Gate) -> None:
    card = await proposed(gate)
    with pytest.raises(Refused, match="Nothing is ticked"):
        await gate.steps.replace_plan(card.plan_id, ADA, "n", (), "narrowed", now=NOW)
    assert await gate.cards.get(card.id) == card


# The outbox


async def test_a_send_waits_in_the_outbox(gate: Gate) -> None:
    card = await running(gate, terms=OUTBOX)
    assert (card.state, card.hold_until, card.execute_by) == ("holding", NOW + 30 * SECOND, NOW + 30 * SECOND + HOUR)
    assert (await gate.steps.release(card, NOW + 30 * SECOND - BLINK)).state == "holding"
    with pytest.raises(Refused, match="goes out shortly"):
        await deny(gate, card)
    assert (await gate.steps.release(card, NOW + 30 * SECOND)).state == "running"
    assert (await gate.steps.release(card, NOW + HOUR)).state == "running"
    with pytest.raises(Refused, match="being carried out"):
        await gate.steps.call_back(card.plan_id, ADA, "c", now=NOW)
    assert await gate.events() == ["proposed", "approved", "released"]


async def test_a_card_may_run_after_the_outbox_for_its_whole_time(gate: Gate) -> None:
    card = await gate.proposed(mark("a"), terms=OUTBOX, now=datetime.now(UTC) - timedelta(minutes=1))
    assert (await gate.approve(card, within=timedelta(seconds=5))).execute_by > datetime.now(UTC) + 30 * SECOND  # type: ignore[operator]


async def test_what_is_called_back_is_over(gate: Gate) -> None:
    card = await running(gate, terms=OUTBOX)
    back = await gate.steps.call_back(card.plan_id, BEN, "c", now=NOW + SECOND)
    assert (back.state, back.said.by) == ("called_back", "UBEN")
    assert await gate.steps.call_back(card.plan_id, BEN, "c", now=NOW) == back, "the same request again"
    with pytest.raises(Refused, match="called back"):
        await gate.steps.call_back(card.plan_id, BEN, "another", now=NOW)
    assert (await gate.steps.release(card, NOW + HOUR)).state == "called_back"
    for act in (go_on(gate, card), take_back(gate, card)):
        with pytest.raises(Refused, match="called back"):
            await act


# Pausing


async def test_a_paused_card_goes_on_within_a_time_of_its_own(gate: Gate) -> None:
    card = await running(gate)
    with pytest.raises(Refused):
        await gate.steps.leave(card.plan_id, ADA, now=NOW)
    paused = await gate.steps.pause(card, "Why it rests")
    assert (paused.state, paused.said.pause) == ("paused", "Why it rests")
    assert (await gate.steps.settle(paused)).state == "paused"
    late = NOW + 5 * HOUR
    on = await go_on(gate, card, late, "g")
    assert (on.state, on.said.pause, on.execute_by) == ("running", "", late + HOUR)
    assert await go_on(gate, card, late) == on, "pressed again"
    again = await gate.steps.pause(on, "Why it rests now")
    assert await go_on(gate, card, late, "g") == again, "the same request again takes up nothing anew"
    settled = await gate.steps.settle(await go_on(gate, again))
    with pytest.raises(Refused, match="approved already"):
        await go_on(gate, settled)
    events = ["proposed", "approved", "paused", "went-on", "paused", "went-on", "settled"]
    assert await gate.events() == events


async def test_whoever_goes_on_past_a_ceiling_has_gone_past_it_for_good(gate: Gate) -> None:
    card = await gate.steps.pause(await running(gate), "Somebody said stop.")
    on = await go_on(gate, card)
    assert not on.said.waived, "nobody was asked about a ceiling"
    card = await gate.steps.pause(on, "the ceiling of 2 things on one card", at_ceiling=True)
    assert not card.said.waived
    on = await go_on(gate, card)
    assert on.said.waived
    card = await gate.steps.pause(on, "Somebody said stop.")
    assert card.said.waived
    assert (await go_on(gate, card)).said.waived


async def test_a_paused_card_is_left_where_it_rests(gate: Gate) -> None:
    card = await gate.steps.pause(await running(gate), "Why")
    left = await gate.steps.leave(card.plan_id, BEN, now=NOW)
    assert (left.state, left.said.pause) == ("settled", "")
    assert await gate.steps.leave(card.plan_id, BEN, now=NOW) == left, "pressed again"
    with pytest.raises(Refused):
        await go_on(gate, card)


async def test_an_undo_rests_and_goes_on_as_an_undo(gate: Gate) -> None:
    settled = await gate.steps.settle(await running(gate))
    for last, expected in (("on", "undone"), ("leave", "undone")):
        undoing = await take_back(gate, settled, key="u")
        paused = await gate.steps.pause(undoing, "Why")
        assert paused.state == "paused"
        if last == "on":
            assert (await go_on(gate, paused)).state == "undoing"
            paused = await gate.steps.pause(undoing, "Why again")
        else:
            paused = await gate.steps.leave(paused.plan_id, ADA, now=NOW)
            assert paused.state == expected


async def test_what_rests_in_the_outbox_goes_on_without_it(gate: Gate) -> None:
    paused = await gate.steps.pause(await running(gate, terms=OUTBOX), "Why")
    assert paused.state == "paused"
    assert (await gate.steps.release(paused, NOW + HOUR)).state == "paused"
    on = await go_on(gate, paused)
    assert (on.state, on.hold_until) == ("running", None)


# Its ends, and taking back


@pytest.mark.parametrize("end", ["settle", "lapse", "withdraw"])
async def test_undo_once_and_in_time(gate: Gate, end: str) -> None:
    card = await proposed(gate)
    with pytest.raises(Refused):
        await take_back(gate, card)
    card = await gate.approve(card, now=NOW)
    with pytest.raises(Refused, match="being carried out"):
        await take_back(gate, card)
    steps = gate.steps
    ended = await {"settle": steps.settle, "lapse": steps.lapse, "withdraw": lambda c: steps.withdraw(c, "Gone")}[end](
        card
    )
    with pytest.raises(Refused, match="nothing to take back"):
        await steps.take_back(card.plan_id, ADA, "u", (), now=NOW, execute_within=HOUR)
    with pytest.raises(Refused, match="seven days"):
        await take_back(gate, card, now=NOW + TIME_TO_UNDO + SECOND)
    assert await gate.cards.get(card.id) == ended
    late = NOW + TIME_TO_UNDO
    undoing = await take_back(gate, card, now=late)
    assert (undoing.state, undoing.said.by, undoing.execute_by) == ("undoing", "UADA", late + HOUR)
    assert undoing.undo_id
    assert undoing.undo_id != card.plan_id
    assert await gate.cards.plans.calls(undoing.undo_id) == LESS
    assert await take_back(gate, card) == undoing, "the same request again"
    with pytest.raises(Refused, match="being undone already"):
        await take_back(gate, card, "another")
    undone = await steps.settle(undoing)
    assert undone.state == "undone"
    assert await take_back(gate, card, now=late + HOUR) == undone
    with pytest.raises(Refused, match="undone already"):
        await take_back(gate, card, "another")
    assert Counter(await gate.events()) == Counter(
        [
            "proposed",
            "approved",
            {"settle": "settled", "lapse": "lapsed", "withdraw": "withdrawn"}[end],
            "undo",
            "undone",
        ]
    )


async def test_settling_twice_is_settled_once(gate: Gate) -> None:
    card = await running(gate)
    assert await gate.steps.settle(card) == await gate.steps.settle(card)
    assert (await gate.events()).count("settled") == 1


STEPS: dict[str, Callable[[Gate, Card], Awaitable[object]]] = {
    "approve": lambda gate, card: gate.approve(card, now=NOW),
    "deny": lambda gate, card: deny(gate, card),
    "narrow": lambda gate, card: narrow(gate, card),
    "expire": lambda gate, card: gate.steps.expire(card, card.expires),
    "release": lambda gate, card: gate.steps.release(card, NOW + HOUR),
    "call back": lambda gate, card: gate.steps.call_back(card.plan_id, ADA, new_key(), now=NOW),
    "pause": lambda gate, card: gate.steps.pause(card, "Why"),
    "go on": lambda gate, card: go_on(gate, card),
    "leave": lambda gate, card: gate.steps.leave(card.plan_id, ADA, now=NOW),
    "settle": lambda gate, card: gate.steps.settle(card),
    "lapse": lambda gate, card: gate.steps.lapse(card),
    "withdraw": lambda gate, card: gate.steps.withdraw(card, "Why"),
    "take back": lambda gate, card: take_back(gate, card, new_key()),
}
BECOMES = {
    "pending": {"approve": "running", "deny": "denied", "narrow": "pending", "expire": "expired"},
    "holding": {
        "release": "running", "call back": "called_back", "pause": "paused", "lapse": "lapsed", "withdraw": "withdrawn"
    },
    "running": {"pause": "paused", "settle": "settled", "lapse": "lapsed", "withdraw": "withdrawn"},
    "paused": {"go on": "running", "leave": "settled", "lapse": "lapsed", "withdraw": "withdrawn"},
    "settled": {"take back": "undoing"},
    "lapsed": {"take back": "undoing"},
    "withdrawn": {"take back": "undoing"},
    "undoing": {"pause": "paused", "settle": "undone", "lapse": "lapsed"},
    "denied": {}, "expired": {}, "called_back": {}, "undone": {},
}  # fmt: skip
WAY = {
    "pending": [], "running": ["approve"], "holding": ["approve"], "paused": ["approve", "pause"],
    "settled": ["approve", "settle"], "lapsed": ["approve", "lapse"], "withdrawn": ["approve", "withdraw"],
    "undoing": ["approve", "settle", "take back"], "undone": ["approve", "settle", "take back", "settle"],
    "denied": ["deny"], "expired": ["expire"], "called_back": ["approve", "call back"],
}  # fmt: skip


async def brought(gate: Gate, state: str) -> Card:
    card = await proposed(gate, terms=OUTBOX if state in ("holding", "called_back") else Terms())
    for step in WAY[state]:
        await STEPS[step](gate, await gate.cards.get(card.id))
    card = await gate.cards.get(card.id)
    assert card.state == state
    return card


@pytest.mark.parametrize("state", BECOMES)
async def test_from_each_state_there_are_these_steps_and_no_others(gate: Gate, state: str) -> None:
    card = await brought(gate, state)
    told = await gate.audit.count_of(ADA)
    for step in STEPS.keys() - BECOMES[state].keys():
        with suppress(Refused):
            await STEPS[step](gate, card)
        assert await gate.cards.get(card.id) == card, f"{step} changes nothing"
    assert await gate.audit.count_of(ADA) == told
    for step, becomes in BECOMES[state].items():
        card = await brought(gate, state)
        told = await gate.audit.count_of(ADA)
        await STEPS[step](gate, card)
        after = await gate.cards.get(card.id)
        assert (after.state, after.version) == (becomes, card.version + 1), step
        assert await gate.audit.count_of(ADA) == told + 1
