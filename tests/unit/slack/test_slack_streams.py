"""Answers that grow in a thread: at once, at Slack's pace, and whatever fails, with nothing lost and nothing twice."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any

import pytest
from slack_parts import DEPLOYS, GAP, LocalSlack, person

from bot.contracts.answers import Stream, Task
from bot.contracts.errors import OperatorMends
from bot.contracts.slack import Posted, SlackAway
from bot.views.answer import closing
from connectors.slack import Sender, streams
from connectors.slack.pace import Budget

BLOCKS = [{"type": "context", "elements": [{"type": "plain_text", "text": "the end", "emoji": False}]}]
STREAM_CALLS = ("chat.startStream", "chat.appendStream", "chat.stopStream")
READING = Task("t1", "Reading your mail", "in_progress")


@dataclass
class Talk:
    """A thread with one answer in it; `told`: where its messages began."""

    slack: LocalSlack
    thread: str
    sender: Sender
    told: list[Posted] = field(default_factory=list)

    def open(self) -> Stream:
        return self.sender.open_stream(DEPLOYS, self.thread, person("ada"), began=self._began)

    async def _began(self, posted: Posted) -> None:
        self.told.append(posted)

    async def shown(self) -> list[dict[str, Any]]:
        found = await self.slack.human.messages("ada", "#deploys", thread_ts=self.thread)
        return [each for each in found if each["ts"] != self.thread]

    async def calls(self, *methods: str) -> list[dict[str, Any]]:
        return [call for call in await self.slack.human.calls() if call["method"] in (methods or STREAM_CALLS)]

    async def grown(self, text: str) -> None:
        """Wait until that is on the screen."""
        for _ in range(200):
            if any(text in each["text"] for each in await self.shown()):
                return
            await asyncio.sleep(0.01)
        raise AssertionError([each["text"] for each in await self.shown()])


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_PAUSE", 0.05)


@pytest.fixture
async def talk(slack: LocalSlack) -> Talk:
    root = await slack.human.say("ada", "a question", "#deploys")
    return Talk(slack, root["ts"], slack.sender)


async def test_an_answer_grows_and_ends(talk: Talk) -> None:
    stream = talk.open()
    assert stream.posted is None
    await stream.text("Hello")
    assert [stream.posted] == talk.told
    (live,) = await talk.shown()
    assert (live["text"], live["streaming"], live["ts"]) == ("Hello", True, talk.told[0].ts)
    await stream.text(", wor")
    await stream.text("ld")
    await talk.grown("Hello, world")
    await stream.task(READING)
    await stream.task(Task("t1", "Reading your mail", "complete", output="3 mails"))
    await stream.text("Three mails.")
    await stream.close(blocks=BLOCKS, status="suspended")
    await stream.close(blocks=BLOCKS)
    (done,) = await talk.shown()
    assert (done["text"], done["streaming"]) == ("Hello, worldThree mails.", False)
    assert [block["type"] for block in done["blocks"]] == ["markdown", "task_card", "markdown", "context"]
    assert done["blocks"][1]["status"] == "complete"
    (start, *_, stop) = await talk.calls()
    assert (start["args"]["recipient_user_id"], start["args"]["recipient_team_id"]) == (
        person("ada").user,
        person("ada").team,
    )
    assert stop["args"]["session_status"] == "suspended"
    assert len(talk.told) == 1


async def test_words_that_come_fast_leave_together(talk: Talk) -> None:
    stream = talk.open()
    begun = time.monotonic()
    for number in range(200):
        await stream.text(f"{number} ")
        await asyncio.sleep(0.001)
    took = time.monotonic() - begun
    await stream.close()
    (done,) = await talk.shown()
    assert done["text"].split() == [str(number) for number in range(200)]
    appends = await talk.calls("chat.appendStream")
    assert 2 <= len(appends) <= took / GAP + 1
    for first, second in pairwise(appends):
        assert second["at"] - first["at"] >= GAP * 0.8


async def test_the_budget_holds_back_and_the_end_says_all(talk: Talk) -> None:
    talk.sender._streams.budget = Budget(2)
    stream = talk.open()
    for number in range(40):
        await stream.text(f"{number} ")
        await asyncio.sleep(0.005)
    await stream.close()
    assert len(await talk.calls("chat.appendStream")) <= 2
    (done,) = await talk.shown()
    assert done["text"].split() == [str(number) for number in range(40)]


async def test_the_first_word_does_not_wait(talk: Talk) -> None:
    took = []
    for _ in range(15):
        stream = talk.open()
        begun = time.perf_counter()
        await stream.text("Hello")
        took.append(time.perf_counter() - begun)
        await stream.close()
    assert sorted(took)[13] < 0.15


async def test_where_nothing_was_said_nothing_is_posted(talk: Talk) -> None:
    stream = talk.open()
    await stream.text("")
    await stream.text(" \n")
    await stream.close(status="suspended")
    assert await talk.shown() == []
    assert not await talk.calls()
    (call,) = await talk.calls("agents.sessions.setStatus")
    assert call["args"]["status"] == "suspended"
    only = talk.open()
    await only.close(blocks=BLOCKS)
    (done,) = await talk.shown()
    assert done["blocks"][0]["type"] == "context"
    assert only.posted == talk.told[0]


LONG = "".join(f"Paragraph {number} of a long answer, {'word ' * 30}\n\n" for number in range(180))
CODE = "Look:\n\n```py\n" + "".join(f"x{number} = {number}\n" for number in range(1_500)) + "```\n\nSo.\n"


@pytest.mark.parametrize("text", [LONG, CODE], ids=["text", "code"])
@pytest.mark.parametrize("pieces", [1, 40])
async def test_a_long_answer_goes_on_in_further_messages(talk: Talk, text: str, pieces: int) -> None:
    stream = talk.open()
    size = len(text) // pieces + 1
    for at in range(0, len(text), size):
        await stream.text(text[at : at + size])
        await asyncio.sleep(0.003)
    await stream.close(blocks=closing("a:1", read=["3 mails"]))
    shown = await talk.shown()
    assert len(shown) == len(talk.told) >= 2
    assert not any(each["streaming"] for each in shown)
    assert all(len(each["text"]) <= 11_000 for each in shown)
    assert _words("".join(each["text"] for each in shown)) == _words(text)
    for each in shown:
        assert each["text"].count("```") % 2 == 0
    assert [each["blocks"][-1]["type"] for each in shown][-1] == "context_actions"
    assert all(each["blocks"][-1]["type"] == "markdown" for each in shown[:-1])
    assert stream.posted == talk.told[-1]


def _markdown(message: dict[str, Any]) -> str:
    return "".join(block["text"] for block in message["blocks"] if block["type"] == "markdown")


def _words(text: str) -> str:
    return re.sub(r"^```.*$|\s", "", text, flags=re.MULTILINE)


async def test_a_deleted_answer_goes_on_anew(talk: Talk) -> None:
    stream = talk.open()
    await stream.text("Before. ")
    await talk.sender.remove(talk.told[0])
    await stream.text("After.")
    await talk.grown("After.")
    await stream.text(" And on.")
    await stream.close(blocks=BLOCKS)
    (done,) = await talk.shown()
    assert done["text"] == "After. And on."
    assert len(talk.told) == 2


async def test_an_answer_deleted_at_its_end_says_the_rest(talk: Talk) -> None:
    stream = talk.open()
    await stream.text("```py\nx = 1\n")
    await talk.sender.remove(talk.told[0])
    await stream.text("y = 2\n```\n")
    await stream.close(blocks=BLOCKS)
    (done,) = await talk.shown()
    assert done["text"] == "```py\ny = 2\n```\n"
    gone = talk.open()
    await gone.text("All.")
    await talk.sender.remove(talk.told[-1])
    await gone.close(blocks=BLOCKS)
    assert len(await talk.shown()) == 1


async def test_an_answer_deleted_again_and_again_is_posted(talk: Talk) -> None:
    stream = talk.open()
    await stream.text("0 ")
    for number in range(1, 6):
        await talk.sender.remove(talk.told[-1])
        await stream.text(f"{number} ")
        await asyncio.sleep(GAP * 4)
        if len(talk.told) <= number:
            break
    await stream.text("end")
    await stream.close(blocks=BLOCKS)
    (*_, done) = await talk.shown()
    assert done["text"].endswith("end")
    assert not done["streaming"]
    assert len(talk.told) == 5


async def test_after_slacks_stop_the_end_never_fails(talk: Talk) -> None:
    await talk.sender.session(DEPLOYS, talk.thread, "processing")
    stream = talk.open()
    await stream.text("So far. ")
    await talk.slack.client.chat_stopStream(channel=DEPLOYS, ts=talk.told[0].ts)  # as Slack does when somebody stops it
    await stream.text("Not any more.")
    await asyncio.sleep(GAP * 3)
    await stream.text("Nor this.")
    await stream.close(blocks=BLOCKS, stopped=True)
    (done,) = await talk.shown()
    assert done["text"] == "So far."
    assert done["blocks"][-1]["type"] == "context"
    assert (await talk.calls("agents.sessions.setStatus"))[-1]["args"]["status"] == "active"


async def test_a_stop_of_ours_drops_what_waits(talk: Talk) -> None:
    stream = talk.open()
    await stream.text("So far.")
    await stream.text(" Not this.")
    await stream.close(blocks=BLOCKS, stopped=True)
    (done,) = await talk.shown()
    assert (done["text"], done["streaming"]) == ("So far.", False)
    never = talk.open()
    await never.close(blocks=BLOCKS, stopped=True)
    assert len(await talk.shown()) == 1


async def test_an_answer_that_slack_ended_shows_the_rest_in_its_place(talk: Talk) -> None:
    stream = talk.open()
    await stream.text("So far. ")
    await stream.task(READING)
    await talk.slack.client.chat_stopStream(channel=DEPLOYS, ts=talk.told[0].ts)
    await stream.text("And the rest.")
    await asyncio.sleep(GAP * 3)
    await stream.text(" All of it.")
    await stream.close(blocks=BLOCKS)
    (done,) = await talk.shown()
    assert [block["type"] for block in done["blocks"]] == ["markdown", "task_card", "markdown", "context"]
    assert done["blocks"][2]["text"] == "And the rest. All of it."


async def test_an_answer_that_slack_ended_may_still_grow_long(talk: Talk) -> None:
    stream = talk.open()
    await stream.text("So far. ")
    await talk.slack.client.chat_stopStream(channel=DEPLOYS, ts=talk.told[0].ts)
    await stream.text(LONG)
    await stream.close(blocks=BLOCKS)
    shown = await talk.shown()
    assert _words("".join(map(_markdown, shown))) == _words(f"So far. {LONG}")
    assert [each["blocks"][-1]["type"] for each in shown] == ["markdown"] * (len(shown) - 1) + ["context"]


FAULTS = [
    *product(["drop_before", "drop_after", "error:internal_error", "error:streaming_state_conflict"], STREAM_CALLS),
    ("ratelimited", "chat.appendStream"),
]


@pytest.mark.parametrize(("fault", "method"), FAULTS)
async def test_whatever_fails_nothing_is_lost_and_nothing_is_there_twice(talk: Talk, fault: str, method: str) -> None:
    """Slack's client itself tries twice more where calls are limited."""
    stream = talk.open()
    if method != "chat.startStream":
        await stream.text("One ")
    await talk.slack.human.fault(method, fault, count=1, seconds=1)
    for word in ("two ", "three ", "four "):
        await stream.text(word)
        await asyncio.sleep(GAP * 3)
    await stream.close(blocks=BLOCKS)
    shown = await talk.shown()
    said = "" if method == "chat.startStream" else "One "
    assert [each["text"].strip() for each in shown] == [f"{said}two three four"]
    assert not shown[0]["streaming"]
    assert [block["type"] for block in shown[0]["blocks"]] == ["markdown", "context"]
    assert Posted(DEPLOYS, shown[0]["ts"]) == stream.posted == talk.told[-1]
    assert await talk.sender.orphans(DEPLOYS, talk.thread, talk.thread, frozenset()) == []


