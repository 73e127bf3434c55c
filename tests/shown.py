"""What stands in a message or a view, as a person reads it; and the mails of a Maildir."""

from __future__ import annotations

import hashlib
import html
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_BOLD = re.compile(r"\*([^*\n]+)\*")
_DATE_TOKEN = re.compile(r"<!date\^[^|>]*\|([^>]*)>")


def words(shown: Json) -> str:
    """All text of a message's or view's blocks, in reading order, without any markup of the structure."""
    return "\n".join(line for block in shown["blocks"] for line in _lines(block))


def buttons(shown: Json) -> list[str]:
    """The labels of all buttons, in order."""
    return [element["text"]["text"] for _, element in pressable(shown) if element["type"] == "button"]


def button(shown: Json, label: str) -> Json:
    """Where the button with this label stands: `block_id` and `action_id`. AssertionError when it is not there once."""
    found = [
        {"block_id": block["block_id"], "action_id": element["action_id"]}
        for block, element in pressable(shown)
        if element["type"] == "button" and _reads(element["text"]["text"], label)
    ]
    assert len(found) == 1, f"{len(found)} buttons read {label!r}, among {buttons(shown)}"
    return found[0]


def pressable(shown: Json) -> Iterator[tuple[Json, Json]]:
    """Every element that has an action, with its block."""
    for block in shown["blocks"]:
        found = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        yield from ((block, element) for element in found if element and "action_id" in element)


def structure(shown: Json) -> list[Json]:
    """What a message or view is built of, without its texts: types, block ids, action ids."""
    return [
        {
            "type": block["type"],
            "actions": action_ids(block),
        }
        for block in shown["blocks"]
    ]


_READ = "label text details output fields hint elements element accessory options description".split()


def _lines(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _lines(each)
        return
    if not isinstance(part, dict):
        return
    if part.get("type") in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
        yield "".join(_run(element) for element in part["elements"])
        return
    if part.get("type") == "markdown":
        yield part["text"]
        return
    if part.get("type") == "task_card":
        yield part["title"]
    if isinstance(part.get("text"), str) and part.get("type") in ("mrkdwn", "plain_text"):
        yield _marked(part["text"]) if part["type"] == "mrkdwn" else part["text"]
        return
    for key in _READ:
        if key in part:
            yield from _lines(part[key])


def _marked(text: str) -> str:
    """Slack's mrkdwn without its date tokens, bold and escapes."""
    return html.unescape(_BOLD.sub(r"\1", _DATE_TOKEN.sub(r"\1", text)))


def _run(element: Json) -> str:
    return str(element.get("text") or element.get("fallback") or element.get("user_id") or element.get("url") or "")


def _reads(text: str, label: str) -> bool:
    return text == label or bool(re.fullmatch(re.escape(label) + r" [\d,]+", text))


def reads(shown: Json, label: str) -> bool:
    """Whether it has a button that reads `label`, or `label` and a number."""
    return any(_reads(each, label) for each in buttons(shown))


def label_number(shown: Json, label: str) -> int:
    """The number behind a button's label: 83 for "Approve 83"."""
    numbers = [int(each.rpartition(" ")[2].replace(",", "")) for each in buttons(shown) if _reads(each, label)]
    assert len(numbers) == 1, f"{label!r} is not there once, among {buttons(shown)}"
    return numbers[0]


def button_value(shown: Json, label: str) -> str:
    """What the button with this label carries."""
    place = button(shown, label)
    found = [element for block, element in pressable(shown) if element["action_id"] == place["action_id"]]
    return str(found[0]["value"])


def option_text(option: Json) -> str:
    """An option of a menu or of boxes, with its description."""
    parts = (option["text"], option.get("description"))
    return " ".join(str(part["text"]) for part in parts if part)


def option_value(shown: Json, action_id: str, label: str) -> str:
    """The value of the option that reads `label`, in a menu or in boxes."""
    for _, element in pressable(shown):
        for option in element.get("options", ()) if element["action_id"] == action_id else ():
            if option["text"]["text"] == label:
                return str(option["value"])
    raise AssertionError(f"{action_id} offers no {label!r}")


def action_ids(block: Json) -> list[str]:
    """The action ids of one block."""
    return [element["action_id"] for _, element in pressable({"blocks": [block]})]


def listed_items(view: Json) -> list[str]:
    """The numbered lines of the modal that shows a plan in full."""
    return [
        "".join(_run(each) for each in line["elements"])
        for block in view["blocks"]
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] == "rich_text_list" and part["style"] == "ordered"
        for line in part["elements"]
    ]


def is_card(message: Json) -> bool:
    """A card that waits for its decision."""
    return reads(message, "Approve")


def is_undoable(message: Json) -> bool:
    """The receipt of a card that can be taken back."""
    return reads(message, "Undo")


def is_summary(message: Json) -> bool:
    """The answer of a finished triage."""
    return "\nSorted " in words(message)


def says(*parts: str) -> Callable[[Json], bool]:
    """Messages or views that hold all these words."""

    def wanted(shown: Json) -> bool:
        text = words(shown)
        return all(part in text for part in parts)

    wanted.__qualname__ = f"says{parts}"
    return wanted


def mails(maildir: Path, folder: str = "INBOX") -> Counter[tuple[str, str]]:
    """The mails of a Maildir's folder as they lie on disk: digest of the content, and flags."""
    root = maildir if folder == "INBOX" else maildir / f".{folder}"
    found: Counter[tuple[str, str]] = Counter()
    for file in [*root.glob("cur/*"), *root.glob("new/*")]:
        flags = "".join(sorted(file.name.partition(":2,")[2]))
        found[hashlib.sha256(file.read_bytes()).hexdigest()[:16], flags] += 1
    return found
