"""A model's Markdown made harmless, as it comes in.

Headings, lists, tables, quotes, emphasis and code stay. Nothing else is obeyed by any client: links, images and
definitions become words with their address in plain letters, mentions and emoji are only read, invisible characters
are shown and secrets masked. What a client could read in two ways is written in the one way all clients agree on: a
code block begins and ends on lines of its own at the margin, code spans have single backticks.
"""

import re

from bot.views import inline
from bot.views.masking import UNSPACED, Masking

HELD = 3_000
"""Most characters that wait until it is known what they are; then they are only letters."""
_LANGUAGE = 30
_DEEPEST = 8

_FENCE = re.compile(r"[ \t]{0,100}(`{3,}+|~{3,}+)([^\n]*+)\n")
_MAYBE_FENCE = re.compile(r"[ \t]{0,100}(?:`{0,2}|~{0,2}|(?:`{3,}+|~{3,}+)[^\n]{0,200}+)\Z")
_WORD = re.compile(rf"[{UNSPACED}]|[^\s`\[\]\\{UNSPACED}]+")
_BACKTICKS = re.compile(r"`+")
_ESCAPABLE = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_BRACKETS = re.compile(r"\\.|\[|\]|\n[ \t]*\n", re.DOTALL)
_PARENTHESES = re.compile(r"\\.|\(|\)|\n[ \t]*\n", re.DOTALL)


def safe(markdown: str, typed: frozenset[str] = frozenset()) -> str:
    """The whole of it made harmless. `typed`: the addresses a person typed, which alone may be links."""
    through = MarkdownFilter(typed)
    return through.feed(markdown) + through.end()


