"""Block elements: what people press, choose from and type into.

Source: https://docs.slack.dev/reference/block-kit/block-elements and the types of `@slack/types` 3.2.
"""

from collections.abc import Iterator, Mapping, Sequence

from bot.workspace.blocks.composition import (
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_ACTION_CONFIG,
    IDENTIFIER,
    LINK_OPTION,
    OPTION,
    OPTION_GROUP,
    OPTIONS_MOST,
    PLACEHOLDER,
    RICH_OPTION,
    SLACK_FILE,
    USER_IDS,
    WORKFLOW,
    initial_among_options,
    plain_text,
)
from bot.workspace.blocks.problem import Problem, failed, missing
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
    boolean,
    enum,
    exactly_one,
    in_order,
    integer,
    matching,
    one_of,
    record,
    string,
    url,
    variant,
    web_url,
)

BUTTON_TEXT = plain_text(75)
BUTTON_VALUE = string(2000)
LABEL = string(75)
STYLE = enum("primary", "danger")
_MANY = 1 << 31
_LINES = integer(1, 100)
_LENGTH_MOST = 3000


def _element(
    name: str,
    required: Mapping[str, Rule] | None = None,
    optional: Mapping[str, Rule] | None = None,
    *,
    checks: Sequence[Check] = (),
    surfaces: frozenset[Surface] = EVERYWHERE,
) -> Variant:
    return variant(name, required, {"action_id": IDENTIFIER, **(optional or {})}, checks=checks, surfaces=surfaces)


BUTTON = _element(
    "button",
    {"text": BUTTON_TEXT},
    {
        "value": BUTTON_VALUE,
        "url": url(),
        "style": STYLE,
        "confirm": CONFIRM,
        "accessibility_label": LABEL,
        "agent_prompt": string(4000),
        "agent_prompt_display": string(),
        "visible_to_user_ids": USER_IDS,
    },
)

WORKFLOW_BUTTON = _element(
    "workflow_button",
    {"text": BUTTON_TEXT, "workflow": WORKFLOW},
    {"style": STYLE, "accessibility_label": LABEL, "confirm": CONFIRM},
    surfaces=MESSAGE,
)

ICON_BUTTON = _element(
    "icon_button",
    {"icon": string(), "text": BUTTON_TEXT},
    {"value": BUTTON_VALUE, "confirm": CONFIRM, "accessibility_label": LABEL, "visible_to_user_ids": USER_IDS},
)

_FEEDBACK_BUTTON = record({"text": BUTTON_TEXT, "value": BUTTON_VALUE}, {"accessibility_label": LABEL})
FEEDBACK_BUTTONS = _element(
    "feedback_buttons", {"positive_button": _FEEDBACK_BUTTON, "negative_button": _FEEDBACK_BUTTON}
)

OVERFLOW = _element("overflow", {"options": array(LINK_OPTION, 5, least=1)}, {"confirm": CONFIRM})

IMAGE = variant(
    "image",
    {"alt_text": string(2000)},
    {"image_url": web_url(), "slack_file": SLACK_FILE},
    checks=[exactly_one("image_url", "slack_file")],
)

URL_SOURCE = variant("url", {"url": url(), "text": string()})

_PICKED = {"confirm": CONFIRM, "focus_on_load": boolean}
_CHOSEN = {**_PICKED, "placeholder": PLACEHOLDER}
_RICH_OPTIONS = array(RICH_OPTION, 10, least=1)

CHECKBOXES = _element(
    "checkboxes",
    {"options": _RICH_OPTIONS},
    {**_PICKED, "initial_options": array(RICH_OPTION, least=1)},
    checks=[initial_among_options("initial_options")],
)
RADIO_BUTTONS = _element(
    "radio_buttons",
    {"options": _RICH_OPTIONS},
    {**_PICKED, "initial_option": RICH_OPTION},
    checks=[initial_among_options("initial_option")],
)

_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
DATEPICKER = _element("datepicker", {}, {**_CHOSEN, "initial_date": matching(_DAY, "input must be a valid: date")})
TIMEPICKER = _element(
    "timepicker",
    {},
    {**_CHOSEN, "initial_time": matching(_TIME, "input must be a valid: time"), "timezone": string()},
)
DATETIMEPICKER = _element("datetimepicker", {}, {**_PICKED, "initial_date_time": integer(0, 9_999_999_999)})


def _options_or_groups(value: Sound, place: Place) -> Iterator[Problem]:
    if "options" in value and "option_groups" in value:
        yield failed(place.pointer, "cannot provide both options and option_groups", "one_of", ["options"])
    if "options" not in value and "option_groups" not in value:
        yield missing(place.pointer, "options")


