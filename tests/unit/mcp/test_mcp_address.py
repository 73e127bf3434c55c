"""Where an address leads: looked up once, checked, and connected to by its number, with the name's own certificate."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from bot.contracts.errors import PersonMends, TimeMends
from bot.network.resolve import GuardedResolver
from connectors.mcp import address
from connectors.mcp.address import Guarded
from connectors.mcp.settings import Server
from tests.unit.network.internet import PUBLIC, Internet, answer, certificate, internet


@pytest.fixture
async def net(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Internet]:
    async with internet(monkeypatch, certificate(tmp_path, "mcp.example")) as running:
        running.names["mcp.example"] = [[PUBLIC]]
        yield running


@pytest.fixture
async def client(net: Internet, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    tls = ssl.create_default_context(cafile=str(tmp_path / "server.pem"))
    async with httpx2.AsyncClient(transport=Guarded(GuardedResolver((), net.look_up), tls)) as made:
        yield made


async def test_the_name_is_looked_up_once_and_its_number_asked(net: Internet, client: httpx2.AsyncClient) -> None:
    net.pages["/mcp"] = answer(b"well")
    found = await client.post("https://mcp.example/mcp", content=b"{}")
    assert found.text == "well"
    assert net.looked_up == ["mcp.example"]
    assert net.connected == [(PUBLIC, 443)]
    assert "host: mcp.example\r\n" in net.asked[0].lower()


async def test_a_name_that_turns_into_this_machine_is_not_asked(net: Internet, client: httpx2.AsyncClient) -> None:
    net.names["mcp.example"] = [[PUBLIC], ["127.0.0.1"], [PUBLIC, "10.0.0.1"]]
    net.pages["/mcp"] = answer(b"well", "Connection: close")
    assert (await client.get("https://mcp.example/mcp")).status_code == 200
    for _ in range(2):
        with pytest.raises(PersonMends, match="Nothing is fetched"):
            await client.get("https://mcp.example/mcp")
    assert net.accepted == 1


async def test_another_name_than_the_certificates_is_refused(net: Internet, client: httpx2.AsyncClient) -> None:
    net.names["other.example"] = [[PUBLIC]]
    with pytest.raises((httpx2.TransportError, TimeMends)):
        await client.get("https://other.example/mcp")
    assert net.asked == []


@pytest.mark.parametrize("url", ["http://mcp.example/mcp", "https://mcp.example:8443/mcp", "https://127.1/mcp"])
async def test_what_is_not_plainly_on_the_internet_is_refused(net: Internet, client: httpx2.AsyncClient, url) -> None:
    with pytest.raises(PersonMends):
        await client.get(url)
    assert net.connected == []


async def test_the_next_address_is_tried_when_one_does_not_answer(net: Internet, client: httpx2.AsyncClient) -> None:
    net.names["mcp.example"] = [["93.184.215.15", PUBLIC]]
    net.pages["/mcp"] = answer(b"well")
    assert (await client.get("https://mcp.example/mcp")).text == "well"
    net.names["mcp.example"] = [["93.184.215.15"]]
    client_again = httpx2.AsyncClient(transport=Guarded(GuardedResolver((), net.look_up)))
    with pytest.raises(TimeMends, match="does not answer"):
        await client_again.get("https://mcp.example/mcp")
    await client_again.aclose()


async def test_an_answer_is_measured_and_never_unpacked(net: Internet, client: httpx2.AsyncClient, monkeypatch) -> None:
    monkeypatch.setattr(address, "MOST_ANSWER", 1_000)
    net.pages["/"] = answer(b"x" * 1_000, "Connection: close")
    assert len((await client.get("https://mcp.example/")).content) == 1_000
    net.pages["/"] = answer(b"x" * 1_001, "Connection: close")
    with pytest.raises(httpx2.ReadError, match="too long"):
        await client.get("https://mcp.example/")
    net.pages["/"] = answer(b"\x1f\x8b", "Content-Encoding: gzip", "Connection: close")
    with pytest.raises(PersonMends, match="packs"):
        await client.get("https://mcp.example/")


def test_only_an_operator_vouches_for_a_host_of_ones_own_network() -> None:
    server = Server(url="http://Tools.intern:8080/mcp")
    assert address.resolver(server, True).vouched("tools.intern")
    assert not address.resolver(server, True).vouched("other.intern")
    assert not address.resolver(server, False).vouched("tools.intern")
