"""Connecting to an IMAP server and logging in; what goes wrong there, in words a person can act on."""

import imaplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, LoginError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

from bot.contracts.errors import MeshClawError, OperatorMends, PersonMends, TimeMends
from bot.network.addresses import Address
from bot.network.resolve import LookUp, connect, look_up, objection
from connectors.email.address import is_loopback

CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates are checked against the system's authorities and those in `ca_file` (PEM). Raises OSError."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def log_in(
    host: str,
    port: int,
    security: str,
    user: str,
    password: str,
    ca_file: Path | None,
    hosts: Sequence[str] = (),
    look_up: LookUp = look_up,
) -> IMAPClient:
    """A client that is logged in. `security`: `tls`; `starttls`; `offered`: STARTTLS when the server has it, and in
    the clear only on this machine. `hosts`: patterns of the only servers to connect to, any when there are none.
    Raises PersonMends (`field`: host, security, user or password) and TimeMends."""
    try:
        context = trust(ca_file)
    except OSError:
        raise OperatorMends(
            "The file of trusted certificates for mail cannot be read.", "Check MESHCLAW_MAIL_CA."
        ) from None
    try:
        client = _connect(host, port, security, context, _checked(host, port, hosts, look_up))
    except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
        raise connecting(error, host, port) from None
    try:
        _authenticate(client, host, security, user, password)
    except BaseException:
        _drop(client)
        raise
    return client


def _drop(client: IMAPClient) -> None:
    with suppress(OSError):  # a socket that failed in the middle of a handshake is closed already
        client.shutdown()


def _checked(host: str, port: int, hosts: Sequence[str], look_up: LookUp) -> Sequence[Address]:
    """The addresses of a mail server, which is often in a private network, and may be on this machine."""
    name = host.lower().rstrip(".")
    if hosts and not any(fnmatchcase(name, pattern) for pattern in hosts):
        mend = "Ask your admin which mail servers may be connected, or to name this one in MESHCLAW_MAIL_HOSTS."
        raise PersonMends(f"The server {host} is not among those that may be connected here.", mend, field="host")
    addresses = look_up(host, port)
    why = objection(addresses, inside=True)
    if why is not None:
        raise PersonMends(
            f"Mail is not read from {host}: its address {why}.", "Check the name of the mail server.", field="host"
        )
    return addresses


class _Plain(IMAP4WithTimeout):  # type: ignore[misc]  # the library has no types
    """Connects to addresses that were checked, and looks nothing up; `host` is only what it is called."""

    def __init__(self, addresses: Sequence[Address], host: str, port: int, seconds: float) -> None:
        self._addresses = addresses
        super().__init__(host, port, seconds)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        return connect(self._addresses, self.port, timeout or self._timeout)


class _Tls(IMAP4_TLS):  # type: ignore[misc]  # the library has no types
    """The same over TLS, whose certificate has to be for the name."""

    def __init__(
        self, addresses: Sequence[Address], host: str, port: int, context: ssl.SSLContext, seconds: float
    ) -> None:
        self._addresses, self._context = addresses, context
        super().__init__(host, port, context, seconds)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        connected = connect(self._addresses, self.port, timeout or self._timeout)
        try:
            return self._context.wrap_socket(connected, server_hostname=self.host)
        except BaseException:
            connected.close()
            raise


class _Client(IMAPClient):  # type: ignore[misc]  # the library has no types
    """An IMAP client on a connection to addresses that were checked."""

    def __init__(self, addresses: Sequence[Address], host: str, port: int, context: ssl.SSLContext | None) -> None:
        self._addresses = addresses
        timeout = SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        super().__init__(host, port, ssl=context is not None, ssl_context=context, timeout=timeout)

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802 - the library's name
        if self.ssl:
            return _Tls(self._addresses, self.host, self.port, self.ssl_context, self._timeout.connect)
        return _Plain(self._addresses, self.host, self.port, self._timeout.connect)


def _connect(host: str, port: int, security: str, context: ssl.SSLContext, addresses: Sequence[Address]) -> IMAPClient:
    client = _Client(addresses, host, port, context if security == "tls" else None)
    client._imap.debug = 0  # 5 by default: every line of every mail would be formatted for the log
    if security == "tls":
        return client
    try:
        if client.has_capability("STARTTLS"):
            client.starttls(context)
        elif security == "starttls" or not is_loopback(host):
            raise PersonMends(
                f"The server {host} offers no encryption on port {port}, and a password is not sent in the clear.",
                "Use TLS, on most servers port 993.",
                field="security",
            )
    except BaseException:
        _drop(client)
        raise
    return client


def _authenticate(client: IMAPClient, host: str, security: str, user: str, password: str) -> None:
    try:
        if client.has_capability("AUTH=PLAIN"):
            client.plain_login(user, password)
        elif client.has_capability("LOGINDISABLED"):
            raise PersonMends(f"The server {host} takes no passwords on this connection.", "Use TLS.", field="security")
        elif not (user + password).isascii():
            raise PersonMends(f"The server {host} cannot take a password that is not ASCII.", field="password")
        else:
            client.login(user, password)
    except LoginError as error:
        if isinstance(error.__context__, imaplib.IMAP4.abort) or "[UNAVAILABLE]" in str(error):
            raise TimeMends(f"The server {host} broke off the login.", "Try again in a few minutes.") from None
        raise PersonMends(
            f"The server {host} does not accept this user and password.",
            "Many providers want an app password instead of the usual one.",
            field="password",
        ) from None
    except (OSError, imaplib.IMAP4.error):
        raise TimeMends(f"The server {host} broke off the login.", "Try again in a few minutes.") from None


def connecting(error: Exception, host: str, port: int) -> MeshClawError:
    """What a failed connection means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = (error.verify_message or "it cannot be verified").rstrip(".")
        return PersonMends(
            f"The certificate of {host} is not trusted: {reason}.",
            "Check the server's name. For a server of your own, the admin names its certificate in MESHCLAW_MAIL_CA.",
            field="host",
        )
    if isinstance(error, ssl.SSLError):
        mend = "Use 993 for TLS, or STARTTLS on 143."
        return PersonMends(f"The server {host} does not speak TLS on port {port}.", mend, field="port")
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return PersonMends(f"There is no server named {host}.", "Check the name of the mail server.", field="host")
    if isinstance(error, ConnectionRefusedError):
        return PersonMends(f"Nothing answers at {host} on port {port}.", "Check the port and the server.", field="host")
    if isinstance(error, CapabilityError):
        return PersonMends(f"The server {host} is missing something this needs: STARTTLS.", field="security")
    return TimeMends(f"The server {host} does not answer on port {port}.", "Try again in a few minutes.")
