"""Arguments against the schema a server gives. The schema is hostile too: nothing in it is fetched or run as a pattern,
and following it takes a bounded number of steps. What is not looked at here the server refuses itself. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.contracts.errors import PersonMends
from bot.contracts.json import Json, JsonObject, canonical

MOST = 100_000
"""Characters of all arguments together, as JSON."""

_DEEPEST = 24
_STEPS = 20_000
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (isinstance(value, int) and not isinstance(value, bool)) or _whole(value),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, Mapping),
}


def check(schema: JsonObject, args: JsonObject) -> None:
    """Raises PersonMends naming the argument that does not fit."""
    if not _is_json(args):
        raise PersonMends("This call cannot be made: its arguments are too many, too deep or no JSON.")
    if problem := _Walk(schema).problem(schema, args, "", _DEEPEST):
        raise PersonMends(f"This call cannot be made: {problem}.", "Correct it and try again.")


def one_line(text: str, most: int) -> str:
    """Outside text as one short printable line."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * most]).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


class _Walk:
    """One look at arguments. Beyond its steps, and deeper than it goes, everything passes."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._steps = _STEPS

    def problem(self, schema: Any, value: Json, at: str, left: int) -> str:
        """What is wrong with a value, in words; empty when nothing is."""
        self._steps -= 1
        if schema is False:
            return f"{_called(at)} is not taken"
        if left == 0 or self._steps < 0 or not isinstance(schema, Mapping):
            return ""
        if isinstance(schema.get("$ref"), str):
            return self.problem(_pointed(self._root, schema["$ref"]), value, at, left - 1)
        return (
            _wrong_type(schema, value, at)
            or self._wrong_choice(schema, value, at)
            or _wrong_size(schema, value, at)
            or self._fits_none(schema, value, at, left)
            or self._within(schema, value, at, left)
        )

    def _wrong_choice(self, schema: Mapping[str, Any], value: Json, at: str) -> str:
        choices = schema.get("enum")
        if isinstance(choices, list):
            self._steps -= len(choices)
            if self._steps >= 0 and not any(_same(value, choice) for choice in choices):
                return f"{_called(at)} is none of the values it may have"
        if "const" in schema and not _same(value, schema["const"]):
            return f"{_called(at)} is not the one value it may have"
        return ""

    def _fits_none(self, schema: Mapping[str, Any], value: Json, at: str, left: int) -> str:
        """Of several possibilities one has to fit."""
        for word in ("anyOf", "oneOf"):
            options = schema.get(word)
            if isinstance(options, list) and options:
                problems = [self.problem(option, value, at, left - 1) for option in options[:100]]
                if all(problems) and len(options) <= len(problems):
                    return problems[0]
        return ""

    def _within(self, schema: Mapping[str, Any], value: Json, at: str, left: int) -> str:
        if isinstance(value, Mapping):
            return self._within_object(schema, value, at, left)
        if isinstance(value, list | tuple) and isinstance(schema.get("items"), Mapping | bool):
            for position, item in enumerate(value):
                if self._steps < 0:
                    break
                if problem := self.problem(schema["items"], item, f"{at}[{position}]", left - 1):
                    return problem
        return ""

    def _within_object(self, schema: Mapping[str, Any], value: JsonObject, at: str, left: int) -> str:
        required = schema.get("required")
        for name in required if isinstance(required, list) else ():
            if isinstance(name, str) and name not in value:
                return f"{_called(_under(at, name))} is missing"
        given = schema.get("properties")
        known: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        closed = schema.get("additionalProperties") is False and not schema.get("patternProperties")
        for name, inner in value.items():
            if name in known:
                if problem := self.problem(known[name], inner, _under(at, name), left - 1):
                    return problem
            elif closed:
                return f"{_called(_under(at, name))} is not known"
        return ""


def _is_json(args: JsonObject) -> bool:
    try:
        return _depth(args, _DEEPEST) and len(canonical(args)) <= MOST
    except (ValueError, TypeError, RecursionError):
        return False


def _depth(value: Json, left: int) -> bool:
    if isinstance(value, Mapping):
        return left > 0 and all(isinstance(name, str) and _depth(inner, left - 1) for name, inner in value.items())
    if isinstance(value, list | tuple):
        return left > 0 and all(_depth(inner, left - 1) for inner in value)
    return True


def _whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _wrong_type(schema: Mapping[str, Any], value: Json, at: str) -> str:
    given = schema.get("type")
    names = [given] if isinstance(given, str) else given if isinstance(given, Sequence) else []
    known = [_TYPES[name] for name in names if isinstance(name, str) and name in _TYPES]
    if not known or len(known) < len(names) or any(fits(value) for fits in known):
        return ""
    return f"{_called(at)} has to be {' or '.join(names)}"


def _wrong_size(schema: Mapping[str, Any], value: Json, at: str) -> str:
    if isinstance(value, str):
        low, high, size = schema.get("minLength"), schema.get("maxLength"), float(len(value))
    elif isinstance(value, list | tuple):
        low, high, size = schema.get("minItems"), schema.get("maxItems"), float(len(value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum"), schema.get("maximum")
        return _out_of(low, high, value, at)
    else:
        return ""
    return _out_of(low, high, size, at)


def _out_of(low: Any, high: Any, size: float, at: str) -> str:
    if _TYPES["number"](low) and size < low:
        return f"{_called(at)} is too small or too short"
    if _TYPES["number"](high) and size > high:
        return f"{_called(at)} is too large or too long"
    return ""


def _pointed(root: JsonObject, reference: str) -> Any:
    """Where a `$ref` within the schema leads; anything else is not followed."""
    found: Any = root
    for step in reference.removeprefix("#/").split("/") if reference.startswith("#/") else ():
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found if reference.startswith("#/") else None


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON: `1` is not `true`."""
    try:
        return canonical(one) == canonical(other)
    except (ValueError, TypeError, RecursionError):
        return False


def _under(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _called(at: str) -> str:
    return f"the argument “{one_line(at, 60)}”" if at else "what is given"
