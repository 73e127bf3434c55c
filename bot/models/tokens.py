"""How many tokens a text has: counted where the encoding is at hand, otherwise estimated, and labelled so.

Left to itself tiktoken downloads the encoding's ranks at first use, with no limit on time and holding a lock. A server
reaches for nothing its operator did not name: they are loaded from `TIKTOKEN_CACHE_DIR` alone, once, in a daemon
thread, and waited for briefly.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Protocol

ENCODING = "o200k_base"
PATIENCE = 3.0  # seconds; a cached load takes a quarter of one
LONG = 50_000  # characters; shorter texts take at most some 25 ms, whatever is in them
_BYTES_PER_TOKEN = 3  # prose has 4, JSON 2.8, logs 2.1


@dataclass(frozen=True, slots=True)
class Count:
    """A number of tokens; `exact`: counted, not estimated."""

    tokens: int
    exact: bool


class Encoding(Protocol):
    """The part of tiktoken's encoding that is used. `encode` would raise on texts such as `<|endoftext|>`."""

    def encode_ordinary(self, text: str) -> list[int]: ...


def _load() -> Encoding:
    """Raises LookupError where the operator has laid down no ranks."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", "")
    if not folder or not Path(folder).is_dir():
        raise LookupError("no ranks")
    import tiktoken  # 80 ms, and only where tokens are counted

    return tiktoken.get_encoding(ENCODING)


class Counter:
    """Counts tokens. One for the whole process; `load` may block, `patience` bounds all waiting for it together."""

    def __init__(self, load: Callable[[], Encoding] = _load, patience: float = PATIENCE) -> None:
        self._load = load
        self._patience = patience
        self._loading: Future[Encoding] | None = None
        self._until = 0.0

    async def count(self, text: str) -> Count:
        """The text's tokens; never raises, never blocks the loop."""
        encoding = await self._encoding()
        if encoding is None:
            return estimated(text)
        if len(text) <= LONG:
            return Count(len(encoding.encode_ordinary(text)), exact=True)
        return Count(len(await asyncio.to_thread(encoding.encode_ordinary, text)), exact=True)

    async def _encoding(self) -> Encoding | None:
        if self._loading is None:
            self._loading, self._until = _started(self._load), monotonic() + self._patience
        loaded = self._loading
        if not loaded.done() and (left := self._until - monotonic()) > 0:
            with suppress(Exception):
                await asyncio.wait_for(asyncio.wrap_future(loaded), left)
        return loaded.result() if loaded.done() and loaded.exception() is None else None


def estimated(text: str) -> Count:
    """What the text's length says of its tokens."""
    return Count(-(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN), exact=False)


def _started(load: Callable[[], Encoding]) -> Future[Encoding]:
    future: Future[Encoding] = Future()
    future.set_running_or_notify_cancel()

    def work() -> None:
        try:
            future.set_result(load())
        except Exception as error:  # whatever it is, texts are estimated
            future.set_exception(error)

    Thread(target=work, name="token-ranks", daemon=True).start()
    return future
