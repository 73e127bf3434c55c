"""Phrases looked for in a text, cheaply: a pattern runs only where one of its trigger words stands.

Patterns are plain alternations with bounded gaps over lower-case text already cut to size, so their time is linear.
"""

import re
from collections.abc import Set
from dataclasses import dataclass

HAN = "\u4e00"
"""Stands among the words of a text that holds Chinese characters, whose words have no spaces between them."""
_HAN = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_HEAD, _TAIL = 1_000, 400


@dataclass(frozen=True, slots=True)
class Phrases:
    """`triggers`: words of which one must be there; `pattern`: what is looked for then."""

    triggers: frozenset[str]
    pattern: re.Pattern[str]

    def found(self, text: str, words: Set[str]) -> bool:
        return not self.triggers.isdisjoint(words) and self.pattern.search(text) is not None


def phrases(triggers: str, *alternatives: str) -> Phrases:
    """Phrases of a language with spaces; `triggers` separated by spaces."""
    return Phrases(frozenset(triggers.split()), re.compile("|".join(alternatives)))


def chinese(*alternatives: str) -> Phrases:
    """Phrases of a language without spaces."""
    return Phrases(frozenset((HAN,)), re.compile("|".join(alternatives)))


def excerpt(text: str) -> str:
    """What is read of a text: its beginning, where people say what they want, and its end, where they ask for it."""
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"


def vocabulary(text: str, words: tuple[str, ...]) -> frozenset[str]:
    """The words of a text as triggers see them."""
    return frozenset((*words, HAN)) if not text.isascii() and _HAN.search(text) else frozenset(words)
