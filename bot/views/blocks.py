"""Block Kit pieces as plain dictionaries. Texts are given raw; every piece escapes its own.

Limits: https://docs.slack.dev/reference/block-kit. Whatever a limit cuts ends in `…`; views that may not cut anything
divide their text before it comes here.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.views.text import plain, split, width
from bot.views.times import moment, to_second

Block = dict[str, Any]

TEXT_LIMIT = 3_000
WHOLE = 12_000
"""Most `cost` of a message: Slack refuses it somewhere above 13,200 (bolt-js issue 2509)."""
_DIVIDE_AT = 2_600
EMPTY = "(empty)"

_DATE = "{date_short_pretty} at {time}"
_ENTITY = re.compile(r"&(?=(?:amp|lt|gt);)")
_ADDRESS = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?([/?#][\x21-\x7e]*)?", re.IGNORECASE)
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,40}")


def plain_text(text: str, limit: int) -> Block:
    """A `plain_text` object. Clients unescape it once, so what looks like an escape already is escaped again."""
    return _plain_text(plain(_ENTITY.sub("&amp;", text), limit))


def mrkdwn(text: str) -> Block:
    """A mrkdwn object of text that is ours or went through `visible`; nothing in it is linked by itself."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text, 150)}


def section(text: str, accessory: Block | None = None, block_id: str | None = None) -> Block:
    """A section of mrkdwn, with a button or menu at its side."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if block_id is not None:
        block["block_id"] = block_id
    if accessory is not None:
        block["accessory"] = accessory
    return block


def fields(texts: Sequence[str]) -> Block:
    """A section of short mrkdwn texts in two columns."""
    return {"type": "section", "fields": [mrkdwn(text) for text in texts]}


def actions(elements: Sequence[Block], block_id: str) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def button(label: str, action_id: str, value: str, *, style: str = "", confirm: Block | None = None) -> Block:
    """`style`: `primary`, `danger` or none; `confirm`: asked before the press counts."""
    element: Block = {"type": "button", "text": plain_text(label, 75), "action_id": action_id, "value": value}
    if style:
        element["style"] = style
    if confirm is not None:
        element["confirm"] = confirm
    return element


def confirm(title: str, text: str, yes: str, no: str = "Cancel") -> Block:
    """Slack's own question whether a press was meant."""
    return {
        "title": plain_text(title, 100),
        "text": plain_text(text, 300),
        "confirm": plain_text(yes, 30),
        "deny": plain_text(no, 30),
    }


def option(label: str, value: str, description: str = "") -> Block:
    """One choice of a menu or a group of boxes."""
    entry: Block = {"text": plain_text(label, 75), "value": value}
    if description:
        entry["description"] = plain_text(description, 75)
    return entry


def long_option(text: str, value: str) -> Block:
    """A choice whose text goes on in its description when one line is too short for it."""
    text = _ENTITY.sub("&amp;", text)
    first = split(plain(text, 150), 75)[0]  # shorter than the line where a mark as `‹U+202E›` would be cut
    rest = plain(text, width(first) + 75)[len(first) :]
    whole, _, begun = first.rpartition(" ")
    if rest and len(whole) > 40 and width(begun + rest) <= 75:  # better between two words than within one
        first, rest = whole, begun + rest
    entry: Block = {"text": _plain_text(first), "value": value}
    if rest:
        entry["description"] = _plain_text(rest)
    return entry


def menu(placeholder: str, action_id: str, options: Sequence[Block]) -> Block:
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain_text(placeholder, 150),
        "options": list(options),
    }


def run(text: str, *, limit: int | None = None, bold: bool = False, italic: bool = False, code: bool = False) -> Block:
    """A rich text element: text that no client reads as markup."""
    return shown(plain(text, limit), bold=bold, italic=italic, code=code)


def shown(text: str, *, bold: bool = False, italic: bool = False, code: bool = False) -> Block:
    """As `run`, for text that went through `plain` already."""
    style = {name: True for name, on in (("bold", bold), ("italic", italic), ("code", code)) if on}
    element: Block = {"type": "text", "text": text or EMPTY}
    if style:
        element["style"] = style
    return element


def person(user_id: str) -> Block:
    """A mention of a person; anything that is no user id is shown as text."""
    return {"type": "user", "user_id": user_id} if _USER_ID.fullmatch(user_id) else run(user_id, limit=80)


def link(url: str) -> list[Block]:
    """An address that can be pressed and shows all of itself. Only for addresses the person typed; whatever is not
    plainly one of the web stays text."""
    whole = shown(plain(url, 300))
    return [{"type": "link", "url": url, "text": url}] if _ADDRESS.fullmatch(url) and whole["text"] == url else [whole]


def exact(at: datetime, tz: str) -> Block:
    """The time of day to the second, for what is about to happen."""
    return {**date(at, tz), "format": "{time_secs}", "fallback": to_second(at, tz)}


