"""One server and the connection to it: opened when first needed, opened again after its end with growing pauses.

The client library's `ClientSession` speaks the protocol. The agent library's `MCPToolset` would hide what matters here:
what a child process inherits, how much it may say, and whether a call was sent before the connection broke. Results are
not checked against the server's own output schemas, whose patterns may run for ever."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime
from typing import Any, Literal

import mcp_types as types
import structlog
from mcp import ClientSession
from mcp.shared.exceptions import MCPError
from pydantic import TypeAdapter

from bot.contracts.errors import MeshClawError, OutcomeUnknown, PersonMends, TimeMends
from bot.contracts.json import Json, JsonObject
from connectors.mcp import address, process
from connectors.mcp.arguments import one_line
from connectors.mcp.definitions import MOST_TOOLS, Definition
from connectors.mcp.results import text_of
from connectors.mcp.settings import Limits, Server

State = Literal["idle", "well", "hanging", "dead"]

_PAGES = 10
_LIVED = 60.0
"""Seconds after which a death does not count with the ones before it."""

_GOODBYE = 5.0
"""Seconds it has to end in good order."""

_LATER = "Try again later."
_NOTHING_DONE = frozenset((types.INVALID_PARAMS, types.METHOD_NOT_FOUND))
"""Errors that say a call was not begun."""

_US = types.Implementation(name="meshclaw", version="1")
_RESULT: TypeAdapter[types.CallToolResult] = TypeAdapter(types.CallToolResult)
_log = structlog.get_logger("connectors.mcp")

for _name in ("mcp", "client", "httpx2", "httpcore2"):  # they log what servers write
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class Link:
    """`named`: whether an operator named the server. `changed` is called when the server says its tools are others."""

    def __init__(
        self, name: str, server: Server, *, named: bool, changed: Callable[[], None], limits: Limits | None = None
    ) -> None:
        self.name = name
        self.server = server
        self.state: State = "idle"
        self.since = datetime.now(UTC)
        self.why = ""
        self._named = named
        self._changed = changed
        self._limits = limits or Limits()
        self._starting = asyncio.Lock()
        self._session: ClientSession | None = None
        self._over = asyncio.Event()
        self._ready: asyncio.Future[ClientSession] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._doubts: set[asyncio.Task[None]] = set()
        self._hangs = False
        self._deaths = 0
        self._not_before = 0.0
        self._closed = False

    async def listing(self) -> tuple[Definition, ...]:
        """What its tools are, as it says. Raises MeshClawError."""
        session = await self._open()
        found: list[types.Tool] = []
        cursor: str | None = None
        try:
            async with asyncio.timeout(self._limits.listing):
                for _ in range(_PAGES):
                    params = types.PaginatedRequestParams(cursor=cursor) if cursor else None
                    page = await session.send_request(types.ListToolsRequest(params=params), types.ListToolsResult)
                    found += page.tools
                    cursor = page.next_cursor
                    if not cursor or len(found) > MOST_TOOLS:
                        break
        except TimeoutError:
            self._doubt(session)
            raise TimeMends(f"{self.name} does not say which tools it has.", _LATER) from None
        except MCPError as error:
            if error.code != types.METHOD_NOT_FOUND:
                raise TimeMends(f"{self.name} does not say which tools it has.", _LATER) from None
        except Exception:
            raise TimeMends(f"What {self.name} says of its tools cannot be read.", _LATER) from None
        self._is("well")
        return tuple(map(_definition, found))

    async def call(self, tool: str, args: JsonObject) -> tuple[str, bool]:
        """What it gave as text, and whether that is its word for having failed. Raises OutcomeUnknown for whatever ends
        otherwise than by an answer, once it may have been sent; other MeshClawErrors when nothing happened."""
        session = await self._open()
        request = types.CallToolRequest(params=types.CallToolRequestParams(name=tool, arguments=dict(args)))
        try:
            async with asyncio.timeout(self.server.timeout):
                result = await session.send_request(request, _RESULT)
        except TimeoutError:
            self._doubt(session)
            raise OutcomeUnknown(f"{self.name} did not answer within {self.server.timeout:g} seconds.") from None
        except MCPError as error:
            if error.code in _NOTHING_DONE:
                says = one_line(error.message, 200)
                raise PersonMends(f"{self.name} did not take the call: ‹{says}›.", "Check its arguments.") from None
            raise OutcomeUnknown(f"{self.name} broke off while it was at it.") from None
        except Exception:
            raise OutcomeUnknown(f"The answer of {self.name} cannot be read.") from None
        return text_of(result), bool(result.is_error)

    async def close(self) -> None:
        """End it; nothing of it runs afterwards."""
        self._closed = True
        for task in self._doubts:
            task.cancel()
        await self._stop()
        self._is("idle")

    async def _open(self) -> ClientSession:
        """The connection, opened if need be. Raises MeshClawError."""
        async with self._starting:
            if self._closed:
                raise TimeMends(f"{self.name} is switched off.", _LATER)
            if self._session is None or self._over.is_set():
                await self._stop()
                await self._rest()
                self._ready = ready = asyncio.get_running_loop().create_future()
                self._over = asyncio.Event()
                self._keeper = asyncio.create_task(self._keep(self._over, ready))
                await asyncio.wait([ready])
                self._session = ready.result()
            return self._session

    async def _stop(self) -> None:
        self._over.set()
        self._session = None
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        if self._ready is not None and self._ready.done():
            await asyncio.wait([keeper], timeout=_GOODBYE)
        keeper.cancel()
        await asyncio.wait([keeper])

    async def _rest(self) -> None:
        """The pause after a death. Raises TimeMends when it is long."""
        wait = self._not_before - time.monotonic()
        if wait > self._limits.patience:
            again = f"It is tried again in {wait:.0f} seconds."
            raise TimeMends(f"{self.name} does not run: {self.why or 'it ended'}.", again)
        if wait > 0:
            await asyncio.sleep(wait)

    async def _keep(self, over: asyncio.Event, ready: "asyncio.Future[ClientSession]") -> None:
        """Open the connection, and hold it until it is over: entered and left in one task, as the library needs it."""
        begun, why = time.monotonic(), "it ended"
        state: State = "dead"
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(self._limits.start):
                    said, asked = await stack.enter_async_context(self._streams(over))
                    speaking = ClientSession(said, asked, message_handler=self._told, client_info=_US)
                    session = await stack.enter_async_context(speaking)
                    await session.initialize()
                self._is("well")
                ready.set_result(session)
                await over.wait()
        except Exception as error:
            state, why = _verdict(error, self._limits.start)
        finally:
            over.set()
            self._ended(begun, state, why)
            if not ready.done():
                ready.set_exception(TimeMends(f"{self.name} does not run: {why}.", _LATER))
                ready.exception()  # whoever waited for it may be gone

    def _streams(self, over: asyncio.Event) -> AbstractAsyncContextManager[Any]:
        if self.server.command is not None:
            return process.child(self.server, over.set)
        return address.remote(self.server, address.resolver(self.server, self._named), over.set)

    def _ended(self, begun: float, state: State, why: str) -> None:
        """Count the death, unless it was wanted."""
        if self._closed:
            return
        now = time.monotonic()
        self._deaths = 1 if now - begun > _LIVED else self._deaths + 1
        pause = self._limits.pause * 2 ** min(self._deaths - 1, 16)
        self._not_before = now + min(pause, self._limits.longest_pause)
        if self._hangs:
            state, why = "hanging", "it does not answer"
        self._hangs = False
        self._is(state, why)
        _log.warning("mcp server ended", connector=f"mcp.{self.name}", code=state, count=self._deaths)

    def _is(self, state: State, why: str = "") -> None:
        if state != self.state:
            self.state, self.since = state, datetime.now(UTC)
        self.why = why

    def _doubt(self, session: ClientSession) -> None:
        """It was too slow: it may be at work still, or hang. One that does not even answer a ping is ended."""
        task = asyncio.create_task(self._prove(session, self._over))
        self._doubts.add(task)
        task.add_done_callback(self._doubts.discard)

    async def _prove(self, session: ClientSession, over: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._limits.ping):
                await session.send_ping()
        except Exception:
            self._hangs = not over.is_set()
            over.set()

    async def _told(self, message: object) -> None:
        """What a server says unasked."""
        if isinstance(message, types.ToolListChangedNotification):
            self._changed()


def _definition(tool: types.Tool) -> Definition:
    hints: Mapping[str, Json] = {}
    if tool.annotations is not None:
        hints = tool.annotations.model_dump(mode="json", by_alias=True, exclude_none=True)
    return Definition(tool.name, tool.description or "", tool.input_schema, hints)


def _verdict(error: BaseException, seconds: float) -> tuple[State, str]:
    """What became of a connection that could not be opened: our own words where there are some, never the server's."""
    found: list[BaseException] = [error]
    while found:
        one = found.pop()
        match one:
            case MeshClawError():
                return "dead", one.message.rstrip(".")
            case TimeoutError():
                return "hanging", f"it did not answer within {seconds:g} seconds"
            case OSError():
                return "dead", "it cannot be started"
            case BaseExceptionGroup():
                found += one.exceptions
    return "dead", "it does not speak the protocol as it should"
