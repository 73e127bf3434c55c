"""A message in a person's name: how it reads when it is posted, on a card, and when it is looked at again."""

import html
from collections.abc import Mapping
from typing import Any

from bot.contracts.people import Person
from bot.contracts.slack import Message

_BREAK, _LITERAL = " ↵ ", "‹↵›"


def message(person: Person, text: str) -> Message:
    """The text, and whose it is. It stands there letter by letter: nothing in it is a link, a mention, an emoji or
    markup, whatever it looks like."""
    elements = [
        {"type": "user", "user_id": person.user},
        {"type": "text", "text": ", by MeshClaw", "style": {"italic": True}},
        {"type": "text", "text": f"\n{text}"},
    ]
    blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}]
    return Message(f"<@{person.user}>, by MeshClaw: {html.escape(text, quote=False)}", blocks)


def on_one_line(text: str) -> str:
    """The whole text as one line, its line breaks drawn: ` ↵ `. One that stands in the text itself is drawn `‹↵›`."""
    return text.replace("↵", _LITERAL).replace("\n", _BREAK)


def still_says(found: Mapping[str, Any], person: Person, text: str) -> bool:
    """Whether a message that was read back is the one posted for that person with that text, and not edited since."""
    return not found.get("edited") and _read(found.get("blocks")) == _read(message(person, text).blocks)


def _read(blocks: Any) -> list[str]:
    """Rich text as words. Slack may give text back escaped, and emoji as elements of their own."""
    joined = "".join(_pieces(blocks if isinstance(blocks, list) else []))
    return html.unescape(html.unescape(joined)).split()


def _pieces(elements: list[Any]) -> list[str]:
    found: list[str] = []
    for element in elements:
        match element:
            case {"type": "text", "text": str(text)}:
                found.append(text)
            case {"type": "user", "user_id": user}:
                found.append(f"‹user {user}›")
            case {"type": "emoji", "unicode": str(points)}:
                found.append("".join(chr(int(point, 16)) for point in points.split("-")))
            case {"type": "rich_text" | "rich_text_section", "elements": list(inner)}:
                found += _pieces(inner)
            case _:
                found.append("‹something else›")
    return found
