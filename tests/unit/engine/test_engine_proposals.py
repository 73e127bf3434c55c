"""From a plan to its cards: denied, allowed, granted or asked, each call by itself; all is written, or nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from desk import Desk
from slack_fake import FakeSlack, member
from sqlalchemy import func, select
from world import ADA, BEN, CY, HOUR, World, mark, sqlite, sqlite_file

from bot.contracts.agents import Proposed
from bot.contracts.errors import PersonMends, Stopped
from bot.contracts.people import Person
from bot.contracts.policy import ASKER, Ceiling, Deciders, Policy, Rule
from bot.contracts.tools import Call, Effect, Plan
from bot.engine.proposals import READ_ONLY
from bot.gate.card import MOST_PENDING, Card
from bot.gate.grants import Grant
from bot.gate.plans import Refused
from bot.store.database import Database
from bot.store.models import CardRow
from bot.store.sealing import Vault

__all__ = ["sqlite", "sqlite_file"]

BEN_DECIDES = Deciders(asker=False, people=("UBEN",))
POLICY = Policy(
    version="v1",
    ceilings={Effect.OWN: Ceiling(6, 6, 6)},
    rules=(
        Rule("no secrets", "deny", facets={"things": ("secret*",)}, why="Secrets stay where they are."),
        Rule("ben", "ask", facets={"things": ("ben*",)}, why="Ben looks after these.", deciders=BEN_DECIDES),
        Rule("critical", "ask", facets={"things": ("vital*",)}, critical=True),
        Rule("group", "ask", facets={"things": ("group*",)}, deciders=Deciders(asker=False, groups=("SOPS",), count=2)),
        Rule("fetching", "allow", effects=frozenset([Effect.FETCH]), facets={"things": ("known*",)}),
    ),
)
SEND, FETCH, READ, MAIL = "box.send", "box.fetch", "box.read", "mail.move"


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def desk(sqlite: Database, vault: Vault, world: World, slack: FakeSlack) -> Desk:
    return Desk(sqlite, vault, world, policy=POLICY, slack=slack)


def call(tool: str, *things: str) -> Call:
    return Call(tool, {"things": list(things)})


async def granted(
    desk: Desk, pattern: str = "a*", count: int = 5, person: Person = ADA, tool: str = "box.mark"
) -> Grant:
    now = datetime.now(UTC)
    patterns = {"things": (pattern,)}
    return await desk.grants.write(
        person, tool, patterns, count=count, until=now + HOUR, words="w", now=now, actor=person.user
    )


async def left(desk: Desk, grant: Grant) -> int:
    found = await desk.grants.get(grant.person, grant.id)
    assert found
    return found.left


async def cards(desk: Desk) -> int:
    async with desk.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(CardRow)) or 0)


async def read_only(desk: Desk, request_conversation: str = "") -> None:
    now = datetime.now(UTC)
    if request_conversation:
        await desk.modes.set_conversation(ADA, request_conversation, "read-only", "UADA", now)
    else:
        await desk.modes.set_person(ADA, "read-only", "UADA", now)


# Asking


async def test_a_plan_is_one_card_on_its_terms(desk: Desk, slack: FakeSlack) -> None:
    request = desk.request(channel="C1", thread="1.0")
    assert await desk.propose(mark("x", "y"), call(SEND, "z"), request=request) == Proposed(waiting=2)
    (card,) = desk.made
    assert (card.state, card.policy, card.conversation) == ("pending", "v1", desk.proposals.conversation(request))
    terms = card.terms
    assert (terms.why, terms.rule) == ("MeshClaw asks because it sends something to other people.", "built-in: send")
    assert (terms.deciders, terms.critical, terms.own, terms.asked_in, terms.outbox) == (ASKER, False, False, "C1", 30)
    assert card.expires - card.created == timedelta(hours=24)
    assert slack.channels() == ["DUADA"]
    own = await desk.card(mark("x"))
    assert (own.terms.own, own.terms.outbox, own.terms.asked_in) == (True, 0, "")


async def test_the_same_plan_of_the_same_request_is_the_same_card(desk: Desk) -> None:
    request = desk.request()
    for _ in range(2):
        assert await desk.propose(mark("x"), request=request) == Proposed(waiting=1)
    assert await desk.propose(mark("y"), request=request) == Proposed(waiting=1)
    one, again, other = desk.made
    assert one == again
    assert other.id != one.id
    await desk.card(mark("x"))
    assert await cards(desk) == 3


async def test_what_was_proposed_before_a_stop_is_found_after_it(desk: Desk) -> None:
    request = desk.request()
    await desk.propose(mark("x"), request=request)
    await desk.stops.stop_person(ADA, "UADA", datetime.now(UTC))
    assert await desk.propose(mark("x"), request=request) == Proposed(waiting=1)


async def test_where_others_decide_parts_there_are_several_cards(desk: Desk, slack: FakeSlack) -> None:
    slack.groups["SOPS"] = frozenset(["UCY", "UADA"])
    calls = (call(SEND, "ben 1"), mark("x"), call(SEND, "ben 2"), call(SEND, "group"))
    assert await desk.propose(*calls) == Proposed(waiting=4)
    found = [(card.plan.calls, card.terms.deciders, card.needs) for card in desk.made]
    assert found == [
        ((calls[0], calls[2]), BEN_DECIDES, 1),
        ((calls[1],), ASKER, 1),
        ((calls[3],), Deciders(asker=False, groups=("SOPS",), count=2), 2),
    ]
    assert [card.terms.shown_to for card in desk.made] == [("UBEN",), (), ("UCY",)]
    assert slack.channels() == ["DUADA"] * 3 + ["DUBEN", "DUCY"]
    assert desk.made[0].terms.why == "Ben looks after these."


async def test_what_needs_a_code_is_asked_by_itself(desk: Desk) -> None:
    await desk.propose(mark("x"), mark("vital"))
    assert [(card.plan.calls, card.terms.critical) for card in desk.made] == [
        ((mark("x"),), False),
        ((mark("vital"),), True),
    ]


async def test_a_newer_plan_on_the_topic_takes_the_place_of_the_older(desk: Desk, slack: FakeSlack) -> None:
    old = await desk.card(mark("x"), topic="inbox")
    drawn = dict(slack.messages)
    new = await desk.card(mark("y"), topic="inbox")
    assert [await desk.state(card) for card in (old, new)] == ["superseded", "pending"]
    (posted,) = drawn
    assert slack.messages[posted] != drawn[posted], "the older one is drawn again"


# Refusing


async def test_what_the_policy_denies_is_refused_and_the_rest_asked(desk: Desk) -> None:
    proposed = await desk.propose(mark("secret"), mark("x"), mark("secret too"))
    assert proposed == Proposed(waiting=1, denied=("Secrets stay where they are.",))
    assert desk.made[0].plan.calls == (mark("x"),)
    proposed = await desk.propose(call("box.unheard", "x"), mark("secret"))
    assert proposed.denied == ("No tool of this name can be used for this.", "Secrets stay where they are.")
    assert proposed.waiting == 0
    assert await cards(desk) == 1


async def test_arguments_of_a_wrong_shape_make_no_card(desk: Desk) -> None:
    with pytest.raises(PersonMends, match="Things are missing"):
        await desk.propose(mark("x"), Call("box.mark", {"things": "x"}))
    assert await cards(desk) == 0


async def test_read_only_refuses_every_effect(desk: Desk) -> None:
    request = desk.request()
    await read_only(desk)
    every = (mark("x"), call(SEND, "x"), call(FETCH, "known"), call("box.deploy", "x"))
    assert set((await desk.propose(*every)).denied) == {READ_ONLY}
    assert await cards(desk) == 0
    assert await desk.propose(mark("x"), call(READ, "x"), request=request) == Proposed(granted=1, denied=(READ_ONLY,))
    assert await desk.propose(mark("x"), person=BEN) == Proposed(waiting=1)


async def test_a_read_only_conversation_refuses_there_alone(desk: Desk) -> None:
    there = desk.request(channel="C1", thread="1.0")
    await read_only(desk, desk.proposals.conversation(there))
    assert await desk.propose(mark("x"), request=there) == Proposed(denied=(READ_ONLY,))
    assert await desk.propose(mark("x")) == Proposed(waiting=1)
    assert await desk.proposals.open_tools(there, ("box.mark", "box.read", "box.unheard")) == {"box.read"}


async def test_a_connection_is_read_only_until_it_is_widened(desk: Desk) -> None:
    assert await desk.propose(call(MAIL, "x")) == Proposed(denied=(READ_ONLY,))
    await desk.modes.set_connection(ADA, "mail", "ask", "UADA", datetime.now(UTC))
    assert await desk.propose(call(MAIL, "x")) == Proposed(waiting=1)


async def test_at_most_three_cards_wait_in_a_conversation_and_nothing_is_half_written(desk: Desk) -> None:
    grant = await granted(desk)
    old = await desk.card(mark("0"), topic="inbox")
    for number in range(1, MOST_PENDING):
        await desk.card(mark(str(number)))
    for calls in ((mark("3"),), (mark("a"), mark("3"), mark("vital"))):
        with pytest.raises(Refused, match="3 cards wait"):
            await desk.propose(*calls, topic="inbox" if len(calls) > 1 else "")
    assert await cards(desk) == MOST_PENDING
    assert await desk.state(old) == "pending", "what it would have replaced still waits"
    assert await left(desk, grant) == 5, "what it would have used is there"
    assert await desk.propose(mark("a")) == Proposed(granted=1), "what nobody is asked is no card to read"
    elsewhere = desk.request(channel="C1", thread="1.0")
    assert await desk.propose(mark("3"), request=elsewhere) == Proposed(waiting=1)
    assert await desk.propose(mark("4"), topic="inbox") == Proposed(waiting=1), "it takes the place of one"
    await desk.steps.deny(desk.made[1].plan_id, ADA, "k", "", now=datetime.now(UTC))
    assert await desk.propose(mark("5")) == Proposed(waiting=1)


async def test_nothing_follows_a_denial(desk: Desk) -> None:
    for state in ("denied", "expired", "called_back"):
        told = replace(desk.request(), action="decided", args={"state": state})
        with pytest.raises(Refused, match="turned down"):
            await desk.propose(mark("x"), request=told)
    told = replace(desk.request(), action="decided", args={"state": "settled"})
    assert await desk.propose(mark("x"), request=told) == Proposed(waiting=1)


# Stops


@pytest.mark.parametrize("scope", ["all", "person", "conversation"])
async def test_nothing_is_proposed_while_a_stop_holds(desk: Desk, scope: str) -> None:
    request = desk.request(channel="C1", thread="1.0")
    now = datetime.now(UTC)
    if scope == "all":
        await desk.stops.stop_all(BEN, now)
    elif scope == "person":
        await desk.stops.stop_person(ADA, "UADA", now)
    else:
        await desk.stops.stop_conversation(BEN, desk.proposals.conversation(request), "UBEN", now)
    with pytest.raises(Stopped):
        await desk.propose(mark("x"), request=request)
    assert await cards(desk) == 0
    if scope == "conversation":
        assert await desk.propose(mark("x")) == Proposed(waiting=1), "elsewhere it goes on"
        assert await desk.propose(mark("x"), request=desk.request(channel="C1", thread="1.0")) == Proposed(waiting=1)
        return
    with pytest.raises(Stopped):
        await desk.propose(mark("x"))
    await (desk.stops.resume_all(BEN, now) if scope == "all" else desk.stops.resume_person(ADA, "UADA", now))
    assert await desk.propose(mark("x"), request=request) == Proposed(waiting=1)


async def test_a_stop_said_while_a_plan_is_laid_before_people_holds(desk: Desk, slack: FakeSlack, world: World) -> None:
    await granted(desk)
    request = desk.request(channel="C1", thread="1.0")

    async def stop() -> None:
        await desk.stops.stop_conversation(ADA, desk.proposals.conversation(request), "UADA", datetime.now(UTC))

    slack.asked = stop
    with pytest.raises(Stopped):
        await desk.propose(call(SEND, "group"), mark("a"), request=request)


# Grants


async def test_what_a_grant_covers_runs_and_is_used_up_exactly(desk: Desk, world: World) -> None:
    grant = await granted(desk, count=5)
    assert await desk.propose(mark("a1", "a2")) == Proposed(granted=1)
    (card,) = desk.made
    assert (card.state, card.terms.grant, card.terms.asks, card.approvals) == ("running", grant.id, False, ())
    assert card.execute_by == card.created + HOUR
    assert await left(desk, grant) == 3
    await desk.run(card)
    assert set(world.effects) == {"a1", "a2"}


async def test_a_plan_takes_no_more_of_a_grant_than_it_has(desk: Desk) -> None:
    grant = await granted(desk, count=3)
    assert await desk.propose(mark("a1", "a2"), mark("a3", "a4"), mark("a5")) == Proposed(waiting=1, granted=2)
    run, asked = desk.made
    assert (run.plan.calls, asked.plan.calls) == ((mark("a1", "a2"), mark("a5")), (mark("a3", "a4"),))
    assert await left(desk, grant) == 0


async def test_what_a_grant_does_not_cover_is_asked(desk: Desk) -> None:
    grant = await granted(desk)
    assert await desk.propose(mark("b"), mark("a1", "b")) == Proposed(waiting=2)
    assert await desk.propose(mark("a"), person=BEN) == Proposed(waiting=1), "nobody else's"
    await desk.grants.revoke(ADA, grant.id, datetime.now(UTC), "UADA")
    assert await desk.propose(mark("a")) == Proposed(waiting=1), "nor one taken back"
    assert await left(desk, grant) == 5


async def test_what_may_not_be_granted_is_asked_in_spite_of_a_grant(desk: Desk) -> None:
    await granted(desk, "vital*")
    await granted(desk, "ben*", tool=SEND)
    assert await desk.propose(mark("vital 1"), call(SEND, "ben 1")) == Proposed(waiting=2)


async def test_a_grant_does_not_reach_past_a_ceiling(desk: Desk) -> None:
    grant = await granted(desk, count=50)
    proposed = await desk.propose(
        mark(*(f"a{number}" for number in range(4))), mark("a7", "a8", "a9"), mark("a5", "a6")
    )
    assert proposed == Proposed(waiting=1, granted=2)
    await desk.run(desk.made[0])
    assert await left(desk, grant) == 44
    assert await desk.propose(mark("a10")) == Proposed(waiting=1), "the hour is full"


async def test_a_grant_somebody_else_used_up_meanwhile_is_asked_after(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = await granted(desk, count=1)
    covering = desk.grants.covering

    async def used_meanwhile(*about: object) -> Grant | None:
        found = await covering(*about)  # type: ignore[arg-type]
        async with desk.database.write() as session:
            await desk.grants.use(session, grant.id, 1, datetime.now(UTC))
        return found

    monkeypatch.setattr(desk.grants, "covering", used_meanwhile)
    assert await desk.propose(mark("a")) == Proposed(waiting=1)
    assert desk.made[0].terms.asks


async def test_what_a_grant_lets_send_waits_in_the_outbox(desk: Desk) -> None:
    await granted(desk, tool=SEND)
    card = await desk.card(call(SEND, "a"))
    assert (card.state, card.hold_until) == ("holding", card.created + timedelta(seconds=30))
    assert card.execute_by == card.created + timedelta(seconds=30) + HOUR


async def test_what_a_rule_allows_runs_unasked(desk: Desk) -> None:
    assert await desk.propose(call(FETCH, "known 1"), call(FETCH, "other"), call(READ, "x")) == Proposed(
        waiting=1, granted=2
    )
    run, asked = desk.made
    assert (run.state, run.terms.allowed, run.plan.calls) == (
        "running",
        "fetching",
        (call(FETCH, "known 1"), call(READ, "x")),
    )
    assert asked.plan.calls == (call(FETCH, "other"),)


# What stands as it was made


async def changed(desk: Desk, card: Card, *rules: Rule) -> str | None:
    desk.sit_down(replace(POLICY, rules=rules))
    return desk.proposals.changed(card)


async def test_a_card_stands_while_the_policy_says_the_same(desk: Desk) -> None:
    await granted(desk)
    asked, ben, run, allowed = [
        await desk.card(one) for one in (mark("x"), call(SEND, "ben"), mark("a"), call(FETCH, "known"))
    ]  # fmt: skip
    for card in (asked, ben, run, allowed):
        assert desk.proposals.changed(card) is None
    deny = Rule("no", "deny", why="No more.")
    for card in (asked, ben, run, allowed):
        assert await changed(desk, card, deny) == "No more."
    assert await changed(desk, asked) is None
    assert await changed(desk, run) is None
    assert await changed(desk, ben), "somebody else decides now"
    assert await changed(desk, allowed), "now it would be asked"
    assert await changed(desk, run, Rule("no grants", "ask", grants=False))
    assert await changed(desk, asked, Rule("critical", "ask", critical=True))
    two = replace(POLICY.rules[1], deciders=Deciders(people=("UBEN",), count=2))
    assert await changed(desk, ben, two), "or one more has to"
    assert await changed(desk, ben, POLICY.rules[1]) is None


async def test_other_calls_come_on_terms_of_their_own(desk: Desk, slack: FakeSlack) -> None:
    card = await desk.card(mark("x"))
    assert (await desk.proposals.terms(card, [call(SEND, "ben")])).deciders == BEN_DECIDES
    assert (await desk.proposals.terms(card, [call(SEND, "ben")])).shown_to == ("UBEN",)
    bens = await desk.card(call(SEND, "ben"))
    terms = await desk.proposals.terms(bens, [mark("x")])
    assert (terms.deciders, terms.shown_to) == (ASKER, ("UBEN",)), "where it is shown it stays up to date"
    assert (await desk.proposals.terms(card, [call(SEND, "x")])).outbox == 30
    with pytest.raises(Refused, match="Secrets stay"):
        await desk.proposals.terms(card, [mark("secret")])
    with pytest.raises(Refused, match="Different people"):
        await desk.proposals.terms(card, [mark("x"), call(SEND, "ben")])


async def test_calls_that_need_a_code_and_calls_that_do_not_share_no_card(desk: Desk) -> None:
    card = await desk.card(mark("x"), mark("y"))
    try:
        terms = await desk.proposals.terms(card, [mark("x"), mark("vital")])
    except Refused:
        return
    edited = replace(card, terms=terms, plan=Plan("t", (mark("x"), mark("vital"))))
    assert desk.proposals.changed(edited) is None


async def test_what_is_theirs_alone(desk: Desk) -> None:
    alone = desk.proposals.theirs_alone
    assert alone(ADA, [mark("x"), call(SEND, "x")])
    for others in (call(SEND, "ben"), call(SEND, "group"), mark("vital"), mark("secret")):
        assert not alone(ADA, [mark("x"), others])
    assert not alone(ADA, [call("box.share", "x")])
    assert not alone(ADA, [call("box.unheard", "x")])


async def test_a_plan_found_again_tells_what_was_denied(desk: Desk) -> None:
    request = desk.request()
    first = await desk.propose(mark("x"), mark("secret"), request=request)
    assert await desk.propose(mark("x"), mark("secret"), request=request) == first


async def test_a_card_nobody_can_be_found_for_is_shown_to_its_person(desk: Desk, slack: FakeSlack) -> None:
    slack.members["UCY"] = member("UCY", admin=True)
    card = await desk.card(call("box.share", "x"))
    assert card.terms.shown_to == (CY.user,)
    assert slack.channels() == ["DUADA", "DUCY"]
