"""Mistakes in `policy.toml`, told with their place and their mend."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from bot.contracts.errors import OperatorMends

Keys = Mapping[str, Sequence[str]]

_SHAPES = {
    "bool_type": "it has to be true or false",
    "int_type": "it has to be a whole number",
    "list_type": "it has to be text in quotes, or a list of texts",
    "string_type": "it has to be text in quotes",
    "dict_type": "it has to be a table",
    "model_type": "it has to be a table",
    "missing": "it is missing",
}
_IN_BRACKETS = {"rule": "Write [[rule]], in double brackets, above each rule."}
_MOST_MISTAKES = 20


class Wrong(ValueError):
    """What is wrong with a value, how to mend it, and, for a whole table, the key it is about."""

    def __init__(self, says: str, mend: str = "", key: str = "") -> None:
        super().__init__(says)
        self.says = says
        self.mend = mend
        self.key = key


def explained(path: Path, errors: Sequence[ErrorDetails], table: Any, keys: Keys) -> OperatorMends:
    """All mistakes of a file as one error. `table`: what the file holds; `keys`: those of each of its tables, and of
    itself under the empty name."""
    mistakes = [_mistake(error, table, keys) for error in errors]
    if len(mistakes) == 1:
        return OperatorMends(f"{path}: {mistakes[0][0]}.", mistakes[0][1])
    lines = [f"{says}. {mend}".rstrip() for says, mend in mistakes[:_MOST_MISTAKES]]
    return OperatorMends("\n  ".join((f"{path} holds {len(mistakes)} mistakes:", *lines)))


def _mistake(error: ErrorDetails, table: Any, keys: Keys) -> tuple[str, str]:
    """One mistake: where and what; and its mend."""
    where = list(error["loc"])
    wrong = error.get("ctx", {}).get("error")
    if isinstance(wrong, Wrong):
        place = _place([*where, *([wrong.key] if wrong.key else [])], table)
        return f"{place}: {wrong.says}", wrong.mend
    if error["type"] == "extra_forbidden":
        key = str(where[-1])
        what, known = ("table", keys[""]) if len(where) == 1 else ("key", keys[str(where[0])])
        return f"{_place(where[:-1], table)}: there is no {what} {quoted(key)}", nearest(key, known)
    otherwise = error["msg"].replace("Input should", "it has to").replace("to be a valid", "to be a")
    return f"{_place(where, table)}: {_SHAPES.get(error['type'], otherwise)}", _IN_BRACKETS.get(str(where[-1]), "")


def _place(where: Sequence[int | str], table: Any) -> str:
    """`rule 2 “night”, key effect`, `[ceilings.send], key hour`."""
    match [part for part in where if part != "[key]"]:
        case []:
            return "at the top"
        case ["rule", int(index), *rest]:
            given = table["rule"][index]
            name = given.get("name") if isinstance(given, dict) else None
            begin = f"rule {index + 1}" + (f" “{name[:60]}”" if isinstance(name, str) and name.isprintable() else "")
        case ["ceilings", effect, *rest]:
            begin = f"[ceilings.{effect}]"
        case [section, *rest]:
            begin = f"[{section}]"
    keys = ".".join(str(part) for part in rest if not isinstance(part, int))
    return f"{begin}, key {keys}" if keys else begin


def quoted(value: Any) -> str:
    text = str(value)
    shown = "".join(char if char.isprintable() else "�" for char in text[:60])
    return f"“{shown}{'…' if len(text) > 60 else ''}”"


def nearest(word: str, words: Sequence[str]) -> str:
    """A mend: the word probably meant, else all there are."""
    near = difflib.get_close_matches(word[:60].lower(), words, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else f"There are: {', '.join(words)}."
