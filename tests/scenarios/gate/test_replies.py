"""An answer where others read is asked about first, unless everybody there may see what it was made from."""

from collections.abc import AsyncIterator

import harness
import pytest
import pytest_asyncio
from gate_parts import ADA, AT_ONCE, BEN, GENERAL, SECRET, governed, play, waits
from harness import DM, House, Json

from bot.contracts.agents import Turn

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = AT_ONCE
HOSTILE = "Salary: 5 <https://evil.example/?q=secret|look> <!everyone> ![x](https://evil.example/pixel.png)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with governed(tmp_path_factory.mktemp("house"), POLICY) as house:
        yield house


async def reply(house: House, who: str, text: str, channel: str, *seen_by: str) -> None:
    async def script(turn: Turn) -> None:
        await turn.reply("answer", text, seen_by=frozenset(seen_by))

    name = await play(house, who, script, channel)
    await house.lab.agent.until_ended(name)
    await house.idle()


async def posted(house: House, channel: str, word: str) -> list[Json]:
    answer = await house.app.client.conversations_history(channel=channel)
    return [each for each in answer["messages"] if word in str(each)]


async def test_in_direct_messages_it_is_said_at_once(house: House) -> None:
    before = await house.human.last("ada")
    await reply(house, "ada", "only for you", DM)
    await house.human.message("ada", harness.says("only for you"), after=before)


async def test_where_others_read_it_asks_first(house: House) -> None:
    human = house.human
    before = await human.last("ada")
    await reply(house, "ada", HOSTILE, "#general")
    card = await human.message("ada", waits("Answer in #general"), after=before)
    assert "people can read it there." in harness.words(card)
    assert HOSTILE in harness.words(card)
    assert await posted(house, GENERAL, "Salary") == []
    await human.press("ada", card, "Approve")
    await human.becomes("ada", card, harness.is_undoable)
    (message,) = await posted(house, GENERAL, "Salary")
    assert "<https://evil.example" not in message["text"]
    assert "<!everyone>" not in message["text"]
    assert "'type': 'link'" not in str(message)
    assert "'type': 'broadcast'" not in str(message)


async def test_where_only_those_read_who_may_it_is_said_at_once(house: House) -> None:
    await reply(house, "ada", "for both of us", "#secret", BEN)
    (message,) = await posted(house, SECRET, "for both of us")
    assert message
    before = await house.human.last("ada")
    await reply(house, "ada", "for me alone", "#secret", ADA)
    await house.human.message("ada", waits("Answer in #secret"), after=before)
    assert await posted(house, SECRET, "for me alone") == []
