"""A server behind an address, asked the guarded way: its name is looked up once and checked, the connection goes to the
number, and what comes back is measured while it comes."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from bot.contracts.errors import PersonMends, TimeMends
from bot.network.client import AGENT, GuardedClient
from bot.network.resolve import GuardedResolver
from connectors.mcp.meter import Flood, Meter
from connectors.mcp.settings import Server

MOST_ANSWER = 4_000_000
"""Bytes of one answer."""

_REQUEST_COSTS = 300_000
"""What asking costs, in bytes of an answer."""


def resolver(server: Server, named: bool) -> GuardedResolver:
    """Who lets the server's host through. `named`: by the operator, so it may be in one's own network."""
    return GuardedResolver([httpx2.URL(server.url or "").host] if named else [])


@asynccontextmanager
async def remote(server: Server, guard: GuardedResolver, ended: Callable[[], None]) -> AsyncGenerator[Any, None]:
    """The streams the client library speaks over. `ended` is called when it floods. Raises PersonMends for an address
    that is not asked."""
    url = str(GuardedClient(guard).target(server.url or ""))
    client = httpx2.AsyncClient(
        transport=Guarded(guard, ended=ended),
        headers={**server.headers, "User-Agent": AGENT, "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(10.0, read=None),  # the caller keeps the time
        trust_env=False,
        follow_redirects=False,
    )
    async with client, streamable_http_client(url, http_client=client) as streams:
        yield streams


class Guarded(httpx2.AsyncBaseTransport):
    """Connects to checked addresses only. `tls`: whom to trust, the system's authorities unless given.
    `ended` is called when the server floods, which includes making the client library ask it again and again."""

    def __init__(
        self, guard: GuardedResolver, tls: ssl.SSLContext | None = None, ended: Callable[[], None] = lambda: None
    ) -> None:
        self._guard = guard
        self._ended = ended
        self._meter = Meter()
        self._inner = httpx2.AsyncHTTPTransport(verify=tls or ssl.create_default_context(), trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._count(_REQUEST_COSTS)
        target = GuardedClient(self._guard).target(str(request.url))
        host = target.raw_host or ""
        addresses = await self._guard.addresses(host, target.port or 443)
        for address in addresses:
            pinned = httpx2.Request(
                request.method,
                request.url.copy_with(host=str(address)),
                headers=request.headers,  # with the Host the caller meant
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                answer = await self._inner.handle_async_request(pinned)
            except httpx2.ConnectError:
                continue
            return await self._measured(answer)
        raise TimeMends(f"{host} does not answer.", "Try again later.")

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _measured(self, answer: httpx2.Response) -> httpx2.Response:
        """The answer with a limit on its length. What is packed could unpack to anything, and was not asked for."""
        if answer.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            await answer.aclose()
            raise PersonMends("The server packs its answers, though it was asked not to.")
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        stream = _Measured(answer.stream, self._count)
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=stream, extensions=answer.extensions)

    def _count(self, cost: int) -> None:
        try:
            self._meter.add(cost)
        except Flood:
            self._ended()
            raise httpx2.ReadError("it floods") from None


class _Measured(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, count: Callable[[int], None]) -> None:
        self._inner = inner
        self._count = count

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for piece in self._inner:
            self._count(len(piece))
            seen += len(piece)
            if seen > MOST_ANSWER:
                raise httpx2.ReadError("the answer is too long")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()
