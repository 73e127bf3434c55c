"""What was approved is carried out once, in time, while whoever approved it may, and rests where somebody says so."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from desk import Desk, ended
from slack_fake import FakeSlack
from sqlalchemy import update
from world import ADA, BEN, CY, HOUR, World, begun, mark, sqlite, sqlite_file, states

from bot.contracts.errors import OperatorMends, PersonMends, Stopped
from bot.contracts.policy import Ceiling, Deciders, Policy, Rule
from bot.contracts.slack import SlackAway
from bot.contracts.tools import Call, Effect
from bot.engine.decisions import Decided
from bot.gate.card import Card
from bot.gate.grants import Grant
from bot.gate.plans import Refused
from bot.store.database import Database
from bot.store.models import ActionRow
from bot.store.sealing import Vault

__all__ = ["sqlite", "sqlite_file"]

BEN_OR_CY = Deciders(asker=False, people=("UBEN", "UCY"))
POLICY = Policy(
    rules=(Rule("ben", "ask", facets={"things": ("ben*",)}, deciders=BEN_OR_CY),),
    ceilings={Effect.OWN: Ceiling(3, 5, 7)},
)
LONG_AGO = timedelta(days=2)


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def desk(sqlite: Database, vault: Vault, world: World, slack: FakeSlack) -> Desk:
    return Desk(sqlite, vault, world, policy=POLICY, slack=slack)


def send(*things: str) -> Call:
    return Call("box.send", {"things": list(things)})


async def held(desk: Desk, *calls: Call, user: Any = None) -> Card:
    """A card in the outbox."""
    card = await desk.card(*calls)
    assert await desk.press("approve", card, user) is None
    return await desk.cards.get(card.id)


async def let_out(desk: Desk, card: Card) -> Decided | None:
    """The time in the outbox is over."""
    await desk.set(card, hold_until=datetime.now(UTC))
    decided: Decided | None = await desk.press("carry_on", card)
    return decided


async def granted(desk: Desk, count: int = 9, tool: str = "box.mark") -> Grant:
    now = datetime.now(UTC)
    return await desk.grants.write(
        ADA, tool, {"things": ("a*",)}, count=count, until=now + HOUR, words="w", now=now, actor="UADA"
    )


async def left(desk: Desk, grant: Grant) -> int:
    found = await desk.grants.get(ADA, grant.id)
    assert found
    return found.left


async def begun_and_cut(desk: Desk, world: World, *calls: Call, at: str) -> Card:
    """An approved card whose process died just before that thing was marked."""
    card = await desk.approve(await desk.card(*calls))
    await begun(desk, card, world, at)
    desk.sit_down(desk.policy, "another life")
    return card


async def swept(desk: Desk, now: datetime, undrawn_before: datetime | None = None) -> list[Decided]:
    return [one async for one in desk.decisions.sweep(now, undrawn_before or now - HOUR)]


# The outbox


async def test_a_send_waits_and_then_goes_out(desk: Desk, world: World) -> None:
    card = await held(desk, send("a"))
    assert (card.state, desk.timers) == ("holding", [(card.hold_until, card.id)])
    assert await desk.press("carry_on", card) is None
    assert not world.effects
    assert await desk.decisions.due(datetime.now(UTC), datetime.now(UTC) - HOUR) == []
    later = datetime.now(UTC) + timedelta(seconds=31)
    assert [due.id for due in await desk.decisions.due(later, later - HOUR)] == [card.id]
    assert ended(await let_out(desk, card)) == ("settled", ["done"])
    assert world.effects == {"a": 1}


async def test_a_send_called_back_is_never_sent(desk: Desk, world: World) -> None:
    card = await held(desk, send("a"))
    assert ended(await desk.press("call_back", card)) == ("called_back", [])
    assert ended(await desk.press("carry_on", card)) == ("called_back", [])
    assert not world.effects


@pytest.mark.parametrize("where", ["person", "conversation"])
async def test_a_stop_said_while_a_send_waits_holds_it(desk: Desk, world: World, where: str) -> None:
    card = await held(desk, send("a"))
    if where == "person":
        await desk.stops.stop_person(ADA, "UADA", datetime.now(UTC))
    else:
        await desk.stops.stop_conversation(ADA, card.conversation, "UADA", datetime.now(UTC))
    assert await let_out(desk, card) is None
    assert await desk.state(card) == "paused"
    assert not world.effects


# Resting


async def test_a_stopped_card_rests_until_it_is_resumed_and_goes_on(desk: Desk, world: World) -> None:
    card = await desk.card(mark("a"), mark("b"))

    async def stop(thing: str) -> None:
        await desk.stops.stop_person(ADA, "UADA", datetime.now(UTC))

    world.before = stop
    assert await desk.press("approve", card) is None
    paused = await desk.cards.get(card.id)
    assert (paused.state, paused.said.pause) == ("paused", "Somebody said stop.")
    world.before = None
    with pytest.raises(Stopped):
        await desk.press("go_on", card)
    assert await desk.press("carry_on", card) is None
    assert world.effects == {"a": 1}
    await desk.stops.resume_person(ADA, "UADA", datetime.now(UTC))
    assert ended(await desk.press("go_on", card)) == ("settled", ["done", "done"])
    assert world.effects == {"a": 1, "b": 1}


async def test_a_stopped_card_may_be_left_though_the_stop_holds(desk: Desk, world: World) -> None:
    card = await begun_and_cut(desk, world, mark("a", "b"), mark("c"), at="b")
    await desk.stops.stop_person(ADA, "UADA", datetime.now(UTC))
    assert await desk.press("carry_on", card) is None
    decided = await desk.press("leave", card)
    assert ended(decided) == ("settled", ["failed"])
    assert decided.results[0].outcome.count == 1
    assert world.effects == {"a": 1}
    await desk.stops.resume_person(ADA, "UADA", datetime.now(UTC))
    assert ended(await desk.press("undo", card)) == ("undone", ["done"])
    assert world.effects == {"a": 1, "-a": 1}


@pytest.mark.parametrize(("earlier", "ceiling"), [(0, "on one card"), (3, "an hour"), (6, "a day")])
async def test_a_card_rests_at_a_ceiling_and_goes_on_past_it(
    desk: Desk, world: World, earlier: int, ceiling: str
) -> None:
    for number in range(earlier // 3):
        await desk.press("approve", await desk.card(mark(*(f"{number}{letter}" for letter in "xyz"))))
        ago = timedelta(hours=0.5 if ceiling == "an hour" else 2)
        async with desk.database.write() as session:
            await session.execute(update(ActionRow).values(started_at=datetime.now(UTC) - ago))
    before = sum(world.effects.values())
    card = await desk.card(mark("a"), mark("b"), mark("c"), mark("d"))
    assert await desk.press("approve", card) is None
    paused = await desk.cards.get(card.id)
    assert paused.state == "paused"
    assert ceiling in paused.said.pause
    most = {"on one card": 3, "an hour": 5, "a day": 7}[ceiling]
    assert sum(world.effects.values()) == most if ceiling != "on one card" else before + 3
    assert ended(await desk.press("go_on", card)) == ("settled", ["done"] * 4)
    assert sum(world.effects.values()) == before + 4


async def test_only_whoever_may_approve_lets_it_go_on(desk: Desk, world: World) -> None:
    card = await held(desk, send("ben"), user=BEN)
    await desk.steps.pause(card, "Why")
    with pytest.raises(Refused, match="not among those"):
        await desk.press("go_on", card, ADA)
    assert ended(await desk.press("go_on", card, CY)) == ("settled", ["done"])


async def test_going_on_after_a_stop_leaves_the_ceilings_standing(desk: Desk, world: World) -> None:
    card = await desk.approve(await desk.card(*(mark(letter) for letter in "abcd")))
    await desk.steps.pause(card, "Somebody said stop.")
    assert await desk.press("go_on", card) is None
    assert sum(world.effects.values()) == 3


async def test_read_only_holds_what_was_approved(desk: Desk, world: World) -> None:
    card = await held(desk, send("a"))
    await desk.modes.set_person(ADA, "read-only", "UADA", datetime.now(UTC))
    assert await let_out(desk, card) is None
    assert await desk.state(card) == "paused"
    assert await desk.press("go_on", card) is None
    assert not world.effects
    await desk.modes.set_person(ADA, "ask", "UADA", datetime.now(UTC))
    assert ended(await desk.press("go_on", card)) == ("settled", ["done"])


# Ending without being done


@pytest.mark.parametrize(("blind", "expected"), [(False, "failed"), (True, "unknown")])
async def test_what_is_too_late_lapses_and_what_was_begun_is_looked_at(
    desk: Desk, world: World, blind: bool, expected: str
) -> None:
    tool: Any = desk.tools.get("box.mark")
    tool.blind = blind
    card = await begun_and_cut(desk, world, mark("a", "b"), mark("c"), at="b")
    card = await desk.set(card, execute_by=datetime.now(UTC))
    decided = await desk.press("carry_on", card)
    assert ended(decided) == ("lapsed", [expected])
    assert world.effects == {"a": 1}
    if blind:
        with pytest.raises(Refused, match="nothing to take back"):
            await desk.press("undo", card)
    else:
        assert ended(await desk.press("undo", card)) == ("undone", ["done"])
        assert world.effects == {"a": 1, "-a": 1}


async def test_what_was_done_before_it_lapsed_is_said_to_be_done(desk: Desk, world: World) -> None:
    card = await begun_and_cut(desk, world, mark("a"), mark("b"), at="b")
    world.effects["b"] += 1  # it went through, and the process died before it heard of it
    await desk.set(card, execute_by=datetime.now(UTC))
    assert ended(await desk.press("carry_on", card)) == ("lapsed", ["done", "done"])


async def test_an_approver_who_may_no_more_takes_the_approval_along(desk: Desk, world: World, slack: FakeSlack) -> None:
    card = await held(desk, send("ben"), user=BEN)
    slack.leaves("UBEN")
    decided = await let_out(desk, card)
    assert ended(decided) == ("withdrawn", [])
    assert "may not do so any more" in (decided.card.said.pause if decided else "")
    assert not world.effects


async def test_rules_that_changed_while_it_waited_withdraw_it(desk: Desk, world: World) -> None:
    card = await held(desk, send("a"))
    desk.sit_down(replace(POLICY, rules=(Rule("no", "deny", why="No more of this."),)))
    decided = await let_out(desk, card)
    assert ended(decided) == ("withdrawn", [])
    assert decided
    assert decided.card.said.pause == "No more of this."
    assert not world.effects


async def test_what_was_withdrawn_halfway_says_how_far_it_came(desk: Desk, world: World, slack: FakeSlack) -> None:
    card = await desk.approve(await desk.card(mark("a", "b"), mark("c")))
    await begun(desk, card, world, "b")
    desk.sit_down(POLICY, "another life")
    slack.leaves("UADA")
    decided = await desk.press("carry_on", card)
    assert ended(decided) == ("withdrawn", ["failed"])
    assert decided.results[0].outcome.count == 1
    assert world.effects == {"a": 1}


async def test_a_crash_between_two_calls_does_the_rest_once(desk: Desk, world: World) -> None:
    card = await begun_and_cut(desk, world, mark("a"), mark("b"), mark("c"), at="b")
    halted = datetime.now(UTC) + timedelta(minutes=1)
    assert [due.id for due in await desk.decisions.due(halted - HOUR, halted)] == [card.id]
    assert ended(await desk.press("carry_on", card)) == ("settled", ["done"] * 3)
    assert world.effects == {"a": 1, "b": 1, "c": 1}


# Grants


async def test_what_a_grant_lets_run_shows_a_receipt(desk: Desk, world: World, slack: FakeSlack) -> None:
    grant = await granted(desk)
    card = await desk.card(mark("a1", "a2"))
    assert ended(await desk.press("carry_on", card)) == ("settled", ["done"])
    assert world.effects == {"a1": 1, "a2": 1}
    assert await left(desk, grant) == 7
    assert slack.channels() == ["DUADA"]


async def test_a_grant_gets_back_what_was_not_touched_and_once(desk: Desk, world: World) -> None:
    grant = await granted(desk)
    card = await desk.card(mark("a1"), mark("a2", "a3"))

    async def fails(thing: str) -> None:
        if thing == "a2":
            raise PersonMends("Gone.")

    world.before = fails
    for _ in range(2):
        assert ended(await desk.press("carry_on", card)) == ("settled", ["done", "failed"])
        assert await left(desk, grant) == 8


async def test_a_grant_revoked_meanwhile_withdraws_what_it_let_run(desk: Desk, world: World) -> None:
    grant = await granted(desk)
    card = await desk.card(mark("a1"), mark("a2"))

    async def revoke(thing: str) -> None:
        await desk.grants.revoke(ADA, grant.id, datetime.now(UTC), "UADA")

    world.before = revoke
    assert ended(await desk.press("carry_on", card)) == ("withdrawn", ["done"])
    assert world.effects == {"a1": 1}
    assert await left(desk, grant) == 8


async def test_what_a_failed_call_touched_is_not_given_back(desk: Desk, world: World) -> None:
    grant = await granted(desk)
    card = await desk.card(mark("a1", "a2", "a3"))
    await begun(desk, card, world, "a2")
    desk.sit_down(POLICY, "another life")
    await desk.set(card, execute_by=datetime.now(UTC))
    assert ended(await desk.press("carry_on", card)) == ("lapsed", ["failed"])
    assert world.effects == {"a1": 1}
    assert await left(desk, grant) == 8


async def test_two_replicas_that_end_a_card_at_once_give_back_once(desk: Desk) -> None:
    grant = await granted(desk)
    await desk.card(mark("a3", "a4", "a5"))
    card = await desk.card(mark("a1", "a2"))
    await asyncio.gather(*(desk.records.keep(card, ()) for _ in range(4)))
    assert await left(desk, grant) == 6


# The clock's own work


async def test_what_nobody_decided_expires(desk: Desk, world: World) -> None:
    card, other = await desk.card(mark("a")), await desk.card(mark("b"))
    await desk.set(card, expires_at=datetime.now(UTC))
    now = datetime.now(UTC)
    assert [ended(one) for one in await swept(desk, now)] == [("expired", [])]
    assert await swept(desk, now) == []
    assert await desk.state(other) == "pending"
    with pytest.raises(Refused, match="expired"):
        await desk.press("approve", card)
    assert not world.effects


async def test_what_rests_too_long_lapses(desk: Desk, world: World) -> None:
    card = await begun_and_cut(desk, world, mark("a", "b"), at="b")
    await desk.steps.pause(card, "Why")
    now = datetime.now(UTC)
    assert await swept(desk, now) == []
    await desk.set(card, changed_at=now - LONG_AGO)
    assert [ended(one) for one in await swept(desk, now)] == [("lapsed", ["failed"])]
    assert world.effects == {"a": 1}


async def test_what_a_crash_left_undrawn_is_drawn_again(desk: Desk, slack: FakeSlack) -> None:
    slack.away = True
    with pytest.raises(Exception, match="does not answer"):
        await desk.propose(mark("a"))
    slack.away = False
    later = datetime.now(UTC) + timedelta(minutes=1)
    await swept(desk, datetime.now(UTC), later)
    assert slack.channels() == ["DUADA"]
    await swept(desk, datetime.now(UTC), later)
    assert slack.channels() == ["DUADA"]


async def test_a_card_nobody_can_be_shown_expires_like_any_other(
    desk: Desk, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await desk.set(await desk.card(mark("a")), expires_at=datetime.now(UTC))

    async def closed(*about: object) -> bool:
        raise OperatorMends("The channel is closed.")

    monkeypatch.setattr(slack, "update", closed)
    now = datetime.now(UTC)
    assert [one.card.id for one in await swept(desk, now)] == [card.id]


async def test_what_expires_while_slack_is_away_is_told_all_the_same(desk: Desk, slack: FakeSlack) -> None:
    cards = [await desk.set(await desk.card(mark(thing)), expires_at=datetime.now(UTC)) for thing in "abc"]
    told: set[str] = set()
    for away in (True, False):
        slack.away = away
        with suppress(SlackAway):
            async for one in desk.decisions.sweep(datetime.now(UTC), datetime.now(UTC) + HOUR):
                told.add(one.card.id)
    assert told == {card.id for card in cards}


async def test_what_was_approved_and_done_is_remembered_for_a_grants_preview(desk: Desk) -> None:
    await desk.press("approve", await desk.card(mark("b", "c"), mark("d")))
    await granted(desk)
    await desk.press("carry_on", await desk.card(mark("a")))
    await desk.press("deny", await desk.card(mark("e")))
    found = await desk.records.approved(ADA, "box.mark")
    assert sorted(found, key=str) == [{"things": ("b", "c")}, {"things": ("d",)}]
    assert await desk.records.approved(BEN, "box.mark") == await desk.records.approved(ADA, "box.send") == []


async def test_ended_cards_are_forgotten_and_their_messages_touched_no_more(desk: Desk, slack: FakeSlack) -> None:
    card = (await desk.press("approve", await desk.card(mark("a")))).card
    waiting = await desk.card(mark("b"))
    await desk.decisions.purge(datetime.now(UTC) + HOUR)
    assert await desk.cards.find(card.id) is None
    assert states(await desk.ledger.entered(card.plan_id)) == []
    assert await desk.state(waiting) == "pending"
