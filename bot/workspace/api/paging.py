"""Cursors: opaque to the app, a position to us."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from bot.workspace.errors import SlackError

T = TypeVar("T")


def cursor_for(position: str) -> str:
    return base64.urlsafe_b64encode(f"next:{position}".encode()).decode()


def position_in(cursor: str) -> str:
    """Raises `SlackError` with `invalid_cursor` for what `cursor_for` never made."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError:
        raise SlackError("invalid_cursor") from None
    if not text.startswith("next:"):
        raise SlackError("invalid_cursor")
    return text.removeprefix("next:")


def page_of(items: Sequence[T], cursor: str, limit: int) -> tuple[list[T], str]:
    """One page of `items` and the cursor of the next, empty at the end."""
    position = position_in(cursor) if cursor else "0"
    if not position.isdigit():
        raise SlackError("invalid_cursor")
    start = int(position)
    end = start + max(1, min(limit, 1000))
    return list(items[start:end]), cursor_for(str(end)) if end < len(items) else ""
