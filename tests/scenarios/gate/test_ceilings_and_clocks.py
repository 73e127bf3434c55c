"""What limits a plan: how much at a time, until when it may be decided, and until when carried out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import harness
import pytest
import pytest_asyncio
from gate_parts import ask, governed, note, send, titled
from harness import House, Json
from lab.connector import nothing
from sqlalchemy import update

from bot.store.models import ActionRow, CardRow

pytestmark = pytest.mark.asyncio(loop_scope="module")

_NOW = datetime.now(UTC)


def _around_now(zone: str) -> str:
    """A span of the day of that zone that holds now; it is over where the clocks show some hours less."""
    local = _NOW.astimezone(ZoneInfo(zone))
    return f"{(local - timedelta(hours=1)):%H}:00-{(local + timedelta(hours=2)):%H}:00"


POLICY = f"""
[clocks]
outbox = "0s"
decide = "24h"
remind = "2h"
quiet = "{_around_now("Asia/Taipei")}"

[ceilings.send]
card = 3
hour = 4

[ceilings.own]
hour = 5
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with governed(tmp_path_factory.mktemp("house"), POLICY) as house:
        yield house


def sent(house: House) -> list[str]:
    return [str(call.args["to"]) for call in house.lab.world.effects() if call.tool == "lab.send"]


async def move(house: House, table: Any, **values: Any) -> None:
    async with house.app.storage.database.write() as session:
        await session.execute(update(table).values(**values))


async def test_ceiling_of_a_card_pauses_it_and_its_person_goes_on(house: House) -> None:
    human = house.human
    card = await ask(house, "ada", *(send(f"a{number}") for number in range(5)), title="Five messages")
    await human.press("ada", card, "Approve")
    paused = await human.becomes("ada", card, harness.says("Paused", "the ceiling of 3 messages on one card"))
    assert sent(house) == ["a0", "a1", "a2"]
    assert harness.buttons(paused)[:2] == ["Go on", "Leave the rest"]
    await human.press("ada", paused, "Go on")
    await human.becomes("ada", card, harness.says("Done"))
    assert sent(house) == [f"a{number}" for number in range(5)]


async def test_ceiling_of_an_hour_and_the_rest_left(house: House) -> None:
    human = house.human
    card = await ask(house, "ada", send("b0"), send("b1"), title="Two more")
    await human.press("ada", card, "Approve")
    paused = await human.becomes("ada", card, harness.says("Paused", "the ceiling of 4 messages an hour"))
    await human.press("ada", paused, "Leave the rest")
    left = await human.becomes("ada", card, harness.says("Finished, but not all of it was done", "2 not begun"))
    assert not harness.reads(left, "Go on")
    assert not harness.reads(left, "Always allow…"), "nothing was done that the like of could be allowed"
    assert not any(to.startswith("b") for to in sent(house))
    await move(house, ActionRow, started_at=datetime.now(UTC) - timedelta(minutes=61))
    card = await ask(house, "ada", send("c0"), title="An hour later")
    await human.press("ada", card, "Approve")
    await human.becomes("ada", card, harness.says("Done"))


async def test_reminder_once_and_never_in_quiet_hours(house: House) -> None:
    """Taipei is seven or eight hours ahead of London: it is quiet there while Ada is reminded."""
    human = house.human
    ada, chen = [await ask(house, who, note("remind"), title="Remember this") for who in ("ada", "chen")]
    before = {who: await human.last(who) for who in ("ada", "chen")}
    await house.sweep()
    await move(house, CardRow, expires_at=datetime.now(UTC) + timedelta(hours=1))
    await house.sweep()
    await human.message("ada", harness.says("Still waiting for your decision: Remember this"), after=before["ada"])
    await house.sweep()
    reminders = {who: await _reminders(house, who, before[who]) for who in before}
    assert reminders == {"ada": 1, "chen": 0}
    for who, card in (("ada", ada), ("chen", chen)):
        await human.press(who, card, "Not now")
        await human.becomes(who, card, harness.says("Not done"))


async def test_nobody_decides_in_time(house: House) -> None:
    human, agent = house.human, house.lab.agent
    card = await ask(house, "ada", note("late"), title="Too late")
    await move(house, CardRow, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    await house.sweep()
    gone = await human.becomes("ada", card, harness.says("Expired: nobody decided in time."))
    assert not harness.reads(gone, "Approve")
    await harness.forged_click(house, "ada", gone, "gate.approve", harness.button_value(card, "Approve"))
    await house.idle()
    assert not any(call.args.get("title") == "late" for call in house.lab.world.effects())
    assert agent.back[-1].proposed


async def test_approved_and_not_carried_out_in_time(house: House) -> None:
    human = house.human

    async def hour_passes(context: object, call: object) -> None:
        house.lab.connector.before = nothing
        await move(house, CardRow, execute_by=datetime.now(UTC) - timedelta(seconds=1))

    house.lab.connector.before = hour_passes
    card = await ask(house, "dana", note("in time"), note("out of time"), title="Two notes")
    await human.press("dana", card, "Approve")
    lapsed = await human.becomes("dana", card, harness.says("Approved, but not carried out in time."))
    assert harness.reads(lapsed, "Undo"), "what was done can be taken back"
    titles = [call.args.get("title") for call in house.lab.world.effects()]
    assert "in time" in titles
    assert "out of time" not in titles
    await human.press("dana", lapsed, "Undo")
    await human.becomes("dana", card, harness.says("Taken back"))


async def test_paused_plan_lapses_when_nobody_takes_it_up(house: House) -> None:
    human = house.human
    card = await ask(house, "ben", *(note(f"n{number}") for number in range(6)), title="Six notes")
    await human.press("ben", card, "Approve")
    await human.becomes("ben", card, harness.says("Paused", "the ceiling of 5 things an hour"))
    await move(house, CardRow, changed_at=datetime.now(UTC) - timedelta(days=2))
    await house.sweep()
    lapsed = await human.message("ben", titled("Six notes", "not carried out in time"))
    assert not harness.reads(lapsed, "Go on")
    done = [call.args["title"] for call in house.lab.world.effects() if call.tool == "lab.note"]
    assert "n5" not in done


async def _reminders(house: House, who: str, after: str) -> int:
    messages: list[Json] = await house.human.messages(who)
    return sum(each["ts"] > after and harness.says("Still waiting")(each) for each in messages)
