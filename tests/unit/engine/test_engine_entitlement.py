"""Who may decide: by what Slack says of them at this moment, and by nothing that was known before."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from desk import Desk
from slack_fake import FakeSlack, member
from world import ADA, BEN, CY, DOT, World, mark, sqlite, sqlite_file

from bot.contracts.people import Person
from bot.contracts.policy import ASKER, Deciders, Policy
from bot.contracts.slack import SlackAway
from bot.gate.card import Card, Terms
from bot.gate.plans import Refused
from bot.store.database import Database
from bot.store.sealing import Vault

__all__ = ["sqlite", "sqlite_file"]

POLICY = Policy(admins=("UDOT",), admin_groups=("SADMINS",), break_glass=("UCY",))
TWO = Deciders(asker=False, people=("UBEN",), groups=("SOPS",), admins=True, count=2)
ANOTHER = Deciders(people=("UBEN",), another=True)
REASON = "The site is down and nobody answers."


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack()


@pytest.fixture
def desk(sqlite: Database, vault: Vault, slack: FakeSlack) -> Desk:
    return Desk(sqlite, vault, World(), policy=POLICY, slack=slack)


async def asked(desk: Desk, deciders: Deciders = ASKER, **terms: object) -> Card:
    made = Terms(deciders=deciders, **terms)  # type: ignore[arg-type]
    return await desk.proposed(mark("a"), terms=made, needs=deciders.count)


async def may(desk: Desk, card: Card, user: Person) -> bool:
    try:
        return not await desk.entitlement.to_approve(card, user)
    except Refused:
        return False


async def test_what_is_theirs_the_asker_decides_alone(desk: Desk, slack: FakeSlack) -> None:
    card = await asked(desk)
    slack.members["UDOT"] = member("UDOT", admin=True)
    assert [await may(desk, card, user) for user in (ADA, BEN, CY, DOT)] == [True, *[False] * 3]
    slack.leaves("UADA")
    assert not await may(desk, card, ADA)


async def test_a_namesake_in_another_workspace_decides_nothing(desk: Desk) -> None:
    assert not await may(desk, await asked(desk), Person("T2", "UADA"))


async def test_people_groups_and_admins_as_slack_tells_them_now(desk: Desk, slack: FakeSlack) -> None:
    card = await asked(desk, TWO)
    assert [await may(desk, card, user) for user in (ADA, BEN, CY, DOT)] == [False, True, False, True]
    slack.groups["SOPS"] = frozenset(["UCY"])
    assert await may(desk, card, CY)
    slack.groups["SOPS"] = frozenset()
    slack.groups["SADMINS"] = frozenset(["UCY"])
    assert await may(desk, card, CY)
    slack.groups["SADMINS"] = frozenset()
    assert not await may(desk, card, CY), "whoever left the group decides no more"
    slack.members["UBEN"] = member("UBEN", guest=True)
    assert not await may(desk, card, BEN)
    slack.members["UZED"] = member("UZED", admin=True)
    assert await may(desk, card, Person("T1", "UZED"))
    slack.away = True
    with pytest.raises(SlackAway):
        await desk.entitlement.to_approve(card, BEN)


async def test_another_than_the_asker(desk: Desk) -> None:
    card = await asked(desk, ANOTHER)
    with pytest.raises(Refused, match="Another person"):
        await desk.entitlement.to_approve(card, ADA)
    assert await may(desk, card, BEN)


async def test_breaking_the_glass_opens_what_is_shared_and_nothing_of_a_persons_own(
    desk: Desk, slack: FakeSlack
) -> None:
    shared, own = await asked(desk, TWO), await asked(desk)
    with pytest.raises(Refused, match="not among those"):
        await desk.entitlement.to_approve(shared, CY)
    now = datetime.now(UTC)
    for user in (CY, ADA):
        await desk.overrides.open(user, REASON, 5, now)
    assert await desk.entitlement.to_approve(shared, CY)
    with pytest.raises(Refused):
        await desk.entitlement.to_approve(shared, ADA)  # the policy does not name her
    with pytest.raises(Refused):
        await desk.entitlement.to_approve(own, CY)
    slack.leaves("UCY")
    with pytest.raises(Refused):
        await desk.entitlement.to_approve(shared, CY)
    slack.members.clear()
    await desk.overrides.close(CY, datetime.now(UTC))
    with pytest.raises(Refused):
        await desk.entitlement.to_approve(shared, CY)


async def test_whoever_asked_may_end_it_and_whoever_may_approve(desk: Desk, slack: FakeSlack) -> None:
    card = await asked(desk, ANOTHER)
    await desk.entitlement.to_end(card, ADA)
    await desk.entitlement.to_end(card, BEN)
    with pytest.raises(Refused):
        await desk.entitlement.to_end(card, CY)
    slack.leaves("UADA")
    with pytest.raises(Refused, match="not active"):
        await desk.entitlement.to_end(card, ADA)


async def test_only_whoever_asked_changes_what_is_asked(desk: Desk) -> None:
    card = await asked(desk, TWO)
    await desk.entitlement.to_change(card, ADA)
    for user in (BEN, DOT, Person("T2", "UADA")):
        with pytest.raises(Refused, match="somebody else"):
            await desk.entitlement.to_change(card, user)


async def test_an_approval_lasts_as_long_as_its_person_may_approve(desk: Desk, slack: FakeSlack) -> None:
    card = await asked(desk, TWO)
    for user in (BEN, DOT):
        await desk.approve(card, user)
    card = await desk.cards.get(card.id)
    assert await desk.entitlement.lost(card) is None
    slack.leaves("UBEN")
    assert await desk.entitlement.lost(card)
    slack.members["UBEN"] = replace(member("UBEN"), team="T2")
    assert await desk.entitlement.lost(card)


async def test_an_approval_by_break_glass_outlasts_it_but_not_the_policy(desk: Desk, slack: FakeSlack) -> None:
    card = await asked(desk, TWO)
    card = await desk.approve(card, CY, how="break-glass")
    assert await desk.entitlement.lost(card) is None
    slack.leaves("UCY")
    assert await desk.entitlement.lost(card)
    slack.members.clear()
    desk.sit_down(replace(POLICY, break_glass=()))
    assert await desk.entitlement.lost(card)


async def test_what_runs_unasked_ends_with_its_persons_account(desk: Desk, slack: FakeSlack) -> None:
    card = await asked(desk, grant="g")
    assert await desk.entitlement.lost(card) is None
    slack.leaves("UADA")
    assert await desk.entitlement.lost(card)


async def test_a_card_is_shown_to_those_who_may_decide(desk: Desk, slack: FakeSlack) -> None:
    shown_to = desk.entitlement.shown_to
    assert await shown_to(ASKER, ADA) == ()
    assert await shown_to(replace(TWO, channel="C1"), ADA) == ("C1",)
    slack.groups["SOPS"] = frozenset(["UCY", "UADA"])
    slack.members["UZED"] = member("UZED", admin=True)
    assert await shown_to(TWO, ADA) == ("UBEN", "UCY", "UDOT", "UZED")
    slack.groups["SOPS"] = frozenset(f"U{number:02}" for number in range(30))
    assert len(await shown_to(TWO, ADA)) == 10


async def test_an_admin_is_one_by_slack_or_by_the_policy(desk: Desk, slack: FakeSlack) -> None:
    slack.groups["SADMINS"] = frozenset(["UBEN"])
    assert [await desk.entitlement.is_admin(user) for user in (ADA, BEN, CY, DOT)] == [False, True, False, True]
    slack.leaves("UDOT")
    assert not await desk.entitlement.is_admin(DOT)
