"""A small internet on this machine: names that are looked up in a table, public addresses that lead to a server here,
and a count of who connected. What the table does not know does not exist."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import EAI_NONAME, gaierror, inet_aton, socket
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.network.addresses import Address

PUBLIC = "93.184.215.14"
"""An address of the public internet; in these tests it leads to the server here."""

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter, str], Coroutine[Any, Any, None]]


@dataclass
class Internet:
    """`names`: host → its addresses, one list for each look-up, the last one staying; `pages`: path → what is sent,
    whole; `asked`: the request heads the server saw; `connected`: addresses somebody began to connect to."""

    port: int = 0
    names: dict[str, list[list[str]]] = field(default_factory=dict)
    pages: dict[str, bytes | Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    accepted: int = 0
    serving: set[asyncio.Task[Any]] = field(default_factory=set)

    def look_up(self, host: str, port: int) -> list[Address]:
        """Implements `LookUp`."""
        self.looked_up.append(host)
        for read in (ip_address, inet_aton):  # the C library's reading of `127.1` and the like, as the system's look-up
            with suppress(ValueError, OSError):
                return [ip_address(read(host))]
        answers = self.names.get(host)
        if not answers:
            raise gaierror(EAI_NONAME, "Name or service not known")
        return [ip_address(each) for each in (answers.pop(0) if len(answers) > 1 else answers[0])]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task
        self.serving.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            page = self.pages.get(head.split(" ")[1], answer(b"not here", status="404 Not Found"))
            if isinstance(page, bytes):
                writer.write(page)
                await writer.drain()
            else:
                await page(reader, writer, head)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            writer.close()
            self.serving.discard(task)


def answer(body: bytes, *headers: str, status: str = "200 OK", kind: str = "text/plain") -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def onward(location: str, status: str = "302 Found") -> bytes:
    """A redirect."""
    return answer(b"", f"Location: {location}", status=status)


def certificate(directory: Path, *hosts: str) -> Path:
    """A self-signed certificate for these hosts with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = directory / "server.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@asynccontextmanager
async def internet(monkeypatch: pytest.MonkeyPatch, pem: Path | None = None) -> AsyncIterator[Internet]:
    """Run it; with `pem` the server speaks TLS. Connections to `PUBLIC` are led to the server, port by port the same;
    those to this machine reach what is really there; anything else is noted and does not answer."""
    net = Internet()
    context = None
    if pem:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
    server = await asyncio.start_server(net.serve, "127.0.0.1", 0, ssl=context)
    net.port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    really = loop.sock_connect

    async def led(sock: socket, target: Any) -> None:
        net.connected.append((target[0], target[1]))
        if target[0] not in (PUBLIC, "127.0.0.1"):
            raise ConnectionRefusedError("nobody there")
        await really(sock, ("127.0.0.1", net.port) if target[0] == PUBLIC else target)

    monkeypatch.setattr(loop, "sock_connect", led)
    try:
        yield net
    finally:
        server.close()
        for task in list(net.serving):
            task.cancel()
        await asyncio.gather(*net.serving)
        await server.wait_closed()
