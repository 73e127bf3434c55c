"""One message or view for every type of block, and every element in it, as an app would send them."""

from __future__ import annotations

from page_parts import ADA, Json, button, mrkdwn, plain

OPTIONS = [{"text": plain(name), "value": name.lower()} for name in ("Newsletters", "Alerts", "Junk")]
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
IMAGE = {"type": "image", "image_url": "https://pictures.example.com/cat.png", "alt_text": "A cat"}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def words(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def line(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def raw(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def number(value: int) -> Json:
    return {"type": "raw_number", "value": value, "text": str(value)}


def series(name: str, *values: int) -> Json:
    return {"name": name, "data": [{"label": day, "value": value} for day, value in zip(DAYS, values, strict=True)]}


def plot(kind: str, title: str) -> Json:
    chart = {
        "type": kind,
        "series": [series("People", 5, 8, 6, 11, 4), series("Newsletters", 12, 19, 7, 14, 9)],
        "axis_config": {"categories": list(DAYS), "x_label": "Day", "y_label": "Mails"},
    }
    return {"type": "data_visualization", "title": title, "chart": chart}


def pie(*segments: tuple[str, int]) -> Json:
    parts = [{"label": label, "value": value} for label, value in segments]
    return {"type": "data_visualization", "title": "Mailbox", "chart": {"type": "pie", "segments": parts}}


def task(number: int, status: str, **more: Json | list[Json]) -> Json:
    return {"type": "task_card", "task_id": str(number), "title": f"Step {number}", "status": status, **more}


ELEMENTS = [
    button("Approve", "approve", style="primary"),
    button("Delete", "delete", style="danger"),
    button("Later", "later"),
    {"type": "static_select", "action_id": "static", "placeholder": plain("Correct"), "options": OPTIONS},
    {"type": "users_select", "action_id": "user", "placeholder": plain("Person"), "initial_user": ADA},
    {"type": "channels_select", "action_id": "channel", "placeholder": plain("Channel")},
    {"type": "conversations_select", "action_id": "conversation", "placeholder": plain("Where")},
    {"type": "external_select", "action_id": "external", "placeholder": plain("Elsewhere"), "min_query_length": 1},
    {"type": "overflow", "action_id": "overflow", "options": OPTIONS},
    {"type": "datepicker", "action_id": "date", "initial_date": "2026-11-21"},
    {"type": "timepicker", "action_id": "time", "initial_time": "09:30"},
    {"type": "datetimepicker", "action_id": "moment", "initial_date_time": 1_790_000_000},
    {"type": "checkboxes", "action_id": "ticks", "options": OPTIONS, "initial_options": OPTIONS[:1]},
    {"type": "radio_buttons", "action_id": "one", "options": OPTIONS, "initial_option": OPTIONS[1]},
]

RICH = rich(
    line(
        words("Bold", bold=True),
        words(" italic ", italic=True),
        words("struck", strike=True),
        words(" "),
        words("code", code=True),
        words(" "),
        {"type": "emoji", "name": "tada", "unicode": "1f389"},
        {"type": "user", "user_id": ADA},
        {"type": "link", "url": "https://example.com/", "text": "link"},
        {"type": "date", "timestamp": 1_790_000_000, "format": "{date_long}", "fallback": "then"},
        {"type": "broadcast", "range": "here"},
    ),
    {"type": "rich_text_list", "style": "bullet", "elements": [line(words("first")), line(words("second"))]},
    {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [line(words("nested"))]},
    {"type": "rich_text_quote", "elements": [words("A quote")]},
    {"type": "rich_text_preformatted", "elements": [words("$ make demo\n  ready")]},
)
MARKDOWN = "\n".join(
    [
        "## Summary",
        "You have **14** mails, *two* urgent, ~~none~~ lost, see [the list](https://example.com/).",
        "",
        "1. First",
        "2. Second",
        "   - nested",
        "",
        "- [x] done",
        "",
        "> quoted",
        "",
        "| Sender | Mails |",
        "|---|--:|",
        "| Grace | 4 |",
        "",
        "```python",
        "print('<b>')",
        "```",
    ]
)
DATA_TABLE: Json = {
    "type": "data_table",
    "caption": "Senders",
    "page_size": 4,
    "rows": [
        [raw("Sender"), raw("Bucket"), raw("Mails")],
        *([raw(f"Sender {chr(65 + at)}"), raw(("Junk", "FYI")[at % 2]), number((at * 7) % 13)] for at in range(11)),
    ],
}
CARD = {
    "type": "card",
    "icon": IMAGE,
    "title": mrkdwn("*Grace Hopper*"),
    "subtitle": mrkdwn("Navy"),
    "body": mrkdwn("Writes weekly"),
    "actions": [button("Open", "open")],
}

# Each list is one message: Slack takes two charts and one table in each.
MESSAGES: list[list[Json]] = [
    [
        {"type": "header", "text": plain("Deploys")},
        {"type": "section", "text": mrkdwn("*14* deploys"), "accessory": button("Show", "show")},
        {"type": "section", "fields": [mrkdwn("*Service*\napi"), mrkdwn("*Owner*\n<@U01BEN00002>")]},
        {"type": "section", "text": mrkdwn("With a picture"), "accessory": IMAGE},
        {"type": "divider"},
        {"type": "context", "elements": [IMAGE, mrkdwn("Built from `main`")]},
        {"type": "actions", "elements": ELEMENTS},
        {**IMAGE, "title": plain("Latency")},
    ],
    [RICH],
    [{"type": "markdown", "text": MARKDOWN}],
    [{"type": "table", "rows": [[raw("Bucket"), raw("Mails")], [rich(line(words("FYI", bold=True))), number(40)]]}],
    [DATA_TABLE],
    [pie(("Reply", 14), ("FYI", 40), ("Newsletters", 88)), plot("bar", "Bars")],
    [plot("line", "Lines"), plot("area", "Areas")],
    [
        {
            "type": "plan",
            "title": "Sorting your mail",
            "tasks": [
                task(1, "complete", details=rich(line(words("253 mails")))),
                task(2, "in_progress", sources=[{"type": "url", "url": "https://example.com/", "text": "Inbox"}]),
                task(3, "pending"),
                task(4, "error", output=rich(line(words("No calendar")))),
            ],
        },
        task(5, "complete"),
    ],
    [
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "feedback",
                    "positive_button": {"text": plain("Good"), "value": "good"},
                    "negative_button": {"text": plain("Bad"), "value": "bad"},
                },
                {"type": "icon_button", "action_id": "bin", "icon": "trash", "text": plain("Delete")},
            ],
        }
    ],
    [CARD, {"type": "carousel", "elements": [CARD, CARD, CARD]}],
    [
        {
            "type": "container",
            "title": plain("Details"),
            "is_collapsible": True,
            "child_blocks": [{"type": "section", "text": mrkdwn("Inside")}],
        },
        {
            "type": "video",
            "alt_text": "A film",
            "video_url": "https://example.com/film",
            "thumbnail_url": "https://example.com/film.png",
            "title": plain("How triage works"),
            "title_url": "https://example.com/film",
        },
    ],
]


