"""Break-glass: a few named people may decide for others, for a while, and everybody who should hears of it."""

from collections.abc import AsyncIterator

import harness
import pytest
import pytest_asyncio
from gate_parts import BEN, DEPLOYS, ask, deploy, deployed, governed, propose, waits
from harness import House
from sqlalchemy import text

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = f"""
[break_glass]
people = ["{BEN}"]
minutes = 10
channel = "{DEPLOYS}"

[[rule]]
name = "nothing on Fridays"
then = "deny"
effect = "deploy"
arguments = {{ service = "friday*" }}
why = "It is Friday."
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with governed(tmp_path_factory.mktemp("house"), POLICY) as house:
        yield house


async def glass(house: House, who: str, rest: str) -> str:
    done = await house.human.command(who, f"/meshclaw break-glass {rest}")
    assert done["error"] is None
    return harness.words(done["response"])


async def test_only_those_the_policy_names(house: House) -> None:
    assert "not among those who may break the glass" in await glass(house, "ada", "5 the site is down")
    assert "not among those who may break the glass" in await glass(house, "chen", "5 the site is down")
    assert "reason" in (await glass(house, "ben", "5")).lower()
    await house.human.member("ben", active=False)
    await house.human.member("ben", active=True)


async def test_loud_timed_and_marked(house: House) -> None:
    human = house.human
    mine = await ask(house, "chen", deploy("site"), title="Deploy the site")
    before = {"dm": await human.last("ada"), "channel": await human.last("ada", "#deploys")}
    card = await human.message("ada", waits("Deploy the site"))
    value = harness.button_value(card, "Approve")
    await harness.forged_click(house, "ben", mine, "gate.approve", value)
    await house.idle()
    assert deployed(house) == []
    said = await glass(house, "ben", "500 <!channel> the site is down & ada sleeps")
    assert "the site is down & ada sleeps" in said
    for channel, after in (("@meshclaw", before["dm"]), ("#deploys", before["channel"])):
        loud = await human.message("ada", harness.says("‼ BREAK-GLASS", "the site is down"), channel, after=after)
        assert "<!channel>" not in loud["text"], "nobody is called by what somebody typed"
    await harness.forged_click(house, "ben", mine, "gate.approve", value)
    receipt = await human.becomes("chen", mine, harness.says("Done", "‼ BREAK-GLASS", BEN))
    assert "approved what was not theirs to decide" in harness.words(receipt)
    assert deployed(house) == ["site"]
    for who, channel in (("ada", "@meshclaw"), ("ada", "#deploys"), ("chen", "@meshclaw")):
        await human.message(who, harness.says("BREAK-GLASS", "Deploy the site"), channel)
    shown = (await human.command("ada", "/meshclaw audit all"))["response"]
    assert "Broke the glass" in harness.words(shown)


async def test_denied_stays_denied(house: House) -> None:
    await glass(house, "ben", "5 it is really urgent")
    back = await propose(house, "chen", deploy("friday-site"))
    assert back.proposed
    assert (back.proposed.denied, back.proposed.waiting) == (("It is Friday.",), 0)
    assert "friday-site" not in deployed(house)


async def test_it_ends_by_the_clock_and_at_a_word(house: House) -> None:
    human = house.human
    await glass(house, "ben", "5 the site is down once more")
    async with house.app.storage.database.write() as session:
        await session.execute(text("update overrides set until = at"))
    mine = await ask(house, "chen", deploy("late"), title="Deploy late")
    value = harness.button_value(await human.message("ada", waits("Deploy late")), "Approve")
    await harness.forged_click(house, "ben", mine, "gate.approve", value)
    await house.idle()
    assert "late" not in deployed(house)
    await glass(house, "ben", "5 the site is down again")
    assert "Break-glass is over." in await glass(house, "ben", "end")
    assert "no break-glass of yours" in await glass(house, "ben", "end")
    await harness.forged_click(house, "ben", mine, "gate.approve", value)
    await house.idle()
    assert "late" not in deployed(house)
    card = await human.message("ada", waits("Deploy late"))
    await human.press("ada", card, "Approve")
    await human.becomes("ada", card, harness.says("Done"))
