"""DBOS behind five calls: launch, run, step, resume, purge.

DBOS keeps ids only: the argument of its one workflow is a request's key, and what steps return is small and nobody's.
Workflows are started directly by our lanes, not through a DBOS queue, whose polling costs more of a core than an
idle MeshClaw may use.
"""

import asyncio
import itertools
import logging
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy.engine import URL

from bot.contracts.errors import OperatorMends
from bot.engine.serializer import SealedJson
from bot.store.sealing import Vault

T = TypeVar("T")
_STEPS_VERSION = "1"  # change only when the order of steps in a running request changes
_PAUSES = (1, 2, 5, 15, 60)  # seconds
_PURGED_AT_ONCE = 1000
_GRACE = 3.0  # seconds
_log = structlog.get_logger("engine.durable")


def _check_sqlite(version: tuple[int, ...]) -> None:
    if version < (3, 42):  # DBOS 3.4 asks it for unixepoch('subsec') from Python 3.12 on
        raise OperatorMends(
            f"This Python's SQLite {'.'.join(map(str, version))} is too old for Python 3.12 and newer.",
            "Use Python 3.11, an SQLite of 3.42 or newer, or PostgreSQL.",
        )


class Durable:
    """The durable side of one process. Only one may be launched per process at a time (DBOS is global)."""

    def __init__(self, url: URL, vault: Vault, executor: str, work: Callable[[str], Awaitable[None]]) -> None:
        self._url = url
        self._vault = vault
        self._executor = executor
        self._work = work
        self._workflow: Any = None
        self._running: set[asyncio.Task[None]] = set()

    def launch(self) -> None:
        """Start DBOS on the running event loop; what this executor left unfinished is taken up again. Raises
        OperatorMends where DBOS would fail."""
        if self._url.get_backend_name() == "sqlite" and sys.version_info >= (3, 12):
            _check_sqlite(sqlite3.sqlite_version_info)
        library = logging.getLogger("dbos")
        library.setLevel(logging.ERROR)
        library.handlers, library.propagate = [logging.NullHandler()], True  # else it prints errors itself, in full
        url = self._url.set(drivername=self._url.get_backend_name())
        config: DBOSConfig = {
            "name": "meshclaw",
            "system_database_url": url.render_as_string(hide_password=False),
            "executor_id": self._executor,
            "application_version": _STEPS_VERSION,
            "serializer": SealedJson(self._vault),
            "notification_listener_polling_interval_sec": 0.5,  # no query while nobody waits; bounds stopping
            "scheduler_polling_interval_sec": 3600,
            "log_level": "ERROR",
        }
        DBOS(config=config)

        async def request(key: str) -> None:  # DBOS wants a plain function, not a method
            await self._request(key)

        self._workflow = DBOS.workflow(name="request")(request)
        DBOS.launch()

    async def _request(self, key: str) -> None:
        """The one workflow. What the work itself does not answer for, a database away above all, is tried again."""
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
            try:
                await self._work(key)
                break
            except Exception as error:
                _log.error("request tried again", key=key, error=type(error).__name__, seconds=pause)
                await asyncio.sleep(pause)

    async def run(self, key: str) -> None:
        """Run the request with this key to its end, unless it was run before or runs elsewhere; then wait for it."""
        with SetWorkflowID(key):
            handle = await DBOS.start_workflow_async(self._workflow, key)
        await handle.get_result()

    async def step(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Within a request: run and remember the result, which must be small plain JSON."""

        async def step() -> T:  # DBOS wants a coroutine function, not one that returns a coroutine
            return await work()

        result: T = await DBOS.run_step_async({"name": name}, step)
        return result

    async def unfinished(self) -> dict[str, list[str]]:
        """Keys of requests begun and not ended, by executor."""
        found: dict[str, list[str]] = {}
        for status in await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False):
            found.setdefault(status.executor_id or "", []).append(status.workflow_id)
        return found

    async def resume(self, keys: list[str]) -> None:
        """Let requests whose executor is dead go on, here or on any other living replica."""
        await DBOS.resume_workflows_async(keys)

    async def purge(self, before: datetime) -> int:
        """Forget requests and steps ended before that time; how many."""
        forgotten = 0
        while True:
            ended = await DBOS.list_workflows_async(
                status=["SUCCESS", "ERROR", "CANCELLED"],
                completed_before=before.isoformat(),
                load_input=False,
                load_output=False,
                limit=_PURGED_AT_ONCE,
            )
            if ended:
                await DBOS.delete_workflows_async([status.workflow_id for status in ended])
            forgotten += len(ended)
            if len(ended) < _PURGED_AT_ONCE:
                return forgotten

    async def stop(self) -> None:
        """Give what runs a moment to end, then break it off: it goes on at the next start, or on another replica."""
        if self._running:
            await asyncio.wait(self._running, timeout=_GRACE)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
