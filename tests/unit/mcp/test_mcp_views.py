"""What is shown of servers and tools: sound for Slack whatever servers say, nothing of it cut in the full view."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.views import mcp as views
from bot.views.mcp import Overview, ServerRow, ToolInFull, ToolRow
from tests.unit.views.views_checked import NOW, buttons, decoded, hostile, hostile_line, read, sound_message

PIN = "ab" * 32
states = st.sampled_from(["new", "classified", "changed", "contradicted", "never"])
plain_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)


@st.composite
def tool_rows(draw: Any, server: str) -> ToolRow:
    state = draw(states)
    word = "" if state == "new" else draw(st.sampled_from(list(views.WORDS)))
    effect = word if state == "classified" else ""
    return ToolRow(f"mcp.{server}.{draw(plain_names)}", PIN, state, word, effect, draw(hostile))


@st.composite
def server_rows(draw: Any) -> ServerRow:
    name = draw(st.from_regex(r"[a-z][a-z0-9-]{0,29}", fullmatch=True))
    tools = draw(st.lists(tool_rows(name), max_size=4, unique_by=lambda tool: tool.name))
    dropped = draw(st.lists(st.tuples(hostile_line.map(lambda text: text[:80]), st.just("why not")), max_size=14))
    state = draw(st.sampled_from(["idle", "well", "hanging", "dead"]))
    return ServerRow(
        name, draw(hostile_line), draw(st.booleans()), state, NOW, draw(hostile_line), tuple(tools), tuple(dropped)
    )


overviews = st.builds(
    Overview,
    servers=st.lists(server_rows(), max_size=3, unique_by=lambda server: server.name).map(tuple),
    admin=st.booleans(),
    tz=st.just("Europe/London"),
    now=st.just(NOW),
    problem=st.just("") | hostile_line,
)


def menus(message: Any) -> list[dict[str, Any]]:
    return [block for block in message.blocks if block.get("accessory", {}).get("type") == "static_select"]


def all_pages(draw: Any) -> list[Any]:
    pages = [draw(0)]
    while "Next page" in buttons(pages[-1]):
        assert buttons(pages[-1])["Next page"][1].endswith(f":{len(pages)}")
        pages.append(draw(len(pages)))
    return pages


@given(overviews)
def test_every_page_is_sound_and_shows_each_tool_once(value: Overview) -> None:
    pages = all_pages(lambda page: sound_message(views.overview(value, page)))
    assert len(pages) < 60
    shown = "\n".join(map(read, pages))
    for server in value.servers:
        assert f"*{server.name}*" in shown.replace("\ufffd", "")
    tools = [tool for server in value.servers for tool in server.tools]
    found = [
        (number, views.read_block(block["block_id"])) for number, page in enumerate(pages) for block in menus(page)
    ]
    expected = [tool.name for tool in tools if tool.state != "changed"] if value.admin else []
    assert [name for _, (name, _, _) in found] == expected
    assert all(pin == PIN and place == str(number) for number, (_, pin, place) in found)
    assert views.overview(value, 10_000) == pages[-1]


@settings(max_examples=15)
@given(hostile, hostile, st.lists(st.tuples(st.just("description"), hostile, hostile), max_size=2), states)
def test_in_full_nothing_is_cut(says: str, schema: str, changes: list[tuple[str, str, str]], state: str) -> None:
    row = ToolRow("mcp.files.write", PIN, state, "read", "", says)
    value = ToolInFull(row, "U1", ("readOnlyHint: true",), says, schema, tuple(changes), admin=True)
    pages = all_pages(lambda page: sound_message(views.in_full(value, page)))
    texts = (read({"blocks": [b for b in page.blocks if b["type"] == "rich_text"]}).split("\n") for page in pages)
    shown = decoded("".join(line for page in texts for line in page if not line.startswith("Page ")))
    for text in (says, schema, *(part for change in changes for part in change[1:])):
        for line in text.split("\n"):
            kept = decoded_letters(line)
            assert not kept or kept in decoded_letters(shown)
    assert all(views.read_block(menu["block_id"]) == (row.name, PIN, "look") for page in pages for menu in menus(page))
    reader = ToolInFull(row, "U1", (), says, schema, (), admin=False)
    assert not menus(views.in_full(reader))


def decoded_letters(text: str) -> str:
    """Plain letters and digits in their order: what no escaping touches."""
    return "".join(letter for letter in text if letter.isascii() and letter.isalnum())


def test_many_tools_take_pages_and_keep_their_menus() -> None:
    tools = tuple(ToolRow(f"mcp.big.tool_{n}", PIN, "new", "", "", "<&> " * 60) for n in range(50))
    value = Overview((ServerRow("big", "host", True, "well", NOW, "", tools),), True, "UTC", NOW)
    pages = all_pages(lambda page: sound_message(views.overview(value, page)))
    assert sum(len(menus(page)) for page in pages) == 50
    assert buttons(pages[1])["Previous page"] == ("mcp.show", "p:0")
    assert pages[0].text == "1 MCP server: 50 tools, 50 of them of unknown effect or switched off."


@pytest.mark.parametrize(
    ("state", "effect", "says"),
    [
        ("new", "", "Nobody has looked at it: counts as the worst."),
        ("classified", "read", "Counts as read."),
        ("changed", "", "switched off until an admin looks again: /meshclaw mcp look mcp.a.b"),
        ("contradicted", "", "Called read by an admin, but its own hints say more: counts as the worst."),
        ("contradicted", "fetch", "counts as fetch."),
        ("never", "", "Never used"),
    ],
)
def test_each_standing_is_said(state: str, effect: str, says: str) -> None:
    row = ToolRow("mcp.a.b", PIN, state, "read", effect, "")
    value = Overview(
        (ServerRow("a", "h", False, "dead", NOW - timedelta(days=1), "it ended", (row,)),), True, "UTC", NOW
    )
    text = read(views.overview(value)).replace("ˍ", "_")
    assert says in text
    assert "it ended" in text
    assert "yesterday" in json.dumps(views.overview(value).blocks)


@given(st.text(max_size=300))
def test_any_block_id_is_read(text: str) -> None:
    assert len(views.read_block(text)) == 3


@given(hostile_line)
def test_a_sentence_is_sound(text: str) -> None:
    sound_message(views.changed(f"The server {text} is added."))
