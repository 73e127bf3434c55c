"""What a server says its tools are: outside text, taken in only where nobody can mistake one for another. Pure."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.contracts.json import Json, JsonObject, canonical

MOST_TOOLS = 200
"""Tools of one server; more are not looked at."""

MOST_SCHEMA = 20_000
"""Bytes of a schema a model is given."""

_MOST_DEFINITION = 60_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


@dataclass(frozen=True, slots=True)
class Definition:
    """One tool as its server describes it: everything a classification is pinned to."""

    name: str
    description: str
    schema: JsonObject
    annotations: JsonObject

    @property
    def pin(self) -> str:
        """SHA-256, hex."""
        return hashlib.sha256(canonical(self.as_json())).hexdigest()

    @property
    def schema_bytes(self) -> int:
        return len(canonical(self.schema))

    def hint(self, name: str) -> bool | None:
        """A hint that was given, None otherwise; whatever is no plain yes or no is none."""
        value = self.annotations.get(name)
        return value if isinstance(value, bool) else None

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints that were given, in words: `readOnlyHint: false`."""
        return tuple(f"{name}: {str(self.hint(name)).lower()}" for name in _HINTS if self.hint(name) is not None)

    def as_json(self) -> dict[str, Json]:
        return {
            "name": self.name,
            "description": self.description,
            "schema": self.schema,
            "annotations": self.annotations,
        }

    @classmethod
    def from_json(cls, kept: Any) -> "Definition":
        return cls(str(kept["name"]), str(kept["description"]), kept["schema"], kept["annotations"])


@dataclass(frozen=True, slots=True)
class Dropped:
    """A tool that is not taken in. `name` as the server wrote it, at most 80 characters of it; `why`: our words."""

    name: str
    why: str


def admitted(offered: Sequence[Definition]) -> tuple[tuple[Definition, ...], tuple[Dropped, ...]]:
    """Which tools of a listing are taken in, by name, and which are not. Of names that a person could take for one
    another none is: nobody could tell which of them a call means."""
    kept: dict[str, Definition] = {}
    dropped: list[Dropped] = []
    alike = Counter(_likeness(tool.name) for tool in offered)
    for position, tool in enumerate(offered):
        why = "there are too many tools" if position >= MOST_TOOLS else _objection(tool, alike)
        if why:
            dropped.append(Dropped(tool.name[:80], why))
        else:
            kept[tool.name] = tool
    return tuple(kept[name] for name in sorted(kept)), tuple(dropped)


def changes(before: Definition, now: Definition) -> tuple[tuple[str, str, str], ...]:
    """What of a definition changed: the part's name, as it was, as it is."""
    parts: Iterable[tuple[str, Json, Json]] = (
        ("description", before.description, now.description),
        ("arguments", before.schema, now.schema),
        ("hints", before.annotations, now.annotations),
    )
    return tuple(
        (part, words(was), words(is_now)) for part, was, is_now in parts if canonical(was) != canonical(is_now)
    )


def words(value: Json) -> str:
    """A text as it is, anything else as JSON, to be read."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)


def _objection(tool: Definition, alike: Mapping[str, int]) -> str:
    if not _NAME.fullmatch(tool.name):
        return "its name is not 1 to 64 plain letters, digits, hyphens and underscores"
    if alike[_likeness(tool.name)] > 1:
        return "another tool has this name, or one that looks like it"
    try:
        size = len(canonical(tool.as_json()))
    except (ValueError, RecursionError, TypeError):
        return "its definition is not JSON"
    if size > _MOST_DEFINITION:
        return "its definition is too long"
    if tool.schema.get("type") != "object":
        return "it does not say which arguments it takes"
    return ""


def _likeness(name: str) -> str:
    """Equal for names that look alike: case, hyphens, and the letters that are digits in another font."""
    return name.casefold().replace("-", "_").translate(str.maketrans("1i0", "llo"))
