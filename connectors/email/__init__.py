"""Mail: Maildir and IMAP over TLS. Reading for agents; moving and flagging as tools behind the gate; no deleting."""

from connectors.email.address import connection_from_url
from connectors.email.mail import MailConnector, standalone

connector = MailConnector

__all__ = ["MailConnector", "connection_from_url", "connector", "standalone"]
