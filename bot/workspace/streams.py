"""A live message: chunks in, blocks out (docs.slack.dev/reference/methods/chat.appendStream).

The parts of a stream are kept in the order they first appeared; a later `task_update` with a known id changes its
task in place, and neighbouring `markdown_text` chunks flow together.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.workspace.errors import SlackError
from bot.workspace.model import Json

MARKDOWN_LIMIT = 12_000
TASK_STATUSES = ("pending", "in_progress", "complete", "error")
_TASK_FIELDS = ("title", "status", "details", "output", "sources")


def check_chunk(chunk: object) -> Json:
    """The chunk, if Slack would take it; else `SlackError` with `invalid_chunks` or `msg_too_long`."""
    if not isinstance(chunk, dict):
        raise SlackError.because("invalid_chunks", "a chunk must be an object")
    kind = chunk.get("type")
    if kind == "markdown_text":
        if not isinstance(chunk.get("text"), str):
            raise SlackError.because("invalid_chunks", "markdown_text: missing required field: text")
        if len(chunk["text"]) > MARKDOWN_LIMIT:
            raise SlackError("msg_too_long")
    elif kind == "task_update":
        if not chunk.get("id") or not chunk.get("title"):
            raise SlackError.because("invalid_chunks", "task_update: id and title are required")
        if chunk.get("status") not in TASK_STATUSES:
            raise SlackError.because("invalid_chunks", f"task_update: status must be one of {', '.join(TASK_STATUSES)}")
    elif kind == "plan_update":
        if not chunk.get("title"):
            raise SlackError.because("invalid_chunks", "plan_update: missing required field: title")
    elif kind == "blocks":
        if not isinstance(chunk.get("blocks"), list):
            raise SlackError.because("invalid_chunks", "blocks: missing required field: blocks")
    else:
        raise SlackError.because("invalid_chunks", f"unsupported chunk type: {kind}")
    return chunk


def append(parts: list[Json], chunks: Iterable[Json]) -> list[Json]:
    """The parts after these chunks; the given list is left as it was."""
    result = list(parts)
    for chunk in chunks:
        kind = chunk["type"]
        if kind == "markdown_text" and result and result[-1]["type"] == "markdown_text":
            result[-1] = {"type": "markdown_text", "text": result[-1]["text"] + chunk["text"]}
        elif kind in ("task_update", "plan_update") and (at := _index(result, kind, chunk.get("id"))) is not None:
            result[at] = {**result[at], **{key: value for key, value in chunk.items() if value is not None}}
        else:
            result.append(dict(chunk))
    return result


def text_of(parts: Iterable[Json]) -> str:
    """The markdown of a stream, which is also its text."""
    return "".join(part["text"] for part in parts if part["type"] == "markdown_text")


def blocks_of(parts: Iterable[Json], task_display_mode: str) -> list[Json]:
    """A stream as blocks: `task_card` by `task_card` (timeline) or all tasks in one `plan` (plan)."""
    listed = list(parts)
    tasks = [_task(part) for part in listed if part["type"] == "task_update"]
    title = next((part["title"] for part in listed if part["type"] == "plan_update"), None)
    as_plan = task_display_mode == "plan" and (tasks or title)
    blocks: list[Json] = []
    placed = False
    for part in listed:
        kind = part["type"]
        if kind == "markdown_text" and part["text"].strip():
            blocks.append({"type": "markdown", "text": part["text"]})
        elif kind == "blocks":
            blocks.extend(part["blocks"])
        elif as_plan and not placed and kind in ("task_update", "plan_update"):
            blocks.append({"type": "plan", "title": title or "Plan", "tasks": tasks})
            placed = True
        elif not as_plan and kind == "task_update":
            blocks.append(_task(part))
    return blocks


def _index(parts: list[Json], kind: str, id: object) -> int | None:
    return next((at for at, part in enumerate(parts) if part["type"] == kind and part.get("id") == id), None)


def _task(part: Json) -> Json:
    card: Json = {"type": "task_card", "task_id": part["id"]}
    for key in _TASK_FIELDS:
        value = part.get(key)
        if value:
            card[key] = _rich_text(value) if key in ("details", "output") and isinstance(value, str) else value
    return card


def _rich_text(text: str) -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }
