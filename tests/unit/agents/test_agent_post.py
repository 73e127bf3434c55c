"""The post agent: one message for one channel, laid before the person."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import agents
from bot.agents.post.agent import PostAgent
from bot.contracts.agents import Proposed
from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Place
from bot.contracts.tools import Call, Plan
from bot.workspace.blocks import validate_message

ADA = Person("T1", "U1")
DEPLOYS = Place("C1", "#deploys", False, frozenset({"U1", "U2", "U3"}))
line = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=20)


@dataclass
class Channels:
    """What the Slack connector offers, for one place."""

    place: Place = DEPLOYS

    async def find_channel(self, person: Person, name: str) -> Place:
        if name != self.place.name:
            raise PersonMends("No such channel.", f"Did you mean {self.place.name}?")
        return self.place

    def message(self, place: Place, text: str) -> Call:
        return Call("slack.post", {"channel": place.channel, "place": place.name, "text": text})


@dataclass
class Turn:
    """What the agent uses of a turn; the gate's answer is given."""

    request: Request
    done: Proposed = field(default_factory=lambda: Proposed(waiting=1))
    channels: Channels = field(default_factory=Channels)
    person: Person = ADA
    plans: list[Plan] = field(default_factory=list)
    said: list[Message] = field(default_factory=list)

    def source(self, name: str) -> Any:
        assert name == "slack"
        return self.channels

    async def propose(self, plan: Plan) -> Proposed:
        self.plans.append(plan)
        return self.done

    async def say(self, name: str, message: Message) -> None:
        assert not validate_message({"text": message.text, "blocks": list(message.blocks)})
        self.said.append(message)


@pytest.fixture
def agent() -> PostAgent:
    description, skilled = agents.described()["post"]
    assert skilled
    return PostAgent(description)


async def ran(agent: PostAgent, typed: str = "#deploys The release is at four.", **more: Any) -> Turn:
    turn = Turn(Request("k", ADA, "post", "run", agent.parse(typed)), **more)
    await agent.actions["run"](turn)  # type: ignore[arg-type]
    return turn


def test_its_file_names_its_one_tool(agent: PostAgent) -> None:
    assert agent.description.tools == ("slack.post",)
    assert agent.description.usage
    assert agent.help().blocks


@given(line, st.lists(line, min_size=1, max_size=4), st.sampled_from([" ", "\n", "  "]))
def test_channel_and_text_are_told_apart(channel: str, words: list[str], between: str) -> None:
    text = between.join(words)
    agent = PostAgent(agents.described()["post"][0])
    assert agent.parse(f" {channel}{between}{text} ") == {"channel": channel, "text": text}


@pytest.mark.parametrize("typed", ["", "  ", "#deploys", "#deploys \n "])
def test_what_is_missing_is_asked_for_with_an_example(agent: PostAgent, typed: str) -> None:
    with pytest.raises(PersonMends) as caught:
        agent.parse(typed)
    assert "/meshclaw post #deploys" in caught.value.mend


async def test_one_call_is_proposed_word_for_word(agent: PostAgent) -> None:
    turn = await ran(agent, "#deploys One\nTwo  <three>")
    (plan,) = turn.plans
    assert plan.title == "Post in #deploys"
    assert plan.calls == (Call("slack.post", {"channel": "C1", "place": "#deploys", "text": "One\nTwo  <three>"}),)
    assert (plan.sources, plan.topic) == ("", "")
    assert turn.said == [], "the card says it"


@pytest.mark.parametrize(
    ("members", "outside", "note"),
    [
        ({"U1"}, False, "Nobody else is in #deploys now."),
        ({"U1", "U2"}, False, "1 other person is in #deploys now."),
        ({"U1", "U2", "U3"}, True, "2 other people are in #deploys now. People of other companies are among them."),
    ],
)
async def test_the_card_says_who_will_read_it(agent: PostAgent, members: set[str], outside: bool, note: str) -> None:
    place = Place("C1", "#deploys", False, frozenset(members), outside)
    turn = await ran(agent, channels=Channels(place))
    assert turn.plans[0].note == note


async def test_what_a_grant_covers_needs_no_word(agent: PostAgent) -> None:
    assert (await ran(agent, done=Proposed(granted=1))).said == []


async def test_what_is_denied_is_said_with_why(agent: PostAgent) -> None:
    turn = await ran(agent, done=Proposed(denied=("You are in read-only mode, see <https://evil.example|here>.",)))
    (message,) = turn.said
    assert message.text.startswith("Nothing is posted in #deploys. You are in read-only mode")
    assert "<" not in message.text


async def test_an_unknown_channel_is_the_persons_to_mend(agent: PostAgent) -> None:
    with pytest.raises(PersonMends, match="No such channel"):
        await ran(agent, "#nowhere Hello")


async def test_the_receipt_speaks_for_itself(agent: PostAgent) -> None:
    for action in ("decided", "undone"):
        turn = Turn(Request("k", ADA, "post", action, {"state": "settled"}))
        await agent.actions[action](turn)  # type: ignore[arg-type]
        assert (turn.plans, turn.said) == ([], [])
