"""What a call gave, as text: outside text, bounded. Pure."""

from collections.abc import Iterator

import mcp_types as types

from bot.contracts.json import canonical

MOST = 100_000
"""Characters of one result."""


def text_of(result: types.CallToolResult) -> str:
    """All of it in words; what is no text is named. What is too long is cut, and says so."""
    parts = list(_parts(result))
    if not parts and result.structured_content is not None:
        parts = [_json(result.structured_content)]
    text = "\n\n".join(parts)
    if len(text) <= MOST:
        return text
    end = f"\n\n[Cut here: {len(text) - MOST:,} more characters and this line do not fit.]"
    return text[: MOST - len(end)] + end


def _parts(result: types.CallToolResult) -> Iterator[str]:
    for block in result.content:
        match block:
            case types.TextContent():
                yield block.text
            case types.ImageContent():
                yield f"[An image, {len(block.data):,} characters of base64, is left out.]"
            case types.AudioContent():
                yield f"[A sound, {len(block.data):,} characters of base64, is left out.]"
            case types.ResourceLink():
                yield f"[A resource: {block.name}, {block.uri}]"
            case types.EmbeddedResource():
                inside = block.resource
                yield inside.text if isinstance(inside, types.TextResourceContents) else "[A file is left out.]"


def _json(value: object) -> str:
    try:
        return canonical(value).decode("utf-8", "replace")  # type: ignore[arg-type]
    except (ValueError, TypeError, RecursionError):
        return "[An answer that is not JSON is left out.]"