def date(at: datetime, tz: str) -> Block:
    """A moment in the reader's own zone and words (https://docs.slack.dev/reference/block-kit/block-elements/date-element)."""
    return {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": _DATE,
        "fallback": moment(at, tz),
    }


def date_token(at: datetime, otherwise: str) -> str:
    """The same in mrkdwn; `otherwise` is shown by clients that cannot, and goes in escaped already."""
    return f"<!date^{int(at.timestamp())}^{_DATE}|{otherwise}>"


def line(*elements: Block) -> Block:
    """One paragraph of rich text, or one point of a list."""
    return {"type": "rich_text_section", "elements": list(elements)}


def stacked(lines: Sequence[Sequence[Block]]) -> Block:
    """Several lines of rich text elements in one paragraph."""
    elements: list[Block] = []
    for position, elements_of_line in enumerate(lines):
        elements += [*([shown("\n")] if position else []), *elements_of_line]
    return line(*elements)


def points(lines: Sequence[Block], *, indent: int = 0) -> Block:
    return _list("bullet", lines, indent)


def numbered(lines: Sequence[Block], *, offset: int = 0) -> Block:
    """A numbered list; `offset`: how many points stood before it."""
    block = _list("ordered", lines, 0)
    if offset:
        block["offset"] = offset
    return block


def rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def batches(lines: Sequence[Block]) -> list[Block]:
    """Points in as many rich text blocks as their length asks for. No line is over 1,000 long."""
    blocks: list[Block] = []
    batch: list[Block] = []
    length = 0
    for entry in lines:
        letters = _letters(entry)
        if batch and length + letters > _DIVIDE_AT:
            blocks.append(rich(points(batch)))
            batch, length = [], 0
        batch.append(entry)
        length += letters
    return [*blocks, *([rich(points(batch))] if batch else [])]


def divided(heading: Block, lines: Sequence[Block], *, indent: int = 0) -> list[Block]:
    """A heading with its points, in as many rich text blocks as their length asks for. No line is over 1,000 long."""
    blocks: list[Block] = []
    batch: list[Block] = []
    length = _letters(heading)
    for entry in lines:
        letters = _letters(entry)
        if batch and length + letters > _DIVIDE_AT:
            blocks.append(rich(*([] if blocks else [heading]), points(batch, indent=indent)))
            batch, length = [], 0
        batch.append(entry)
        length += letters
    return [*blocks, rich(*([] if blocks else [heading]), *([points(batch, indent=indent)] if batch else []))]


def paragraph(text: str) -> list[Block]:
    """Any text in full, in as many rich text blocks as it takes."""
    return [rich(line(shown(part))) for part in split(plain(text), TEXT_LIMIT)]


def checkboxes(label: str, options: Sequence[Block], ticked: Sequence[Block], block_id: str, action_id: str) -> Block:
    """An input of at most 10 boxes; none has to be ticked. `ticked` are some of `options`."""
    element: Block = {"type": "checkboxes", "action_id": action_id, "options": list(options)}
    if ticked:
        element["initial_options"] = list(ticked)
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, 300),
        "optional": True,
        "element": element,
    }


def text_input(
    label: str,
    block_id: str,
    action_id: str,
    *,
    initial: str = "",
    hint: str = "",
    placeholder: str = "",
    multiline: bool = False,
    optional: bool = False,
    most: int = TEXT_LIMIT,
) -> Block:
    """A place to type. `initial` stands there as it is, at most 3,000 long; `most`: the longest that may be typed."""
    element: Block = {"type": "plain_text_input", "action_id": action_id, "multiline": multiline, "max_length": most}
    if initial:
        element["initial_value"] = initial
    if placeholder:
        element["placeholder"] = plain_text(placeholder, 150)
    return input_block(label, block_id, element, hint=hint, optional=optional)


def input_block(label: str, block_id: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """A labelled input of any kind."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, 300),
        "optional": optional,
        "element": element,
    }
    if hint:
        block["hint"] = plain_text(hint, 600)
    return block


def modal(
    title: str, callback_id: str, blocks: Sequence[Block], metadata: str, *, submit: str = "", close: str = "Close"
) -> Block:
    """A modal; `metadata` travels in it as `private_metadata`."""
    view = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, 24),
        "close": plain_text(close, 24),
        "private_metadata": metadata,
        "blocks": list(blocks),
    }
    if submit:
        view["submit"] = plain_text(submit, 24)
    return view


def compact(value: Any) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def cost(block: Any) -> int:
    """At least what Slack counts towards its limit on a message: the length as JSON, with `&`, `<`, `>` escaped."""
    text = json.dumps(block, ensure_ascii=False, separators=(",", ":"))
    return width(text) + 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))


def _letters(piece: Block) -> int:
    """Letters of a section or a list."""
    return width(piece.get("text", "")) + sum(map(_letters, piece.get("elements", ())))


def _plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text or EMPTY, "emoji": False}


def _list(style: str, lines: Sequence[Block], indent: int) -> Block:
    block: Block = {"type": "rich_text_list", "style": style, "elements": list(lines)}
    if indent:
        block["indent"] = indent
    return block
