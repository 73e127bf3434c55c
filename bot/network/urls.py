"""Web addresses as others write them, read so that everybody reads the same: whoever shows, judges and fetches one.
Pure."""

from ipaddress import IPv6Address
from urllib.parse import urlsplit

import idna
from yarl import URL

from bot.contracts.errors import PersonMends

LONGEST = 2_000
"""Characters of an address."""

_MEND = "Write it as in https://example.com/page."


def parsed(text: str) -> URL:
    """The address in its one canonical form: the host in lower-case ASCII, nothing after `#`.

    Raises PersonMends, which does not repeat the address, for anything two readers could read differently."""
    if len(text) > LONGEST:
        raise PersonMends(f"This address is longer than {LONGEST:,} characters.", "Use a shorter one.")
    if not text.isprintable() or "\\" in text or any(character.isspace() for character in text):
        raise PersonMends("This address holds a space, a backslash or a hidden character.", _MEND)
    try:
        url = URL(text).with_fragment(None)
        authority = urlsplit(text).netloc
        host = url.raw_host or ""
        url = URL(str(url))
    except ValueError:
        raise PersonMends("This is not the address of a page.", _MEND) from None
    if url.scheme not in ("http", "https") or not host:
        raise PersonMends("This is not the address of a page.", _MEND)
    if "@" in authority:
        raise PersonMends(
            "This address holds a user or a password, and none is sent.", "Leave out what is before the @."
        )
    if not _names_a_server(host, "[" in authority):
        raise PersonMends("The server in this address has no proper name.", _MEND)
    return url.with_path("/", keep_query=True) if url.raw_path == "/" else url


def _names_a_server(host: str, bracketed: bool) -> bool:
    """Whether a host is one that DNS and certificates can mean: IDNA 2008 decides of names, `ipaddress` of IPv6."""
    try:
        if bracketed:
            return IPv6Address(host).scope_id is None
        return not host.endswith(".") and idna.encode(host).decode("ascii") == host
    except ValueError:
        return False
