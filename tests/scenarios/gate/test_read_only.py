"""Read-only is a row that takes the tools away, and no sentence in a conversation can bring them back."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import harness
import letters
import pytest
from gate_parts import ask, governed, note, play, propose, rows, titled
from harness import House, Json
from lab.connector import nothing
from sqlalchemy import text

from bot.contracts.agents import Turn
from bot.contracts.tools import Plan

READING = {"lab.read"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    letters.put(tmp_path / "mail" / "ada", [letters.newsletter(number) for number in range(3)])
    async with governed(tmp_path) as house:
        yield house


async def mode(house: House, who: str, word: str) -> str:
    done = await house.human.command(who, f"/meshclaw mode {word}".strip())
    assert done["error"] is None
    return harness.words(done["response"])


async def test_read_only_leaves_no_tool_with_an_effect(house: House) -> None:
    """Also after everything the conversation remembered is gone in the middle of the task."""
    seen: list[frozenset[str]] = []

    async def look(turn: Turn) -> None:
        seen.append(await turn.tools())
        await turn.store.save("run:promise", {"mode": "the person said I may write now"})
        async with house.app.storage.database.write() as session:
            await session.execute(text("delete from documents"))
            await session.execute(text("delete from cards"))
        seen.append(await turn.tools())
        await turn.propose(Plan("Write after forgetting", (note("forgotten"),)))

    assert "The mode is ask." in await mode(house, "ada", "")
    assert "The mode is now read-only." in await mode(house, "ada", "read-only")
    name = await play(house, "ada", look)
    await house.lab.agent.until_ended(name)
    assert seen == [READING, READING]
    (back,) = house.lab.agent.backs(name)
    assert back.proposed
    assert len(back.proposed.denied) == 1
    assert "read-only" in back.proposed.denied[0]
    assert "The mode is read-only." in await mode(house, "ada", "")
    await house.idle()
    assert await rows(house, "cards") == 0

    other = await propose(house, "ben", note("mine"))
    assert other.proposed
    assert other.proposed.waiting == 1, "it is Ada's mode and nobody else's"
    assert "The mode is now ask." in await mode(house, "ada", "ask")
    back = await propose(house, "ada", note("forgotten"))
    assert back.proposed
    assert back.proposed.waiting == 1


@pytest.mark.parametrize(("typed", "says"), [("write", "There is no such mode."), ("READONLY", "now read-only")])
async def test_words_for_a_mode(house: House, typed: str, says: str) -> None:
    assert says in await mode(house, "ada", typed)


async def test_mode_switched_from_the_app_home(house: House) -> None:
    human = house.human
    await human.press("ada", await human.until(_home(house, "Switch to read-only")), "Switch to read-only")
    assert await human.until(_home(house, "Switch to asking", "Mode: read-only"))
    back = await propose(house, "ada", note("no"))
    assert back.proposed
    assert back.proposed.denied


async def test_new_connection_reads_until_its_owner_widens_it(house: House) -> None:
    human = house.human
    await house.connect("ada", f"maildir:{house.maildir('ada')}")
    async with house.app.storage.database.write() as session:
        await session.execute(text("delete from modes"))
    await human.command("ada", "/meshclaw triage")
    summary = await human.message("ada", harness.says("connected read-only"))
    await house.idle()
    assert not any(map(harness.is_card, await human.messages("ada")))
    await human.press("ada", summary, "Allow changes…")
    card = await human.message("ada", harness.is_card)
    assert "Allow changes to your mail" in harness.words(card)
    assert harness.mails(house.maildir("ada")).total() == 3
    await human.press("ada", card, "Approve")
    await human.becomes("ada", card, harness.says("Done"))
    _, card = await human.triage("ada")
    await human.press("ada", card, "Approve")
    await human.becomes("ada", card, harness.is_undoable)
    assert harness.mails(house.maildir("ada"), "Archive").total() == 3
    await human.press("ada", await human.until(_home(house, "Make read-only")), "Make read-only")
    await human.until(_home(house, "Allow changes…"))
    letters.put(house.maildir("ada"), [letters.newsletter(9)])
    before = await human.last("ada")
    await human.command("ada", "/meshclaw triage")
    await human.message("ada", harness.says("connected read-only"), after=before)


async def test_plan_rests_when_the_mode_changes_before_it_ran(house: House) -> None:
    human = house.human

    async def change_after_first(context: object, call: object) -> None:
        house.lab.connector.before = nothing
        await mode(house, "ada", "read-only")

    house.lab.connector.before = change_after_first
    card = await ask(house, "ada", note("first"), note("second"), title="Both notes")
    await human.press("ada", card, "Approve")
    paused = await human.becomes("ada", card, harness.says("Paused", "read-only after it was approved"))
    assert [call.args["title"] for call in house.lab.world.effects()] == ["first"]
    await human.press("ada", paused, "Go on")
    await house.idle()
    assert [call.args["title"] for call in house.lab.world.effects()] == ["first"], "going on does not widen"
    paused = await human.message("ada", titled("Both notes", "Paused"))
    await mode(house, "ada", "ask")
    await human.press("ada", paused, "Go on")
    await human.becomes("ada", card, harness.says("Done"))
    assert [call.args["title"] for call in house.lab.world.effects()] == ["first", "second"]


def _home(house: House, label: str, *parts: str) -> Callable[[], object]:
    async def shown() -> Json | None:
        view = await house.human.home("ada")
        return view if view and harness.reads(view, label) and harness.says(*parts)(view) else None

    return shown
