"""Raw bytes → `Mail`. Tolerant: whatever the bytes are, a mail comes out, and nothing is raised.

What may be large is cut: 64 KB of head, 64 KB of body, 100 parts, 10 levels. Every step is linear in what is left, so
that one mail costs milliseconds at worst.
"""

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import collapse_rfc2231_value, parsedate_to_datetime

from bot.contracts.mail import Address, Mail, MailRef
from connectors.email.headers import (
    addresses,
    charset_known,
    clean,
    decode_base64,
    decode_bytes,
    decode_header,
    message_ids,
    one_line,
    split_head,
)
from connectors.email.html import html_to_text
from connectors.email.quotes import newest

BODY_BYTES = 65_536
WHOLE_BYTES = 1_000_000
"""So much of the body of a mail that somebody wants to read."""
PARTS = 100
DEPTH = 10
TEXT_CHARACTERS = 4_000
READ_CHARACTERS = 12_000
"""So much of a decoded text is looked at; quotes and signature may take most of it away."""
HTML_CHARACTERS = 40_000
"""So much of HTML, of which most is no text."""

KEPT = (
    "authentication-results", "auto-submitted", "content-type", "date", "delivered-to", "feedback-id", "importance",
    "list-id", "list-post", "list-unsubscribe", "list-unsubscribe-post", "precedence", "reply-to", "return-path",
    "sender", "x-auto-response-suppress", "x-priority", "x-spam-flag", "x-spam-status",
)  # fmt: skip
"""Headers handed on in `Mail.headers`."""

READ = (
    "from", "to", "cc", "subject", "message-id", "in-reply-to", "references", "content-transfer-encoding",
    "content-disposition", *KEPT,
)  # fmt: skip
"""All headers the parser looks at: what a provider that can choose should fetch."""


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail as a provider hands it over. `content`: head, blank line and as much of the body as was read;
    `size`: of the whole mail, bytes; `cut`: the body goes on beyond `content`."""

    ref: MailRef
    content: bytes
    received: datetime
    size: int
    flags: frozenset[str] = frozenset()
    cut: bool = False


@dataclass(slots=True)
class _Found:
    """What the walk through the parts gathers."""

    plain: str | None = None
    html: str | None = None
    attachments: int = 0
    calendar: bool = False
    parts: int = 0
    defects: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """Of what is attached, calendars too."""

    def odd(self, defect: str) -> None:
        if defect not in self.defects:
            self.defects.append(defect)


@dataclass(frozen=True, slots=True)
class Whole:
    """One mail to be read: `text` with all that it quotes, at most 12,000 characters; `attachments`: their names;
    `cut`: it goes on beyond what was read."""

    mail: Mail
    text: str
    attachments: tuple[str, ...]
    cut: bool


def parse(raw: RawMail) -> Mail:
    """The mail in these bytes; what was odd about it is in `defects`. Never raises."""
    return _parsed(raw, BODY_BYTES)[0]


def parse_whole(raw: RawMail) -> Whole:
    """The same of a mail that was fetched to be read, for which more of its body is looked at."""
    mail, found = _parsed(raw, WHOLE_BYTES)
    names = tuple(clean(name)[0] for name in found.names)
    return Whole(mail, _shown(found)[0].strip(), names, raw.cut)


def _parsed(raw: RawMail, most: int) -> tuple[Mail, _Found]:
    headers, body = split_head(raw.content)
    first: dict[str, bytes] = {}
    for name, value in headers:
        first.setdefault(name, value)
    found = _Found()
    if not headers:
        found.odd("no headers")
    kind = _walk(first, body[:most], 0, found)
    if raw.cut and not found.attachments and kind == "multipart/mixed":
        found.attachments = 1
    text, hidden = _text(found)
    subject, telling, turned = clean(decode_header(first.get("subject", b"")))
    if telling:
        hidden = True
        found.odd("changed direction of writing" if turned else "invisible characters in the subject")
    senders = addresses(value for name, value in headers if name == "from")
    _judge_senders(senders, [value for name, value in headers if name == "from"], found)
    kept = {name: clean(decode_header(first[name]))[0] for name in KEPT if name in first}
    if not _readable_date(kept.get("date", "")):
        found.odd("unreadable date")
    references = message_ids(decode_bytes(first.get("references", b"")))
    mail = Mail(
        ref=raw.ref,
        message_id=first_id(first.get("message-id", b"")),
        senders=senders,
        to=addresses(value for name, value in headers if name == "to"),
        cc=addresses(value for name, value in headers if name == "cc"),
        subject=subject,
        received=raw.received,
        flags=raw.flags,
        in_reply_to=first_id(first.get("in-reply-to", b"")),
        references=tuple(references if len(references) <= 50 else references[:1] + references[-49:]),
        headers=kept,
        text=text,
        size=raw.size,
        html_only=found.html is not None and not (found.plain or "").strip(),
        attachments=found.attachments,
        calendar=found.calendar,
        hidden=hidden,
        defects=tuple(found.defects),
    )
    return mail, found


def parse_bytes(content: bytes, ref: MailRef | None = None) -> Mail:
    """A whole mail from bytes alone, for which no provider knows a date."""
    return parse(RawMail(ref or MailRef("", 0, ""), content, datetime.fromtimestamp(0, UTC), len(content)))


def first_id(value: bytes) -> str:
    """The id in a Message-ID or In-Reply-To header; what stands there otherwise, when it is no proper id."""
    text = decode_bytes(value)
    ids = message_ids(text)
    return ids[0] if ids else one_line(clean(text)[0])[:998]


def _readable_date(value: str) -> bool:
    if not value:
        return False
    try:
        year = parsedate_to_datetime(value[:100]).year
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return False
    return 1980 <= year <= 2100


def _judge_senders(senders: Sequence[Address], values: Sequence[bytes], found: _Found) -> None:
    if not senders:
        found.odd("no sender")
    elif len(senders) > 1 or len(values) > 1:
        found.odd("more than one sender")
    for sender in senders:
        if "@" in sender.name and sender.address not in sender.name.lower():
            found.odd("the sender's name shows another address")


@dataclass(frozen=True, slots=True)
class _Content:
    """What a part says it is."""

    kind: str = "text/plain"
    boundary: bytes = b""
    charset: str = ""
    attached: bool = False
    filename: str = ""


def _content(headers: dict[str, bytes], found: _Found) -> _Content:
    """A part's Content-Type and Content-Disposition, by the stdlib's reader of parameters."""
    message = Message()
    for name in ("content-type", "content-disposition"):
        if name in headers:
            message[name] = headers[name][:2_000].decode("latin-1")
    try:
        params = {name: collapse_rfc2231_value(value) for name, value in message.get_params([])[1:]}
        disposition = message.get_params([("", "")], header="content-disposition")
        filename = message.get_filename("") if len(disposition) > 1 else params.get("name", "")
    except (ValueError, LookupError, TypeError, AttributeError):  # parameters the stdlib stumbles over
        found.odd("unreadable content type")
        return _Content()
    return _Content(
        kind=message.get_content_type(),
        boundary=params.get("boundary", "").rstrip().encode("latin-1", "replace"),
        charset=params.get("charset", ""),
        attached=disposition[0][0].lower() == "attachment",
        filename=filename,
    )


def _walk(headers: dict[str, bytes], body: bytes, depth: int, found: _Found) -> str:
    """Gather from one part and what is in it; the part's type."""
    found.parts += 1
    content = _content(headers, found)
    kind = content.kind
    if kind.startswith("multipart/") and content.boundary:
        _multipart(content.boundary, body, depth, found)
    elif kind in ("text/calendar", "application/ics") or content.filename.lower().endswith(".ics"):
        found.calendar = True
        found.names.append(content.filename or "calendar")
    elif kind.startswith(("text/", "multipart/")) and not content.attached and not content.filename:
        _leaf(kind, headers, body, content.charset, found)
    elif content.attached or "content-id" not in headers:
        found.attachments += 1
        found.names.append(content.filename)
    return kind


