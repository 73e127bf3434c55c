"""The mail connector: accounts of people, opened for reading by agents and for moving by the gate."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from bot.contracts.connectors import Check, Connection, Connections
from bot.contracts.errors import PersonMends
from bot.contracts.forms import FormField
from bot.contracts.mail import MailReader
from bot.contracts.people import Person
from bot.contracts.tools import Tool
from connectors.email.address import connection_from_url, imap_connection, maildir_connection
from connectors.email.ids import Ids
from connectors.email.imap import ImapAccount
from connectors.email.login import trust
from connectors.email.mailbox import Mailbox
from connectors.email.maildir import MaildirAccount
from connectors.email.provider import Account
from connectors.email.reads import ReadTool, SearchTool
from connectors.email.sessions import IDLE_SECONDS, Sessions
from connectors.email.tools import FlagTool, MoveTool

_KEY = "names"
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,250}[A-Za-z0-9.])?|[0-9A-Fa-f:]{2,45}")
_ADDRESS = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,255}")
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]{1,500}")


class MailConnector:
    """Implements `contracts.Connector` and `contracts.MailSource`. `allow_maildir`: a person may name a Maildir on
    this machine, which is right only where every person may read every mail on it. `ca_file`: certificates to trust
    besides the system's."""

    name = "mail"
    title = "Mail"

    def __init__(
        self,
        connections: Connections,
        *,
        allow_maildir: bool = False,
        ca_file: Path | None = None,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._connections = connections
        self._allow_maildir = allow_maildir
        self._ca_file = ca_file
        self._sessions = Sessions(idle)

    def tools(self) -> Sequence[Tool]:
        kinds = (SearchTool, ReadTool, MoveTool, FlagTool)
        return tuple(kind(self.mailbox, self.names) for kind in kinds)

    def open(self, person: Person) -> AbstractAsyncContextManager[MailReader]:
        """The person's mailbox, for reading. Raises PersonMends (`field="mail"`) when none is connected."""
        return self.mailbox(person)

    @asynccontextmanager
    async def mailbox(self, person: Person) -> AsyncIterator[Mailbox]:
        """The person's mailbox, for reading and moving."""
        connection = await self._connected(person)
        connect = partial(connect_mailbox, connection, self._ca_file)
        async with self._sessions.use(person.owner, connection, connect) as mailbox:
            yield mailbox

    async def names(self, person: Person) -> Ids:
        """How the mails of the person's mailbox are named. Raises PersonMends when none is connected."""
        settings = (await self._connected(person)).settings
        place = [str(settings.get(name, "")) for name in ("kind", "host", "user", "path")]
        return Ids(await self._naming_key(), "\0".join([person.owner, *place]))

    async def _naming_key(self) -> bytes:
        """Made once for the installation; read anew each time, since of two replicas that make one the last counts."""
        kept = await self._connections.kept(self.name, _KEY)
        if not isinstance(kept, str):
            await self._connections.keep(self.name, _KEY, secrets.token_hex(32))
            kept = await self._connections.kept(self.name, _KEY)
        return bytes.fromhex(str(kept))

    async def _connected(self, person: Person) -> Connection:
        connection = await self._connections.get(person, self.name)
        if connection is None:
            raise PersonMends("No mailbox is connected yet.", "Connect one: `/meshclaw connect mail`.", field="mail")
        return connection

    def form(self) -> Sequence[FormField]:
        kinds = (("imap", "IMAP server"), ("maildir", "Maildir folder on the server"))
        imap = "IMAP only" if self._allow_maildir else ""
        either = self._allow_maildir
        fields = [
            FormField("host", "Mail server", hint=imap, placeholder="imap.example.com", optional=either),
            FormField("port", "Port", hint=imap, initial="993", optional=either),
            FormField(
                "security", "Security", "choice", initial="tls", options=(("tls", "TLS"), ("starttls", "STARTTLS"))
            ),
            FormField("user", "User", hint=imap, placeholder="ada@example.com", optional=either),
            FormField(
                "password",
                "Password",
                "secret",
                optional=either,
            ),
            FormField("addresses", "Your other addresses", hint="Separated by commas", optional=True),
        ]
        if self._allow_maildir:
            path = FormField("path", "Maildir", hint="Maildir only", placeholder="/home/ada/Maildir", optional=True)
            return [FormField("kind", "Kind", "choice", initial="imap", options=kinds), *fields[:-1], path, fields[-1]]
        return fields

    async def prove(self, values: Mapping[str, str]) -> Connection:
        """Log in and list the folders. Raises PersonMends with the field to correct, or TimeMends."""
        typed = {name: value if name == "password" else value.strip() for name, value in values.items()}
        connection = self._typed(typed)
        mailbox = await connect_mailbox(connection, self._ca_file)
        try:
            await mailbox.folders()
        finally:
            await mailbox.close()
        return connection

    def _typed(self, values: Mapping[str, str]) -> Connection:
        """The connection a person typed, not yet tried."""
        addresses = tuple(part.strip().lower() for part in re.split(r"[,;\s]+", values.get("addresses", "")) if part)
        if len(addresses) > 50 or not all(_ADDRESS.fullmatch(address) for address in addresses):
            raise PersonMends("One of these is no mail address.", "Write name@example.org.", field="addresses")
        kind = values.get("kind") or "imap"
        if kind == "maildir" and self._allow_maildir:
            if not _PRINTABLE.fullmatch(values.get("path", "")) or not values["path"].startswith("/"):
                raise PersonMends("Name the Maildir with its full path.", "It begins with a slash.", field="path")
            return maildir_connection(values["path"], addresses)
        if kind != "imap":
            raise PersonMends("This kind of mailbox is not offered here.", "Choose an IMAP server.", field="kind")
        host, user, password = values.get("host", ""), values.get("user", ""), values.get("password", "")
        if not _HOST.fullmatch(host):
            raise PersonMends("This is not the name of a server.", "It looks like imap.example.com.", field="host")
        port = values.get("port") or "993"
        if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65_536):
            raise PersonMends("This is not a port.", "For TLS it is 993, for STARTTLS 143.", field="port")
        security = values.get("security") or "tls"
        if security not in ("tls", "starttls"):
            raise PersonMends("Choose TLS or STARTTLS.", field="security")
        if not _PRINTABLE.fullmatch(user):
            raise PersonMends("Fill in the user.", "Often it is the mail address.", field="user")
        if not _PRINTABLE.fullmatch(password):
            raise PersonMends("Fill in the password.", field="password")
        return imap_connection(host, int(port), security, user, password, addresses)

    async def checks(self) -> Sequence[Check]:
        if self._ca_file is None:
            return (Check("mail", True, "IMAP over TLS, certificates checked against the system's.", needed=False),)
        try:
            await asyncio.to_thread(trust, self._ca_file)
        except OSError:
            says = f"The certificates in {self._ca_file} cannot be read."
            return (Check("mail", False, says, "Let MESHCLAW_MAIL_CA name a file of PEM certificates."),)
        says = f"IMAP over TLS, certificates of {self._ca_file} trusted too."
        return (Check("mail", True, says, needed=False),)

    async def close(self) -> None:
        await self._sessions.close()


