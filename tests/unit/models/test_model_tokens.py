"""Counting tokens: exactly where the encoding is at hand, otherwise an estimate that says so; never on the loop."""

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Count, Counter
from bot.models.tokens import LONG, estimated

ROOT = Path(__file__).parents[3]


def bytewise() -> tiktoken.Encoding:
    """A small encoding of the same library: one token a byte, one rule for what belongs together."""
    ranks = {bytes([byte]): byte for byte in range(256)}
    ranks |= {b"ab": 256, b"abab": 257}
    pattern = r"[a-z]+|[^a-z]"
    return tiktoken.Encoding("tiny", pat_str=pattern, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 258})


async def test_a_text_is_counted() -> None:
    counter = Counter(bytewise)
    assert await counter.count("abab ab") == Count(3, exact=True)
    assert await counter.count("") == Count(0, exact=True)


async def test_words_of_the_encoding_itself_are_text_like_any_other() -> None:
    assert await Counter(bytewise).count("<|endoftext|>") == Count(len("<|endoftext|>"), exact=True)


@given(st.text())
def test_an_estimate_is_a_third_of_the_bytes_and_says_so(text: str) -> None:
    count = estimated(text)
    assert not count.exact
    assert 3 * count.tokens - 2 <= len(text.encode("utf-8", "surrogatepass")) <= 3 * count.tokens


async def test_half_a_character_is_counted_too() -> None:
    assert (await Counter(bytewise).count("a\ud800")).exact
    assert estimated("\ud800") == Count(1, exact=False)


async def test_without_the_ranks_it_is_an_estimate_and_they_are_asked_for_once() -> None:
    asked = []

    def none() -> tiktoken.Encoding:
        asked.append(threading.current_thread())
        raise ConnectionError("no network")

    counter = Counter(none)
    counts = await asyncio.gather(*(counter.count("abcdef") for _ in range(10)), counter.count(""))
    assert counts == [Count(2, exact=False)] * 10 + [Count(0, exact=False)]
    assert len(asked) == 1
    assert asked[0] is not threading.main_thread()
    assert asked[0].daemon


async def test_a_silent_network_is_waited_for_once_and_used_when_it_answers() -> None:
    answers = threading.Event()

    def slow() -> tiktoken.Encoding:
        answers.wait(30)
        return bytewise()

    counter = Counter(slow, patience=0.1)
    started = time.monotonic()
    assert not (await counter.count("abab")).exact
    assert 0.05 < time.monotonic() - started < 5
    started = time.monotonic()
    for _ in range(20):
        assert not (await counter.count("abab")).exact
    assert time.monotonic() - started < 1
    answers.set()
    async with asyncio.timeout(10):
        while not (await counter.count("abab")).exact:
            await asyncio.sleep(0.01)


async def test_long_texts_are_counted_off_the_loop() -> None:
    threads: list[threading.Thread] = []

    class Watched:
        def encode_ordinary(self, text: str) -> list[int]:
            threads.append(threading.current_thread())
            return [0] * len(text)

    counter = Counter(Watched)
    assert await counter.count("a" * LONG) == Count(LONG, exact=True)
    assert await counter.count("a" * (LONG + 1)) == Count(LONG + 1, exact=True)
    assert [thread is threading.main_thread() for thread in threads] == [True, False]


def test_a_process_ends_while_the_ranks_are_awaited() -> None:
    program = (
        "import asyncio, time\n"
        "from bot.models import Counter\n"
        "async def main():\n"
        "    print(await Counter(lambda: time.sleep(60), patience=0.05).count('abc'))\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "Count(tokens=1, exact=False)"
    assert done.stderr == ""


async def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    assert not (await Counter().count("abab")).exact  # and no other machine was reached for: see conftest


async def test_the_encoding_is_that_of_todays_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    named: list[str] = []
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: named.append(name) or bytewise())
    assert await Counter().count("abab") == Count(1, exact=True)
    assert named == ["o200k_base"]
