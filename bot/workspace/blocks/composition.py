"""Composition objects: texts, options, confirmation dialogs and filters.

Source: https://docs.slack.dev/reference/block-kit/composition-objects and the types of `@slack/types` 3.2.
"""

from collections.abc import Iterator, Mapping

from bot.workspace.blocks.problem import Problem, failed
from bot.workspace.blocks.rules import (
    Check,
    Place,
    Rule,
    Sound,
    Variant,
    array,
    at_least_one,
    boolean,
    enum,
    exactly_one,
    one_of,
    record,
    string,
    url,
    variant,
)

TEXT_MOST = 3000
OPTIONS_MOST = 100


def _plain(most: int) -> Variant:
    return variant("plain_text", {"text": string(most)}, {"emoji": boolean})


def _mrkdwn(most: int) -> Variant:
    return variant("mrkdwn", {"text": string(most)}, {"verbatim": boolean})


def plain_text(most: int = TEXT_MOST) -> Rule:
    """A text object that shows its characters as they are."""
    return one_of(_plain(most))


def any_text(most: int = TEXT_MOST) -> Rule:
    """A text object of either kind."""
    return one_of(_plain(most), _mrkdwn(most))


CONFIRM = record(
    {"text": any_text(300)},
    {
        "title": plain_text(100),
        "confirm": plain_text(30),
        "deny": plain_text(30),
        "style": enum("primary", "danger"),
    },
)

PLACEHOLDER = plain_text(150)
IDENTIFIER = string(255)
USER_IDS = array(string())


def _option(text: Rule, more: Mapping[str, Rule] | None = None) -> Rule:
    return record({"text": text, "value": string(150)}, {"description": text, **(more or {})})


OPTION = _option(plain_text(75))
RICH_OPTION = _option(any_text(75))
LINK_OPTION = _option(plain_text(75), {"url": url()})

OPTION_GROUP = record({"label": plain_text(75), "options": array(OPTION, OPTIONS_MOST, least=1)})

CONVERSATION_FILTER = record(
    {},
    {
        "include": array(enum("im", "mpim", "private", "public"), least=1),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
    [at_least_one("include", "exclude_external_shared_channels", "exclude_bot_users")],
)

DISPATCH_ACTION_CONFIG = record(
    {}, {"trigger_actions_on": array(enum("on_enter_pressed", "on_character_entered"), 2, least=1)}
)

SLACK_FILE = record({}, {"id": string(), "url": url()}, [exactly_one("id", "url")])

WORKFLOW = record(
    {
        "trigger": record(
            {"url": url()},
            {"customizable_input_parameters": array(record({"name": string(), "value": string(least=0)}))},
        )
    }
)


def initial_among_options(key: str) -> Check:
    """What is chosen at first is among what can be chosen."""

    def check(value: Sound, place: Place) -> Iterator[Problem]:
        if key not in value:
            return
        offered = set(map(_identity, _offered(value)))
        many = isinstance(value[key], list | tuple)
        for index, option in enumerate(value[key] if many else [value[key]]):
            if _identity(option) not in offered:
                where = place.at(key).at(index) if many else place.at(key)
                yield failed(where.pointer, "must be one of the provided `options`", "enum", "options")

    return check


def _offered(element: Sound) -> Iterator[Sound]:
    yield from element.get("options", ())
    for group in element.get("option_groups", ()):
        yield from group["options"]


def _identity(option: Sound) -> tuple[str, str]:
    """What makes two options the same: `emoji` and `description` have defaults and do not count."""
    return option["text"]["text"], option["value"]
