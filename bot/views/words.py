"""Counting and listing in words."""

from collections.abc import Sequence

from bot.contracts.tools import Noun


def number(value: int) -> str:
    """`12,345`."""
    return f"{value:,}"


def count(value: int, noun: Noun) -> str:
    """`1 mail`, `12,345 mails`."""
    return f"{number(value)} {noun.one if value == 1 else noun.many}"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(text: str) -> str:
    """With a capital letter at its start and a full stop at its end, unless it has an end of its own."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…:" else ".")
