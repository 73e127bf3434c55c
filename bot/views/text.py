"""Outside text made harmless: the one place where text that others wrote is prepared for being shown.

`plain` is for `plain_text` objects and rich text elements, which know no markup; `inert` and `visible` are for mrkdwn.
All show what a client would hide or obey, and lose nothing: `‹U+202E›` stands for one character, a character that
mrkdwn would obey is drawn by one that looks the same, a clipped text ends in `…`. Only what is recognisably a secret
is masked, before anything else: a password somebody mailed shall not stand in a channel.
Escaping rules: https://docs.slack.dev/messaging/formatting-message-text#escaping.
"""

import re
import unicodedata
from functools import lru_cache

from bot.contracts.secrets import redacted

MIXED = " ‹mixed letters›"
CLIPPED = "…"
_LONGEST_MARK = 40

_BREAKS = frozenset("\n\r\t")
_EMPTY_LOOKING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_EMOJI_JOINER = "\u200d"
_EMOJI_STYLES = frozenset("\ufe0e\ufe0f")
_JOINERS = frozenset("\u200c\u200d")
_JOINING_SCRIPTS = tuple(
    [
        "ARABIC",
        "DEVANAGARI",
        "BENGALI",
        "GUJARATI",
        "GURMUKHI",
        "KANNADA",
        "MALAYALAM",
        "ORIYA",
        "SINHALA",
        "TAMIL",
        "TELUGU",
    ]
)
_LOOKALIKE_SCRIPTS = frozenset(("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE"))
_MOST_MARKS = 3
"""More combining marks than this on one letter paint over neighbouring lines."""

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_STANDINS = {"*": "\u2217", "_": "\u02cd", "~": "\u223c", "`": "\u02cb", ":": "\ua789", ".": "\u2024", ">": "\uff1e"}
"""Characters that look the same and mean nothing to mrkdwn: Slack has no escape for its markers."""
_STANDIN_VALUES = frozenset(_STANDINS.values())
_FORMATS = re.compile(r"[*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|\A>|:(?=[^\s:]+:)")
"""Bold, strike and code; italics, which begin and end at the edge of a word; a quote; an emoji."""
_LINKS = re.compile(r":(?=\S)|(?<=[^\W_])\.(?=[^\W\d_])")
"""The colon of an address, and dots as in `example.org`."""

_WORD = re.compile(r"\w+")


def plain(text: str, limit: int | None = None) -> str:
    """Text for `plain_text` and rich text: invisible characters shown, line breaks as spaces, at most `limit` long.

    Lengths are counted in UTF-16 units, the strictest way Slack may count.
    """
    text = redacted(text)
    if text.isascii() and text.isprintable() and (limit is None or len(text) <= limit):
        return text
    return _fitted(_revealed(text, limit), limit, _note(text))


def visible(text: str, limit: int | None = None) -> str:
    """Text for any mrkdwn: as `plain`, and no character of it can format, mention, link or become an emoji."""
    text = redacted(text)
    return _for_mrkdwn(text, limit, _obeyed(text) | _linked(text))


def inert(text: str, limit: int | None = None) -> str:
    """As `visible` where addresses are not linked by themselves and so stay as they are: in mrkdwn objects with
    `verbatim`, and in texts that only stand for blocks."""
    text = redacted(text)
    return _for_mrkdwn(text, limit, _obeyed(text))


def width(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int) -> list[str]:
    """Text that is already shown, in parts of at most `limit` UTF-16 units, at least 2; joined they are the text. No
    part ends within a mark as `‹U+202E›` unless it holds nothing else."""
    parts: list[str] = []
    start = 0
    while start < len(text) or not parts:
        end = start + limit
        while (over := width(text[start:end]) - limit) > 0:
            end = min(end, len(text)) - (over + 1) // 2  # a character is 2 units at most
        mark = text.rfind("‹", start + 1, end)
        if end < len(text) and end - mark < _LONGEST_MARK and mark > start and "›" not in text[mark:end]:
            end = mark
        parts.append(text[start:end])
        start = end
    return parts


