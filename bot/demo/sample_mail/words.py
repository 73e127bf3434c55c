"""Header text as encoded words (RFC 2047) in the charset a sender uses.

The standard library's Header writes Python's own codec names (`big5_tw`) where mail programs write `big5`.
"""

import base64
import re
from email.utils import quote

_SPECIALS = re.compile(r'[][\\()<>@,:;".]')
_LETTERS_PER_WORD = 14


def subject_words(text: str, charset: str) -> str:
    """A subject: itself when it is ASCII, else encoded words, folded between them."""
    return text if text.isascii() else _encoded(text, charset)


def address_words(name: str, address: str, charset: str = "utf-8") -> str:
    """A display name and address as they stand in From, To and Cc."""
    if not name.isascii():
        return f"{_encoded(name, charset)} <{address}>"
    return f'"{quote(name)}" <{address}>' if _SPECIALS.search(name) else f"{name} <{address}>"


def _encoded(text: str, charset: str) -> str:
    """Each word stands for whole characters, as RFC 2047 section 5 asks, and is short enough for its line."""
    pieces = [text[start : start + _LETTERS_PER_WORD] for start in range(0, len(text), _LETTERS_PER_WORD)]
    words = (base64.b64encode(piece.encode(charset)).decode("ascii") for piece in pieces)
    return "\n ".join(f"=?{charset}?B?{word}?=" for word in words)
