"""Every block type with its members, its limits and the surfaces that take it.

Sources: https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/blocks.json (surfaces) and the types
of `@slack/types` 3.2 and slack-sdk 3.47.
"""

from collections.abc import Iterator, Mapping, Sequence

from bot.workspace.blocks.composition import IDENTIFIER, SLACK_FILE, any_text, plain_text
from bot.workspace.blocks.elements import (
    ACCESSORIES,
    ACTIONS,
    BUTTON,
    FEEDBACK_BUTTONS,
    ICON_BUTTON,
    IMAGE,
    INPUTS,
    OVERFLOW,
    URL_SOURCE,
)
from bot.workspace.blocks.problem import Problem, failed
from bot.workspace.blocks.rich_text import RICH_TEXT
from bot.workspace.blocks.rules import (
    EVERYWHERE,
    MESSAGE,
    MODAL,
    Check,
    Place,
    Rule,
    Sound,
    Surface,
    Variant,
    array,
    at_least_one,
    boolean,
    enum,
    exactly_one,
    integer,
    one_of,
    record,
    secure_url,
    string,
    variant,
    web_url,
)
from bot.workspace.blocks.tables import DATA_TABLE, DATA_VISUALIZATION, ON_MESSAGE_AND_HOME, TABLE

MARKDOWN_MOST = 12_000


def _block(
    name: str,
    required: Mapping[str, Rule] | None = None,
    optional: Mapping[str, Rule] | None = None,
    *,
    checks: Sequence[Check] = (),
    surfaces: frozenset[Surface] = EVERYWHERE,
) -> Variant:
    return variant(name, required, {"block_id": IDENTIFIER, **(optional or {})}, checks=checks, surfaces=surfaces)


SECTION = _block(
    "section",
    {},
    {
        "text": any_text(),
        "fields": array(any_text(2000), 10, least=1),
        "accessory": one_of(*ACCESSORIES),
        "expand": boolean,
    },
    checks=[at_least_one("text", "fields")],
)
HEADER = _block("header", {"text": plain_text(150)}, {"level": integer(1, 4)})
DIVIDER = _block("divider")
IMAGE_BLOCK = _block(
    "image",
    {"alt_text": string(2000)},
    {"image_url": web_url(), "slack_file": SLACK_FILE, "title": plain_text(2000)},
    checks=[exactly_one("image_url", "slack_file")],
)
ACTIONS_BLOCK = _block("actions", {"elements": array(one_of(*ACTIONS), 25, least=1)})


def _context_element(value: object, place: Place) -> Iterator[Problem]:
    is_image = isinstance(value, Mapping) and value.get("type") == "image"
    yield from one_of(IMAGE)(value, place) if is_image else any_text()(value, place)


CONTEXT = _block("context", {"elements": array(_context_element, 10, least=1)})
CONTEXT_ACTIONS = _block(
    "context_actions",
    {"elements": array(one_of(FEEDBACK_BUTTONS, ICON_BUTTON), 5, least=1)},
    surfaces=MESSAGE,
)


def _files_do_not_dispatch(value: Sound, place: Place) -> Iterator[Problem]:
    if value.get("dispatch_action") is True and value["element"]["type"] == "file_input":
        yield failed(place.at("dispatch_action").pointer, "must be false for a file_input", "enum", [False], True)


