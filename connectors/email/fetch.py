"""Reading the answers to FETCH, as imaplib hands them over: text, and tuples of text and literal.

IMAPClient's own reader handles every response there is; for the few items asked for here this one takes a third of
the time. Grammar: RFC 9051, section 7.5.2.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

Piece = bytes | tuple[bytes, bytes] | None

_NAME = re.compile(rb"[ (]*([A-Za-z0-9.]+)(?:\[([^\]]*)\](?:<\d+>)?)? ")
_VALUE = re.compile(rb'"((?:[^"\\]|\\.)*+)"|\(([^()]*)\)|([^ ()"{}]+)|\{\d+\+?\}$', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)")
_DATE = re.compile(rb"\s?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})")
_MONTHS = {name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}


def answers(pieces: Iterable[Piece]) -> Iterator[Mapping[str, bytes]]:
    """One mapping a mail: item names in capitals (`BODY[HEADER.FIELDS]`, `BODY[TEXT]`, `UID`, `FLAGS`), raw values.
    What cannot be read ends that mail's mapping and disturbs no other."""
    items: dict[str, bytes] = {}
    for piece in pieces:
        if piece is None:
            continue
        text, literal = piece if isinstance(piece, tuple) else (piece, None)
        if text[:1].isdigit():
            if items:
                yield items
            items = {}
            text = text[text.find(b"(") :]
        _read(text, literal, items)
    if items:
        yield items


def _read(text: bytes, literal: bytes | None, items: dict[str, bytes]) -> None:
    at = 0
    while name := _NAME.match(text, at):
        key = name[1].decode("latin-1").upper()
        if name[2] is not None:
            key = f"{key}[{name[2].partition(b' ')[0].decode('latin-1').upper()}]"
        value = _VALUE.match(text, name.end())
        if not value:
            return
        if value[1] is not None:
            items[key] = _ESCAPED.sub(rb"\1", value[1])
        elif value[2] is not None:
            items[key] = value[2]
        elif value[3] is not None:
            items[key] = b"" if value[3].upper() == b"NIL" else value[3]
        elif literal is not None:
            items[key] = literal
        at = value.end()


def number(items: Mapping[str, bytes], name: str) -> int | None:
    """A numeric item; None when it is missing."""
    value = items.get(name, b"")
    return int(value) if value.isdigit() and len(value) < 20 else None


def internal_date(items: Mapping[str, bytes]) -> datetime:
    """INTERNALDATE, in UTC; the epoch for a date that cannot be."""
    match = _DATE.match(items.get("INTERNALDATE", b""))
    month = _MONTHS.get(match[2].lower(), 0) if match else 0
    if not match or not month:
        return datetime.fromtimestamp(0, UTC)
    try:
        local = datetime(int(match[3]), month, int(match[1]), int(match[4]), int(match[5]), int(match[6]), tzinfo=UTC)
        ahead = timedelta(hours=int(match[8]), minutes=int(match[9]))
        return local - ahead if match[7] == b"+" else local + ahead
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)


def flags(items: Mapping[str, bytes]) -> frozenset[str]:
    """FLAGS, without \\Recent, which tells of the session and not of the mail."""
    return frozenset(items.get("FLAGS", b"").decode("latin-1").split()) - {"\\Recent"}


def uid_set(uids: Iterable[int]) -> str:
    """UIDs as an IMAP set with ranges. Raises ValueError for none: an empty set means everything to some commands."""
    ordered = sorted(set(uids))
    if not ordered:
        raise ValueError("no UIDs")
    ranges: list[list[int]] = []
    for uid in ordered:
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in ranges)


def copied(code: bytes | None, most: int) -> tuple[int, dict[int, int]]:
    """COPYUID (RFC 4315) → the target's UIDVALIDITY, and old → new UIDs. Empty when the two sets do not match or
    hold more than `most`."""
    parts = (code or b"").split()
    if len(parts) != 3 or not parts[0].isdigit():
        return 0, {}
    old, new = _expanded(parts[1], most), _expanded(parts[2], most)
    if not old or len(old) != len(new):
        return 0, {}
    return int(parts[0]), dict(zip(old, new, strict=True))


def _expanded(ranges: bytes, most: int) -> list[int]:
    uids: list[int] = []
    for part in ranges.split(b","):
        first, colon, last = part.partition(b":")
        if not first.isdigit() or (colon and not last.isdigit()):
            return []
        low, high = sorted((int(first), int(last or first)))
        if high - low >= most - len(uids):
            return []
        uids.extend(range(low, high + 1))
    return uids
