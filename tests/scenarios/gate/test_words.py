"""The words of the gate, as people type them: what they say, and whom they tell what."""

import json
from collections.abc import AsyncIterator

import harness
import pytest
import pytest_asyncio
from gate_parts import ADA, ask, deploy, governed, note, play, waits
from harness import House

from bot.contracts.agents import Turn

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = f"""
[[rule]]
name = "mail to the press"
then = "ask"
effect = "send"
arguments = {{ to = "*@news.example" }}
approvers = ["{ADA}"]
another = true
why = "What goes to the press is read by Ada first."

[[rule]]
name = "nothing to rivals"
then = "deny"
effect = "send"
arguments = {{ to = "*@rival.example" }}
"""
PRIVATE = "Xylophonediary"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with governed(tmp_path_factory.mktemp("house"), POLICY) as house:
        yield house


async def answer(house: House, who: str, typed: str, channel: str = "@meshclaw") -> str:
    done = await house.human.command(who, f"/meshclaw {typed}", channel)
    assert done["error"] is None, done
    words = harness.words(done["response"])
    print(f"----- /meshclaw {typed}\n{words}")
    return words


async def test_policy_in_words(house: House) -> None:
    said = await answer(house, "ben", "policy")
    for part in ("mail to the press", "nothing to rivals", "an admin", "24 hours", "30 seconds"):
        assert part in said


@pytest.mark.parametrize(
    ("call", "args", "says"),
    [
        ("lab.send", {"to": "bob@home.example", "text": "hi"}, "MeshClaw would ask first."),
        ("lab.send", {"to": "bob@news.example", "text": "hi"}, "What goes to the press is read by Ada first."),
        ("lab.send", {"to": "bob@rival.example", "text": "hi"}, "MeshClaw would not do this."),
        ("lab.read", {"what": "x"}, "MeshClaw would do this at once."),
        ("lab.deploy", deploy().args, "not"),
        ("lab.send", {"to": "bob@home.example"}, "is not as it should be"),
        ("lab.sent", {}, "No tool is called “lab.sent”."),
    ],
)
async def test_policy_tells_of_a_call(house: House, call: str, args: dict[str, str], says: str) -> None:
    said = await answer(house, "ben", f"policy {call} {json.dumps(args)}")
    assert says in said
    assert house.lab.world.effects() == []


async def test_policy_with_arguments_that_are_none(house: House) -> None:
    for typed in ("policy lab.send {", "policy lab.send [1]", "policy lab.send {“to”: 3}"):
        assert await answer(house, "ben", typed)
    assert "as one JSON object" in await answer(house, "ben", "policy lab.send to bob")


async def test_audit_of_mine_and_of_all(house: House) -> None:
    """What somebody did with their own things is nowhere in what an admin reads."""
    human = house.human
    assert "Nothing has been done in your name yet." in await answer(house, "dana", "audit")
    card = await ask(house, "ben", note(PRIVATE, "dear diary"), title=f"Write {PRIVATE}")
    await human.press("ben", card, "Approve")
    await human.becomes("ben", card, harness.says("Done"))
    mine = await ask(house, "ben", deploy("bridge"), title="Deploy the bridge")
    card = await human.message("ada", waits("Deploy the bridge"))
    await human.press("ada", card, "Approve")
    await human.becomes("ben", mine, harness.says("Done"))

    bens = await answer(house, "ben", "audit")
    assert PRIVATE in bens
    assert "Deploy the bridge" in bens
    assert "Approved" in bens
    everything = await answer(house, "ada", "audit all")
    assert "Deploy the bridge" in everything
    assert "U01BEN00002" in everything
    assert PRIVATE not in everything
    assert "diary" not in everything
    assert PRIVATE not in await answer(house, "ada", "audit")
    assert "Only an admin" in await answer(house, "ben", "audit all")


async def test_mode_and_help(house: House) -> None:
    assert "The mode is ask." in await answer(house, "ben", "mode")
    overview = await answer(house, "ben", "help")
    for word in ("stop", "resume", "mode", "policy", "audit", "break-glass", "post", "triage", "connect"):
        assert f"/meshclaw {word}" in overview
        assert f"/meshclaw {word}" in await answer(house, "ben", f"help {word}")
    assert "stop" in await answer(house, "ben", "stpo")


async def test_words_work_in_direct_messages_and_mentions_too(house: House) -> None:
    human = house.human
    before = await human.last("chen")
    await human.say("chen", "mode")
    await human.message("chen", harness.says("The mode is ask."), after=before)
    before = await human.last("chen", "#general")
    await human.say("chen", "<@U01MESHCLAW> policy", "#general")
    await human.message("chen", harness.says("What MeshClaw may do here"), "#general", after=before)


async def test_unseen_tool_is_not_offered_to_a_turn(house: House) -> None:
    found: list[frozenset[str]] = []

    async def look(turn: Turn) -> None:
        found.append(await turn.tools())

    name = await play(house, "ben", look)
    await house.lab.agent.until_ended(name)
    assert found == [frozenset(house.lab.agent.declared)]
