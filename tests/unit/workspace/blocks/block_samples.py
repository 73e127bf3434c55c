"""Sound samples of every block and element, by the surfaces that take them."""

from typing import Any

Json = dict[str, Any]

PLAIN: Json = {"type": "plain_text", "text": "Plain", "emoji": True}
MRKDWN: Json = {"type": "mrkdwn", "text": "*bold*", "verbatim": False}
OPTION: Json = {"text": PLAIN, "value": "v"}
OTHER: Json = {"text": {"type": "plain_text", "text": "Other"}, "value": "w", "description": PLAIN}
RICH_OPTION: Json = {"text": MRKDWN, "value": "v", "description": MRKDWN}
GROUPS: list[Json] = [{"label": PLAIN, "options": [OPTION]}, {"label": PLAIN, "options": [OTHER]}]
CONFIRM: Json = {"title": PLAIN, "text": MRKDWN, "confirm": PLAIN, "deny": PLAIN, "style": "danger"}
IMAGE: Json = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
BUTTON: Json = {"type": "button", "text": PLAIN, "action_id": "b", "value": "1", "style": "primary"}


def rich(*inline: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(inline)}]}


def raw(text: str) -> Json:
    return {"type": "raw_text", "text": text}


CELL: Json = raw("a")
RICH: Json = rich({"type": "text", "text": "x", "style": {"bold": True}})
TASK: Json = {"task_id": "t", "title": "Task"}
PIE: Json = {"type": "pie", "segments": [{"label": "a", "value": 1}, {"label": "b", "value": 0.5}]}
AXIS: Json = {"categories": ["Mon", "Tue"], "x_label": "day", "y_label": "n"}
SERIES: Json = {"name": "s", "data": [{"label": "Tue", "value": -2}, {"label": "Mon", "value": 1}]}

