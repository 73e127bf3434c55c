"""What work of models comes to, and what may be spent on it."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from bot.contracts.errors import PersonMends

_DOLLARS = re.compile(r"(?:\$|usd)\s*([\d.,]+)|([\d.,]+)\s*(?:\$|usd|dollars?)", re.IGNORECASE)
_TOKENS = re.compile(r"([\d.,]+)\s*(k|m)?\s*(?:tokens?|tok)", re.IGNORECASE)
_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000}
_MOST = Decimal(10**12)
_EXAMPLES = "For example: /meshclaw budget $20, /meshclaw budget 500k tokens, /meshclaw budget none."


@dataclass(frozen=True, slots=True)
class Spent:
    """One finished request to a model. `cost` in US dollars; None: nobody knows."""

    model: str
    input_tokens: int
    output_tokens: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most for one calendar month: US dollars, or tokens. Neither: no ceiling."""

    dollars: Decimal | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """What one month came to so far. `unpriced`: requests whose cost nobody knows; `past`: how often a person went on
    past a ceiling of their own, a quarter of it each time; `warned`: they were told that it is near."""

    requests: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    past: int = 0
    warned: bool = False


def read_ceiling(text: str) -> Ceiling:
    """`$20`, `20 USD`, `500k tokens`, `none`. Raises PersonMends."""
    words = text.strip()
    if words.lower() in ("none", "off", "no", "unlimited"):
        return Ceiling()
    if found := _DOLLARS.fullmatch(words):
        return Ceiling(dollars=_number(found[1] or found[2]).quantize(Decimal("0.01")))
    if found := _TOKENS.fullmatch(words):
        return Ceiling(tokens=int(_number(found[1]) * _FACTORS[(found[2] or "").lower()]))
    raise PersonMends("That is no ceiling.", _EXAMPLES)


def _number(text: str) -> Decimal:
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise PersonMends("That is no number.", _EXAMPLES) from None
    if not 0 <= found < _MOST:
        raise PersonMends("That is too much to be a ceiling.", _EXAMPLES)
    return found