def field(block_id: str, kind: str, **element: object) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "optional": True,
        "label": plain(f"Label of {block_id}"),
        "hint": plain("A hint"),
        "element": {"type": kind, "action_id": "v", **element},
    }


MODAL: Json = {
    "type": "modal",
    "callback_id": "gallery",
    "title": plain("Every input"),
    "submit": plain("Save"),
    "blocks": [
        *(
            {"type": "alert", "level": level, "text": mrkdwn(f"An alert: *{level}*")}
            for level in ("default", "info", "warning", "error", "success")
        ),
        field("text", "plain_text_input", placeholder=plain("Type here")),
        field("long", "plain_text_input", multiline=True),
        field("email", "email_text_input"),
        field("url", "url_text_input"),
        field("number", "number_input", is_decimal_allowed=False),
        field("rich", "rich_text_input"),
        field("file", "file_input"),
        field("grouped", "static_select", option_groups=[{"label": plain("Lists"), "options": OPTIONS}]),
        field("several", "multi_static_select", options=OPTIONS, initial_options=OPTIONS[:2]),
        field("people", "multi_users_select", initial_users=[ADA]),
        field("channels", "multi_channels_select"),
        field("conversations", "multi_conversations_select"),
        field("ticks", "checkboxes", options=OPTIONS),
        field("one", "radio_buttons", options=OPTIONS),
        field("date", "datepicker"),
        field("time", "timepicker"),
        field("moment", "datetimepicker"),
    ],
}
