"""Whole payloads: a list of blocks, a message, a view."""

import json
from collections.abc import Iterator, Mapping

from bot.workspace.blocks.across import across_blocks, characters
from bot.workspace.blocks.catalogue import BLOCK
from bot.workspace.blocks.composition import plain_text
from bot.workspace.blocks.problem import Problem, missing, wrong_type
from bot.workspace.blocks.rules import Place, Rule, Surface, array, boolean, one_of, string, variant

MESSAGE_BLOCKS_MOST = 50
VIEW_BLOCKS_MOST = 100
ATTACHMENTS_MOST = 100
TEXT_MOST = 40_000
VIEW_BYTES_MOST = 250_000
# Slack names no figure: others measured it, https://github.com/slackapi/bolt-js/issues/2509.
BLOCK_CHARACTERS_MOST = 13_200


def validate_blocks(blocks: object, *, surface: Surface) -> list[Problem]:
    """What Slack would refuse in `blocks` on `surface`; pointers begin at the list itself (`/0/text/type`)."""
    return list(_judge_blocks(blocks, Place(surface)))


def validate_message(payload: Mapping[str, object]) -> list[Problem]:
    """What Slack would refuse in a message's `blocks`, `text` and `attachments`; other keys are not looked at.

    Empty when the message is sound. `no_text`, `msg_too_long` and `msg_blocks_too_long` are errors of the posting
    methods by that name, every other problem is `invalid_blocks`, or below `/attachments` `invalid_attachments`.
    The tighter limit of `chat.update` on `text` belongs to that method and is not checked here.
    """
    return list(_judge_message(payload))


def validate_view(view: Mapping[str, object]) -> list[Problem]:
    """What Slack would refuse in a modal or a Home tab (https://docs.slack.dev/reference/views)."""
    return list(_judge_view(view))


def _judge_blocks(blocks: object, place: Place) -> Iterator[Problem]:
    most = MESSAGE_BLOCKS_MOST if place.surface == "message" else VIEW_BLOCKS_MOST
    problems = list(array(BLOCK, most)(blocks, place))
    yield from problems
    if not problems and isinstance(blocks, list | tuple):
        yield from across_blocks(blocks, place)


def _judge_message(payload: Mapping[str, object]) -> Iterator[Problem]:
    root = Place("message")
    text, blocks, attachments = payload.get("text"), payload.get("blocks"), payload.get("attachments")
    if not text and not blocks and not attachments:
        yield Problem("", "no_text", "no text, blocks or attachments", field="text")
    if text is not None:
        yield from _judge_text(text, root.at("text"))
    if blocks is not None:
        problems = list(_judge_blocks(blocks, root.at("blocks")))
        yield from problems
        if not problems and (count := characters(blocks)) > BLOCK_CHARACTERS_MOST:
            constraint = {"type": "max_length", "expected": BLOCK_CHARACTERS_MOST, "got": count}
            yield Problem("/blocks", "msg_blocks_too_long", "the blocks hold too much text together", constraint)
    if attachments is not None:
        yield from array(_judge_attachment, ATTACHMENTS_MOST)(attachments, root.at("attachments"))


def _judge_text(text: object, place: Place) -> Iterator[Problem]:
    if not isinstance(text, str):
        yield wrong_type(place.pointer, "a string")
    elif len(text) > TEXT_MOST:
        constraint = {"type": "max_length", "expected": TEXT_MOST, "got": len(text)}
        yield Problem(place.pointer, "msg_too_long", f"must be less than {TEXT_MOST + 1} characters", constraint)


def _judge_attachment(attachment: object, place: Place) -> Iterator[Problem]:
    """Only the blocks: the older members of an attachment are taken as they come."""
    if not isinstance(attachment, Mapping):
        yield wrong_type(place.pointer, "an object")
    elif attachment.get("blocks") is not None:
        yield from _judge_blocks(attachment["blocks"], place.at("blocks"))


_CAPTION = plain_text(24)
_SHARED: dict[str, Rule] = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
_MODAL = variant(
    "modal",
    {"title": _CAPTION, "blocks": _judge_blocks},
    {**_SHARED, "submit": _CAPTION, "close": _CAPTION, "clear_on_close": boolean, "notify_on_close": boolean},
)
# Slack's own examples of a Home tab carry a title, which it ignores.
_HOME = variant("home", {"blocks": _judge_blocks}, {**_SHARED, "title": plain_text()})
_VIEW = one_of(_MODAL, _HOME)


def _judge_view(view: Mapping[str, object]) -> Iterator[Problem]:
    problems = list(_VIEW(view, Place("home" if view.get("type") == "home" else "modal")))
    yield from problems
    if problems:
        return
    if view["type"] == "modal" and "submit" not in view and _asks_for_input(view["blocks"]):
        yield missing("", "submit")
    size = len(json.dumps(view, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    if size > VIEW_BYTES_MOST:
        constraint = {"type": "max_length", "expected": VIEW_BYTES_MOST, "got": size}
        yield Problem("", "view_too_large", "the view is greater than 250kb", constraint)


def _asks_for_input(blocks: object) -> bool:
    return isinstance(blocks, list | tuple) and any(block["type"] == "input" for block in blocks)
