"""DBOS behind five calls: launch, run, step, resume, purge.

DBOS keeps ids only: the argument of its one workflow is a request's key, and what steps return is small and nobody's.
Workflows are started directly by our lanes, not through a DBOS queue, whose polling costs more of a core than an
idle MeshClaw may use.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy.engine import URL

from bot.engine.serializer import SealedJson
from bot.store.sealing import Vault

T = TypeVar("T")
_STEPS_VERSION = "1"  # change only when the order of steps in a running request changes


class Durable:
    """The durable side of one process. Only one may be launched per process at a time (DBOS is global)."""

    def __init__(self, url: URL, vault: Vault, executor: str, work: Callable[[str], Awaitable[None]]) -> None:
        self._url = url
        self._vault = vault
        self._executor = executor
        self._work = work
        self._workflow: Any = None

    def launch(self) -> None:
        """Start DBOS on the running event loop; what this executor left unfinished is taken up again."""
        logging.getLogger("dbos").setLevel(logging.ERROR)
        url = self._url.set(drivername=self._url.get_backend_name())
        config: DBOSConfig = {
            "name": "meshclaw",
            "system_database_url": url.render_as_string(hide_password=False),
            "executor_id": self._executor,
            "application_version": _STEPS_VERSION,
            "serializer": SealedJson(self._vault),
            "notification_listener_polling_interval_sec": 60,
            "scheduler_polling_interval_sec": 3600,
            "log_level": "ERROR",
        }
        DBOS(config=config)
        work = self._work

        async def request(key: str) -> None:
            await work(key)

        self._workflow = DBOS.workflow(name="request")(request)
        DBOS.launch()

    async def run(self, key: str) -> None:
        """Run the request with this key to its end, unless it was run before or runs elsewhere; then wait for it."""
        with SetWorkflowID(key):
            handle = await DBOS.start_workflow_async(self._workflow, key)
        await handle.get_result()

    async def step(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Within a request: run and remember the result, which must be small plain JSON."""
        result: T = await DBOS.run_step_async({"name": name}, work)
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
        """Forget requests and steps ended before that time."""
        ended = await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=before.isoformat(),
            load_input=False,
            load_output=False,
            limit=1000,
        )
        if ended:
            await DBOS.delete_workflows_async([status.workflow_id for status in ended])
        return len(ended)

    async def stop(self) -> None:
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
