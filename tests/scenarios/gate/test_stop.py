"""Stop is ahead of every queue: what goes on ends within a second, what waits is answered, and nothing more is done."""

import asyncio
import os
import time
from collections.abc import AsyncIterator

import harness
import pytest
import pytest_asyncio
from gate_parts import DM, ask, governed, note, play, propose, titled
from harness import House, Json
from lab.agent import Script
from lab.connector import nothing

from bot.contracts.agents import Turn
from bot.contracts.errors import Stopped
from bot.contracts.tools import Plan
from bot.views import notices

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = '[clocks]\noutbox = "0s"\n\n[ceilings.own]\ncard = "none"\nhour = "none"\nday = "none"\n'
STOPS = 50 if os.environ.get("MESHCLAW_CHAOS") == "long" else 6


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with governed(tmp_path_factory.mktemp("house"), POLICY) as house:
        yield house


async def command(house: House, who: str, typed: str) -> str:
    done = await house.human.command(who, f"/meshclaw {typed}")
    assert done["error"] is None, done
    return harness.words(done["response"])


def notes(house: House) -> list[str]:
    return [str(call.args["title"]) for call in house.lab.world.effects() if call.tool == "lab.note"]


async def sleeping(house: House, who: str, channel: str = DM) -> tuple[str, asyncio.Event]:
    """A script that sleeps within a step, and proposes once it wakes."""
    begun = asyncio.Event()

    async def script(turn: Turn) -> None:
        async def sleep() -> bool:
            begun.set()
            await asyncio.sleep(30)
            return True

        await turn.step("sleep", sleep)
        await turn.propose(Plan("Never", (note("never"),)))

    name = await play(house, who, script, channel)
    await asyncio.wait_for(begun.wait(), 10)
    return name, begun


async def test_what_sleeps_in_a_step_ends_and_what_waits_is_answered(house: House) -> None:
    human, agent = house.human, house.lab.agent
    name, _ = await sleeping(house, "ada")
    waiting = await play(house, "ada", _says("the second was played"))
    before = await human.last("ada")
    at = time.monotonic()
    said = await command(house, "ada", "stop")
    await agent.until_ended(name, seconds=1)
    assert time.monotonic() - at < 1
    assert "Stopped. Nothing more is done, and nothing new begins, until it is resumed." in said
    await human.message("ada", harness.says("You have stopped MeshClaw.", "/meshclaw resume"), after=before)
    await house.idle()
    assert agent.backs(name) == []
    assert agent.ended.get((waiting, "run"), 0) == 0
    answers = [each for each in await human.messages("ada") if each["ts"] > before and "stopped" in harness.words(each)]
    assert len(answers) == 2, "one for what was going on, one for what had not begun"
    other = await propose(house, "ben", note("bens"))
    assert other.error is None, "it is Ada's stop"
    await play(house, "ada", _says("not while it is stopped"))
    await house.idle()
    assert not any(harness.says("not while")(each) for each in await human.messages("ada"))
    assert "Going on." in await command(house, "ada", "resume")
    assert "Nothing of yours is stopped." in await command(house, "ada", "resume")
    before = await human.last("ada")
    await play(house, "ada", _says("after it was resumed"))
    await human.message("ada", harness.says("after it was resumed"), after=before)


async def test_approved_plan_stops_between_its_calls_and_finishes_exactly_the_rest(house: House) -> None:
    human = house.human

    async def stop_in_second(context: object, call: object) -> None:
        if len(notes(house)) - began == 1:
            house.lab.connector.before = nothing
            await command(house, "chen", "stop the notes are wrong")

    began = len(notes(house))
    house.lab.connector.before = stop_in_second
    card = await ask(house, "chen", *(note(f"c{number}") for number in range(5)), title="Five notes")
    await human.press("chen", card, "Approve")
    paused = await human.becomes("chen", card, harness.says("Paused", "Somebody said stop."))
    assert notes(house)[began:] == ["c0", "c1"]
    before = await human.last("chen")
    await human.press("chen", paused, "Go on")
    await human.message("chen", harness.says("You have stopped MeshClaw."), after=before)
    assert notes(house)[began:] == ["c0", "c1"]
    await command(house, "chen", "resume")
    await human.press("chen", paused, "Go on")
    await human.becomes("chen", card, harness.says("Done"))
    assert notes(house)[began:] == [f"c{number}" for number in range(5)]
    await human.press("chen", await human.message("chen", titled("Five notes", "Done")), "Undo")
    await human.becomes("chen", card, harness.says("Taken back"))


