"""What is shared is decided by those the policy names: told, asked live at the click, and again when it runs."""

from collections.abc import AsyncIterator

import harness
import pytest
import pytest_asyncio
from gate_parts import (
    ADA,
    BEN,
    CHEN,
    DANA,
    DEPLOYS,
    GROUP,
    ask,
    deploy,
    deployed,
    governed,
    outbox_over,
    seen,
    send,
    told,
    waits,
)
from harness import House
from lab.connector import nothing

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = f"""
[[rule]]
name = "the core takes two"
then = "ask"
effect = "deploy"
arguments = {{ service = "core*" }}
approvers = ["{ADA}", "{CHEN}", "{DANA}"]
count = 2
show_in = "{DEPLOYS}"

[[rule]]
name = "shops belong to the shop people"
then = "ask"
effect = "deploy"
arguments = {{ service = "shop*" }}
approvers = ["group:{GROUP}"]

[[rule]]
name = "messages to the press"
then = "ask"
effect = "send"
arguments = {{ to = "*@press.example" }}
approvers = ["{CHEN}"]
another = true
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with governed(tmp_path_factory.mktemp("house"), POLICY) as house:
        yield house


async def test_production_is_decided_by_an_admin_who_did_not_ask(house: House) -> None:
    human = house.human
    mine = await ask(house, "ben", deploy("site"), title="Deploy the site")
    theirs = await human.message("ada", waits("Deploy the site"))
    assert not harness.reads(mine, "Approve")
    assert harness.reads(mine, "Withdraw")
    assert "Nothing happens until it is approved" in harness.words(mine)
    assert f"Asked for by: {BEN}" in harness.words(theirs)
    assert "production" in harness.words(theirs)
    await told(
        house,
        "ben",
        lambda: harness.forged_click(house, "ben", mine, "gate.approve", harness.button_value(theirs, "Approve")),
        "Another person than the one who asked has to decide this.",
    )
    await house.idle()
    assert deployed(house) == []
    await human.press("ada", theirs, "Approve")
    receipt = await human.becomes("ben", mine, harness.says("Done", f"Approved by {ADA}"))
    assert not harness.reads(receipt, "Undo")
    await human.becomes("ada", theirs, harness.says("Done", f"Asked for by {BEN}"))
    assert deployed(house) == ["site"]


async def test_admin_who_asks_cannot_approve_it_either(house: House) -> None:
    human = house.human
    mine = await ask(house, "ada", deploy("blog"), title="Deploy the blog")
    assert harness.buttons(mine)[-1] == "Withdraw"
    await harness.forged_click(house, "ada", mine, "gate.approve", harness.button_value(mine, "Withdraw"))
    await human.message("ada", harness.says("Another person than the one who asked"))
    await human.press("ada", mine, "Withdraw")
    await human.becomes("ada", mine, harness.says("Not done", "Nothing was changed"))
    assert "blog" not in deployed(house)


async def test_two_people_in_the_channel_the_policy_names(house: House) -> None:
    human = house.human
    mine = await ask(house, "ben", deploy("core"), title="Deploy the core")
    card = await human.message("ada", waits("Deploy the core"), "#deploys")
    assert await seen(house, "ada", "Deploy the core") is None, "it stands in the channel, not with each of them"
    assert "0 of 2 needed" in harness.words(card)
    assert not harness.reads(card, "Edit…")
    await told(house, "ben", lambda: human.press("ben", card, "Approve"), "Another person", channel="#deploys")
    await human.press("chen", card, "Approve")
    card = await human.becomes("ada", card, harness.says("1 of 2 needed", CHEN))
    await human.becomes("ben", mine, harness.says("1 of 2 needed"))
    await told(house, "chen", lambda: human.press("chen", card, "Approve"), "You have approved this already.",
               channel="#deploys")  # fmt: skip
    await house.idle()
    assert "core" not in deployed(house)
    await human.press("dana", card, "Approve")
    done = await human.becomes("ada", card, harness.says("Done", f"Approved by {CHEN}", f"Approved by {DANA}"))
    assert f"Asked for by {BEN}" in harness.words(done)
    assert deployed(house).count("core") == 1


async def test_guest_and_whoever_is_not_named_cannot(house: House) -> None:
    human = house.human
    mine = await ask(house, "ben", deploy("core-guests"), title="Deploy for guests")
    card = await human.message("ada", waits("Deploy for guests"), "#deploys")
    value = harness.button_value(card, "Approve")
    await human.member("dana", is_guest=True)
    await told(house, "dana", lambda: human.press("dana", card, "Approve"), "A guest cannot decide this.",
               channel="#deploys")  # fmt: skip
    await human.member("dana", is_guest=False, is_stranger=True)
    await told(house, "dana", lambda: human.press("dana", card, "Approve"), "of another workspace",
               channel="#deploys")  # fmt: skip
    await human.member("dana", is_stranger=False)
    await harness.forged_click(house, "eve", card, "gate.approve", value)
    await house.idle()
    await human.press("ben", mine, "Withdraw")
    done = await human.becomes("ada", card, harness.says("Not done"))
    assert "Approved by" not in harness.words(done)
    assert "core-guests" not in deployed(house)


async def test_deactivated_approver_is_refused_at_the_click(house: House) -> None:
    human = house.human
    mine = await ask(house, "ben", deploy("core-later"), title="Deploy later")
    card = await human.message("ada", waits("Deploy later"), "#deploys")
    await human.member("chen", active=False)
    try:
        await harness.forged_click(house, "chen", card, "gate.approve", harness.button_value(card, "Approve"))
        await house.idle()
    finally:
        await human.member("chen", active=True)
    assert "0 of 2 needed" in harness.words(await human.message("ada", waits("Deploy later"), "#deploys"))
    await human.press("ben", mine, "Withdraw")
    await human.becomes("ben", mine, harness.says("Not done"))


async def test_approver_who_leaves_before_it_runs_takes_the_approval_along(house: House) -> None:
    """One of two calls is done, the plan rests, and meanwhile the approver's account is closed."""
    human = house.human

    async def stop_after_first(context: object, call: object) -> None:
        house.lab.connector.before = nothing
        done = await human.command("ben", "/meshclaw stop")
        assert "Stopped" in harness.words(done["response"])

    house.lab.connector.before = stop_after_first
    mine = await ask(house, "ben", deploy("one"), deploy("two"), title="Deploy both")
    card = await human.message("ada", waits("Deploy both"))
    await human.press("ada", card, "Approve")
    paused = await human.becomes("ben", mine, harness.says("Paused", "Somebody said stop."))
    await human.command("ben", "/meshclaw resume")
    await human.member("ada", is_admin=False)
    await human.member("chen", is_admin=True)
    try:
        await told(house, "ben", lambda: human.press("ben", paused, "Go on"), "Another person")
        theirs = await human.message("ada", lambda each: each["ts"] == card["ts"])
        await told(house, "ada", lambda: human.press("ada", theirs, "Go on"), "You are not among those")
        await harness.forged_click(house, "chen", mine, "gate.go_on",
                                   harness.button_value(paused, "Go on"))  # fmt: skip
        gone = await human.becomes("ben", mine, harness.says("may not", "one"))
        assert "Somebody who approved this may not do so any more" in harness.words(gone)
    finally:
        await human.member("chen", is_admin=False)
        await human.member("ada", is_admin=True)
    await house.idle()
    assert "one" in deployed(house)
    assert "two" not in deployed(house)


