"""What only a test does: reading the app's calls, causing faults, switching limits, sending envelopes again."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import web
from pydantic import Field

from bot.workspace.api import METHODS
from bot.workspace.errors import HumanError
from bot.workspace.human.desk import Asked, read
from bot.workspace.limits import Fault
from bot.workspace.model import Json
from bot.workspace.services import Services

_FAULTS = ("ratelimited", "drop_before", "drop_after", "delay", "disconnect")
KEEPALIVE_SECONDS = 15.0


class SeeCalls(Asked):
    method: str | None = None


class AskFault(Asked):
    method: str
    fault: str
    count: int | None = Field(None, ge=0, le=10_000)
    seconds: float | None = Field(None, ge=0, le=600)


class SwitchLimits(Asked):
    on: bool


class Redeliver(Asked):
    count: int = Field(1, ge=1, le=100)


class Control:
    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/human/calls", self.calls),
            web.post("/human/faults", self.faults),
            web.post("/human/limits", self.limits),
            web.post("/human/redeliver", self.redeliver),
            web.get("/human/log", self.log),
        ]

    async def calls(self, request: web.Request) -> web.Response:
        asked = await read(request, SeeCalls)
        calls = [call for call in self._services.calls if not asked.method or asked.method == call["method"]]
        return web.json_response({"calls": calls})

    async def faults(self, request: web.Request) -> web.Response:
        asked = await read(request, AskFault)
        if asked.fault not in _FAULTS and not (asked.fault.startswith("error:") and len(asked.fault) > 6):
            raise HumanError("invalid_request", f"fault is one of {', '.join(_FAULTS)}, error:<code>")
        if asked.method not in METHODS and asked.method not in ("socket", "response_url", "*"):
            raise HumanError("invalid_request", f"{asked.method!r} is no method served here")
        if asked.fault == "disconnect":
            if asked.method != "socket":
                raise HumanError("invalid_request", "only the socket can be disconnected")
            await self._services.sockets.disconnect(asked.count)
        elif asked.count == 0:
            self._services.faults.clear(asked.method)
        else:
            fault = Fault(asked.fault, asked.seconds if asked.seconds is not None else 1.0)
            self._services.faults.add(asked.method, fault, 1 if asked.count is None else asked.count)
        return web.json_response({})

    async def limits(self, request: web.Request) -> web.Response:
        asked = await read(request, SwitchLimits)
        self._services.limits.switch(asked.on)
        return web.json_response({})

    async def redeliver(self, request: web.Request) -> web.Response:
        asked = await read(request, Redeliver)
        if not await self._services.dispatcher.redeliver(asked.count):
            raise HumanError("nothing_to_redeliver", "no envelope has been sent yet")
        return web.json_response({})

    async def log(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: one per change after `since` (or Last-Event-ID), else from now on."""
        given = request.query.get("since") or request.headers.get("Last-Event-ID") or ""
        changes = self._services.changes
        since = int(given) if given.isdigit() else changes.last
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        with suppress(ConnectionError, asyncio.CancelledError):
            await response.write(b": following\n\n")
            async for batch in changes.follow(since, KEEPALIVE_SECONDS):
                await response.write(_events(batch) if batch else b": still here\n\n")
        return response


def _events(batch: list[Json]) -> bytes:
    return b"".join(b"id: %d\ndata: %s\n\n" % (entry["id"], json.dumps(entry).encode()) for entry in batch)
