"""The one client for addresses that a model or a mail chose."""

import asyncio
import codecs
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
from yarl import URL

from bot.contracts.errors import MeshClawError, PersonMends, TimeMends
from bot.network.addresses import Address
from bot.network.resolve import GuardedResolver, Pinned
from bot.network.urls import parsed

REDIRECTS = 3
AGENT = "MeshClaw"
_CHUNK = 64 * 1024
_LINE, _HEADERS = 8_190, 100
"""Bytes of one header, and how many of them."""

_SENDS_ON = frozenset((301, 302, 303, 307, 308))
_LETTERS = (
    "ascii",
    "utf-8",
    "utf-16",
    "utf-32",
    "iso8859",
    "cp",
    "koi8",
    "mac",
    "big5",
    "gb",
    "euc",
    "shift",
    "iso2022",
)
"""What names of character sets begin with; other codecs of Python unpack, run long or warn."""

_ON_PURPOSE = "Only https, on its usual port, is fetched; a server of your own has to be named by the admin."
_NOT_NOW = "Try again later."


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back. `url`: where it came from in the end; `content_type`: as `text/html`; `body`: unpacked;
    `truncated`: there was more."""

    url: str
    status: int
    content_type: str
    charset: str
    body: bytes
    truncated: bool

    @property
    def text(self) -> str:
        """The body as text; what cannot be read is `\N{REPLACEMENT CHARACTER}`."""
        try:
            codec = codecs.lookup(self.charset or "utf-8").name
        except (LookupError, ValueError):
            codec = "utf-8"
        return self.body.decode(codec if codec.startswith(_LETTERS) else "utf-8", "replace")


class GuardedClient:
    """Fetches pages of the public internet, and of hosts the resolver vouches for. It has no cookies, no credentials
    and no proxy. `tls`: whom to trust, the system's authorities unless given."""

    def __init__(self, resolver: GuardedResolver, *, tls: ssl.SSLContext | None = None) -> None:
        self._resolver = resolver
        self._tls = tls

    def target(self, url: str) -> URL:
        """The address, if its shape is one that may be fetched: https on port 443, or what the operator vouches for.
        Looks nothing up. Raises PersonMends."""
        found = parsed(url)
        if not self._resolver.vouched(found.raw_host or ""):
            if found.scheme != "https":
                raise PersonMends("This address does not begin with https://.", _ON_PURPOSE)
            if found.port != 443:
                raise PersonMends("This address names a port of its own.", _ON_PURPOSE)
        return found

    async def get(self, url: str, *, most_bytes: int, seconds: float) -> Fetched:
        """Fetch a page, following at most three redirects, each checked like the first. Of a body, unpacked,
        `most_bytes` are read. Raises PersonMends for what is refused, TimeMends when no answer comes in `seconds`."""
        target = self.target(url)
        try:
            async with asyncio.timeout(seconds):
                return await self._follow(target, most_bytes)
        except TimeoutError:
            raise TimeMends(f"{target.raw_host} did not answer within {seconds:g} seconds.", _NOT_NOW) from None

    async def _follow(self, target: URL, most_bytes: int) -> Fetched:
        for _ in range(REDIRECTS + 1):
            found = await self._ask(target, most_bytes)
            if isinstance(found, Fetched):
                return found
            target = self._onward(target, found)
        raise PersonMends(f"{target.raw_host} sends on from address to address.", "Give the address it should end at.")

    def _onward(self, target: URL, location: str) -> URL:
        """Where a redirect leads, if that may be fetched. Raises PersonMends."""
        try:
            # Checked before it is joined: joining would quietly take out what hides.
            joined = str(target.join(URL(location))) if location.isprintable() else location
            onward = self.target(joined)
        except MeshClawError as error:
            raise PersonMends(f"{target.raw_host} sends on to what is not fetched: {error.message}") from None
        except ValueError:
            raise PersonMends(f"{target.raw_host} sends on to what is no address.") from None
        if target.scheme == "https" and onward.scheme != "https":
            raise PersonMends(f"{target.raw_host} sends on to an address without https.")
        if onward.raw_host != target.raw_host and self._resolver.vouched(onward.raw_host or ""):
            raise PersonMends(f"{target.raw_host} sends on to a server of your own network.", "Ask that server itself.")
        return onward

    async def _ask(self, target: URL, most_bytes: int) -> Fetched | str:
        """One request: the answer, or where it sends on to."""
        host = target.raw_host or ""
        addresses = await self._resolver.addresses(host, target.port or 443)
        try:
            async with self._session(addresses) as session, session.get(target, allow_redirects=False) as response:
                if response.status in _SENDS_ON and (location := response.headers.get("Location")):
                    response.close()
                    return location
                return await _read(response, most_bytes)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _meaning(error, host) from None

    def _session(self, addresses: Sequence[Address]) -> aiohttp.ClientSession:
        pinned = Pinned(addresses)
        connector = aiohttp.TCPConnector(
            resolver=pinned,
            socket_factory=pinned.open,
            use_dns_cache=False,
            force_close=True,
            ssl=self._tls or True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": AGENT, "Accept": "text/html, text/plain, application/json, */*;q=0.5"},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # `get` keeps the time, over all redirects
            trust_env=False,
            max_line_size=_LINE,
            max_field_size=_LINE,
            max_headers=_HEADERS,
            read_bufsize=_CHUNK,
        )


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> Fetched:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > most_bytes:
            break
    response.close()  # what is left is not read, and the connection is not used again
    return Fetched(
        url=str(response.url),
        status=response.status,
        content_type=response.content_type,
        charset=response.charset or "",
        body=bytes(body[:most_bytes]),
        truncated=len(body) > most_bytes,
    )


def _meaning(error: Exception, host: str) -> MeshClawError:
    """What a failed request means; the error's own words may hold the address, and are not told."""
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError)):
        return PersonMends(f"The certificate of {host} is not trusted.", "Check the name of the server.")
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return PersonMends(f"The server {host} does not speak TLS as it should.", "Check the address.")
    if isinstance(error, (aiohttp.InvalidURL, ValueError)):
        return PersonMends(f"{host} cannot be asked for this address.", "Check the address.")
    if isinstance(error, (aiohttp.ClientConnectionError, OSError)):
        return TimeMends(f"{host} does not answer.", _NOT_NOW)
    return TimeMends(f"The answer of {host} cannot be read.", _NOT_NOW)