ELEMENTS: list[Json] = [
    BUTTON,
    {"type": "button", "text": PLAIN, "url": "mailto:ada@example.com", "confirm": CONFIRM, "accessibility_label": "go"},
    {"type": "overflow", "options": [OPTION, {**OTHER, "url": "https://example.com"}], "confirm": {"text": PLAIN}},
    {"type": "checkboxes", "options": [RICH_OPTION], "initial_options": [RICH_OPTION], "focus_on_load": False},
    {"type": "radio_buttons", "options": [OPTION, OTHER], "initial_option": OTHER},
    {"type": "datepicker", "initial_date": "2026-11-21", "placeholder": PLAIN},
    {"type": "timepicker", "initial_time": "23:59", "timezone": "Europe/London"},
    {"type": "static_select", "options": [OPTION, OTHER], "initial_option": {"text": PLAIN, "value": "v"}},
    {"type": "static_select", "option_groups": GROUPS, "initial_option": OTHER, "placeholder": PLAIN},
    {"type": "external_select", "min_query_length": 0, "initial_option": OPTION},
    {"type": "users_select", "initial_user": "U1"},
    {"type": "conversations_select", "default_to_current_conversation": True, "filter": {"include": ["im", "public"]}},
    {"type": "channels_select", "initial_channel": "C1", "response_url_enabled": True},
    {"type": "multi_static_select", "options": [OPTION], "initial_options": [OPTION], "max_selected_items": 1},
    {"type": "multi_external_select", "initial_options": [OPTION]},
    {"type": "multi_users_select", "initial_users": ["U1", "U2"]},
    {"type": "multi_conversations_select", "initial_conversations": ["C1"], "filter": {"exclude_bot_users": True}},
    {"type": "multi_channels_select", "initial_channels": ["C1"]},
]
INPUTS: list[Json] = [
    {"type": "plain_text_input", "multiline": True, "min_length": 1, "max_length": 1, "initial_value": ""},
    {"type": "email_text_input", "placeholder": PLAIN},
    {"type": "url_text_input", "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]}},
    {"type": "number_input", "is_decimal_allowed": True, "min_value": "-1.5", "max_value": "10", "initial_value": "2"},
    {"type": "rich_text_input", "initial_value": RICH, "min_lines": 1, "max_lines": 100},
    {"type": "datetimepicker", "initial_date_time": 1628633820},
    *(element for element in ELEMENTS if element["type"] not in ("button", "overflow")),
]
INLINE: list[Json] = [
    {"type": "text", "text": "x", "style": {"bold": True, "code": False}},
    {"type": "link", "url": "https://example.com", "text": "", "unsafe": True},
    {"type": "user", "user_id": "U1"},
    {"type": "usergroup", "usergroup_id": "S1"},
    {"type": "team", "team_id": "T1"},
    {"type": "channel", "channel_id": "C1"},
    {"type": "emoji", "name": "wave", "skin_tone": 2, "unicode": "1f44b"},
    {"type": "broadcast", "range": "here"},
    {"type": "color", "value": "#439FE0"},
    {"type": "date", "timestamp": 1720710212, "format": "{date_num}", "fallback": "then", "url": "https://example.com"},
]

EVERYWHERE: list[Json] = [
    {"type": "section", "text": MRKDWN, "fields": [PLAIN, MRKDWN], "expand": True, "block_id": "s"},
    {"type": "section", "fields": [PLAIN], "accessory": IMAGE},
    *({"type": "section", "text": MRKDWN, "accessory": element} for element in ELEMENTS),
    {"type": "actions", "elements": ELEMENTS[2:]},
    *({"type": "input", "label": PLAIN, "hint": PLAIN, "optional": True, "element": element} for element in INPUTS),
    {"type": "context", "elements": [PLAIN, MRKDWN, IMAGE]},
    {"type": "header", "text": PLAIN, "level": 2},
    {"type": "divider"},
    {"type": "image", "image_url": "http://example.com/a.png", "alt_text": "a", "title": PLAIN},
    {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "a"},
    rich(*INLINE),
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_list", "style": "ordered", "indent": 1, "offset": 2, "border": 1, "elements": []},
            {"type": "rich_text_quote", "elements": INLINE, "border": 0},
            {"type": "rich_text_preformatted", "elements": INLINE[:2], "language": "python"},
        ],
    },
    {
        "type": "video",
        "alt_text": "a",
        "title": PLAIN,
        "thumbnail_url": "https://example.com/t.png",
        "video_url": "https://example.com/v",
        "author_name": "ada",
    },
    {"type": "card", "title": MRKDWN, "subtitle": PLAIN, "body": MRKDWN, "actions": [BUTTON], "hero_image": IMAGE},
]
MESSAGE_ONLY: list[Json] = [
    {"type": "markdown", "text": "# Hello"},
    {"type": "task_card", **TASK, "status": "complete", "details": RICH, "output": RICH},
    {"type": "task_card", **TASK, "sources": [{"type": "url", "url": "https://example.com", "text": "a"}]},
    {"type": "plan", "title": "Plan", "tasks": [TASK, {"type": "task_card", **TASK, "block_id": "t2"}]},
    {"type": "data_visualization", "title": "Pie", "chart": PIE},
    {
        "type": "data_visualization",
        "title": "Line",
        "chart": {"type": "line", "series": [SERIES, {**SERIES, "name": "t"}], "axis_config": AXIS},
    },
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "positive_button": {"text": PLAIN, "value": "1", "accessibility_label": "good"},
                "negative_button": {"text": PLAIN, "value": "0"},
            },
            {"type": "icon_button", "icon": "trash", "text": PLAIN, "visible_to_user_ids": ["U1"]},
        ],
    },
    {"type": "file", "external_id": "f", "source": "remote"},
    {
        "type": "actions",
        "elements": [
            {
                "type": "workflow_button",
                "text": PLAIN,
                "workflow": {"trigger": {"url": "https://slack.com/shortcuts/F"}},
            }
        ],
    },
]
NOT_IN_MODALS: list[Json] = [
    {"type": "table", "rows": [[raw("a"), RICH]], "column_settings": [None, {"align": "right", "is_wrapped": True}]},
    {"type": "table", "rows": [[{"type": "raw_number", "value": 1, "text": "1"}], [raw("b"), raw("c")]]},
    {"type": "data_table", "caption": "c", "rows": [[raw("a")], [RICH]], "page_size": 100},
    {"type": "carousel", "elements": [{"type": "card", "body": MRKDWN}]},
    {"type": "container", "title": PLAIN, "child_blocks": [{"type": "divider"}], "width": "full"},
]
MODAL_ONLY: list[Json] = [
    {"type": "alert", "text": MRKDWN, "level": "warning"},
    {"type": "input", "label": PLAIN, "element": {"type": "file_input", "filetypes": ["pdf"], "max_files": 10}},
]