def _multipart(boundary: bytes, body: bytes, depth: int, found: _Found) -> None:
    if depth >= DEPTH:
        found.odd("nested too deep")
        return
    parts = list(_parts(boundary, body))
    for part in parts:
        if found.parts >= PARTS:
            found.odd("too many parts")
            return
        head, content = split_head(part)
        _walk(dict(reversed(head)), content, depth + 1, found)
    if not parts and body.strip():
        found.odd("no parts where parts were announced")
        if found.plain is None:
            found.plain = decode_bytes(body[:READ_CHARACTERS])


def _parts(boundary: bytes, body: bytes) -> Iterator[bytes]:
    """What stands between the lines that begin with the boundary; the last part need not be closed."""
    part: bytes | None = None
    delimiter = b"\n--" + boundary
    for piece in (b"\n" + body).split(delimiter, PARTS * 2)[1:]:
        line, newline, rest = piece.partition(b"\n")
        tail = line.strip()
        if tail not in (b"", b"--"):  # a longer boundary that begins like this one
            if part is not None:
                part += delimiter + piece
            continue
        if part is not None:
            yield part.removesuffix(b"\r")
        if tail:
            return
        part = rest if newline else None
    if part is not None:
        yield part


def _leaf(kind: str, headers: dict[str, bytes], body: bytes, charset: str, found: _Found) -> None:
    """Keep the first text of each kind."""
    if kind == "text/html":
        if found.html is None:
            found.html = _decoded(headers, body, charset, found)
    elif found.plain is None or not found.plain.strip():
        found.plain = _decoded(headers, body, charset, found)


def _decoded(headers: dict[str, bytes], body: bytes, charset: str, found: _Found) -> str:
    encoding = headers.get("content-transfer-encoding", b"").strip().lower()
    if encoding == b"base64":
        body = decode_base64(body)
    elif encoding == b"quoted-printable":
        body = binascii.a2b_qp(body)
    if charset and charset_known(charset) is None:
        found.odd("unknown character set")
    return decode_bytes(body, charset)


def _text(found: _Found) -> tuple[str, bool]:
    """What a reader sees of the newest part, and whether something was hidden in it."""
    text, hidden = _shown(found)
    return newest(text)[:TEXT_CHARACTERS].rstrip(), hidden


def _shown(found: _Found) -> tuple[str, bool]:
    """What a reader sees, quotes and signature too, and whether something was hidden in it."""
    plain, hidden = found.plain or "", False
    if found.html is not None and not any(character.isalnum() for character in plain[:READ_CHARACTERS]):
        plain, hidden = html_to_text(found.html[:HTML_CHARACTERS], READ_CHARACTERS)
        if hidden:
            found.odd("hidden text")
    text, telling, turned = clean(plain[:READ_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    if turned:
        found.odd("changed direction of writing")
    elif telling:
        found.odd("invisible characters")
    return _SPACES.sub(" ", text), hidden or telling


_SPACES = re.compile(r"[ \u00a0\u3000]{2,}|\u00a0|\u3000")
