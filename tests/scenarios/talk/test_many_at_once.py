"""Many conversations at the same time: each is answered in its order, none of another's, and Slack at its pace."""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path

from harness import DM, Json, person, words
from model_script import Answer, Asked, says
from talks import Talk, answered, talking

PEOPLE = ("ada", "ben", "chen", "dana")
TIMES = ("first", "second")
CALLED = "<@U01MESHCLAW> "
_PATIENCE = 120.0


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


async def ask_twice(talk: Talk, who: str, number: int, channel: str) -> None:
    """Two messages in one thread, one right after the other."""
    call = "" if channel == DM else CALLED
    thread = await talk.ask(who, f"{call}The first matter-{number}", channel)
    await talk.ask(who, f"{call}The second matter-{number}", channel, thread)


def expected(number: int) -> Sequence[str]:
    return [f"Heard the {time} of matter-{number}." for time in TIMES]


async def test_two_hundred_threads_at_once_are_answered_each_in_order_and_none_of_another_s(tmp_path: Path) -> None:
    threads = list(enumerate(product(PEOPLE, (DM, "#general"), range(25))))
    begun = time.process_time()
    async with talking(tmp_path, answers) as talk:
        await asyncio.gather(*(ask_twice(talk, who, number, channel) for number, (who, channel, _) in threads))
        await talk.home.idle(_PATIENCE)
        for who, channel in product(PEOPLE, (DM, "#general")):
            found = await said_in(talk, who, channel)
            mine = [number for number, thread in threads if thread[:2] == (who, channel)]
            call = "" if channel == DM else CALLED
            for number in mine:
                shown = found[f"{call}The first matter-{number}"]
                assert all(map(answered, shown))
                assert [words(each).splitlines()[0] for each in shown] == expected(number)
        assert all(len(named(asked.body)) == 1 for asked in talk.server.asked)
        assert len(talk.server.asked) == len(talk.server.paid) == 2 * len(threads)
    print("CPU", time.process_time() - begun)
    assert time.process_time() - begun < 25


async def test_under_slack_s_limits_nothing_is_lost_and_a_channel_gets_one_message_a_second(tmp_path: Path) -> None:
    async with talking(tmp_path, answers, pace=1.0) as talk:
        await talk.home.human.post("limits", on=True)
        await asyncio.gather(*(ask_twice(talk, "ada", number, "#general") for number in range(8)))
        await talk.home.idle(_PATIENCE)
        found = await said_in(talk, "ada", "#general")
        for number in range(8):
            shown = found[f"{CALLED}The first matter-{number}"]
            assert [words(each).splitlines()[0] for each in shown] == expected(number)
        calls = await talk.home.human.calls()
        for call in calls:
            print(round(call["at"], 2), call["method"], call["error"])
        begun = sorted(call["at"] for call in calls if call["ok"] and call["method"] in ("chat.startStream", "chat.postMessage"))
        assert len(begun) == 16
        assert min(later - earlier for earlier, later in pairwise(begun)) > 0.9
