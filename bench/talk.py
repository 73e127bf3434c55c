"""Conversations: the first word, what a turn costs MeshClaw itself, and how fast Stop is.

MeshClaw is the real `meshclaw run`; the workspace and a scripted model server run here, on one clock. The floor of a
turn is the agent library alone at the same server, as a process of its own (`python -m bench.talk URL TURNS WARMING`):
the same two requests, one tool between them, read as a stream.
"""

import asyncio
import logging
import math
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import DM, ProcessHouse, process_house
from model_script import Answer, Asked, calls, says
from model_server import ModelServer

from bench.figures import Figure, at_most, unlimited
from bench.process import COMPILED, processor_seconds
from bot.workspace.model import Change

TURNS, STOPS, WARMING = 40, 20, 3
_TOOL = "manual_search"
_WORDS = tuple(f"word{number} " for number in range(20))
_QUESTION, _ERRAND, _LONG = "What is there to say?", "What does the manual say about it?", "Tell me all of it."
_BUTTON, _WORD = "the Stop button", "!stop"
_BEFORE_STOP = 1.0
_AFTER = 0.5
_PATIENCE = 60.0


@dataclass(slots=True)
class Seen:
    """An answer as people see it: which message, and when, by the loop's clock, it had its first words, last grew, and
    ended."""

    ts: str | None
    words: float = 0.0
    grew: float = 0.0
    ended: float = 0.0


class Watching:
    """Observes the workspace's state. `answers`: by thread, the first message that grew there."""

    def __init__(self) -> None:
        self.answers: dict[str, Seen] = {}
        self._news = asyncio.Event()

    def __call__(self, change: Change) -> None:
        message, thread = change.message, change.thread_ts
        if message is None or thread is None or message.bot_id is None:
            return
        now = asyncio.get_running_loop().time()
        if message.streaming:
            self.answers.setdefault(thread, Seen(message.ts)).grew = now
        seen = self.answers.get(thread)
        if seen is None or seen.ts != message.ts:
            return
        seen.words = seen.words or (now if message.text else 0.0)
        seen.ended = seen.ended or (0.0 if message.streaming else now)
        self._news.set()
        self._news = asyncio.Event()

    async def until(self, thread: str, *, ended: bool) -> Seen:
        """The answer there, once it has words, or has ended."""
        async with asyncio.timeout(_PATIENCE):
            while (seen := self.answers.get(thread)) is None or not (seen.ended if ended else seen.words):
                await self._news.wait()
        return seen


@dataclass(frozen=True, slots=True)
class Talk:
    house: ProcessHouse
    server: ModelServer
    watching: Watching

    async def ask(self, text: str) -> str:
        """Say it in direct messages; the thread it begins."""
        return str((await self.house.human.say("ada", text))["ts"])

    async def answered(self, text: str) -> Seen:
        return await self.watching.until(await self.ask(text), ended=True)


async def measure(turns: int = TURNS, stops: int = STOPS, warming: int = WARMING) -> list[Figure]:
    """Over so many turns, one after another, the first ones not counted, and so many stops, half of them by a word."""
    async with _talking() as talk:
        first = await _first_words(talk, turns, warming)
        ours = await _processor(talk, turns, warming)
        floor = await _floor(talk.server, turns, warming)
        stopped = [await _stopped(talk, way) for _ in range(stops // 2) for way in (_BUTTON, _WORD)]
    first_at = "answer, the model's first word to its showing"
    return [
        unlimited(f"{first_at}, p50", 1000 * statistics.median(first), "ms"),
        at_most(f"{first_at}, p95", 1000 * _least_of(first, 0.95), 150, "ms"),
        Figure("turn with one tool, processor", 1000 * ours, "ms", "none", True, 1000 * floor),
        at_most("turn with one tool, processor beyond the floor", 1000 * (ours - floor), 60, "ms"),
        unlimited("stop to the last call for the answer, p50", 1000 * statistics.median(stopped), "ms"),
        at_most("stop to the last call for the answer, p99", 1000 * _least_of(stopped, 0.99), 1000, "ms"),
    ]


def _least_of(taken: Sequence[float], share: float) -> float:
    """The least that so large a share of them does not exceed."""
    return sorted(taken)[math.ceil(share * len(taken)) - 1]


async def _first_words(talk: Talk, turns: int, warming: int) -> list[float]:
    """Seconds from the first piece of text written to the first word shown."""
    taken = []
    for _ in range(warming + turns):
        seen = await talk.answered(_QUESTION)
        written = talk.server.served[-1].first_text_at
        assert written is not None
        taken.append(seen.words - written)
    return taken[warming:]


async def _processor(talk: Talk, turns: int, warming: int) -> float:
    """Processor seconds of MeshClaw's process for a turn: from the message to all that follows from it."""
    for _ in range(warming):
        await talk.answered(_ERRAND)
    used = processor_seconds(talk.house.pid)
    for _ in range(turns):
        await talk.answered(_ERRAND)
    await talk.house.idle()
    return (processor_seconds(talk.house.pid) - used) / turns


async def _stopped(talk: Talk, way: str) -> float:
    """Seconds from the person's stop to the last call for an answer that would have gone on."""
    thread = await talk.ask(_LONG)
    seen = await talk.watching.until(thread, ended=False)
    await asyncio.sleep(_BEFORE_STOP)
    stopped = time.time()  # the clock of the workspace's calls
    if way == _WORD:
        await talk.house.human.say("ada", _WORD, DM, thread)
    else:
        await talk.house.human.post("stop", **{"as": "ada", "channel": DM, "thread_ts": thread})
    await talk.watching.until(thread, ended=True)
    await asyncio.sleep(_AFTER)
    calls = talk.house.workspace._services.calls
    return max(float(call["at"]) for call in calls if call["args"].get("ts") == seen.ts) - stopped


def _script(asked: Asked) -> Answer:
    if asked.said == _LONG:
        return says(*(piece for word in _WORDS * 20 for piece in (word, 0.05)))
    if asked.said == _QUESTION or asked.results:
        return says(*_WORDS)
    return calls((_TOOL, {"query": "how to install it"}))


@asynccontextmanager
async def _talking() -> AsyncIterator[Talk]:
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # of the model's: whoever stops hangs up
    with tempfile.TemporaryDirectory() as folder:
        async with ModelServer(_script) as server:
            environment = {**COMPILED, "MESHCLAW_MODEL": "local:bench", "MESHCLAW_MODEL_URL": server.openai_url}
            async with process_house(Path(folder), people=(), environment=environment) as house:
                watching = Watching()
                house.workspace._services.state.observers.append(watching)
                yield Talk(house, server, watching)


async def _floor(server: ModelServer, turns: int, warming: int) -> float:
    """Processor seconds of the agent library for a turn."""
    command = (sys.executable, "-m", "bench.talk", server.openai_url, str(turns), str(warming))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return float(out)


async def _bare(url: str, turns: int, warming: int) -> float:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    async def manual_search(query: str) -> str:
        return f"Nothing about {query}."

    agent = Agent(
        OpenAIChatModel("bench", provider=OpenAIProvider(base_url=url, api_key="none")), tools=[manual_search]
    )

    async def turn() -> None:
        async with agent.run_stream_events(_ERRAND) as events:
            async for _ in events:
                pass

    for _ in range(warming):
        await turn()
    used = time.process_time()
    for _ in range(turns):
        await turn()
    return (time.process_time() - used) / turns


if __name__ == "__main__":
    print(asyncio.run(_bare(sys.argv[1], *map(int, sys.argv[2:]))))
