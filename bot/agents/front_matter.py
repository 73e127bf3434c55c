"""The head of an agent's file: YAML between two `---` lines, read with the line of everything in it.

It comes from people, and from whoever gave them the file: nothing in it is built but text, lists and tables, nothing is
repeated by reference, and what cannot be seen is not taken.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import yaml

from bot.agents.mistakes import Mistake, nearest
from bot.contracts.secrets import redacted
from bot.gate.policy_mistakes import quoted
from bot.views.text import MIXED, plain

MOST_BYTES = 32_768
MOST_FRONT = 8_192
_FENCE = "---"
_FIRST_LINE = 2  # of the YAML, in the file
_DEEPEST = 6
_MOST_BRACKETS = 20
_MOST_FIELDS = 50
_HIDDEN = re.compile(r"‹U\+[0-9A-F]{4,6}›")
_NULL = "tag:yaml.org,2002:null"
_SYNTAX = {
    "mapping values": "Text with a colon in it has to stand in quotes.",
    "could not find expected ':'": "Write a field as name: value.",
    "cannot start any token": "Text that begins with a sign such as @ or ` has to stand in quotes.",
    "expected ','": "Look at brackets and quotes: each needs its end, and what begins with # needs quotes.",
    "found unexpected end": "Look at quotes: each needs its end.",
    "block end": "Look at the indentation: fields that belong together begin below one another.",
}


@dataclass(frozen=True, slots=True)
class Parts:
    """A file divided. `body_line`: the line its instructions begin at."""

    front: str
    body: str
    body_line: int


def decoded(text: str | bytes, mistakes: list[Mistake]) -> str:
    """The text with plain line ends; what is wrong with all of it is told."""
    if len(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text) > MOST_BYTES:
        mistakes.append(Mistake(1, "", "the file is larger than 32 kB", "Shorten its instructions."))
        return ""
    try:
        found = text if isinstance(text, str) else text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = bytes(text[: error.start]).count(b"\n") + 1 if isinstance(text, bytes) else 1
        mistakes.append(Mistake(line, "", "this is not UTF-8", "Save the file as UTF-8."))
        return ""
    found = found.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    mistakes.extend(_unseen(found))
    return found


def divided(text: str, mistakes: list[Mistake]) -> Parts | None:
    """The YAML and the instructions; None when the file has no head."""
    lines = text.split("\n")
    ends = [number for number, line in enumerate(lines) if line.rstrip() == _FENCE]
    if not ends or ends[0] != 0:
        dash = "A keyboard made one dash of them. " if lines[0].strip(" -–—") == "" and lines[0].strip() else ""
        mend = f"{dash}Begin it with a line --- (three hyphens), fields, and another line ---."
        mistakes.append(Mistake(1, "", "the file has no front matter", mend))
        return None
    if len(ends) < 2:
        mistakes.append(Mistake(1, "", "the front matter has no end", "Write a line --- below its last field."))
        return None
    end = ends[1]
    body = lines[end + 1 :]
    blank = next((count for count, line in enumerate(body) if line.strip()), 0)
    return Parts("\n".join(lines[1:end]), "\n".join(body).strip(), end + 2 + blank)


def table(front: str, mistakes: list[Mistake]) -> yaml.MappingNode | None:
    """The YAML as nodes, which know their lines; None when it cannot be read as a table."""
    if len(front) > MOST_FRONT:  # the library reads a kilobyte in some 30 ms
        said = f"the front matter has {len(front):,} characters, and {MOST_FRONT:,} is the most"
        mistakes.append(Mistake(_FIRST_LINE, "", said, "Shorten it."))
        return None
    tabs = [number for number, line in enumerate(front.split("\n"), _FIRST_LINE) if "\t" in line]
    if tabs:
        mistakes.extend(Mistake(number, "", "there is a tab", "Use spaces instead.") for number in tabs)
        return None
    try:
        refused = next(_refused(front), None)
        node = None if refused else yaml.compose(front, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mistakes.append(_syntax(error))
        return None
    if refused:
        mistakes.append(refused)
        return None
    if not isinstance(node, yaml.MappingNode):
        mistakes.append(Mistake(_FIRST_LINE, "", "there are no fields", "Write each as name: value, on its own line."))
        return None
    return node


def line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + _FIRST_LINE


class Fields:
    """The fields of one table, by name; those it does not know, and those given twice, are told at once.

    `elsewhere`: mends for words that are known, but not here. Readers tell what is wrong and return what is safe; for
    what is left out they return nothing, or the default.
    """

    def __init__(
        self,
        node: yaml.MappingNode,
        known: Collection[str],
        mistakes: list[Mistake],
        *,
        above: str = "",
        elsewhere: Mapping[str, str] | None = None,
        ignore: bool = False,
    ) -> None:
        self.line = line_of(node)
        self.others: list[str] = []
        self._above = f"{above}." if above else ""
        self._mistakes = mistakes
        self._nodes: dict[str, yaml.Node] = {}
        if len(node.value) > _MOST_FIELDS:
            mistakes.append(Mistake(self.line, above, f"these are more than {_MOST_FIELDS} fields", "Take some out."))
        for key, value in node.value[:_MOST_FIELDS]:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name in self._nodes:
                before = line_of(self._nodes[name])
                self.tell(key, name, f"it stands here a second time, after line {before}", "Keep one of the two.")
            elif known and name not in known:
                self.others.append(name)
                if not ignore:
                    mend = (elsewhere or {}).get(name) or nearest(name, known)
                    self.tell(key, name, "there is no such field", mend)
            else:
                self._nodes[name] = value

    def tell(self, at: yaml.Node | int, name: str, said: str, mend: str = "") -> None:
        shown = f"{self._above}{quoted(name).strip('“”')}"
        self._mistakes.append(Mistake(at if isinstance(at, int) else line_of(at), shown, said, mend))

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def line_of(self, name: str) -> int:
        """Where a field stands; where it is missing, the beginning of the table."""
        return line_of(self._nodes[name]) if name in self._nodes else self.line

    def text(self, name: str, *, most: int, required: bool = False) -> str:
        """One line of text, as it stands there: `on` and `2026` are text too."""
        node = self._nodes.get(name)
        if node is None:
            if required:
                self.tell(self.line, name, "it is missing", f"Add a line {name}: …")
            return ""
        return self._scalar(node, name, most, "text") or ""

    def texts(self, name: str, *, most: int, longest: int) -> list[tuple[int, str]]:
        """A list of texts, or texts with commas between them, each with its line."""
        node = self._nodes.get(name)
        if node is None:
            return []
        if isinstance(node, yaml.SequenceNode):
            given = [(line_of(one), self._scalar(one, name, longest, "a list of texts")) for one in node.value]
        else:
            whole = self._scalar(node, name, most * (longest + 2), "a list of texts") or ""
            given = [(line_of(node), part.strip()) for part in whole.split(",")]
        found = {text: line for line, text in reversed(given) if text}
        if len(found) > most:
            self.tell(node, name, f"these are {len(found)}, and {most} is the most", "Take some out.")
        return [(line, text) for text, line in reversed(found.items())][:most]

    def whole(self, name: str, *, low: int, high: int, default: int) -> int:
        node = self._nodes.get(name)
        if node is None:
            return default
        text = self._scalar(node, name, 20, "a whole number")
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            self.tell(node, name, f"{quoted(text)} is not a whole number from {low} to {high}", f"Usual is {default}.")
            return default
        return int(text)

    def flag(self, name: str) -> bool:
        node = self._nodes.get(name)
        text = self._scalar(node, name, 20, "true or false") if node else None
        if node and text is not None and text.lower() not in ("true", "false", "yes", "no"):
            self.tell(node, name, f"{quoted(text)} is neither true nor false")
        return text is not None and text.lower() in ("true", "yes")

    def inner(self, name: str) -> yaml.MappingNode | None:
        """A table within this one."""
        node = self._nodes.get(name)
        if node is None or isinstance(node, yaml.MappingNode):
            return node
        self.tell(node, name, "it has to be a table", f"Write {name}: and its fields below, each indented.")
        return None

    def is_text(self, name: str) -> bool:
        return isinstance(self._nodes.get(name), yaml.ScalarNode)

    def _scalar(self, node: yaml.Node, name: str, most: int, shape: str) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self.tell(node, name, f"it has to be {shape}")
            return None
        if node.tag == _NULL or not node.value.strip():
            mend = "Give it a value or take it out; a value that begins with # has to stand in quotes."
            self.tell(node, name, "it is empty", mend)
            return None
        text = " ".join(str(node.value).split())
        if len(text) > most:
            self.tell(node, name, f"it has {len(text)} characters, and {most} is the most", "Shorten it.")
            return None
        return text


def _unseen(text: str) -> Iterator[Mistake]:
    """Characters that a reader would not see, and secrets, which would be masked: nobody could judge such a file."""
    masked = False
    for number, line in enumerate(text.split("\n"), 1):
        flat = line.replace("\t", " ")
        seen = redacted(flat)
        if seen != flat:
            masked = True
            yield Mistake(
                number, "", "this looks like a secret", "Take it out: an account is connected, never written."
            )
        shown = plain(flat).removesuffix(MIXED)
        if shown != seen:
            marks = "".join(_HIDDEN.findall(shown)[:5])
            yield Mistake(number, "", f"there are characters one cannot see: {marks}", "Take them out.")
    if not masked and (seen := redacted(text)) != text:
        same = next(at for at, (one, other) in enumerate(zip(seen, text, strict=False)) if one != other)
        begin = text[:same].count("\n") + 1
        yield Mistake(begin, "", "this looks like a secret", "Take it out: an account is connected, never written.")


def _refused(front: str) -> Iterator[Mistake]:
    """What YAML can and a file need not; looked for before anything is built, so that nothing can grow."""
    if (begin := _bracketed(front)) is not None:  # the library takes seconds for a thousand of them
        yield Mistake(begin + _FIRST_LINE, "", "this is nested too deeply", "Close each bracket.")
        return
    depth = 0
    for event in yaml.parse(front, Loader=yaml.SafeLoader):
        line = (event.start_mark.line if event.start_mark else 0) + _FIRST_LINE
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            yield Mistake(
                line, "", "there is an anchor or a reference (& or *)", "Write the value itself, or in quotes."
            )
        elif getattr(event, "tag", None) not in (None, "!"):
            yield Mistake(line, "", "there is a tag (!)", "Write the value without it, or in quotes.")
        elif depth > _DEEPEST:
            yield Mistake(line, "", "this is nested too deeply", "An agent needs three levels at most.")
        elif isinstance(event, yaml.DocumentStartEvent) and event.explicit:
            yield Mistake(line, "", "there is a second document", "Put all fields between the two lines ---.")


def _bracketed(front: str) -> int | None:
    """The line, from 0, where more brackets are open than anybody means."""
    depth = 0
    for number, line in enumerate(front.split("\n")):
        for char in line:
            depth = depth + 1 if char in "[{" else max(depth - 1, 0) if char in "]}" else depth
            if depth > _MOST_BRACKETS:
                return number
    return None


def _syntax(error: Exception) -> Mistake:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", "") or "it cannot be read")
    mend = next((mend for words, mend in _SYNTAX.items() if words in problem), "")
    return Mistake((int(mark.line) if mark else 0) + _FIRST_LINE, "", f"this is not YAML: {quoted(problem)}", mend)
