"""Which addresses are fetched."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.network.addresses import refused

METADATA = ["169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16"]
INSIDE = [
    "127.0.0.1", "127.255.255.254", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1",
    "fdff::1", "100.64.0.1", "100.127.255.255",
]  # fmt: skip
NEVER = [
    *METADATA,
    "0.0.0.0", "0.1.2.3", "::", "169.254.0.1", "fe80::1", "febf::1", "fec0::1", "224.0.0.1", "239.1.1.1", "ff02::1",
    "240.0.0.1", "255.255.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "192.88.99.1", "2001:db8::1", "3fff::1", "2001:2::1", "100::1", "4000::1", "5f00::1", "fe80::1%eth0",
    "2606:4700::1%eth0",
]  # fmt: skip
HIDDEN = ["::ffff:{}", "::ffff:0:{}", "64:ff9b::{}", "64:ff9b:1::{}", "::{}"]
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.215.14", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0",
    "169.253.255.255", "192.167.255.255", "223.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.0",
    "2606:4700:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2003::1", "3ffe::1",
]  # fmt: skip


@pytest.mark.parametrize("address", [*INSIDE, *NEVER])
def test_nothing_is_fetched_from_what_is_not_public(address: str) -> None:
    assert refused(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is_fetched(address: str) -> None:
    assert refused(ip_address(address)) is None
    assert refused(ip_address(address), inside=True) is None


def test_what_somebody_vouches_for_may_be_inside_and_never_a_clouds_own() -> None:
    assert [address for address in INSIDE if refused(ip_address(address), inside=True)] == []
    assert [address for address in NEVER if not refused(ip_address(address), inside=True)] == []


@pytest.mark.parametrize("trap", ["64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "224.0.0.1"])
def test_what_the_library_calls_global_is_refused(trap: str) -> None:
    address = ip_address(trap)
    assert address.is_global, "no trap any more with this Python"
    assert refused(address)
    assert refused(address, inside=True)


@given(st.ip_addresses(v=4), st.sampled_from(HIDDEN))
def test_an_ipv4_address_hides_in_no_ipv6_address(inner: IPv4Address, form: str) -> None:
    address = IPv6Address(form.format(inner))
    if address not in (IPv6Address("::"), IPv6Address("::1")):
        assert refused(address) == "hides one of IPv4"
    sixtofour = IPv6Address((0x2002 << 112) | (int(inner) << 80) | 1)
    teredo = IPv6Address((0x20010000 << 96) | (int(inner) ^ 0xFFFFFFFF))
    assert refused(sixtofour, inside=True) == refused(teredo, inside=True) == "hides one of IPv4"


@given(st.ip_addresses(v=4))
def test_what_python_knows_to_be_special_is_refused(address: IPv4Address) -> None:
    special = address.is_private or address.is_reserved or address.is_multicast or address.is_link_local
    if special or address.is_loopback or address.is_unspecified:
        assert refused(address)


@given(st.ip_addresses(v=6))
def test_of_ipv6_only_what_is_given_out_is_fetched(address: IPv6Address) -> None:
    if address not in IPv6Network("2000::/3") or not address.is_global:
        assert refused(address)
