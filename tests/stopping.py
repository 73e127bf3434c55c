"""Work that is cancelled at a chosen await point: every place a task can be stopped at is tried in turn."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class Stopping:
    """Awaits `work`, cancelling the task the `at`-th time it would wait; `waits` counts them."""

    def __init__(self, work: Coroutine[Any, Any, None], at: int) -> None:
        self._work = work
        self._at = at
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, None]:
        inner = self._work.__await__()
        try:
            waited = inner.send(None)
            while True:
                self.waits += 1
                if self.waits == self._at:
                    task = asyncio.current_task()
                    assert task
                    task.cancel()
                try:
                    got = yield waited
                except BaseException as error:
                    waited = inner.throw(error)
                else:
                    waited = inner.send(got)
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return]


async def stopped(work: Coroutine[Any, Any, None], at: int) -> bool:
    """Run until the `at`-th wait and cancel there; whether it came to that."""
    stopping = Stopping(work, at)

    async def run() -> None:
        await stopping

    await asyncio.gather(asyncio.create_task(run()), return_exceptions=True)
    return stopping.waits >= at
