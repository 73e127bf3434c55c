"""Socket Mode: the app's connections, and the envelopes that go over them and are acknowledged.

Source: docs.slack.dev/apis/events-api/using-socket-mode. Several connections may be open; each envelope goes to one.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.workspace.errors import SlackError
from bot.workspace.model import Json

LINK_PATH = "/link/"
MAX_CONNECTIONS = 10
PING_SECONDS = 10.0
_LINK_SECONDS = 30.0
_LEAVING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ack:
    """How an envelope fared. `error` is None, `dispatch_failed` (nobody there) or `operation_timeout` (no answer)."""

    acked: bool
    ack_ms: float | None = None
    payload: Any = None
    error: str | None = None


@dataclass(slots=True)
class _Connection:
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    closing: asyncio.Task[Any] | None = None

    def close(self, after: float = 0.0) -> None:
        """Closes from our side. A task of its own, which `Sockets.accept` sees through before it returns: a handler
        that returned in the middle of the closing handshake would cut the connection."""
        if self.closing is not None:
            self.closing.cancel()
        self.closing = asyncio.create_task(self._close(after))

    async def ended(self) -> None:
        """Returns when nothing of the closing handshake is left to do."""
        if self.closing is None:
            return
        if self.socket.closed:
            self.closing.cancel()
        await asyncio.wait([self.closing])

    async def _close(self, after: float) -> None:
        await asyncio.sleep(after)
        with suppress(ConnectionError, RuntimeError):
            await self.socket.close(code=WSCloseCode.GOING_AWAY)


class Sockets:
    """The open connections. `connected` wakes whoever waits for the first of them."""

    def __init__(self, app_id: str, on_change: Callable[[], None], ack_seconds: float) -> None:
        self._app_id = app_id
        self._ack_seconds = ack_seconds
        self._on_change = on_change
        self._links: dict[str, float] = {}
        self._connections: list[_Connection] = []  # those that take envelopes
        self._open: list[_Connection] = []  # and those that have been asked to leave
        self._turn = 0
        self.connected = asyncio.Event()

    @property
    def count(self) -> int:
        return len(self._connections)

    def link(self) -> str:
        """A ticket for one connection. Raises `SlackError` with `too_many_websockets`."""
        now = time.monotonic()
        self._links = {ticket: expires for ticket, expires in self._links.items() if expires > now}
        if len(self._connections) >= MAX_CONNECTIONS:
            raise SlackError("too_many_websockets")
        ticket = secrets.token_urlsafe(16)
        self._links[ticket] = now + _LINK_SECONDS
        return ticket

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serves one connection until it ends."""
        if self._links.pop(request.query.get("ticket", ""), 0.0) < time.monotonic():
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        socket = web.WebSocketResponse(compress=False)  # as Slack's own: some clients lose frames otherwise
        await socket.prepare(request)
        connection = _Connection(socket, request.transport)
        await socket.send_json(self._hello())
        self._connections.append(connection)
        self._open.append(connection)
        self._changed()
        pings = asyncio.create_task(_ping(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    _settle(connection, message.data)
        finally:
            pings.cancel()
            self._retire(connection)
            _give_up(connection)
            self._open.remove(connection)
        await connection.ended()
        return socket

    async def send(self, type: str, payload: Json, *, accepts_response: bool, retry: Json | None = None) -> Ack:
        """Sends one envelope over one connection and waits a few seconds for its acknowledgement."""
        envelope_id = str(uuid.uuid4())
        text = json.dumps(
            {
                "envelope_id": envelope_id,
                "type": type,
                "payload": payload,
                "accepts_response_payload": accepts_response,
                **(retry or {}),
            }
        )
        started = time.perf_counter()
        while self._connections:
            self._turn += 1
            connection = self._connections[self._turn % len(self._connections)]
            answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            connection.waiting[envelope_id] = answer
            try:
                await connection.socket.send_str(text)
            except (ConnectionError, RuntimeError):
                del connection.waiting[envelope_id]
                self._retire(connection)
                continue
            try:
                async with asyncio.timeout(self._ack_seconds):
                    acknowledged = await answer
            except (TimeoutError, ConnectionError):
                return Ack(False, error="operation_timeout")
            finally:
                del connection.waiting[envelope_id]
            return Ack(True, round((time.perf_counter() - started) * 1000, 3), acknowledged)
        return Ack(False, error="dispatch_failed")

    async def disconnect(self, count: int | None = None) -> None:
        """Refreshes the oldest connections (all without `count`) as Slack does: asks the client to leave, sends it
        nothing more, still takes its acknowledgements, and closes when it has not left in time."""
        for connection in self._connections[:count]:
            self._retire(connection)
            with suppress(ConnectionError, RuntimeError):
                await connection.socket.send_json(
                    {"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "applink-local"}}
                )
            connection.close(after=_LEAVING_SECONDS)

    def close(self) -> None:
        """Ends all connections as a server does that goes away."""
        for connection in self._open:
            self._retire(connection)
            connection.close()

    def cut(self) -> None:
        """Cuts the oldest connection without a word."""
        for connection in self._connections[:1]:
            self._retire(connection)
            if connection.transport:
                connection.transport.abort()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections) + 1,
            "connection_info": {"app_id": self._app_id},
            "debug_info": {"host": "applink-local", "build_number": 1, "approximate_connection_time": 18060},
        }

    def _retire(self, connection: _Connection) -> None:
        """Sends no more envelopes over it."""
        if connection in self._connections:
            self._connections.remove(connection)
            self._changed()

    def _changed(self) -> None:
        if self._connections:
            self.connected.set()
        else:
            self.connected.clear()
        self._on_change()


def _give_up(connection: _Connection) -> None:
    """The connection has ended: what was not acknowledged never will be."""
    for answer in connection.waiting.values():
        if not answer.done():
            answer.set_exception(ConnectionResetError("the connection ended before the acknowledgement"))
            answer.exception()  # retrieved here: a waiter that timed out meanwhile no longer will


def _settle(connection: _Connection, text: str) -> None:
    try:
        message = json.loads(text)
    except ValueError:
        return
    if not isinstance(message, dict):
        return
    answer = connection.waiting.get(str(message.get("envelope_id")))
    if answer and not answer.done():
        answer.set_result(message.get("payload"))


async def _ping(socket: web.WebSocketResponse) -> None:
    """Slack pings its clients; Bolt for JavaScript reconnects when no ping comes for 30 s."""
    with suppress(ConnectionError, RuntimeError):
        while True:
            await socket.ping(b"Ping from the local workspace")
            await asyncio.sleep(PING_SECONDS)
