"""A card is changed before it is approved, or turned down with a reason that goes to the agent and ends the turn."""

from collections.abc import AsyncIterator

import harness
import pytest
import pytest_asyncio
from gate_parts import GENERAL, ask, governed, note, play, propose, rows, send, titled, told, waits
from harness import House, Json

from bot.contracts.agents import Turn
from bot.contracts.tools import Plan
from bot.gate.plans import Refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[clocks]
outbox = "0s"

[[rule]]
name = "no codenames"
then = "deny"
effect = "send"
arguments = { text = "*bluebird*" }
why = "The project's code name never leaves this house."
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with governed(tmp_path_factory.mktemp("house"), POLICY) as house:
        yield house


async def post(house: House, who: str, channel: str, text: str) -> Json:
    before = await house.human.last(who)
    done = await house.human.command(who, f"/meshclaw post {channel} {text}")
    assert done["error"] is None
    return await house.human.message(who, waits(f"Post in {channel}"), after=before)


async def edit(house: House, who: str, card: Json, typed: str) -> Json:
    await house.human.press(who, card, "Edit…")
    view = await house.human.modal(who)
    return await house.human.submit(who, view, {"field:0:text": {"value": typed}})


async def said_in(house: House, channel: str) -> list[str]:
    messages = await house.human.messages("ada", channel)
    return ["\n".join((str(each["text"]), harness.words(each))) for each in messages]


async def test_edited_text_is_what_is_posted(house: House) -> None:
    human = house.human
    card = await post(house, "ada", "#general", "The release is at for.")
    old = harness.button_value(card, "Approve")
    done = await edit(house, "ada", card, "The release is at four.")
    assert done["errors"] is None
    changed = await human.becomes("ada", card, harness.says("The release is at four."))
    assert harness.button_value(changed, "Approve") != old
    await told(house, "ada", lambda: harness.forged_click(house, "ada", card, "gate.approve", old), "has changed since")
    await house.idle()
    assert not any("release" in each for each in await said_in(house, GENERAL))
    await human.press("ada", changed, "Approve")
    await human.becomes("ada", card, harness.is_undoable)
    posted = [each for each in await said_in(house, GENERAL) if "release" in each]
    assert len(posted) == 1
    assert "at four." in posted[0]
    assert "at for." not in posted[0]


async def test_edit_that_cannot_be_is_said_in_the_modal(house: House) -> None:
    human = house.human
    card = await post(house, "ada", "#general", "Short.")
    await human.press("ada", card, "Edit…")
    view = await human.modal("ada")
    for typed, said in (("   ", "There is no text."), ("&" * 3_000, "It is too long")):
        done = await human.submit("ada", view, {"field:0:text": {"value": typed}})
        assert said in done["errors"]["field:0:text"]
    await human.close("ada", view)
    await human.press("ada", card, "Not now")
    await human.becomes("ada", card, harness.says("Declined"))


async def test_edit_that_the_policy_denies(house: House) -> None:
    human = house.human
    card = await post(house, "ada", "#general", "We are nearly there.")
    before = await human.last("ada")
    await edit(house, "ada", card, "Bluebird is nearly there.")
    await human.message("ada", harness.says("The project's code name never leaves this house."), after=before)
    still = await human.message("ada", lambda each: each["ts"] == card["ts"])
    assert "We are nearly there." in harness.words(still)
    await human.press("ada", still, "Not now")
    await human.becomes("ada", card, harness.says("Declined"))


async def test_what_policy_denies_is_never_asked(house: House) -> None:
    cards = await rows(house, "cards")
    back = await propose(house, "ada", send("bob@example.com", "about Bluebird"))
    assert back.proposed
    assert back.proposed.denied == ("The project's code name never leaves this house.",)
    assert await rows(house, "cards") == cards
    before = await house.human.last("ada")
    await house.human.command("ada", "/meshclaw post #general bluebird flies")
    await house.human.message("ada", harness.says("code name never leaves"), after=before)


async def test_reason_goes_back_to_the_agent_who_may_not_propose_again(house: House) -> None:
    human, agent = house.human, house.lab.agent
    heard: list[tuple[str, str]] = []

    async def begin(turn: Turn) -> None:
        await turn.propose(Plan("Write it down", (note("a"),)))

    async def after(turn: Turn) -> None:
        heard.append((str(turn.request.args["state"]), str(turn.request.args["reason"])))
        await turn.propose(Plan("Then write this", (note("b"),)))

    agent.decided["denied once"] = after
    name = await play(house, "ada", begin, name="denied once")
    card = await human.message("ada", waits("Write it down"))
    await human.press("ada", card, "Deny…")
    view = await human.modal("ada")
    await human.submit("ada", view, {"reason": {"value": "Not in my name, *thanks* <@U1>"}})
    receipt = await human.becomes("ada", card, harness.says("Not done", "Reason given: Not in my name, *thanks* <@U1>"))
    assert not harness.reads(receipt, "Approve")
    await agent.until_ended(name, "decided")
    await house.idle()
    assert heard == [("denied", "Not in my name, *thanks* <@U1>")]
    assert isinstance(agent.backs(name)[-1].error, Refused)
    assert await _card(house, "Then write this") is None
    assert not any(call.args.get("title") in ("a", "b") for call in house.lab.world.effects())


async def test_fourth_card_that_would_wait_is_refused_in_words(house: House) -> None:
    human = house.human
    cards = [await ask(house, "dana", note(str(number)), title=f"Waiting {number}") for number in range(3)]
    before = await human.last("dana")
    back = await propose(house, "dana", note("4"), title="Waiting 3")
    assert isinstance(back.error, Refused)
    await human.message("dana", harness.says("3 cards wait for a decision here already."), after=before)
    assert await _card(house, "Waiting 3", "dana") is None
    for card in cards:
        await human.press("dana", card, "Not now")
        await human.becomes("dana", card, harness.says("Not done"))
    card = await ask(house, "dana", note("4"), title="Waiting 3")
    await human.press("dana", card, "Not now")
    await human.becomes("dana", card, harness.says("Not done"))


async def _card(house: House, title: str, who: str = "ada") -> Json | None:
    return next((each for each in await house.human.messages(who) if titled(title)(each)), None)