async def test_where_slack_takes_no_streams_the_answer_is_posted(talk: Talk) -> None:
    await talk.slack.human.fault("chat.startStream", "error:channel_type_not_supported", count=9)
    stream = talk.open()
    await stream.text("One ")
    await stream.task(READING)
    await stream.text("two")
    await stream.close(blocks=BLOCKS)
    (done,) = await talk.shown()
    assert [block["type"] for block in done["blocks"]] == ["markdown", "task_card", "markdown", "context"]
    assert [Posted(DEPLOYS, done["ts"])] == talk.told
    await talk.slack.human.fault("chat.startStream", "error:x", count=0)


async def test_a_post_whose_answer_was_lost_is_not_posted_twice(talk: Talk) -> None:
    await talk.slack.human.fault("chat.startStream", "error:channel_type_not_supported", count=1)
    await talk.slack.human.fault("chat.postMessage", "drop_after", count=1)
    stream = talk.open()
    await stream.text("One ")
    await stream.close(blocks=BLOCKS)
    (done,) = await talk.shown()
    assert done["text"] == "One"


async def test_blocks_that_slack_refuses_cost_no_word(talk: Talk) -> None:
    stream = talk.open()
    await stream.text("One ")
    await stream.text("two")
    await talk.slack.human.fault("chat.stopStream", "error:invalid_blocks", count=1)
    await stream.close(blocks=BLOCKS)
    (done,) = await talk.shown()
    assert (done["text"], done["streaming"]) == ("One two", False)