async def connect_mailbox(connection: Connection, ca_file: Path | None = None) -> Mailbox:
    """Open the account of a connection. Raises PersonMends (login, host, path) or TimeMends."""
    return await Mailbox.connect(partial(_account, connection, ca_file))


def _account(connection: Connection, ca_file: Path | None) -> Account:
    settings = connection.settings
    known = settings.get("addresses")
    addresses = [str(address) for address in known] if isinstance(known, Sequence) else []
    if settings.get("kind") == "maildir":
        return MaildirAccount(Path(str(settings["path"])), addresses)
    user = str(settings["user"])
    if "@" in user and user.lower() not in addresses:
        addresses.insert(0, user.lower())
    return ImapAccount(
        host=str(settings["host"]),
        port=int(str(settings["port"])),
        security=str(settings["security"]),
        user=user,
        password=str(connection.secrets["password"]),
        addresses=addresses,
        ca_file=ca_file,
    )


@asynccontextmanager
async def standalone(url: str, ca_file: Path | None = None) -> AsyncIterator[MailReader]:
    """The mailbox a URL names, for as long as the context lasts. Raises PersonMends and TimeMends."""
    mailbox = await connect_mailbox(connection_from_url(url), ca_file)
    try:
        yield mailbox
    finally:
        await mailbox.close()