INPUT = _block(
    "input",
    {"label": plain_text(2000), "element": one_of(*INPUTS)},
    {"hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
    checks=[_files_do_not_dispatch],
)
FILE = _block("file", {"external_id": string(), "source": enum("remote")}, surfaces=MESSAGE)
VIDEO = _block(
    "video",
    {"alt_text": string(), "title": plain_text(199), "thumbnail_url": web_url(), "video_url": secure_url()},
    {
        "title_url": secure_url(),
        "description": plain_text(199),
        "author_name": string(49),
        "provider_name": string(),
        "provider_icon_url": web_url(),
    },
)
MARKDOWN = _block("markdown", {"text": string(MARKDOWN_MOST)}, surfaces=MESSAGE)
ALERT = _block(
    "alert",
    {"text": any_text(200)},
    {"level": enum("default", "info", "warning", "error", "success")},
    surfaces=MODAL,
)

_SLACK_ICON = variant("icon", {"name": string()})
CARD = _block(
    "card",
    {},
    {
        "hero_image": one_of(IMAGE),
        "icon": one_of(IMAGE),
        "slack_icon": one_of(_SLACK_ICON),
        "title": any_text(150),
        "subtitle": any_text(150),
        "body": any_text(200),
        "actions": array(one_of(BUTTON), least=1),
    },
    checks=[at_least_one("hero_image", "title", "actions", "body")],
)
CAROUSEL = _block("carousel", {"elements": array(one_of(CARD), 10, least=1)}, surfaces=ON_MESSAGE_AND_HOME)

_TASK: dict[str, Rule] = {"task_id": string(), "title": string()}
_TASK_MORE: dict[str, Rule] = {
    "details": one_of(RICH_TEXT),
    "output": one_of(RICH_TEXT),
    "sources": array(one_of(URL_SOURCE)),
    "status": enum("pending", "in_progress", "complete", "error"),
    "hide_title": boolean,
}
TASK_CARD = _block("task_card", _TASK, _TASK_MORE, surfaces=MESSAGE)
# Inside a plan the type of a task may be left out: Slack's own example does.
_PLANNED_TASK = record(_TASK, {**_TASK_MORE, "type": enum("task_card"), "block_id": IDENTIFIER})


def _title(value: object, place: Place) -> Iterator[Problem]:
    yield from plain_text()(value, place) if isinstance(value, Mapping) else string()(value, place)


PLAN = _block("plan", {"title": _title}, {"tasks": array(_PLANNED_TASK)}, surfaces=MESSAGE)

CALL = _block("call", {"call_id": string()}, {"api_decoration_available": boolean}, surfaces=MESSAGE)

_FALLBACK = one_of(SECTION, HEADER, DIVIDER, IMAGE_BLOCK, ACTIONS_BLOCK, CONTEXT, RICH_TEXT)
AUTH_PROVIDER = _block(
    "auth_provider",
    {"value": string(150), "name": plain_text(75), "is_connected": boolean},
    {
        "description": plain_text(150),
        "icon_url": secure_url(),
        "auth_url": secure_url(),
        "disconnect_url": secure_url(),
        "connected_identity": plain_text(75),
        "connected_context": plain_text(75),
        "accessory": one_of(OVERFLOW),
        "fallback": array(_FALLBACK),
    },
)


def _collapsed_means_collapsible(value: Sound, place: Place) -> Iterator[Problem]:
    if value.get("default_collapsed") is True and value.get("is_collapsible") is not True:
        yield failed(place.at("default_collapsed").pointer, "requires is_collapsible to be true", "enum", [False], True)


CONTAINER = _block(
    "container",
    {
        "child_blocks": array(
            one_of(
                ACTIONS_BLOCK,
                CONTEXT,
                DIVIDER,
                FILE,
                HEADER,
                IMAGE_BLOCK,
                INPUT,
                RICH_TEXT,
                SECTION,
                TABLE,
                VIDEO,
            ),
            10,
            least=1,
        )
    },
    {
        "title": plain_text(150),
        "rich_text_title": one_of(RICH_TEXT),
        "subtitle": any_text(150),
        "icon": one_of(IMAGE),
        "width": enum("narrow", "standard", "wide", "full"),
        "is_collapsible": boolean,
        "default_collapsed": boolean,
        "has_header_divider": boolean,
    },
    checks=[at_least_one("title", "rich_text_title"), _collapsed_means_collapsible],
    surfaces=ON_MESSAGE_AND_HOME,
)

BLOCKS = (
    SECTION,
    HEADER,
    DIVIDER,
    IMAGE_BLOCK,
    ACTIONS_BLOCK,
    CONTEXT,
    CONTEXT_ACTIONS,
    INPUT,
    FILE,
    VIDEO,
    MARKDOWN,
    ALERT,
    CARD,
    CAROUSEL,
    CONTAINER,
    TASK_CARD,
    PLAN,
    RICH_TEXT,
    TABLE,
    DATA_TABLE,
    DATA_VISUALIZATION,
    CALL,
    AUTH_PROVIDER,
)
BLOCK = one_of(*BLOCKS)
