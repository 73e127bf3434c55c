"""Mail headers from raw bytes: split, decoded, and read as addresses. Linear in their length, and never raises.

The standard library's readers are not used here: on Python 3.11 `parseaddr("a@x]<b@y>")` answers `a@x`, and
`decode_header` takes quadratic time on an endless encoded subject.
"""

import binascii
import codecs
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from bot.contracts.mail import Address

HEAD_BYTES = 65_536
HEADERS = 500
VALUE_BYTES = 8_192
ADDRESSES = 200

_BLANK = re.compile(rb"\r?\n\r?\n")
_ENCODED = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,998}>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")

# Marks without a width of their own. Joiners and variation selectors also occur in honest emoji and scripts, so
# dropping those tells nothing; the others have no business in a mail and are reported.
_HARMLESS = "\u00ad\u200c\u200d\u200e\u200f\ufe0e\ufe0f"
_TELLING = (
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{_HARMLESS}{_TELLING}]")
_SUSPECT = re.compile(f"[{_TELLING}]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")

# Charsets that are codecs of Python but no charset of any mail; punycode and idna take quadratic time.
_NO_CHARSET = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932", "big5": "cp950"}
_LOOSE = frozenset({"utf-8", "gb18030", "cp949", "cp932", "cp950", "big5hkscs", "euc_jp", "iso2022_jp"})