async def test_while_slack_is_away_words_wait_and_the_end_says_so(talk: Talk) -> None:
    await talk.slack.human.fault("chat.startStream", "error:internal_error", count=50)
    stream = talk.open()
    await stream.text("One")
    with pytest.raises(SlackAway):
        await stream.close()
    await talk.slack.human.fault("chat.startStream", "error:x", count=0)


async def test_a_channel_that_is_closed_is_told(talk: Talk) -> None:
    await talk.slack.human.post("kick", channel="#deploys", user=(await talk.slack.client.auth_test())["user_id"])
    stream = talk.open()
    await stream.text("One")
    with pytest.raises(OperatorMends):
        await stream.close()


async def test_where_a_message_began_is_noted_even_if_who_asked_is_gone(talk: Talk) -> None:
    await talk.slack.human.fault("chat.startStream", "delay", count=1, seconds=0.2)
    stream = talk.open()
    asking = asyncio.ensure_future(stream.text("One"))
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await stream.close(stopped=True)
    (done,) = await talk.shown()
    assert not done["streaming"]
    assert [each.ts for each in talk.told] == [done["ts"]]


async def test_what_fails_when_a_place_is_noted_is_told(talk: Talk) -> None:
    async def broken(posted: Posted) -> None:
        raise OperatorMends("The database is away.")

    stream = talk.sender.open_stream(DEPLOYS, talk.thread, person("ada"), began=broken)
    with pytest.raises(OperatorMends, match="database"):
        await stream.text("One")
    await stream.close(stopped=True)


async def test_messages_in_a_channel_keep_their_distance(talk: Talk) -> None:
    sender = Sender(talk.slack.client, pace=0.2, gap=GAP)
    talk.sender = sender
    one, two = talk.open(), talk.open()
    await asyncio.gather(one.text("One"), two.text("Two"))
    await asyncio.gather(one.close(), two.close())
    first, second = [call["at"] for call in await talk.calls("chat.startStream")]
    assert second - first >= 0.18


async def test_under_slacks_limits_nothing_is_refused(talk: Talk) -> None:
    talk.sender = Sender(talk.slack.client)
    await talk.slack.human.post("limits", on=True)
    stream = talk.open()
    for number in range(30):
        await stream.text(f"{number} ")
        await asyncio.sleep(0.05)
    await stream.close()
    assert len(await talk.calls("chat.appendStream")) <= 3
    assert all(call["ok"] for call in await talk.calls())
    await talk.slack.human.post("limits", on=False)
