"""Mail: Maildir and IMAP over TLS. Reading for agents; moving and flagging as tools behind the gate; no deleting."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from bot.contracts.connectors import Connections
from bot.contracts.mail import MailReader
from connectors.email.address import connection_from_url
from connectors.email.mail import MailConnector
from connectors.email.mail import standalone as _standalone
from connectors.email.settings import MailSettings

__all__ = ["MailConnector", "connection_from_url", "connector", "standalone"]


def standalone(url: str, ca_file: Path | None = None) -> AbstractAsyncContextManager[MailReader]:
    """The mailbox a URL names, for reading; `ca_file` goes before the setting. Raises PersonMends and TimeMends."""
    return _standalone(url, ca_file or MailSettings().ca)


def connector(connections: Connections) -> MailConnector:
    settings = MailSettings()
    return MailConnector(connections, allow_maildir=settings.maildir, ca_file=settings.ca)
