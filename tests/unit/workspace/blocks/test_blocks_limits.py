"""Every limit at its edge: n passes, n + 1 is refused where it stands."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.workspace.blocks import validate_blocks, validate_message, validate_view

Json = dict[str, Any]


def plain(size: int) -> Json:
    return {"type": "plain_text", "text": "x" * size}


def mrkdwn(size: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * size}


def raw(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


def option(size: int = 1, value: int = 1) -> Json:
    return {"text": plain(size), "value": "v" * value}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(1), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def confirm(**more: Any) -> Json:
    return actions(button(confirm={"text": plain(1), **more}))


def menu(**more: Any) -> Json:
    return actions({"type": "static_select", "options": [option()], **more})


def field(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain(1), "element": element, **more}


def address(size: int) -> str:
    return "https://example.com/".ljust(size, "x")


def pie(**more: Any) -> Json:
    chart = {"type": "pie", "segments": [{"label": "a", "value": 1}], **more}
    return {"type": "data_visualization", "title": "t", "chart": chart}


def graph(series: int, points: int, label: int = 2, axis: int = 1) -> Json:
    labels = [f"{index:0{label}d}" for index in range(points)]
    lines = [{"name": str(n), "data": [{"label": name, "value": 1} for name in labels]} for n in range(series)]
    config = {"categories": labels, "x_label": "x" * axis, "y_label": "y" * axis}
    return {
        "type": "data_visualization",
        "title": "t",
        "chart": {"type": "area", "series": lines, "axis_config": config},
    }


def feedback(text: int, value: int) -> Json:
    good, bad = {"text": plain(text), "value": "v" * value}, {"text": plain(1), "value": "0"}
    return {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "positive_button": good, "negative_button": bad}],
    }


def video(title: int = 1, author: int = 1) -> Json:
    return {
        "type": "video",
        "alt_text": "a",
        "title": plain(title),
        "author_name": "a" * author,
        "thumbnail_url": "https://example.com/t",
        "video_url": "https://example.com/v",
    }


def data_table(rows: int, columns: int = 1, **more: Any) -> Json:
    return {"type": "data_table", "caption": "c", "rows": [[raw()] * columns] * rows, **more}


Maker = Callable[[int], Json]
IMAGE: Json = {"type": "image", "image_url": address(30), "alt_text": "a"}
CHECKBOXES = "checkboxes"
CARD: Json = {"type": "card", "title": plain(1)}
SEGMENT: Json = {"label": "a", "value": 1}

LIMITS: list[tuple[str, int, Maker, str]] = [
    ("section text", 3000, lambda n: {"type": "section", "text": mrkdwn(n)}, "/0/text/text"),
    ("section fields", 10, lambda n: {"type": "section", "fields": [plain(1)] * n}, "/0/fields"),
    ("section field", 2000, lambda n: {"type": "section", "fields": [plain(n)]}, "/0/fields/0/text"),
    ("header", 150, lambda n: {"type": "header", "text": plain(n)}, "/0/text/text"),
    ("markdown", 12_000, lambda n: {"type": "markdown", "text": "x" * n}, "/0/text"),
    ("block_id", 255, lambda n: {"type": "divider", "block_id": "b" * n}, "/0/block_id"),
    ("actions", 25, lambda n: actions(*[button()] * n), "/0/elements"),
    ("context", 10, lambda n: {"type": "context", "elements": [plain(1)] * n}, "/0/elements"),
    (
        "context_actions",
        5,
        lambda n: {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "i", "text": plain(1)}] * n},
        "/0/elements",
    ),
    (
        "carousel",
        10,
        lambda n: {"type": "carousel", "elements": [{"type": "card", "title": plain(1)}] * n},
        "/0/elements",
    ),
    ("card title", 150, lambda n: {"type": "card", "title": mrkdwn(n)}, "/0/title/text"),
    ("card subtitle", 150, lambda n: {"type": "card", "title": plain(1), "subtitle": plain(n)}, "/0/subtitle/text"),
    ("card body", 200, lambda n: {"type": "card", "body": mrkdwn(n)}, "/0/body/text"),
    (
        "container",
        10,
        lambda n: {"type": "container", "title": plain(1), "child_blocks": [{"type": "divider"}] * n},
        "/0/child_blocks",
    ),
    ("button text", 75, lambda n: actions(button(text=plain(n))), "/0/elements/0/text/text"),
    ("button value", 2000, lambda n: actions(button(value="v" * n)), "/0/elements/0/value"),
    ("button url", 3000, lambda n: actions(button(url=address(n))), "/0/elements/0/url"),
    ("action_id", 255, lambda n: actions(button(action_id="a" * n)), "/0/elements/0/action_id"),
    (
        "accessibility_label",
        75,
        lambda n: actions(button(accessibility_label="a" * n)),
        "/0/elements/0/accessibility_label",
    ),
    ("confirm title", 100, lambda n: confirm(title=plain(n)), "/0/elements/0/confirm/title/text"),
    ("confirm text", 300, lambda n: confirm(text=mrkdwn(n)), "/0/elements/0/confirm/text/text"),
    ("confirm button", 30, lambda n: confirm(confirm=plain(n)), "/0/elements/0/confirm/confirm/text"),
    ("confirm deny", 30, lambda n: confirm(deny=plain(n)), "/0/elements/0/confirm/deny/text"),
    ("options", 100, lambda n: menu(options=[option()] * n), "/0/elements/0/options"),
    ("option text", 75, lambda n: menu(options=[option(n)]), "/0/elements/0/options/0/text/text"),
    ("option value", 150, lambda n: menu(options=[option(1, n)]), "/0/elements/0/options/0/value"),
    (
        "option description",
        75,
        lambda n: menu(options=[{**option(), "description": plain(n)}]),
        "/0/elements/0/options/0/description/text",
    ),
    (
        "option groups",
        100,
        lambda n: actions({"type": "static_select", "option_groups": [{"label": plain(1), "options": [option()]}] * n}),
        "/0/elements/0/option_groups",
    ),
    (
        "option group label",
        75,
        lambda n: actions({"type": "static_select", "option_groups": [{"label": plain(n), "options": [option()]}]}),
        "/0/elements/0/option_groups/0/label/text",
    ),
    ("placeholder", 150, lambda n: menu(placeholder=plain(n)), "/0/elements/0/placeholder/text"),
    ("overflow", 5, lambda n: actions({"type": "overflow", "options": [option()] * n}), "/0/elements/0/options"),
    ("checkboxes", 10, lambda n: actions({"type": CHECKBOXES, "options": [option()] * n}), "/0/elements/0/options"),
    ("radio", 10, lambda n: actions({"type": "radio_buttons", "options": [option()] * n}), "/0/elements/0/options"),
    ("input label", 2000, lambda n: field({"type": "plain_text_input"}, label=plain(n)), "/0/label/text"),
    ("input hint", 2000, lambda n: field({"type": "plain_text_input"}, hint=plain(n)), "/0/hint/text"),
    ("max_length", 3000, lambda n: field({"type": "plain_text_input", "max_length": n}), "/0/element/max_length"),
    ("max_lines", 100, lambda n: field({"type": "rich_text_input", "max_lines": n}), "/0/element/max_lines"),
    ("alt_text", 2000, lambda n: {**IMAGE, "alt_text": "a" * n}, "/0/alt_text"),
    ("image title", 2000, lambda n: {**IMAGE, "title": plain(n)}, "/0/title/text"),
    ("image_url", 3000, lambda n: {**IMAGE, "image_url": address(n)}, "/0/image_url"),
    ("feedback text", 75, lambda n: feedback(n, 1), "/0/elements/0/positive_button/text/text"),
    ("feedback value", 2000, lambda n: feedback(1, n), "/0/elements/0/positive_button/value"),
    ("video title", 199, lambda n: video(title=n), "/0/title/text"),
    ("video author", 49, lambda n: video(author=n), "/0/author_name"),
    ("table rows", 100, lambda n: {"type": "table", "rows": [[raw()]] * n}, "/0/rows"),
    ("table columns", 20, lambda n: {"type": "table", "rows": [[raw()] * n]}, "/0/rows/0"),
    ("table characters", 10_000, lambda n: {"type": "table", "rows": [[raw("x" * n)]]}, "/0/rows"),
    (
        "column_settings",
        20,
        lambda n: {"type": "table", "rows": [[raw()]], "column_settings": [None] * n},
        "/0/column_settings",
    ),
    ("data_table rows", 101, data_table, "/0/rows"),
    ("data_table page", 100, lambda n: data_table(2, page_size=n), "/0/page_size"),
    ("chart title", 50, lambda n: {**pie(), "title": "t" * n}, "/0/title"),
    ("pie segments", 6, lambda n: pie(segments=[SEGMENT] * n), "/0/chart/segments"),
    ("segment label", 20, lambda n: pie(segments=[{"label": "a" * n, "value": 1}]), "/0/chart/segments/0/label"),
    ("series", 6, lambda n: graph(n, 2), "/0/chart/series"),
]


@pytest.mark.parametrize(
    ("most", "maker", "pointer"), [limit[1:] for limit in LIMITS], ids=[name for name, *_ in LIMITS]
)
def test_takes_the_most_and_no_more(most: int, maker: Maker, pointer: str) -> None:
    assert validate_blocks([maker(most)], surface="message") == []
    problems = validate_blocks([maker(most + 1)], surface="message")
    assert [problem.pointer for problem in problems] == [pointer]
    assert {problem.code for problem in problems} == {"failed_constraint"}
    assert problems[0].constraint is not None
    assert (problems[0].constraint["expected"], problems[0].constraint["got"]) == (most, most + 1)


LEAST: list[tuple[str, int, Maker, str]] = [
    ("text", 1, lambda n: {"type": "section", "text": mrkdwn(n)}, "/0/text/text"),
    ("fields", 1, lambda n: {"type": "section", "fields": [plain(1)] * n}, "/0/fields"),
    ("block_id", 1, lambda n: {"type": "divider", "block_id": "b" * n}, "/0/block_id"),
    ("actions", 1, lambda n: actions(*[button()] * n), "/0/elements"),
    ("button value", 1, lambda n: actions(button(value="v" * n)), "/0/elements/0/value"),
    ("header level", 1, lambda n: {"type": "header", "text": plain(1), "level": n}, "/0/level"),
    ("options", 1, lambda n: menu(options=[option()] * n), "/0/elements/0/options"),
    ("alt_text", 1, lambda n: {**IMAGE, "alt_text": "a" * n}, "/0/alt_text"),
    ("min_length", 0, lambda n: field({"type": "plain_text_input", "min_length": n}), "/0/element/min_length"),
    ("max_length", 1, lambda n: field({"type": "plain_text_input", "max_length": n}), "/0/element/max_length"),
    (
        "max_selected_items",
        1,
        lambda n: actions({"type": "multi_users_select", "max_selected_items": n}),
        "/0/elements/0/max_selected_items",
    ),
    (
        "initial_date_time",
        0,
        lambda n: field({"type": "datetimepicker", "initial_date_time": n}),
        "/0/element/initial_date_time",
    ),
    (
        "filter include",
        1,
        lambda n: actions({"type": "conversations_select", "filter": {"include": ["im"] * n}}),
        "/0/elements/0/filter/include",
    ),
    ("table rows", 1, lambda n: {"type": "table", "rows": [[raw()]] * n}, "/0/rows"),
    ("table columns", 1, lambda n: {"type": "table", "rows": [[raw()] * n]}, "/0/rows/0"),
    ("data_table rows", 2, data_table, "/0/rows"),
    ("data_table page", 1, lambda n: data_table(2, page_size=n), "/0/page_size"),
    ("row header", 0, lambda n: data_table(2, row_header_column_index=n), "/0/row_header_column_index"),
    ("pie segments", 1, lambda n: pie(segments=[SEGMENT] * n), "/0/chart/segments"),
    ("segment value", 1, lambda n: pie(segments=[{"label": "a", "value": n}]), "/0/chart/segments/0/value"),
]


@pytest.mark.parametrize(("name", "least", "maker", "pointer"), LEAST)
def test_takes_the_least_and_no_less(name: str, least: int, maker: Maker, pointer: str) -> None:
    assert validate_blocks([maker(least)], surface="message") == []
    fewer = maker(least - 1)
    assert [problem.pointer for problem in validate_blocks([fewer], surface="message")] == [pointer]


@pytest.mark.parametrize("kind", ["overflow", "radio_buttons"])
@pytest.mark.parametrize("key", ["text", "description"])
def test_every_kind_of_option_takes_75_characters(kind: str, key: str) -> None:
    assert validate_blocks([actions({"type": kind, "options": [{**option(), key: plain(75)}]})], surface="home") == []
    (problem,) = validate_blocks([actions({"type": kind, "options": [{**option(), key: plain(76)}]})], surface="home")
    assert problem.pointer == f"/0/elements/0/options/0/{key}/text"


def test_file_input_takes_one_to_ten_files() -> None:
    for count, sound in ((0, False), (1, True), (10, True), (11, False)):
        problems = validate_blocks([field({"type": "file_input", "max_files": count})], surface="modal")
        assert (problems == []) is sound


def test_optional_texts_may_be_empty() -> None:
    for kind in ("plain_text_input", "email_text_input", "url_text_input"):
        assert validate_blocks([field({"type": kind, "initial_value": ""})], surface="modal") == []
    assert validate_view(modal(callback_id="", external_id="", private_metadata="")) == []


def test_takes_at_most_twenty_points_of_twenty_characters_and_axis_titles_of_fifty() -> None:
    assert validate_blocks([graph(1, 20, 20, 50)], surface="message") == []
    assert {p.pointer for p in validate_blocks([graph(1, 21)], surface="message")} == {
        "/0/chart/axis_config/categories",
        "/0/chart/series/0/data",
    }
    assert {p.pointer for p in validate_blocks([graph(1, 1, 21)], surface="message")} == {
        "/0/chart/axis_config/categories/0",
        "/0/chart/series/0/data/0/label",
    }
    assert {p.pointer for p in validate_blocks([graph(1, 1, 1, 51)], surface="message")} == {
        "/0/chart/axis_config/x_label",
        "/0/chart/axis_config/y_label",
    }


def test_data_table_takes_at_most_twenty_columns() -> None:
    assert validate_blocks([data_table(2, 20)], surface="message") == []
    problems = validate_blocks([data_table(2, 21)], surface="message")
    assert [problem.pointer for problem in problems] == ["/0/rows/0", "/0/rows/1"]


def test_alert_takes_two_hundred_characters() -> None:
    assert validate_blocks([{"type": "alert", "text": plain(200)}], surface="modal") == []
    (problem,) = validate_blocks([{"type": "alert", "text": plain(201)}], surface="modal")
    assert problem.pointer == "/0/text/text"


@pytest.mark.parametrize(("surface", "most"), [("message", 50), ("modal", 100), ("home", 100)])
def test_counts_blocks(surface: Any, most: int) -> None:
    assert validate_blocks([{"type": "divider"}] * most, surface=surface) == []
    (problem,) = validate_blocks([{"type": "divider"}] * (most + 1), surface=surface)
    assert (problem.pointer, problem.message) == ("", f"no more than {most} items allowed")


def modal(**more: Any) -> Json:
    return {"type": "modal", "title": plain(1), "blocks": [], **more}


VIEW_LIMITS: list[tuple[str, int, Callable[[int], object], str]] = [
    ("title", 24, plain, "/title/text"),
    ("submit", 24, plain, "/submit/text"),
    ("close", 24, plain, "/close/text"),
    ("private_metadata", 3000, lambda n: "m" * n, "/private_metadata"),
    ("callback_id", 255, lambda n: "c" * n, "/callback_id"),
    ("external_id", 255, lambda n: "e" * n, "/external_id"),
    ("blocks", 100, lambda n: [{"type": "divider"}] * n, "/blocks"),
]


@pytest.mark.parametrize(("key", "most", "maker", "pointer"), VIEW_LIMITS)
def test_view_takes_the_most_and_no_more(key: str, most: int, maker: Callable[[int], object], pointer: str) -> None:
    assert validate_view(modal(**{key: maker(most)})) == []
    assert [problem.pointer for problem in validate_view(modal(**{key: maker(most + 1)}))] == [pointer]


def test_view_takes_250_kb() -> None:
    view = modal(blocks=[{"type": "section", "text": mrkdwn(2420)}] * 100, private_metadata="")
    view["private_metadata"] = "é" * ((250_000 - len(json.dumps(view, separators=(",", ":")))) // 2)
    assert validate_view(view) == []
    view["private_metadata"] += "é"
    assert [(problem.pointer, problem.code) for problem in validate_view(view)] == [("", "view_too_large")]


def test_message_text_takes_forty_thousand() -> None:
    assert validate_message({"text": "x" * 40_000}) == []
    (problem,) = validate_message({"text": "x" * 40_001})
    assert (problem.pointer, problem.code) == ("/text", "msg_too_long")


def test_message_blocks_take_13_200_characters_together() -> None:
    sections = [{"type": "section", "text": mrkdwn(3000)}] * 4
    assert validate_message({"blocks": [*sections, {"type": "section", "text": mrkdwn(1200)}]}) == []
    (problem,) = validate_message({"blocks": [*sections, {"type": "section", "text": mrkdwn(1201)}]})
    assert (problem.pointer, problem.code) == ("/blocks", "msg_blocks_too_long")


def test_headers_and_escapes_count_for_more() -> None:
    base = [{"type": "section", "text": mrkdwn(3000)}] * 4
    header = {"type": "header", "text": plain(100)}
    assert validate_message({"blocks": [*base, *[header] * 6]}) == []
    assert [p.code for p in validate_message({"blocks": [*base, *[header] * 7]})] == ["msg_blocks_too_long"]
    ampersands = {"type": "section", "text": {"type": "plain_text", "text": "&" * 2640}}
    assert validate_message({"blocks": [ampersands]}) == []
    assert [p.code for p in validate_message({"blocks": [ampersands, header]})] == ["msg_blocks_too_long"]


def test_attachments_take_a_hundred() -> None:
    assert validate_message({"attachments": [{"text": "x"}] * 100}) == []
    assert [p.pointer for p in validate_message({"attachments": [{"text": "x"}] * 101})] == ["/attachments"]