def _revealed(text: str, limit: int | None) -> list[str]:
    """One piece for each character: itself, or its code when a client would hide or obey it.

    Of a text that is longer than the limit anyway, only as much as shows that it is.
    """
    pieces: list[str] = []
    marks = 0
    for index, char in enumerate(text if limit is None else text[: 2 * limit + 2]):
        if " " <= char <= "~":
            marks = 0
            pieces.append(char)
            continue
        mark, seen = _alone(char)
        marks = marks + 1 if mark else 0
        if char in _BREAKS:
            pieces.append("" if char == "\n" and text[index - 1 : index] == "\r" else " ")
            continue
        if seen is None:
            seen = _among(char, text[index - 1 : index], text[index + 1 : index + 2])
        ours = char == "‹" and text.startswith(("U+", MIXED[2:]), index + 1)
        pieces.append(char if seen and marks <= _MOST_MARKS and not ours else _code(char))
    return pieces


@lru_cache(maxsize=8_192)
def _alone(char: str) -> tuple[bool, bool | None]:
    """Whether a character is a combining mark, and whether it is seen as what it is; None: its neighbours decide."""
    category = unicodedata.category(char)
    if char in _JOINERS or char in _EMOJI_STYLES:
        return category in ("Mn", "Me"), None
    if char in _EMPTY_LOOKING or 0xFE00 <= ord(char) <= 0xFE0D or 0xE0000 <= ord(char) <= 0xE0FFF:
        seen = False
    elif category == "Cn":  # newer emoji and ideographs than this Python knows are no deceit
        seen = 0x1F000 <= ord(char) <= 0x1FAFF or 0x20000 <= ord(char) <= 0x3FFFD
    else:
        seen = char.isprintable() or category == "Zs"
    return category in ("Mn", "Me"), seen


def _among(char: str, before: str, after: str) -> bool:
    """Whether a joiner or a style is where it belongs: in an emoji, or between letters of a script that joins them."""
    if char in _EMOJI_STYLES:
        return before != "" and (_symbol(before) or before in "0123456789#*")
    return _joins_emoji(char, before, after) or (_joining(before) and _joining(after))


def _symbol(char: str) -> bool:
    return char != "" and (unicodedata.category(char) in ("So", "Sk", "Sm", "Po") and not char.isascii())


def _joins_emoji(char: str, before: str, after: str) -> bool:
    return char == _EMOJI_JOINER and (_symbol(before) or before == "\ufe0f") and _symbol(after)


def _joining(char: str) -> bool:
    return char != "" and unicodedata.name(char, "").startswith(_JOINING_SCRIPTS)


def _code(char: str) -> str:
    return f"‹U+{ord(char):04X}›"


def _for_mrkdwn(text: str, limit: int | None, standins: frozenset[int]) -> str:
    """`standins`: the places of characters to be drawn by others."""
    pieces = _revealed(text, limit)
    for index, piece in enumerate(pieces):
        if index in standins:
            pieces[index] = _STANDINS[piece]
        elif piece in _STANDIN_VALUES:
            pieces[index] = _code(piece)
        else:
            pieces[index] = _ENTITIES.get(piece, piece)
    return _fitted(pieces, limit, _note(text))


def _obeyed(text: str) -> frozenset[int]:
    return frozenset(match.start() for match in _FORMATS.finditer(text))


def _linked(text: str) -> frozenset[int]:
    return frozenset(match.start() for match in _LINKS.finditer(text))


def _note(text: str) -> str:
    """Appended when a word mixes alphabets whose letters look alike, as `pаypal` with a Cyrillic `а` does."""
    if text.isascii():
        return ""
    return MIXED if any(_mixes(word) for word in _WORD.findall(text) if not word.isascii()) else ""


def _mixes(word: str) -> bool:
    scripts = {unicodedata.name(char, " ").split(" ")[0] for char in word if char.isalpha()}
    return len(scripts & _LOOKALIKE_SCRIPTS) > 1


def _fitted(pieces: list[str], limit: int | None, note: str) -> str:
    """The pieces and the note within the limit, cut between pieces, with `…` where something is missing."""
    whole = "".join(pieces) + note
    if limit is None or width(whole) <= limit:
        return whole
    tail = CLIPPED + note if len(CLIPPED + note) < limit else CLIPPED
    room = limit - width(tail)
    kept: list[str] = []
    for piece in pieces:
        room -= width(piece)
        if room < 0:
            break
        kept.append(piece)
    while kept and kept[-1] == _EMOJI_JOINER:
        kept.pop()
    return "".join(kept) + tail