class MarkdownFilter:
    """`feed` and `end` give, in all, `safe` of the whole, however it was divided. What is not yet known waits: at
    most the rest of a word, of a code span or of what may be a link."""

    def __init__(self, typed: frozenset[str] = frozenset()) -> None:
        self._typed = typed
        self._masking = Masking()
        self._waiting = ""
        self._at_margin = True
        self._fence = ""  # what ends the code block
        self._indent = 0
        self._return = False

    def feed(self, delta: str) -> str:
        return self._through(self._masking.feed(self._newlines(delta)), last=False)

    def end(self) -> str:
        rest = self._masking.feed("\n" if self._return else "") + self._masking.end()
        self._return = False
        shown = self._through(rest, last=True)
        if self._fence:
            shown += "```\n" if self._at_margin else "\n```\n"
        self._fence, self._at_margin = "", True
        return shown

    def _newlines(self, delta: str) -> str:
        """One kind of line break; a return at the end waits for what may belong to it."""
        delta = ("\r" if self._return else "") + delta
        self._return = delta.endswith("\r")
        return (delta[:-1] if self._return else delta).replace("\r\n", "\n").replace("\r", "\n")

    def _through(self, more: str, *, last: bool) -> str:
        self._waiting += more
        shown: list[str] = []
        at = 0
        while at < len(self._waiting):
            step = self._step(at, last)
            if step is None:
                break
            at, piece = step
            shown.append(piece)
        self._waiting = self._waiting[at:]
        return "".join(shown)

    def _step(self, at: int, last: bool) -> tuple[int, str] | None:
        """The next piece and where it ends; None until more is known."""
        if self._fence:
            return self._code_line(at, last)
        if self._at_margin:
            if not last and _MAYBE_FENCE.match(self._waiting, at):
                return None
            if fence := _opened(self._waiting, at):
                self._fence = fence[1]
                self._indent = fence.start(1) - at
                return fence.end(), f"```{_language(fence[2])}\n"
        return self._piece(at, last)

    def _code_line(self, at: int, last: bool) -> tuple[int, str] | None:
        text = self._waiting
        end = text.find("\n", at, at + HELD)
        if end < 0 and not last and len(text) - at < HELD:
            return None
        whole = end >= 0
        end = end if whole else min(len(text), at + HELD)
        line = text[at:end]
        begun, self._at_margin = self._at_margin, whole
        closes = line.strip()
        ended = begun and (whole or (last and end == len(text)))
        if ended and len(closes) >= len(self._fence) and not closes.strip(self._fence[0]):
            self._fence, self._at_margin = "", True
            return end + whole, "```\n"
        indent = min(self._indent, len(line) - len(line.lstrip(" \t"))) if begun else 0
        return end + whole, inline.code_line(line[indent:]) + "\n" * whole

    def _piece(self, at: int, last: bool) -> tuple[int, str] | None:
        """What stands in a line: a space, an escape, code, a link, or a word."""
        text = self._waiting
        char = text[at]
        if char in " \t\n":
            self._at_margin = char == "\n"
            return at + 1, char
        self._at_margin = False
        if char == "\\":
            return self._escape(at, last)
        if char == "`":
            return self._code(at, last)
        if char == "[" or text.startswith("![", at):
            return self._link(at, last)
        if char == "]":
            after = text[at + 1 : at + 2]
            if not after and not last:
                return None
            return (at + 2, "]" + inline.colon()) if after == ":" else (at + 1, inline.bracket(after))
        return self._words(at, last)

    def _words(self, at: int, last: bool) -> tuple[int, str] | None:
        text = self._waiting
        found = _WORD.match(text, at, at + HELD)
        end = found.end() if found else at + 1  # a space of another kind
        after = text[end : end + 1]
        if not after and not last and text[at] < "\u2e80":
            return None
        if after == "[" and text[end - 1] == "!" and end - at > 1:
            end, after = end - 1, "!"
        return end, inline.word(text[at:end], after, self._typed)

    def _escape(self, at: int, last: bool) -> tuple[int, str] | None:
        char = self._waiting[at + 1 : at + 2]
        if not char and not last:
            return None
        return (at + 2, inline.escaped(char)) if char in _ESCAPABLE else (at + 1, "\\")

    def _code(self, at: int, last: bool) -> tuple[int, str] | None:
        """A code span ends on its line, with as many backticks as it began with."""
        text = self._waiting
        run = _BACKTICKS.match(text, at)
        assert run is not None
        line_end = text.find("\n", at, at + HELD)
        sure = last or line_end >= 0 or len(text) - at > HELD
        stop = line_end if line_end >= 0 else min(len(text), at + HELD)
        for ticks in _BACKTICKS.finditer(text, run.end(), stop):
            if len(ticks[0]) == len(run[0]) and (sure or ticks.end() < len(text)):
                return ticks.end(), inline.code(text[run.end() : ticks.start()])
        return (run.end(), inline.backticks(run[0])) if sure else None

    def _link(self, at: int, last: bool) -> tuple[int, str] | None:
        """A link or an image, as words; a bracket that begins neither stays one."""
        text = self._waiting
        opened = at + (text[at] == "!")
        stop = min(len(text), at + HELD)
        unknown = not last and len(text) - at <= HELD
        bracket = (opened + 1, text[at : opened + 1])
        closed = _closing(text, opened, stop)
        if closed is None or (closed > 0 and closed + 1 == len(text)):
            return None if unknown else bracket
        if closed < 0 or text[closed + 1] != "(" or closed + 1 >= stop:
            return bracket
        end = _closing(text, closed + 1, stop)
        if end is None:
            return None if unknown else bracket
        if end < 0:
            return bracket
        return end + 1, self._in_words(text[opened + 1 : closed], text[closed + 2 : end], image=opened > at)

    def _in_words(self, label: str, target: str, *, image: bool) -> str:
        """What a link says, and in plain letters where it leads."""
        label = " ".join(label.split())
        inner = MarkdownFilter(self._typed)
        inner._at_margin = False
        said = inner._through(label, last=True)
        leads = inline.target(target, self._typed)
        if image:
            return f"{said} (image: {leads})".lstrip()
        return f"({leads})" if label == target.strip() else f"{said} ({leads})".lstrip()


def _opened(text: str, at: int) -> re.Match[str] | None:
    """A line that begins a code block."""
    found = _FENCE.match(text, at)
    if found is None or len(found[2]) > 200 or (found[1][0] == "`" and "`" in found[2]):
        return None
    return found


def _language(about: str) -> str:
    return re.sub(r"[^\w+#.-].*", "", about.strip(), flags=re.ASCII)[:_LANGUAGE]


def _closing(text: str, opened: int, stop: int) -> int | None:
    """Where the bracket is closed that stands there; -1 when it is not, None while that is not known."""
    pairs, opens = (_BRACKETS, "[") if text[opened] == "[" else (_PARENTHESES, "(")
    depth = 0
    for found in pairs.finditer(text, opened, stop):
        if found[0][0] == "\n":
            return -1
        if found[0][0] == "\\":
            continue
        depth += 1 if found[0] == opens else -1
        if depth == 0:
            return found.start()
        if depth > _DEEPEST:
            return -1
    return None
