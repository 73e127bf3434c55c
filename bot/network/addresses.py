"""Which addresses are fetched: those of the public internet, and nothing that only looks like one. Pure.

`ipaddress` alone is no judge: it calls `64:ff9b::7f00:1`, `2002:7f00:1::`, `::127.0.0.1` and `224.0.0.1` global.
Sources: the IANA registries of special-purpose addresses for IPv4 and IPv6, RFC 6890, and what clouds document of
their metadata services.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
_Networks = tuple[tuple[IPv4Network | IPv6Network, str], ...]

_PUBLIC_IPV6 = IPv6Network("2000::/3")
"""The only part of IPv6 that is given out for use on the internet."""


def _networks(*named: tuple[str, str]) -> _Networks:
    return tuple((ip_network(network), why) for networks, why in named for network in networks.split())


_INSIDE = _networks(
    ("127.0.0.0/8 ::1/128", "is this machine's own"),
    ("10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7", "lies in a private network"),
    ("100.64.0.0/10", "lies within a provider's own network"),
)
"""Right for a server somebody vouches for."""

_NEVER = _networks(
    ("0.0.0.0/8 ::/128", "is no machine's"),
    ("169.254.0.0/16 fe80::/10", "is link-local, where clouds keep their credentials"),
    ("100.100.100.200/32 168.63.129.16/32 fd00:ec2::/32 fd20:ce::254/128", "is where a cloud keeps its credentials"),
    ("224.0.0.0/4 ff00::/8", "stands for a group of machines"),
    ("::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2002::/16", "hides one of IPv4"),
    ("2001::/32", "hides one of IPv4"),
    ("192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24", "is reserved"),
    ("240.0.0.0/4 fec0::/10 2001::/23 2001:db8::/32 3fff::/20", "is reserved"),
)
"""Right for nobody. Read before `_INSIDE`: a cloud's own addresses lie within private networks too."""

_COMPATIBLE = IPv6Network("::/96")
"""IPv4 in the last 32 bits, long out of use; `::` and `::1` lie in it and are known by their own names."""


def refused(address: Address, *, inside: bool = False) -> str | None:
    """Why nothing is fetched from there, as what is said of the address ("is reserved"); None for one of the public
    internet. `inside`: somebody vouches for the server, so that this machine and private networks are right as well."""
    for network, why in _NEVER:
        if address in network:
            return why
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return "is tied to one network card"
    for network, why in _INSIDE:
        if address in network:
            return None if inside else why
    if address in _COMPATIBLE:
        return "hides one of IPv4"
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return "is reserved"
    return None