async def test_deactivated_between_approval_and_execution(house: House) -> None:
    """What is sent waits in the outbox: whoever approved it is gone when it would go out."""
    human = house.human
    mine = await ask(house, "ben", send("desk@press.example"), title="Write to the press")
    card = await human.message("chen", waits("Write to the press"))
    await human.press("chen", card, "Approve")
    await human.becomes("ben", mine, harness.says("held back"))
    await human.member("chen", active=False)
    try:
        await outbox_over(house)
        gone = await human.becomes("ben", mine, harness.says("Somebody who approved this may not do so any more"))
    finally:
        await human.member("chen", active=True)
    assert not harness.reads(gone, "Undo")
    assert not any(call.tool == "lab.send" for call in house.lab.world.effects())


async def test_user_group_is_asked_live(house: House) -> None:
    human = house.human
    assert await human.group("shopkeepers", "dana") == GROUP
    mine = await ask(house, "ben", deploy("shop"), title="Deploy the shop")
    card = await human.message("dana", waits("Deploy the shop"))
    assert await seen(house, "ada", "Deploy the shop") is None
    await human.group("shopkeepers", "chen")
    await told(house, "dana", lambda: human.press("dana", card, "Approve"), "You are not among those")
    assert "shop" not in deployed(house)
    await human.group("shopkeepers", "chen", "dana")
    await human.press("dana", card, "Approve")
    await human.becomes("ben", mine, harness.says("Done", f"Approved by {DANA}"))
    assert deployed(house).count("shop") == 1
