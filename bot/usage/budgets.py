"""Ceilings on what models may cost. Pure: what was spent in, a judgement out."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bot.contracts.usage import Ceiling, Month

_NEAR = Decimal("0.8")
_STEP = Decimal("0.25")
"""Of a ceiling: how much further a person goes when they press the button to go on."""

_Words = Callable[[Decimal], str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`near`: told once a month; `over`: nothing more is asked of a model until somebody says so."""

    state: Literal["well", "near", "over"]
    used: str = ""
    of: str = ""


def judge(month: Month, ceiling: Ceiling, upcoming: int) -> Verdict:
    """Whether a request of about `upcoming` tokens may be made. Its cost is estimated by what a token came to this
    month; what nobody knows the price of counts to a ceiling in tokens alone."""
    room = 1 + _STEP * month.past
    if ceiling.tokens is not None:
        return _judged(Decimal(month.tokens), Decimal(upcoming), Decimal(ceiling.tokens), room, tokens_words)
    if ceiling.dollars is not None:
        each = month.cost / month.tokens if month.tokens else Decimal(0)
        return _judged(month.cost, each * upcoming, ceiling.dollars, room, dollars_words)
    return Verdict("well")


def _judged(used: Decimal, upcoming: Decimal, ceiling: Decimal, room: Decimal, words: _Words) -> Verdict:
    most = ceiling * room
    if used + upcoming > most or used >= most:
        return Verdict("over", words(used), words(most))
    if used + upcoming >= most * _NEAR:
        return Verdict("near", words(used), words(most))
    return Verdict("well", words(used), words(most))


def ceiling_words(ceiling: Ceiling) -> str:
    """The ceiling, as it is typed."""
    if ceiling.tokens is not None:
        return f"{tokens_words(Decimal(ceiling.tokens))} a month"
    if ceiling.dollars is not None:
        return f"{dollars_words(ceiling.dollars)} a month"
    return "no ceiling"


def dollars_words(amount: Decimal) -> str:
    return f"${amount:,.2f}"


def tokens_words(amount: Decimal) -> str:
    return f"{int(amount):,} tokens"
