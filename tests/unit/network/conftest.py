"""A small internet for these tests: `net` speaks TLS as news.example, `plain` speaks HTTP."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.network.client import GuardedClient
from bot.network.resolve import GuardedResolver
from tests.unit.network.internet import PUBLIC, Internet, certificate, internet


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("network"), "news.example", "other.example")


@pytest.fixture
async def net(monkeypatch: pytest.MonkeyPatch, pem: Path) -> AsyncIterator[Internet]:
    async with internet(monkeypatch, pem) as running:
        running.names["news.example"] = running.names["other.example"] = [[PUBLIC]]
        yield running


@pytest.fixture
async def plain(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Internet]:
    async with internet(monkeypatch) as running:
        running.names["wiki.example"] = [["127.0.0.1"]]
        yield running


@pytest.fixture
def client(net: Internet, pem: Path) -> GuardedClient:
    """Vouches for nobody."""
    return GuardedClient(GuardedResolver((), net.look_up), tls=ssl.create_default_context(cafile=str(pem)))


@pytest.fixture
def vouching(plain: Internet) -> GuardedClient:
    """Vouches for this machine, by its number and as wiki.example."""
    return GuardedClient(GuardedResolver(("127.0.0.1", "wiki.example"), plain.look_up))
