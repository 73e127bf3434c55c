"""Keeping a long conversation within a model's window. Pure. Modes, policy and cards are rows: nothing here can touch
them."""

from collections.abc import Sequence
from typing import Any

_NOTE = "[The earlier part of this conversation was left out, to keep it short.]"
_PER_TOKEN = 3  # bytes: see `bot.models.tokens`


def compacted(history: Sequence[Any], most_tokens: int) -> list[Any]:
    """Without the oldest exchanges, once it is longer than that by estimate; it begins with a message of the person
    and ends as before. `history`: messages as plain JSON. A half-finished exchange is never cut into."""
    weights = [_weight(message) for message in history]
    if sum(weights) <= most_tokens * _PER_TOKEN:
        return list(history)
    begins = [index for index, message in enumerate(history) if _begins(message)]
    for begin in begins[1:]:
        if sum(weights[begin:]) <= most_tokens * _PER_TOKEN * 2 // 3 or begin == begins[-1]:
            return [_noted(history[begin]), *history[begin + 1 :]]
    return list(history)


def _weight(piece: Any) -> int:
    if isinstance(piece, str):
        return len(piece.encode("utf-8", "replace"))
    if isinstance(piece, dict):
        return sum(_weight(value) for value in piece.values()) + 4 * len(piece)
    if isinstance(piece, list):
        return sum(map(_weight, piece))
    return 4


def _begins(message: Any) -> bool:
    parts = message.get("parts") or []
    return message.get("kind") == "request" and all(part.get("part_kind") == "user-prompt" for part in parts)


def _noted(message: Any) -> Any:
    first, *rest = message["parts"]
    content = first["content"]
    if isinstance(content, str) and not content.startswith(_NOTE):
        first = {**first, "content": f"{_NOTE}\n\n{content}"}
    return {**message, "parts": [first, *rest]}
