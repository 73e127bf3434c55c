"""What is sent waits where it can be called back; then it goes out once, inert, and can be taken back."""

from collections.abc import AsyncIterator

import harness
import pytest
import pytest_asyncio
from gate_parts import GENERAL, governed, told, waits
from harness import House, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = '[clocks]\noutbox = "1s"\n'
HOSTILE = "See https://evil.example/x <!channel> <https://evil.example|click> *bold* @everyone"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with governed(tmp_path_factory.mktemp("house"), POLICY) as house:
        yield house


async def posted(house: House, word: str) -> list[Json]:
    """The messages in #general that hold this word, as Slack keeps them."""
    answer = await house.app.client.conversations_history(channel=GENERAL, include_all_metadata=True)
    return [each for each in answer["messages"] if word in str(each)]


async def approve(house: House, text: str) -> Json:
    human = house.human
    before = await human.last("ada")
    await human.command("ada", f"/meshclaw post #general {text}")
    card = await human.message("ada", waits("Post in #general"), after=before)
    assert "Outbox" in harness.words(card)
    await human.press("ada", card, "Approve")
    return card


async def test_called_back_in_time(house: House) -> None:
    human = house.human
    card = await approve(house, "zebra one")
    held = await human.becomes("ada", card, lambda each: harness.reads(each, "Call back"))
    assert "Goes out at" in harness.words(held)
    assert not harness.reads(held, "Undo")
    await human.press("ada", held, "Call back")
    receipt = await human.becomes("ada", card, harness.says("Called back in time"))
    assert harness.buttons(receipt) == ["Show all 1"]
    await told(
        house,
        "ada",
        lambda: harness.forged_click(house, "ada", card, "gate.approve", harness.button_value(card, "Approve")),
        "This was called back",
    )
    await house.sweep()
    await house.idle()
    assert await posted(house, "zebra one") == []


async def test_goes_out_once_inert_and_is_taken_back(house: House) -> None:
    human = house.human
    card = await approve(house, HOSTILE)
    receipt = await human.becomes("ada", card, harness.is_undoable)
    await house.sweep()
    await house.idle()
    (message,) = await posted(house, "evil.example")
    calls = [each for each in await human.calls("chat.postMessage") if each["args"].get("channel") == GENERAL]
    assert len(calls) == 1
    assert (calls[0]["args"]["unfurl_links"], calls[0]["args"]["unfurl_media"]) == (False, False)
    assert '"type": "link"' not in str(message).replace("'", '"')
    assert "<!channel>" not in message["text"]
    assert "<https://evil.example" not in message["text"]
    assert "ADA00001" in str(message), "it says in whose name it stands there"
    await told(house, "ada", lambda: _press_old(house, card, receipt), "This was approved already.")
    await human.press("ada", receipt, "Undo")
    await human.becomes("ada", card, harness.says("Taken back"))
    assert await posted(house, "evil.example") == []


async def test_undo_of_what_somebody_has_deleted(house: House) -> None:
    human = house.human
    card = await approve(house, "giraffe two")
    receipt = await human.becomes("ada", card, harness.is_undoable)
    (message,) = await posted(house, "giraffe two")
    await house.app.client.chat_delete(channel=GENERAL, ts=message["ts"])
    await human.press("ada", receipt, "Undo")
    await human.becomes("ada", card, harness.says("Somebody has deleted the message already."))


async def test_undo_of_what_was_edited_since(house: House) -> None:
    human = house.human
    card = await approve(house, "ocelot three")
    receipt = await human.becomes("ada", card, harness.is_undoable)
    (message,) = await posted(house, "ocelot three")
    await house.app.client.chat_update(channel=GENERAL, ts=message["ts"], text="ocelot four", blocks=[])
    await human.press("ada", receipt, "Undo")
    left = await human.becomes("ada", card, harness.says("It no longer says what was posted for you"))
    assert "Not taken back." in harness.words(left)
    assert len(await posted(house, "ocelot four")) == 1


async def _press_old(house: House, card: Json, receipt: Json) -> None:
    await harness.forged_click(house, "ada", receipt, "gate.approve", harness.button_value(card, "Approve"))
