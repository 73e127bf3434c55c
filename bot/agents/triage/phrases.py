"""Phrases looked for in a text, cheaply: a pattern runs only where one of its trigger words stands.

Patterns are plain alternations with bounded gaps over lower-case text already cut to size, so their time is linear.
"""

import re
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

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
    """Phrases of a language with spaces; `triggers` separated by spaces. The word boundary they begin with is taken
    as the character before it: `re` skips to that much faster, and a reading begins with a line break."""
    pattern = re.sub(r"(^|\|)\\b", r"\1\\W", "|".join(alternatives))
    return Phrases(frozenset(triggers.split()), re.compile(pattern))


def chinese(*alternatives: str) -> Phrases:
    """Phrases of a language without spaces."""
    return Phrases(frozenset((HAN,)), re.compile("|".join(alternatives)))


class Reading(NamedTuple):
    """What is read of a mail, lower case. `body`: of the text; `whole`: of subject and text, after a line break;
    `words`: as triggers see them."""

    body: str
    whole: str
    words: frozenset[str]


@lru_cache(16)  # several look at one mail, one after another
def reading(subject: str, text: str, words: tuple[str, ...]) -> Reading:
    """Of a text its beginning, where people say what they want, and its end, where they ask for it. `words`: of the
    text."""
    excerpt = text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    head, body = (part.lower().replace("’", "'") for part in (subject[:200], excerpt))
    whole = f"\n{head}\n{body}"
    there = (*words, *head.split())
    if not whole.isascii() and _HAN.search(whole):
        there = (*there, HAN)
    return Reading(body, whole, frozenset(there))