def _no_more_than_allowed(key: str) -> Check:
    def check(value: Sound, place: Place) -> Iterator[Problem]:
        chosen = len(value.get(key, ()))
        most = value.get("max_selected_items", chosen)
        if chosen > most:
            yield failed(place.at(key).pointer, f"no more than {most} items allowed", "max_items", most, chosen)

    return check


_STATIC: dict[str, Rule] = {
    "options": array(OPTION, OPTIONS_MOST, least=1),
    "option_groups": array(OPTION_GROUP, OPTIONS_MOST, least=1),
}
_QUERY: dict[str, Rule] = {"min_query_length": integer(0, _MANY)}
_CONVERSATIONS: dict[str, Rule] = {"default_to_current_conversation": boolean, "filter": CONVERSATION_FILTER}
_RESPONSE: dict[str, Rule] = {"response_url_enabled": boolean}


def _menu(kind: str, initial: str, rule: Rule, more: Mapping[str, Rule], checks: Sequence[Check] = ()) -> Variant:
    return _element(kind, {}, {**_CHOSEN, initial: rule, **more}, checks=checks)


def _multi_menu(kind: str, initial: str, item: Rule, more: Mapping[str, Rule], checks: Sequence[Check] = ()) -> Variant:
    optional = {**_CHOSEN, initial: array(item), "max_selected_items": integer(1, _MANY), **more}
    return _element(f"multi_{kind}", {}, optional, checks=[*checks, _no_more_than_allowed(initial)])


MENUS = (
    _menu(
        "static_select",
        "initial_option",
        OPTION,
        _STATIC,
        [_options_or_groups, initial_among_options("initial_option")],
    ),
    _menu("external_select", "initial_option", OPTION, _QUERY),
    _menu("users_select", "initial_user", string(), {}),
    _menu("conversations_select", "initial_conversation", string(), {**_CONVERSATIONS, **_RESPONSE}),
    _menu("channels_select", "initial_channel", string(), _RESPONSE),
    _multi_menu(
        "static_select",
        "initial_options",
        OPTION,
        _STATIC,
        [_options_or_groups, initial_among_options("initial_options")],
    ),
    _multi_menu("external_select", "initial_options", OPTION, _QUERY),
    _multi_menu("users_select", "initial_users", string(), {}),
    _multi_menu("conversations_select", "initial_conversations", string(), _CONVERSATIONS),
    _multi_menu("channels_select", "initial_channels", string(), {}),
)

_TYPED: dict[str, Rule] = {
    "placeholder": PLACEHOLDER,
    "focus_on_load": boolean,
    "dispatch_action_config": DISPATCH_ACTION_CONFIG,
}
_NUMERAL = matching(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", "must be a number")

PLAIN_TEXT_INPUT = _element(
    "plain_text_input",
    {},
    {
        **_TYPED,
        "initial_value": string(_LENGTH_MOST, least=0),
        "multiline": boolean,
        "min_length": integer(0, _LENGTH_MOST),
        "max_length": integer(1, _LENGTH_MOST),
    },
    checks=[in_order("min_length", "max_length")],
)
EMAIL_INPUT = _element("email_text_input", {}, {**_TYPED, "initial_value": string(least=0)})
URL_INPUT = _element("url_text_input", {}, {**_TYPED, "initial_value": string(least=0)})
NUMBER_INPUT = _element(
    "number_input",
    {"is_decimal_allowed": boolean},
    {**_TYPED, "initial_value": _NUMERAL, "min_value": _NUMERAL, "max_value": _NUMERAL},
    checks=[in_order("min_value", "max_value")],
)
RICH_TEXT_INPUT = _element(
    "rich_text_input",
    {},
    {**_TYPED, "initial_value": one_of(RICH_TEXT), "min_lines": _LINES, "max_lines": _LINES},
    checks=[in_order("min_lines", "max_lines")],
)
FILE_INPUT = _element(
    "file_input", {}, {"filetypes": array(string(), least=1), "max_files": integer(1, 10)}, surfaces=MODAL
)

_PICKERS = (CHECKBOXES, RADIO_BUTTONS, DATEPICKER, TIMEPICKER)

ACCESSORIES = (BUTTON, WORKFLOW_BUTTON, IMAGE, OVERFLOW, *_PICKERS, *MENUS)
ACTIONS = (BUTTON, WORKFLOW_BUTTON, OVERFLOW, *_PICKERS, DATETIMEPICKER, RICH_TEXT_INPUT, *MENUS)
INPUTS = (
    PLAIN_TEXT_INPUT,
    EMAIL_INPUT,
    URL_INPUT,
    NUMBER_INPUT,
    RICH_TEXT_INPUT,
    FILE_INPUT,
    *_PICKERS,
    DATETIMEPICKER,
    *MENUS,
)
