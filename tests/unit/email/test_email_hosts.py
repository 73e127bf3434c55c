"""Which mail servers are connected to: never a cloud's own, only those the operator names, and each at the very address
that was checked."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from bot.contracts.connectors import Connection
from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.network import resolve
from bot.network.addresses import Address
from connectors.email import MailConnector
from connectors.email.imap import ImapAccount
from connectors.email.login import log_in
from connectors.email.settings import MailSettings
from tests.unit.network.internet import certificate

HOST = "imap.example"


class Names:
    """A look-up that answers each time with the next of its lists, and then with the last."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked += 1
        return [ip_address(each) for each in (self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])]


class Server(socketserver.ThreadingTCPServer):
    """As much of an IMAP server as logging in needs. `secure`: TLS from the start; `accepted`: connections."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, pem: Path, secure: bool) -> None:
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(pem)
        self.secure, self.accepted, self.logins = secure, 0, 0
        super().__init__(("127.0.0.1", 0), Session)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Session(socketserver.BaseRequestHandler):
    """One connection."""

    server: Server

    def handle(self) -> None:
        self.server.accepted += 1
        connection: socket.socket = self.request
        try:
            if self.server.secure:
                connection = self.server.tls.wrap_socket(connection, server_side=True)
            connection.sendall(b"* OK here\r\n")
            while line := self._line(connection):
                tag, command, *_ = line.split()
                if command == b"CAPABILITY":
                    connection.sendall(b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n")
                elif command == b"AUTHENTICATE":
                    connection.sendall(b"+ \r\n")
                    self._line(connection)
                    self.server.logins += 1
                connection.sendall(tag + b" OK done\r\n")
                if command == b"STARTTLS":
                    connection = self.server.tls.wrap_socket(connection, server_side=True)
        except OSError:
            pass  # the client did not like the certificate
        finally:
            connection.close()

    @staticmethod
    def _line(connection: socket.socket) -> bytes:
        line = b""
        while not line.endswith(b"\n") and (byte := connection.recv(1)):
            line += byte
        return line


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("mail"), HOST)


@contextmanager
def running(pem: Path, security: str) -> Iterator[Server]:
    with Server(pem, security == "tls") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_what_was_checked_is_connected_to_under_its_name(pem: Path, security: str) -> None:
    """The name leads elsewhere at a second look, and nobody looks again; the certificate is for the name."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    with running(pem, security) as server:
        client = log_in(HOST, server.port, security, "ada", "secret", pem, look_up=names)
        client.shutdown()
        assert (names.asked, server.accepted, server.logins) == (1, 1, 1)
        with pytest.raises(PersonMends, match="credentials"):
            log_in(HOST, server.port, security, "ada", "secret", pem, look_up=names)
        assert server.accepted == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_for_another_name_is_not_trusted(pem: Path, security: str) -> None:
    with running(pem, security) as server:
        with pytest.raises(PersonMends, match=r"certificate of mail\.example is not trusted") as caught:
            log_in("mail.example", server.port, security, "ada", "secret", pem, look_up=Names(["127.0.0.1"]))
        assert caught.value.field == "host"
        assert server.logins == 0


def test_the_next_address_is_tried_where_the_first_does_not_answer(pem: Path) -> None:
    with running(pem, "tls") as server:
        client = log_in(HOST, server.port, "tls", "ada", "secret", pem, look_up=Names(["127.0.0.2", "127.0.0.1"]))
        client.shutdown()
        assert server.logins == 1


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200", "224.0.0.1", "ff02::1", "0.0.0.0", "::",
        "240.0.0.1", "255.255.255.255", "192.0.2.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "::127.0.0.1",
    ],
)  # fmt: skip
def test_no_mail_server_is_there(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = _record(monkeypatch)
    for addresses in ([address], ["127.0.0.1", address]):
        with pytest.raises(PersonMends, match=r"Mail is not read from imap\.example: its address") as caught:
            log_in(HOST, 993, "tls", "ada", "secret", None, look_up=Names(addresses))
        assert caught.value.field == "host"
    assert tried == []


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.7", "fd12::7", "100.64.0.7", "127.0.0.1", "93.184.215.14"])
def test_a_mail_server_may_be_within_ones_own_network(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = _record(monkeypatch)
    with pytest.raises(PersonMends, match="Nothing answers"):
        log_in(HOST, 993, "tls", "ada", "secret", None, look_up=Names([address]))
    assert tried == [(address, 993)]


def _record(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Connections that are begun; none is made."""
    tried: list[tuple[str, int]] = []

    def refuse(target: tuple[str, int], *_: object) -> socket.socket:
        tried.append(target)
        raise ConnectionRefusedError

    monkeypatch.setattr(resolve.socket, "create_connection", refuse)
    return tried


@pytest.mark.parametrize(
    ("patterns", "host", "may"),
    [
        ("", "anything.example", True),
        ("imap.example", "imap.example", True),
        ("imap.example", "IMAP.Example.", True),
        ("imap.example", "evil.imap.example", False),
        ("imap.example", "imap.example.evil.example", False),
        ("Mail.Example, *.corp.example", "imap.corp.example", True),
        ("Mail.Example, *.corp.example", "mail.example", True),
        ("Mail.Example, *.corp.example", "corp.example", False),
        ("*.corp.example", "evilcorp.example", False),
        ("10.0.0.*", "10.0.0.7", True),
        ("10.0.0.*", "10.0.1.7", False),
    ],
)
def test_only_servers_the_operator_names(patterns: str, host: str, may: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHCLAW_MAIL_HOSTS", patterns)
    tried, names = _record(monkeypatch), Names(["10.0.0.7"])
    with pytest.raises(PersonMends, match="Nothing answers" if may else "not among those") as caught:
        log_in(host, 993, "tls", "ada", "secret", None, MailSettings().hosts, names)
    assert caught.value.field == "host"
    assert (tried, names.asked) == (([("10.0.0.7", 993)], 1) if may else ([], 0))
    assert may or "MESHCLAW_MAIL_HOSTS" in caught.value.mend


class Saved:
    """Connections of somebody who connected a server before the operator named the only ones."""

    async def get(self, person: Person, connector: str) -> Connection | None:
        settings = {"kind": "imap", "host": HOST, "port": 993, "security": "tls", "user": "ada"}
        return Connection("ada", settings, {"password": "secret"})


async def test_no_way_in_goes_round_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHCLAW_MAIL_HOSTS", "mail.corp.example")
    tried = _record(monkeypatch)
    connector = MailConnector(Saved())
    with pytest.raises(PersonMends, match="not among those") as caught:
        await connector.prove({"host": HOST, "user": "ada", "password": "secret"})
    assert caught.value.field == "host"
    with pytest.raises(PersonMends, match="not among those"):
        async with connector.open(Person("T1", "U1")):
            pass
    with pytest.raises(PersonMends, match="not among those"):
        ImapAccount(HOST, 993, "tls", "ada", "secret")
    await connector.close()
    assert tried == []
