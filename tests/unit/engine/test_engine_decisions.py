"""What people decide on cards: who may press what, on which drawing, and what a press that comes again finds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from desk import Desk, ended
from slack_fake import FakeSlack, member
from world import ADA, BEN, CY, DOT, World, mark, new_key, sqlite, sqlite_file

from bot.contracts.errors import PersonMends, Stopped
from bot.contracts.people import Person
from bot.contracts.policy import Deciders, Policy, Rule
from bot.contracts.tools import Call
from bot.gate.card import Card
from bot.gate.plans import Refused
from bot.store.database import Database
from bot.store.sealing import Vault

__all__ = ["sqlite", "sqlite_file"]

TWO_OF_THREE = Deciders(asker=False, people=("UBEN", "UCY", "UDOT"), count=2)
ONE_OF_THREE = Deciders(people=("UBEN", "UCY"))
POLICY = Policy(
    outbox=timedelta(0),
    break_glass=("UDOT",),
    rules=(
        Rule("two", "ask", facets={"things": ("two*",)}, deciders=TWO_OF_THREE),
        Rule("one", "ask", facets={"things": ("one*",)}, deciders=ONE_OF_THREE),
        Rule("critical", "ask", facets={"things": ("vital*",)}, critical=True),
        Rule("no secrets", "deny", facets={"things": ("secret*",)}, why="Secrets stay where they are."),
    ),
)


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


async def approved_by_all(desk: Desk, card: Card) -> Card:
    for user in (BEN, CY) if card.needs > 1 else (card.person,):
        await desk.press("approve", card, user)
    return await desk.cards.get(card.id)


# Approving and turning down


async def test_an_approved_plan_is_carried_out(desk: Desk, world: World, slack: FakeSlack) -> None:
    card = await desk.card(mark("a", "b"), mark("c"))
    decided = await desk.press("approve", card)
    assert ended(decided) == ("settled", ["done", "done"])
    assert world.effects == {"a": 1, "b": 1, "c": 1}
    assert world.people == {ADA}
    assert decided.card.approvals[0].how == "button"
    assert slack.channels() == ["DUADA"], "one message, from the question to the receipt"
    assert await desk.cards.stale(datetime.now(UTC) + timedelta(days=1)) == []


async def test_a_refusal_tells_why_and_nothing_happens(desk: Desk, world: World) -> None:
    card = await desk.card(mark("a"))
    decided = await desk.press("deny", card, reason="Not today")
    assert ended(decided) == ("denied", [])
    assert (decided.card.said.by, decided.card.said.reason) == ("UADA", "Not today")
    assert not world.effects


@pytest.mark.parametrize(
    ("action", "args"),
    [
        ("approve", {}), ("deny", {}), ("undo", {}), ("choose", {"unticked": [[0]]}), ("call_back", {}), ("go_on", {}),
        ("leave", {}), ("edit", {"index": 0, "values": {"things": "z"}}),
    ],
)  # fmt: skip
async def test_nobody_presses_what_is_not_theirs(desk: Desk, action: str, args: dict[str, object]) -> None:
    pending = await desk.card(mark("a", "b"))
    settled = (await desk.press("approve", await desk.card(mark("c")))).card
    paused = await desk.set(await desk.card(mark("d")), state="paused")
    holding = await desk.set(await desk.card(mark("e")), state="holding")
    for card in (pending, settled, paused, holding):
        for stranger in (BEN, DOT):
            with pytest.raises(Refused):
                await desk.press(action, card, stranger, **args)  # type: ignore[arg-type]
        assert await desk.cards.get(card.id) == card


async def test_two_different_people_have_to_approve(desk: Desk, world: World, slack: FakeSlack) -> None:
    card = await desk.card(send("two"))
    assert slack.channels() == ["DUADA", "DUBEN", "DUCY", "DUDOT"]
    with pytest.raises(Refused, match="not among those"):
        await desk.press("approve", card, ADA)
    assert await desk.press("approve", card, BEN) is None
    with pytest.raises(Refused, match="You have approved this already"):
        await desk.press("approve", card, BEN)
    assert not world.effects
    assert ended(await desk.press("approve", card, CY)) == ("settled", ["done"])
    assert world.people == {ADA}, "it is done in the name of whoever asked"


async def test_what_was_approved_before_an_edit_counts_nothing(desk: Desk, world: World) -> None:
    card = await desk.card(send("two", "two more"))
    await desk.press("approve", card, BEN)
    await desk.press("edit", card, ADA, index=0, values={"things": "two less"})
    edited = await desk.cards.get(card.id)
    assert (edited.plan.calls, edited.approvals) == ((send("two", "less"),), ())
    with pytest.raises(Refused, match="changed since"):
        await desk.press("approve", card, CY)
    assert await desk.press("approve", edited, CY) is None
    assert not world.effects
    await desk.press("approve", edited, BEN)
    assert world.effects == {"two": 1, "less": 1}


async def test_whoever_asked_turns_down_and_changes_what_others_approve(desk: Desk) -> None:
    card = await desk.card(send("two", "b"))
    for user in (BEN, CY):
        with pytest.raises(Refused, match="somebody else"):
            await desk.press("choose", card, user, unticked=[[1]])
        with pytest.raises(Refused, match="somebody else"):
            await desk.press("edit", card, user, index=0, values={"things": "x"})
    await desk.press("choose", card, ADA, unticked=[[1]])
    assert ended(await desk.press("deny", await desk.cards.get(card.id), ADA)) == ("denied", [])


async def test_what_is_critical_takes_a_code(desk: Desk, world: World) -> None:
    card = await desk.card(mark("vital"))
    for how in ("", "button", "break-glass"):
        with pytest.raises(Refused, match="code"):
            await desk.press("approve", card, how=how)
    assert not world.effects
    decided = await desk.press("approve", card, how="code")
    assert ended(decided) == ("settled", ["done"])
    assert decided.card.approvals[0].how == "code"


async def test_break_glass_decides_alone_and_loudly(desk: Desk, slack: FakeSlack, world: World) -> None:
    slack.members["UEVE"] = member("UEVE", admin=True)
    desk.sit_down(replace(POLICY, rules=(Rule("two", "ask", deciders=replace(TWO_OF_THREE, people=("UBEN", "UCY"))),)))
    card = await desk.card(send("x"))
    with pytest.raises(Refused):
        await desk.press("approve", card, DOT)
    await desk.overrides.open(DOT, "The site is down, nobody answers.", 5, datetime.now(UTC))
    decided = await desk.press("approve", card, DOT)
    assert ended(decided) == ("settled", ["done"])
    assert [(one.user, one.how) for one in decided.card.approvals] == [("UDOT", "break-glass")]
    assert slack.channels().count("DUEVE") == 1
    assert slack.channels().count("DUADA") == 2, "the card, and that it was used"


async def test_a_card_whose_rules_changed_is_not_approved(desk: Desk, world: World) -> None:
    card = await desk.card(send("x"))
    for rule in (Rule("no", "deny", why="No more."), Rule("two", "ask", deciders=TWO_OF_THREE)):
        desk.sit_down(replace(POLICY, rules=(rule,)))
        with pytest.raises(Refused, match=r"No more|rules .* have changed"):
            await desk.press("approve", card)
    assert await desk.state(card) == "pending"
    assert ended(await desk.press("deny", card))[0] == "denied"
    assert not world.effects


async def test_nothing_is_approved_while_a_stop_holds(desk: Desk, world: World) -> None:
    card = await desk.card(mark("a"))
    await desk.stops.stop_person(ADA, "UADA", datetime.now(UTC))
    with pytest.raises(Stopped):
        await desk.press("approve", card)
    other = await desk.card(mark("b"), person=BEN)
    await desk.press("approve", other, BEN)
    assert ended(await desk.press("deny", card)) == ("denied", []), "but it may be turned down"
    assert world.effects == {"b": 1}


async def test_a_copy_and_an_older_drawing_decide_nothing(desk: Desk, slack: FakeSlack) -> None:
    card = await desk.card(mark("a", "b"))
    (posted,) = slack.messages

    async def click(channel: str, ts: str) -> object:
        request = replace(desk.request(), agent="gate", args={"plan": card.plan_id, "ts": ts}, channel=channel)
        return await desk.decisions.approve(request)

    for channel, ts in (("C9", posted.ts), (posted.channel, "9.9")):
        with pytest.raises(Refused, match="copy"):
            await click(channel, ts)
    await desk.press("choose", card, unticked=[[0]])
    with pytest.raises(Refused, match="changed since"):
        await click(posted.channel, posted.ts)
    with pytest.raises(Refused, match="not known"):
        await desk.press("approve", replace(card, plan_id="0" * 32))
    assert await desk.state(card) == "pending"


# Leaving out and editing


async def test_what_is_unticked_is_left_out(desk: Desk, world: World) -> None:
    card = await desk.card(mark("a", "b", "c"), mark("d"), mark("e"))
    await desk.press("choose", card, unticked=[[1], [0], []])
    less = await desk.cards.get(card.id)
    assert less.plan.calls == (mark("a", "c"), mark("e"))
    await desk.press("approve", less)
    assert world.effects == {"a": 1, "c": 1, "e": 1}
    other = await desk.card(mark("a"))
    with pytest.raises(Refused, match="Nothing is ticked"):
        await desk.press("choose", other, unticked=[[0]])


async def test_what_was_typed_is_shown_and_judged_before_it_runs(desk: Desk, world: World, slack: FakeSlack) -> None:
    card = await desk.card(send("a"), mark("b"))
    shown = dict(slack.messages)
    with pytest.raises(Refused, match="Secrets stay"):
        await desk.press("edit", card, index=1, values={"things": "secret"})
    with pytest.raises(Refused, match="Different people"):
        await desk.press("edit", card, index=0, values={"things": "two"})
    with pytest.raises(PersonMends):
        await desk.press("edit", card, index=0, values="a")
    assert await desk.cards.get(card.id) == card
    await desk.press("edit", card, index=1, values={"things": "c d"})
    edited = await desk.cards.get(card.id)
    assert edited.plan.calls == (send("a"), mark("c", "d"))
    assert edited.plan_id != card.plan_id
    assert [slack.messages[posted] != message for posted, message in shown.items()] == [True]
    assert not world.effects
    await desk.press("approve", edited)
    assert world.effects == {"a": 1, "c": 1, "d": 1}


async def test_an_edit_may_bring_in_other_people(desk: Desk, slack: FakeSlack, world: World) -> None:
    card = await desk.card(send("x"))
    await desk.press("edit", card, index=0, values={"things": "two"})
    edited = await desk.cards.get(card.id)
    assert (edited.terms.deciders, edited.needs) == (TWO_OF_THREE, 2)
    assert "DUBEN" in slack.channels()
    with pytest.raises(Refused):
        await desk.press("approve", edited, ADA)
    await approved_by_all(desk, edited)
    assert world.effects == {"two": 1}


# A press that comes again


async def test_every_press_delivered_again_finds_its_own_step(desk: Desk, world: World) -> None:
    keys = {action: new_key() for action in desk.decisions.actions}

    async def twice(action: str, card: Card, user: Person | None = None, **args: object) -> Card:
        first = await desk.press(action, card, user, keys[action], **args)  # type: ignore[arg-type]
        once = await desk.cards.get(card.id)
        again = await desk.press(action, card, user, keys[action], **args)  # type: ignore[arg-type]
        assert await desk.cards.get(card.id) == once, action
        assert (first and first.card, first and first.results) == (again and again.card, again and again.results)
        return once

    card = await desk.card(send("one", "two"))
    await twice("edit", card, index=0, values={"things": "one three"})
    card = await desk.cards.get(card.id)
    card = await twice("choose", card, unticked=[[1]])
    assert card.plan.calls == (send("one"),)
    assert (await twice("approve", card, BEN)).state == "settled"
    own = await desk.card(mark("a"))
    await desk.press("approve", own)
    assert (await twice("undo", own)).state == "undone"
    assert (await twice("deny", await desk.card(mark("b")), reason="No")).state == "denied"
    held = await desk.set(await desk.card(mark("c")), state="holding")
    assert (await twice("call_back", held)).state == "called_back"
    for action, state in (("go_on", "settled"), ("leave", "settled"), ("carry_on", "settled")):
        rests = await desk.card(mark(action))
        await desk.approve(rests)
        if action != "carry_on":
            rests = await desk.steps.pause(rests, "Why")
        assert (await twice(action, rests)).state == state
    assert world.effects == {"one": 1, "a": 1, "-a": 1, "go_on": 1, "carry_on": 1}


async def test_a_press_after_another_decision_is_refused_and_does_nothing(desk: Desk, world: World) -> None:
    card = await desk.card(mark("a"))
    await desk.press("deny", card)
    for action in ("approve", "deny", "undo", "call_back", "go_on", "leave"):
        with pytest.raises(Refused, match="turned down"):
            await desk.press(action, card)
    assert await desk.press("carry_on", card)
    assert not world.effects


# Taking back


async def test_undo_takes_back_what_was_done(desk: Desk, world: World) -> None:
    card = (await desk.press("approve", await desk.card(mark("a", "b"), mark("c")))).card
    assert ended(await desk.press("undo", card)) == ("undone", ["done", "done"])
    assert world.effects == {"a": 1, "b": 1, "c": 1, "-a": 1, "-b": 1, "-c": 1}
    with pytest.raises(Refused, match="undone already"):
        await desk.press("undo", card)


async def test_undo_is_over_after_seven_days(desk: Desk, world: World) -> None:
    card = (await desk.press("approve", await desk.card(mark("a")))).card
    card = await desk.set(card, decided_at=datetime.now(UTC) - timedelta(days=7, seconds=1))
    with pytest.raises(Refused, match="seven days"):
        await desk.press("undo", card)
    await desk.set(card, decided_at=datetime.now(UTC) - timedelta(days=7) + timedelta(minutes=1))
    await desk.press("undo", card)
    assert world.effects == {"a": 1, "-a": 1}


async def test_what_others_have_to_decide_is_taken_back_on_a_card_of_its_own(
    desk: Desk, world: World, slack: FakeSlack
) -> None:
    slack.members["UBEN"] = member("UBEN", admin=True)
    card = await desk.card(Call("box.share", {"things": ["a"]}))
    await desk.press("approve", card, BEN)
    key = new_key()
    for _ in range(2):
        assert await desk.press("undo", card, key=key) is None
    (asked,) = await desk.cards.pending(ADA)
    assert asked.plan.calls == (Call("box.unshare", {"things": ["a"]}),)
    assert world.effects == {"a": 1}
    with pytest.raises(Refused):
        await desk.press("approve", asked, ADA)
    await desk.press("approve", asked, BEN)
    assert world.effects == {"a": 1, "-a": 1}


async def test_who_approves_may_not_ask_for_the_undo_that_takes_another(
    desk: Desk, world: World, slack: FakeSlack
) -> None:
    for user in ("UBEN", "UDOT"):
        slack.members[user] = member(user, admin=True)
    card = await desk.card(Call("box.share", {"things": ["a"]}))
    await desk.press("approve", card, BEN)
    with pytest.raises(Refused):
        await desk.press("undo", card, BEN)
    assert not [*await desk.cards.pending(ADA), *await desk.cards.pending(BEN)]
    await desk.press("undo", card, ADA)
    (asked,) = await desk.cards.pending(ADA)
    await desk.press("approve", asked, DOT)
    assert world.effects == {"a": 1, "-a": 1}
    assert world.people == {ADA}
