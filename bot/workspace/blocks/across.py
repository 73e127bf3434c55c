"""Rules that hold across the blocks of one payload, once each block alone is sound."""

import html
from collections.abc import Iterator, Mapping, Sequence

from bot.workspace.blocks.catalogue import MARKDOWN_MOST
from bot.workspace.blocks.problem import Problem, failed
from bot.workspace.blocks.rules import Place, Sound

CHARTS_MOST = 2
HEADER_CHARACTERS = 100

_Placed = Sequence[tuple[Sound, Place]]
_CHILDREN = {"container": "child_blocks", "carousel": "elements", "plan": "tasks"}
_HOLDERS = ("elements", "actions", "accessory", "element")


def across_blocks(blocks: Sequence[Sound], place: Place) -> Iterator[Problem]:
    """Repeated ids, several elements in focus and, in messages, too much of what Slack takes once or twice."""
    placed = list(_walk(blocks, place))
    yield from _repeated("block_id", placed)
    for block, where in placed:
        # An action is known by its block and its own id together: within one block only they must differ.
        yield from _repeated("action_id", list(_elements(block, where)))
    yield from _one_focus(placed)
    if place.surface == "message":
        yield from _once_or_twice(placed)
        yield from _markdown_together(placed)


def characters(value: object) -> int:
    """How many characters Slack counts in a message's blocks.

    It counts text as it stores it, with `&`, `<` and `>` escaped (mrkdwn comes escaped already), and about a hundred
    more for each header: measured, not documented.
    """
    if isinstance(value, Mapping):
        ready = value.get("type") == "mrkdwn"
        texts = (member for key, member in value.items() if key in ("text", "title") and isinstance(member, str))
        own = sum(len(text if ready else html.escape(text, quote=False)) for text in texts)
        extra = HEADER_CHARACTERS if value.get("type") == "header" else 0
        return own + extra + sum(map(characters, value.values()))
    return sum(map(characters, value)) if isinstance(value, list | tuple) else 0


def _walk(blocks: Sequence[Sound], place: Place) -> Iterator[tuple[Sound, Place]]:
    """Every block with its place, those inside containers, carousels and plans too."""
    for index, block in enumerate(blocks):
        where = place.at(index)
        yield block, where
        key = _CHILDREN.get(block.get("type", ""), "")
        if key in block:
            yield from _walk(block[key], where.at(key))


def _elements(block: Sound, place: Place) -> Iterator[tuple[Sound, Place]]:
    if block.get("type") == "carousel":
        return
    for key in _HOLDERS:
        held = block.get(key)
        if isinstance(held, Mapping):
            yield held, place.at(key)
        elif isinstance(held, list | tuple):
            yield from ((element, place.at(key).at(index)) for index, element in enumerate(held))


def _repeated(key: str, placed: _Placed) -> Iterator[Problem]:
    seen: set[str] = set()
    for holder, where in placed:
        if key not in holder:
            continue
        if holder[key] in seen:
            message = f'`{key}` "{holder[key]}" already exists'
            yield failed(where.at(key).pointer, message, "unique", f"unique {key}", holder[key])
        seen.add(holder[key])


def _one_focus(placed: _Placed) -> Iterator[Problem]:
    focused = [
        where.at("focus_on_load").pointer
        for block, place in placed
        for element, where in _elements(block, place)
        if element.get("focus_on_load") is True
    ]
    for pointer in focused[1:]:
        yield failed(pointer, "only one element can have focus_on_load", "max_items", 1, len(focused))


def _once_or_twice(placed: _Placed) -> Iterator[Problem]:
    def beyond(most: int, *kinds: str) -> list[str]:
        return [where.pointer for block, where in placed if block.get("type") in kinds][most:]

    for pointer in beyond(1, "table", "data_table"):
        constraint = {"type": "max_items", "expected": 1}
        yield Problem(pointer, "only_one_table_allowed", "only one table is allowed per message", constraint)
    for pointer in beyond(1, "plan"):
        yield failed(pointer, "Cannot have more than 1 plan block", "max_items", 1)
    for pointer in beyond(CHARTS_MOST, "data_visualization"):
        message = f"Cannot have more than {CHARTS_MOST} data_visualization blocks"
        yield failed(pointer, message, "max_items", CHARTS_MOST)


def _markdown_together(placed: _Placed) -> Iterator[Problem]:
    texts = [(block["text"], where) for block, where in placed if block.get("type") == "markdown"]
    count = sum(len(text) for text, _ in texts)
    if count > MARKDOWN_MOST:
        pointer = texts[-1][1].at("text").pointer
        message = f"must be less than {MARKDOWN_MOST + 1} characters in all markdown blocks"
        yield failed(pointer, message, "max_length", MARKDOWN_MOST, count)