async def test_stop_typed_in_direct_messages(house: House) -> None:
    human = house.human
    name, _ = await sleeping(house, "dana")
    before = await human.last("dana")
    await human.say("dana", "!stop")
    await house.lab.agent.until_ended(name, seconds=2)
    await human.message("dana", harness.says("What was going on has ended."), after=before)
    await house.idle()
    before = await human.last("dana")
    await play(house, "dana", _says("and again"))
    await human.message("dana", harness.says("and again"), after=before)


async def test_stop_in_a_thread_of_a_channel_ends_what_goes_on_there(house: House) -> None:
    human = house.human
    root = await human.say("ada", "a thread", "#general")
    before = await human.last("ada", "#general")
    await human.say("ada", "!stop", "#general")
    await human.say("ada", "!stop", "#general", root["ts"])
    await human.message("ada", harness.says("What was going on has ended."), "#general", after=before)
    await house.idle()
    said = [each for each in await human.messages("ada", "#general") if harness.says("has ended")(each)]
    assert len(said) == 1, "outside of a thread !stop is a word like any other"


async def test_everybody_is_stopped_by_an_admin_only(house: House) -> None:
    human = house.human
    name, _ = await sleeping(house, "chen")
    assert "Only an admin can do this for everybody." in await command(house, "ben", "stop all")
    assert house.lab.agent.ended.get((name, "run")) is None
    said = await command(house, "ada", "stop all the database is on fire")
    assert "Everything is stopped, for everybody." in said
    await house.lab.agent.until_ended(name, seconds=1)
    await human.message("ada", harness.says("Stopped for everybody", "The database is on fire"))
    back = await _stopped(house, "ben")
    assert isinstance(back, Stopped) or back is None
    assert "stopped for everybody" in await command(house, "ben", "resume")
    assert "Only an admin can do this for everybody." in await command(house, "ben", "resume all")
    assert "Everything may go on, for everybody." in await command(house, "ada", "resume all")
    before = await human.last("ben")
    await play(house, "ben", _says("going again"))
    await human.message("ben", harness.says("going again"), after=before)


async def test_slacks_own_stop_button(house: House) -> None:
    """The session is set to work with the token of the app, as an agent that streams would."""
    human, client = house.human, house.app.client
    root = await human.say("ben", "hello")
    await client.api_call(
        "agents.sessions.setStatus",
        json={"channel_id": root["channel"], "thread_ts": root["ts"], "status": "processing"},
    )
    done = await human.stop("ben", root)
    assert done["acked"]
    await house.idle()
    statuses = [each["args"].get("status") for each in await human.calls("agents.sessions.setStatus")]
    assert statuses[0] == "processing"
    assert len(statuses) > 1
    assert statuses[-1] != "processing"


@pytest.mark.chaos
@pytest.mark.timeout(400)
async def test_many_stops_each_within_a_second(house: House) -> None:
    """The time from the answer to the command until the last effect."""
    human = house.human
    last: dict[str, float] = {}

    async def slowly(context: object, call: object) -> None:
        await asyncio.sleep(0.02)
        last["effect"] = time.monotonic()

    house.lab.connector.before = slowly
    longest = whole = 0.0
    for number in range(STOPS):
        card = await ask(house, "dana", *(note(f"s{number}.{each}") for each in range(30)), title=f"Many {number}")
        await human.press("dana", card, "Approve")
        while last.get("effect", 0.0) == 0.0:
            await asyncio.sleep(0.005)
        asked = time.monotonic()
        await command(house, "dana", "stop")
        acked = time.monotonic()
        paused = await human.becomes("dana", card, harness.says("Paused"))
        longest, whole = max(longest, last["effect"] - acked), max(whole, last["effect"] - asked)
        count = len(notes(house))
        await command(house, "dana", "resume")
        await human.press("dana", paused, "Leave the rest")
        await human.becomes("dana", card, harness.says("Finished, but not all of it was done."))
        assert len(notes(house)) == count
        last.clear()
    house.lab.connector.before = nothing
    told = f"{longest * 1000:.0f} ms after the answer, {whole * 1000:.0f} ms after it was typed"
    print(f"{STOPS} stops; the last effect was at most {told}")
    assert longest < 1


def _says(words: str) -> Script:
    async def script(turn: Turn) -> None:
        await turn.say("answer", notices.said(words))

    return script


async def _stopped(house: House, who: str) -> BaseException | None:
    name = await play(house, who, _says("nothing"))
    await house.idle()
    found: list[Json] = await house.human.messages(who)
    assert any(harness.says("MeshClaw is stopped for everybody.")(each) for each in found)
    return next((one.error for one in house.lab.agent.backs(name)), None)
