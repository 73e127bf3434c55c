"""What a tool counts as: an admin's word, pinned to the definition they saw, and hints that may only raise it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.contracts.json import Json, canonical
from bot.contracts.tools import Effect
from connectors.mcp.definitions import Definition, changes, words

NEVER = "never"
WORDS = (*(effect.value for effect in Effect), NEVER)
"""What an admin may call a tool."""

ToolState = Literal["new", "classified", "changed", "contradicted", "never"]

_RAISED = frozenset((Effect.READ, Effect.FETCH, Effect.OWN, Effect.SEND, Effect.ACCESS))
"""What a tool that calls itself destructive is not believed to be."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an admin called a tool, when, and what they had before them: its definition and the identity of its
    server."""

    word: str
    by: str
    at: datetime
    definition: Definition
    identity: Json

    def as_json(self) -> dict[str, Json]:
        return {
            "word": self.word,
            "by": self.by,
            "at": self.at.isoformat(),
            "definition": self.definition.as_json(),
            "pin": self.definition.pin,
            "identity": self.identity,
        }

    @classmethod
    def from_json(cls, kept: Any) -> "Judgement | None":
        """None for nothing kept."""
        if not kept:
            return None
        definition = Definition.from_json(kept["definition"])
        return cls(str(kept["word"]), str(kept["by"]), datetime.fromisoformat(kept["at"]), definition, kept["identity"])


@dataclass(frozen=True, slots=True)
class ToolSeen:
    """A tool as it stands now. `effect`: what it counts as, None as the worst; `before`: the definition it was
    classified by or first seen with, where that is another one."""

    server: str
    definition: Definition
    state: ToolState
    effect: Effect | None
    word: str = ""
    by: str = ""
    before: Definition | None = None

    @property
    def name(self) -> str:
        return f"mcp.{self.server}.{self.definition.name}"

    @property
    def schema(self) -> str:
        """Its arguments, to be read."""
        return words(self.definition.schema)

    @property
    def changes(self) -> tuple[tuple[str, str, str], ...]:
        """What of it is not as it was: the part, as it was, as it is."""
        return changes(self.before, self.definition) if self.before is not None else ()

    @property
    def usable(self) -> bool:
        return self.state not in ("changed", "never")


def judged(server: str, identity: Json, now: Definition, first: Definition, judgement: Judgement | None) -> ToolSeen:
    """`now`: its definition; `first`: the one it was first seen with, which counts until somebody classifies it."""
    if judgement is None:
        changed = first.pin != now.pin
        return ToolSeen(server, now, "changed" if changed else "new", None, before=first if changed else None)
    word, by = judgement.word, judgement.by
    if judgement.definition.pin != now.pin or canonical(judgement.identity) != canonical(identity):
        return ToolSeen(server, now, "changed", None, word, by, judgement.definition)
    if word == NEVER:
        return ToolSeen(server, now, "never", None, word, by)
    effect = Effect(word)
    raised = _raised(effect, now)
    return ToolSeen(server, now, "classified" if raised is effect else "contradicted", raised, word, by)


def _raised(effect: Effect, definition: Definition) -> Effect | None:
    """The effect, or more where its own hints say so; None: unknown, the worst."""
    destructive, writes = definition.hint("destructiveHint"), definition.hint("readOnlyHint") is False
    if (destructive and effect in _RAISED) or (writes and effect in (Effect.READ, Effect.FETCH)):
        return None
    if effect is Effect.READ and definition.hint("openWorldHint"):
        return Effect.FETCH
    return effect
