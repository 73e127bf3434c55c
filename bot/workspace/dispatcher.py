"""Envelopes to the app: sending them, and sending events again when nobody took them.

Slack redelivers an event up to three times: about at once, after a minute, after five
(docs.slack.dev/apis/events-api#retries). Here the pauses are seconds, and an attempt that finds nobody connected
waits for a connection as long as Slack's own attempts would have gone on. Commands and clicks are never sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from bot.workspace.limits import Faults
from bot.workspace.model import Json
from bot.workspace.sockets import Ack, Sockets

_CONNECTION_WAIT = 360.0


@dataclass(slots=True)
class Envelope:
    """One delivery. `attempt` counts redeliveries."""

    type: str
    payload: Json
    accepts_response: bool = False
    attempt: int = 0

    @property
    def retry(self) -> Json | None:
        if self.type != "events_api":
            return None
        return {"retry_attempt": self.attempt, "retry_reason": "timeout" if self.attempt else ""}


class Dispatcher:
    """Sends envelopes over the app's connections. `last` is the last one that a person's doing has caused."""

    def __init__(self, sockets: Sockets, faults: Faults, retry_delays: Sequence[float]) -> None:
        self._sockets = sockets
        self._faults = faults
        self._retry_delays = tuple(retry_delays)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.last: Envelope | None = None

    async def send(self, envelope: Envelope, *, by_person: bool = True) -> Ack:
        """Sends once and waits for the acknowledgement."""
        if by_person:
            self.last = envelope
        fault = self._faults.take("socket")
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind == "drop_before":
            return Ack(False, error="operation_timeout")
        ack = await self._sockets.send(
            envelope.type, envelope.payload, accepts_response=envelope.accepts_response, retry=envelope.retry
        )
        if fault and fault.kind == "drop_after":
            self._sockets.cut()
            return Ack(False, error="operation_timeout")
        return ack

    def event(self, payload: Json, *, by_person: bool) -> asyncio.Task[Ack]:
        """Delivers an event in the background, with Slack's retries. The task ends with the last attempt's fate."""
        return self.spawn(self._deliver(Envelope("events_api", payload), by_person))

    async def redeliver(self, count: int = 1) -> bool:
        """Sends the last envelope again, `count` times. False when there is none yet."""
        envelope = self.last
        if envelope is None:
            return False
        for _ in range(count):
            envelope.attempt += 1
            await self.send(envelope)
        return True

    def spawn(self, work: Coroutine[Any, Any, Ack]) -> asyncio.Task[Ack]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, envelope: Envelope, by_person: bool) -> Ack:
        ack = await self.send(envelope, by_person=by_person)
        deadline = asyncio.get_running_loop().time() + _CONNECTION_WAIT
        for attempt, delay in enumerate(self._retry_delays, 1):
            if ack.acked or (not by_person and not self._sockets.count):
                break  # nobody misses the echo of the app's own doing
            await asyncio.sleep(delay)
            try:
                async with asyncio.timeout_at(deadline):
                    await self._sockets.connected.wait()
            except TimeoutError:
                break
            ack = await self.send(Envelope(envelope.type, envelope.payload, attempt=attempt), by_person=False)
        return ack
