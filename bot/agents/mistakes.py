"""Mistakes in an agent's file, told with their line, their field and their mend; all of them at once."""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.contracts.errors import PersonMends

MOST_TOLD = 20
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. `line`: counted from 1, of the whole file; `field`: dotted (`meshclaw.schedule`), `instructions`, or
    empty where it is the file as such; `said`: what is wrong, without a full stop; `mend`: a sentence."""

    line: int
    field: str
    said: str
    mend: str = ""

    def __str__(self) -> str:
        """`Line 4, tools: there is no tool “mial.move”. Did you mean mail.move?`"""
        place = f"Line {self.line}, {self.field}" if self.field else f"Line {self.line}"
        return f"{place}: {self.said}. {self.mend}".rstrip()


class AgentMistakes(PersonMends):
    """A file that does not hold. `mistakes`: all of them, in the order of their lines."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line))
        if len(self.mistakes) == 1:
            super().__init__(str(self.mistakes[0]), field="file")
            return
        more = len(self.mistakes) - MOST_TOLD
        lines = [str(mistake) for mistake in self.mistakes[:MOST_TOLD]]
        lines += [f"and {more} more"] if more > 0 else []
        super().__init__("\n  ".join((f"The file holds {len(self.mistakes)} mistakes:", *lines)), field="file")


def nearest(word: str, words: Collection[str]) -> str:
    """A mend: the word probably meant, else the words there are."""
    plain = {_folded(known): known for known in sorted(words)}
    near = difflib.get_close_matches(_folded(word[:60]), plain, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {plain[near[0]]}?"
    if not words:
        return "There is none yet."
    known = sorted(words)
    more = f" and {len(known) - _MOST_WORDS} more" if len(known) > _MOST_WORDS else ""
    return f"There {'is' if len(known) == 1 else 'are'}: {', '.join(known[:_MOST_WORDS])}{more}."


def _folded(word: str) -> str:
    """`max_turns`, `MaxTurns` and `max-turns` are one word."""
    return word.lower().replace("_", "").replace("-", "")