def split_head(content: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """Raw bytes of a mail or part → its headers (lower-case name, unfolded value, in order) and its body.

    Takes a missing head, stray lines, and the `From ` line of an mbox. At most 500 headers of 64 KB in all.
    """
    if content[:1] in (b"\n", b"\r"):
        return [], content.lstrip(b"\r\n")
    blank = _BLANK.search(content)
    head, body = (content[: blank.start()], content[blank.end() :]) if blank else (content, b"")
    headers: list[tuple[str, bytes]] = []
    lines = head[:HEAD_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    unfolded = lines.replace(b"\n ", b" ").replace(b"\n\t", b" ")
    for line in unfolded.split(b"\n")[: HEADERS + 1]:
        name, colon, value = line.partition(b":")
        name = name.strip()
        if colon and name and len(name) <= 100 and b" " not in name:
            headers.append((name.decode("latin-1").lower(), value.strip()[:VALUE_BYTES]))
    if not headers and not blank:
        return [], content
    return headers[:HEADERS], body


@lru_cache(maxsize=256)
def charset_known(name: str) -> str | None:
    """The canonical name of a mail charset, None when Python cannot read it."""
    try:
        found = codecs.lookup(name.strip().strip("\"'")).name
        b"text".decode(found, "ignore")  # refuses what is a codec but no charset, such as rot13
    except (LookupError, ValueError):
        return None
    found = found.replace("-", "_") if found != "utf-8" else found
    return None if found in _NO_CHARSET else _WIDER.get(found, found)


def decode_bytes(data: bytes, charset: str = "") -> str:
    """Bytes → text by the declared charset, else UTF-8, else Latin-1. A character cut off at the end is left out."""
    known = charset_known(charset) if charset else None
    for name in (known, "utf-8"):
        if name is None:
            continue
        try:
            return codecs.getincrementaldecoder(name)("strict").decode(data, final=False)
        except (LookupError, ValueError, AttributeError):
            if name in _LOOSE and name == known:
                return data.decode(name, "replace")
    return data.decode("latin-1")


def clean(text: str) -> tuple[str, bool, bool]:
    """Text without control and invisible characters; whether telling ones were found, and whether some turned the
    direction of writing."""
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    if text.isascii():
        return text, False, False
    if not _INVISIBLE.search(text):
        return text, False, False
    return _INVISIBLE.sub("", text), bool(_SUSPECT.search(text)), bool(_BIDI.search(text))


def one_line(text: str) -> str:
    """Without line breaks and repeated spaces."""
    return _SPACE.sub(" ", text).strip()


def decode_header(value: bytes, limit: int = 1_000) -> str:
    """A header's value as text: encoded words (RFC 2047) and raw 8-bit bytes read, at most `limit` characters."""
    value = value[: limit * 4]
    text = "".join(_words(value)) if b"=?" in value else decode_bytes(value)
    return one_line(text)[:limit]


def _words(value: bytes) -> Iterator[str]:
    """Encoded words decoded; neighbours of one charset are joined first, since some writers split a character."""
    pending, charset, end = b"", "", 0
    for word in _ENCODED.finditer(value):
        between = value[end : word.start()]
        name = word[1].partition(b"*")[0].lower().decode("latin-1")
        if pending and (between.strip() or name != charset):
            yield decode_bytes(pending, charset)
            pending = b""
        if between.strip() or end == 0:
            yield decode_bytes(between)
        pending += binascii.a2b_qp(word[3], header=True) if word[2] in b"qQ" else decode_base64(word[3])
        charset, end = name, word.end()
    yield decode_bytes(pending, charset)
    yield decode_bytes(value[end:])


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_base64(data: bytes) -> bytes:
    """Base64, whatever else is in it; an unfinished last group gives what it holds."""
    data = _NOT_BASE64.sub(b"", data)
    rest = len(data) % 4
    data = data[:-1] if rest == 1 else data + b"=" * (-rest % 4)
    return binascii.a2b_base64(data)


def message_ids(value: str) -> list[str]:
    """The ids of a Message-ID, In-Reply-To or References header, with their angle brackets."""
    return _MESSAGE_ID.findall(value)


def addresses(values: Iterable[bytes]) -> tuple[Address, ...]:
    """All mailboxes of all given address headers, at most 200. Names are decoded after the list is taken apart, so
    that an encoded comma or bracket makes no second address."""
    found: list[Address] = []
    for value in values:
        for mailbox in _mailboxes(value.decode("latin-1")):
            address = _mailbox(mailbox)
            if address is not None and address not in found:
                found.append(address)
            if len(found) >= ADDRESSES:
                return tuple(found)
    return tuple(found)


_PIECES = re.compile(r'"(?:[^"\\]|\\.)*+"|[,;()]|[^",;()]+|"', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


def _mailboxes(text: str) -> Iterator[list[str]]:
    """The pieces of each mailbox of an address list, a character a byte: quoted strings stay whole, comments go."""
    pieces: list[str] = []
    depth = 0
    for piece in _PIECES.findall(text):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif depth:
            continue
        elif piece in ",;":
            yield pieces
            pieces = []
        else:
            pieces.append(piece)
    yield pieces


def _mailbox(pieces: list[str]) -> Address | None:
    """A mailbox from its pieces. With angle brackets the address is what stands in the last pair, whatever the name
    before it claims."""
    bare = "".join("\x00" * len(piece) if piece[0] == '"' and len(piece) > 1 else piece for piece in pieces)
    text = "".join(pieces)
    opened = bare.rfind("<")
    if opened >= 0:
        closed = bare.find(">", opened)
        name, address = text[:opened], text[opened + 1 : closed if closed >= 0 else len(text)]
    elif "@" in text:
        name, address = "", text.rpartition(":")[2]
    else:
        return None
    address = "".join(clean(_decoded(address))[0].split()).strip("<>").lower()
    if not address or len(address) > 320:
        return None
    if ":" in name and '"' not in name and "=?" not in name:
        name = name.rpartition(":")[2]  # the name of a group
    return Address(_display_name(name), address)


def _decoded(latin: str) -> str:
    return decode_bytes(latin.encode("latin-1"))


def _display_name(latin: str) -> str:
    """A display name without quotes and encoding, at most 200 characters."""
    name = latin.strip(" \t\r\n")
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = _QUOTED_PAIR.sub(r"\1", name[1:-1])
    return clean(decode_header(name.encode("latin-1")))[0][:200].strip("\"' ")
