"""Who may write to Slack when: never two messages in a channel within a second, in order, and nobody waits for ever."""

import asyncio
import heapq
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.slack.pace import Budget, Pace


class Time:
    """A clock that stands still while anybody can work, and then jumps to the first who sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleeping: list[tuple[float, int, asyncio.Event]] = []
        self._count = 0

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        woken = asyncio.Event()
        heapq.heappush(self._sleeping, (self.now + seconds, self._count, woken))
        await woken.wait()

    async def run(self, work: list[Coroutine[Any, Any, None]]) -> None:
        tasks = [asyncio.ensure_future(each) for each in work]
        while not all(task.done() for task in tasks):
            for _ in range(12):  # until everybody has gone as far as they can
                await asyncio.sleep(0)
            if self._sleeping:
                self.now, _, woken = heapq.heappop(self._sleeping)
                woken.set()
        await asyncio.gather(*tasks)


POSTS = st.lists(
    st.tuples(
        st.sampled_from("AB"), st.integers(0, 40).map(lambda tenths: tenths / 10), st.sampled_from([0.0, 0.3, 2.0])
    ),
    max_size=12,
)


@given(posts=POSTS)
def test_a_channel_gets_one_message_a_second_in_order(posts: list[tuple[str, float, float]]) -> None:
    """`posts`: where, when it is asked for, and how long Slack takes for it."""
    time = Time()
    pace = Pace(1.0, clock=lambda: time.now, sleep=time.sleep)
    asked: dict[str, list[int]] = {"A": [], "B": []}
    left: dict[str, list[tuple[int, float, float]]] = {"A": [], "B": []}

    async def post(number: int, channel: str, at: float, takes: float) -> None:
        await time.sleep(at)
        asked[channel].append(number)
        async with pace.turn(channel):
            begun = time.now
            await time.sleep(takes)
            left[channel].append((number, begun, time.now))

    asyncio.run(time.run([post(number, *each) for number, each in enumerate(posts)]))
    for channel, sent in left.items():
        assert [number for number, _, _ in sent] == asked[channel]
        for (_, first, ended), (number, second, _) in pairwise(sent):
            assert second - first >= 1.0 - 1e-9
            assert second >= ended
            late = ended > first + 1.0  # it may have gone out at its very end
            waited_for = max(ended + 1.0 if late else first + 1.0, ended, posts[number][1])
            assert second <= waited_for + 1e-9, "it waited for nothing"
        if sent:
            assert sent[0][1] == posts[sent[0][0]][1], "the first never waits"


async def test_without_a_pace_nobody_waits() -> None:
    pace = Pace(0)
    async with pace.turn("A"), pace.turn("A"):
        pass


async def test_who_gives_up_holds_nobody_up() -> None:
    time = Time()
    pace = Pace(1.0, clock=lambda: time.now, sleep=time.sleep)
    sent: list[float] = []

    async def post() -> None:
        async with pace.turn("A"):
            sent.append(time.now)

    async def give_up() -> None:
        task = asyncio.ensure_future(post())
        await time.sleep(0.1)
        task.cancel()

    await time.run([post(), give_up(), post(), post()])
    assert sent == [0.0, 1.0, 2.0]


async def test_what_fails_lets_the_next_go_on() -> None:
    pace = Pace(0.01)
    for _ in range(2):
        try:
            async with pace.turn("A"):
                raise ValueError
        except ValueError:
            pass


async def test_idle_channels_are_forgotten() -> None:
    time = Time()
    pace = Pace(1.0, clock=lambda: time.now, sleep=time.sleep)
    for number in range(5_000):
        async with pace.turn(f"C{number}"):
            time.now += 0.01
    assert len(pace._turns) <= 1_100


@given(waits=st.lists(st.floats(0, 30), max_size=60), most=st.integers(1, 8))
def test_a_budget_holds_in_every_minute(waits: list[float], most: int) -> None:
    now = 0.0
    budget = Budget(most, clock=lambda: now)
    used: list[float] = []
    for wait in waits:
        now += wait
        if (more := budget.take()) == 0:
            used.append(now)
        else:
            assert now + more - used[-most] >= 60 - 1e-6, "it may be used again too early"
            now += more
            again = budget.take()
            assert again <= 0.001, "there is one when it said so"
            if again:
                now += again
                assert budget.take() == 0
            used.append(now)
    for first, after in zip(used, used[most:], strict=False):
        assert after - first >= 60 - 1e-6


def test_many_answers_share_the_budget() -> None:
    now = 0.0
    budget = Budget(10, clock=lambda: now)
    assert budget.gap(0.6, 3) == 0.6
    for _ in range(5):
        budget.take()
    assert budget.gap(0.6, 3) == 18.0
    assert budget.gap(0.6, 0) == 6.0
