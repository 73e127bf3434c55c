"""Secrets masked in a text that comes in pieces: each piece is given on as soon as no secret can reach beyond it."""

import re

from bot.contracts.secrets import redacted

_LONGEST = 16_000
"""Most characters that wait: a private key is shorter."""

_NAME = (
    r"(?:password|passwd|passphrase|pwd|secret|token|credentials?|authorization"
    r"|(?:api|access|private|secret|signing|encryption|meshclaw)[ _-]?key)"
)
_QUOTE = r"\\?[\"'`]"
_OPEN = re.compile(
    rf"(?:{_NAME}(?:{_QUOTE})?\s*(?:[:=]\s*(?:(?:basic|bearer|digest|token)\s*|{_QUOTE}[^\"'`\n]*)?)?"
    r"|\b(?:api|access|private|secret|signing|encryption|meshclaw)\s*|bearer\s*)\Z",
    re.IGNORECASE,
)
"""A name whose value is still to come, or a quoted value that has not ended."""
_KEY = re.compile(r"-----BEGIN [A-Z ]{0,50}\s*\Z|-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_KEY_TEXT = re.compile(
    r"\s*(?:(?:Proc-Type|DEK-Info|Version|Comment)\b[^\n]*(?:\s+|\Z))*"
    r"(?:[A-Za-z0-9+/=]{16,}\s+)*(?:[A-Za-z0-9+/=]{1,15}\s+)?(?:-----END[A-Z ]{0,50}\s*)?"
)
"""What follows in a private key that has not ended."""
_TAIL = 400
"""A name and what belongs to it stand in the last so many characters."""
UNSPACED = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\U00020000-\U0003fffd"
"""Characters of scripts that leave no spaces between words, for a class of a regular expression."""
_PLACE = re.compile(rf"\s|[{UNSPACED}]")
_HINT = re.compile(rf"{_NAME}|bearer|[:=@/]|-----", re.IGNORECASE)
"""What a secret may stand behind; without it, none holds a character that is not ASCII."""


class Masking:
    """`feed` and `end` give, in all, the text with every secret masked, however it was divided."""

    def __init__(self) -> None:
        self._waiting = ""
        self._seen = 0  # characters of what waits after which it cannot be cut

    def feed(self, delta: str) -> str:
        self._waiting += delta
        given: list[str] = []
        while (end := self._next_cut()) is not None:
            given.append(redacted(self._waiting[:end]))
            self._waiting = self._waiting[end:]
            self._seen = 0
        return "".join(given)

    def end(self) -> str:
        rest, self._waiting, self._seen = redacted(self._waiting), "", 0
        return rest

    def _next_cut(self) -> int | None:
        """Behind the first word at which no secret is under way."""
        for place in _PLACE.finditer(self._waiting, self._seen, _LONGEST):
            self._seen = place.end()
            text = self._waiting[: place.end()]
            if not (_HINT.search(text) if place[0] > "~" else _under_way(text)):
                return place.end()
        return _LONGEST if len(self._waiting) >= _LONGEST else None


def _under_way(text: str) -> bool:
    if key := _KEY.search(text):
        return _KEY_TEXT.fullmatch(text, key.end()) is not None
    return _OPEN.search(text, max(0, len(text) - _TAIL)) is not None
