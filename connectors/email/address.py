"""Mail addresses of mailboxes, as `--mail` takes them: `maildir:PATH`, `imap://USER:PASSWORD@HOST:PORT`, `imaps://…`."""

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from bot.contracts.connectors import Connection
from bot.contracts.errors import PersonMends
from bot.contracts.json import Json

FORMS = "Write maildir:PATH, imaps://USER:PASSWORD@HOST or imap://USER:PASSWORD@HOST:PORT (with % codes for @ : / %)."


def imap_connection(
    host: str, port: int, security: str, user: str, password: str, addresses: tuple[str, ...] = ()
) -> Connection:
    """A connection to an IMAP server. `security`: `tls`, `starttls` (refused when the server has none), or `offered`
    (STARTTLS when offered, in the clear on this machine only)."""
    settings: dict[str, Json] = {"kind": "imap", "host": host, "port": port, "security": security, "user": user}
    settings["addresses"] = list(addresses)
    label = user if "@" in user else f"{user} at {host}"
    return Connection(label, settings, {"password": password})


def maildir_connection(path: str, addresses: tuple[str, ...] = ()) -> Connection:
    return Connection(f"Maildir {path}", {"kind": "maildir", "path": path, "addresses": list(addresses)}, {})


def connection_from_url(url: str) -> Connection:
    """The connection a mail URL names. Raises PersonMends, whose text never holds the URL: a password is in it."""
    scheme, colon, rest = url.partition(":")
    scheme = scheme.lower()
    if scheme == "maildir" and rest:
        path = rest.removeprefix("//") if rest.startswith("///") else rest
        return maildir_connection(path)
    if scheme not in ("imap", "imaps") or not colon:
        raise PersonMends("This is not the address of a mailbox.", FORMS)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        user, password = unquote(parts.username or "", errors="strict"), unquote(parts.password or "", errors="strict")
    except ValueError:
        raise PersonMends("This address of a mailbox cannot be read.", FORMS) from None
    if not host:
        raise PersonMends("The address of the mailbox names no host.", FORMS, field="host")
    if not user or not password:
        raise PersonMends("The address of the mailbox needs a user and a password.", FORMS, field="user")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise PersonMends("The address of the mailbox ends with the port; choose a folder with --folder.", FORMS)
    if any(ord(character) < 32 for character in user + password):
        raise PersonMends("User and password hold no control characters.", FORMS, field="user")
    secure = scheme == "imaps"
    return imap_connection(host, port or (993 if secure else 143), "tls" if secure else "offered", user, password)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
