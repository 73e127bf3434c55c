"""Names to addresses, once: what was checked is what is connected to.

Who looks a name up to check it, and again to connect, is shown two faces (DNS rebinding). Here every address of a name
is checked, one bad among them is enough to refuse, and connections are made to the numbers.
"""

import asyncio
import socket
from collections.abc import Callable, Collection, Sequence
from ipaddress import ip_address

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.contracts.errors import PersonMends, TimeMends
from bot.network.addresses import Address, refused

LookUp = Callable[[str, int], Sequence[Address]]
"""All addresses of a host; blocks. Raises OSError, and UnicodeError for what cannot be a name."""


def look_up(host: str, port: int) -> Sequence[Address]:
    """What the system says, who reads `127.1`, `0x7f000001` and the like as connecting would. Implements LookUp."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ip_address(answer[4][0]) for answer in answers))


def objection(addresses: Sequence[Address], *, inside: bool = False) -> str | None:
    """Why a host with these addresses is refused, as `refused` says it; one bad address among them is enough."""
    if not addresses:
        return "is not known"
    return next((why for address in addresses if (why := refused(address, inside=inside))), None)


def connect(addresses: Sequence[Address], port: int, seconds: float | None) -> socket.socket:
    """A connection to the first of the addresses that answers; blocks, `seconds` for each. Raises OSError."""
    failure = OSError("no address")
    for address in addresses:
        try:
            return socket.create_connection((str(address), port), seconds)
        except OSError as error:
            failure = error
    raise failure


class GuardedResolver:
    """Looks hosts up and lets none through that may not be fetched. `allow_private`: hosts the operator vouches for,
    as written in addresses; they may be on this machine or in its network, never a cloud's metadata service."""

    def __init__(self, allow_private: Collection[str] = (), look_up: LookUp = look_up) -> None:
        self._allow_private = frozenset(host.lower() for host in allow_private)
        self._look_up = look_up

    def vouched(self, host: str) -> bool:
        """Whether the operator vouches for this host."""
        return host.lower() in self._allow_private

    async def addresses(self, host: str, port: int) -> Sequence[Address]:
        """The checked addresses of a host. Raises PersonMends when it is refused or does not exist, TimeMends when
        nobody could tell."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(None, self._look_up, host, port)
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise TimeMends(f"The name {host} cannot be looked up just now.", "Try again later.") from None
            raise PersonMends(f"There is no server named {host}.", "Check the address.") from None
        except UnicodeError:
            raise PersonMends(f"There is no server named {host}.", "Check the address.") from None
        except OSError:
            raise TimeMends(f"The name {host} cannot be looked up just now.", "Try again later.") from None
        why = objection(found, inside=self.vouched(host))
        if why is not None:
            raise PersonMends(
                f"Nothing is fetched from {host}: its address {why}.", "Only servers on the public internet are asked."
            )
        return found


class Pinned(AbstractResolver):
    """Answers an HTTP client with addresses that were checked, and looks nothing up."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._addresses = tuple(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in self._addresses
        ]

    async def close(self) -> None: ...

    def open(self, info: AddrInfoType) -> socket.socket:
        """A socket for one of the checked addresses, and for no other: the client asks no resolver for a number."""
        family, kind, protocol, _, target = info
        if ip_address(target[0]) not in self._addresses:
            raise PermissionError("this address was not checked")
        return socket.socket(family, kind, protocol)
