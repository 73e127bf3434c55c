"""Many conversations at the same time: each is answered in its order, none with another's, and Slack at its pace.

The short form has 16 threads, `make chaos` (MESHCLAW_CHAOS=long) 200.
"""

import asyncio
import os
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path

import pytest
from harness import DM, Json, person, words
from model_script import Answer, Asked, says
from talks import Talk, answered, talking

PEOPLE = ("ada", "ben", "chen", "dana")
TIMES = ("first", "second")
CALLED = "<@U01MESHCLAW> "
POSTING = ("chat.startStream", "chat.postMessage")
LONG = os.environ.get("MESHCLAW_CHAOS") == "long"
EACH = 25 if LONG else 2
"""Threads of a person in a channel: 200 in all in the long form."""
_PATIENCE = 500.0


def named(text: str) -> set[str]:
    """The threads a text speaks of."""
    return set(re.findall(r"matter-\d+", text))


def answers(asked: Asked) -> Answer:
    """What was asked last, of the thread that the whole conversation is about: a mixture names what it is mixed of."""
    about = " and ".join(sorted(named(asked.body)))
    return says("Heard the ", f"{asked.said.split()[-2]} ", f"of {about}.")


async def said_in(talk: Talk, who: str, channel: str) -> dict[str, list[Json]]:
    """The answers there, by the person's own message that began the thread, in order."""
    messages = await talk.home.human.messages(who, channel)
    roots = {each["ts"]: each["text"] for each in messages if each["user"] == person(who).user}
    found: dict[str, list[Json]] = defaultdict(list)
    for each in messages:
        if each["user"] != person(who).user and (root := roots.get(each.get("thread_ts") or "")):
            found[root].append(each)
    return found


def first(number: int, channel: str) -> str:
    return f"{'' if channel == DM else CALLED}The first matter-{number}"


async def ask_twice(talk: Talk, who: str, number: int, channel: str) -> None:
    """Two messages in one thread, one right after the other."""
    thread = await talk.ask(who, first(number, channel), channel)
    call = "" if channel == DM else CALLED
    await talk.ask(who, f"{call}The second matter-{number}", channel, thread)


def expected(number: int) -> Sequence[str]:
    return [f"Heard the {time} of matter-{number}." for time in TIMES]


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_threads_at_once_are_answered_each_in_its_order_and_none_with_another_s(tmp_path: Path) -> None:
    threads = list(enumerate(product(PEOPLE, (DM, "#general"), range(EACH))))
    async with talking(tmp_path, answers, lab=False) as talk:
        await asyncio.gather(*(ask_twice(talk, who, number, channel) for number, (who, channel, _) in threads))
        await talk.home.idle(_PATIENCE)
        for who, channel in product(PEOPLE, (DM, "#general")):
            found = await said_in(talk, who, channel)
            mine = [number for number, thread in threads if thread[:2] == (who, channel)]
            assert len(found) == len(mine)
            for number in mine:
                shown = found[first(number, channel)]
                assert all(map(answered, shown))
                assert [words(each).splitlines()[0] for each in shown] == expected(number)
        assert all(len(named(asked.body)) == 1 for asked in talk.server.asked)
        assert len(talk.server.asked) == len(talk.server.paid) == 2 * len(threads)


@pytest.mark.parametrize(
    ("refused", "threads"),
    [(("chat.stopStream", "conversations.replies"), 8), (("chat.startStream",), 3)],
)
async def test_what_slack_refuses_for_now_is_not_lost_and_a_channel_gets_one_message_a_second(
    tmp_path: Path, refused: Sequence[str], threads: int
) -> None:
    async with talking(tmp_path, answers, pace=1.0, lab=False) as talk:
        human = talk.home.human
        await human.post("limits", on=True)
        for method in refused:
            await human.fault(method, "ratelimited", count=2)
        await asyncio.gather(*(talk.ask("ada", first(number, "#general"), "#general") for number in range(threads)))
        await talk.home.idle(_PATIENCE)
        found = await said_in(talk, "ada", "#general")
        for number in range(threads):
            shown = found[first(number, "#general")]
            assert [words(each).splitlines()[0] for each in shown] == expected(number)[:1]
        calls = await human.calls()
        assert sum(call["error"] == "ratelimited" for call in calls) >= 2 * len(refused)
        posted = sorted(call["at"] for call in calls if call["method"] in POSTING and call["ok"])
        assert len(posted) == threads
        assert min(later - earlier for earlier, later in pairwise(posted)) > 0.9


async def test_what_is_said_right_after_a_mention_without_one_is_heard(tmp_path: Path) -> None:
    async with talking(tmp_path, answers, lab=False) as talk:
        thread = await talk.ask("ada", first(1, "#general"), "#general")
        await talk.ask("ada", "The second matter-1", "#general", thread)
        await talk.home.idle()
        assert [words(each).splitlines()[0] for each in await talk.thread("ada", thread, "#general")] == expected(1)
