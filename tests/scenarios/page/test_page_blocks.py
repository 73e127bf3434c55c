"""Every type of block, drawn, legible and usable, in light and in dark, wide and narrow."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from page_gallery import DAYS, MESSAGES, MODAL
from page_parts import Bolt, Json, Visit, Visitor
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONTRAST = Path(__file__).with_name("contrast.js").read_text()
WIDER_THAN_PAGE = """() => {
  const main = document.querySelector('#main');
  return document.documentElement.scrollWidth > innerWidth || main.scrollWidth > main.clientWidth;
}"""
NAMELESS = """() => [...document.querySelectorAll('button, a, [role=tab], [role=option]')]
  .filter((one) => one.checkVisibility() && !one.textContent.trim() && !one.getAttribute('aria-label'))
  .map((one) => one.outerHTML)"""


async def post_gallery(bolt: Bolt) -> None:
    channel = await bolt.direct_message()
    for at, blocks in enumerate(MESSAGES):
        await bolt.client.chat_postMessage(channel=channel, text=f"Message {at}", blocks=blocks)


def types_in(value: Any) -> set[str]:
    """The types of the blocks of a list, those inside containers too."""
    found: set[str] = set()
    for block in value:
        found |= {block["type"]} | types_in(block.get("child_blocks", []))
    return found


async def shown(visitor: Visitor) -> None:
    await expect(visitor.main.locator(".msg")).to_have_count(len(MESSAGES))


async def test_every_block_type_is_drawn(visit: Visit, bolt: Bolt) -> None:
    await post_gallery(bolt)
    visitor = await visit()
    await shown(visitor)
    for kind in sorted(set().union(*map(types_in, MESSAGES))):
        assert await visitor.main.locator(f".block-{kind}").count(), kind
    assert await visitor.main.locator(".block-unknown").count() == 0
    assert await visitor.main.locator(".note").count() == 0
    assert await visitor.page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_text_is_legible(visit: Visit, bolt: Bolt, dark: bool) -> None:
    @bolt.app.command("/meshclaw")
    async def open_view(ack: Any, command: Json, client: Any) -> None:
        await client.views_open(trigger_id=command["trigger_id"], view=MODAL)
        await ack("Here")

    await bolt.connect()
    await post_gallery(bolt)
    visitor = await visit(dark=dark)
    await shown(visitor)
    assert await visitor.page.evaluate(CONTRAST) == []
    await visitor.say("/meshclaw gallery")
    await visitor.page.get_by_role("dialog").wait_for()
    assert await visitor.page.evaluate(CONTRAST) == []
    assert await visitor.page.get_by_role("dialog").locator(".block-input").count() == 17


@pytest.mark.parametrize("width", [700, 1000, 1600])
async def test_nothing_is_wider_than_the_page(visit: Visit, bolt: Bolt, width: int) -> None:
    await post_gallery(bolt)
    visitor = await visit(width=width)
    await shown(visitor)
    assert await visitor.page.evaluate(WIDER_THAN_PAGE) is False


async def test_charts_have_a_mark_for_every_datum_and_say_their_figures(visit: Visit, bolt: Bolt) -> None:
    await post_gallery(bolt)
    visitor = await visit()
    await shown(visitor)
    expected = {"pie": 3, "bar": 2 * len(DAYS), "line": 2 * len(DAYS), "area": 2 * len(DAYS)}
    for kind, count in expected.items():
        marks = visitor.main.locator(f'svg[data-chart="{kind}"] .datum')
        assert await marks.count() == count, kind
        boxes = [await mark.bounding_box() for mark in await marks.all()]
        assert all(box and box["width"] > 0 and box["height"] > 0 for box in boxes), kind
    bars = visitor.main.locator('svg[data-chart="bar"] .datum')
    heights = [float(await bar.get_attribute("height") or 0) for bar in await bars.all()]
    assert heights[6] / heights[0] == pytest.approx(19 / 5, rel=0.02)  # Tuesday's newsletters, Monday's people
    assert await bars.first.locator("title").text_content() == "People, Mon: 5"
    assert await visitor.main.locator('svg[data-chart="pie"] title').first.text_content() == "Reply: 14 (10 %)"
    table = visitor.main.locator(".chart table").nth(1)
    assert "Newsletters" in await table.inner_text()
    assert "19" in await table.inner_text()


async def test_a_data_table_sorts_filters_and_turns_pages(visit: Visit, bolt: Bolt) -> None:
    await post_gallery(bolt)
    visitor = await visit()
    table = visitor.main.locator(".data-table")

    async def column(number: int) -> list[str]:
        return await table.locator(f"tbody tr > :nth-child({number})").all_inner_texts()

    assert await column(1) == ["Sender A", "Sender B", "Sender C", "Sender D"]
    sort = table.get_by_role("button", name="Mails")
    await sort.click()
    assert await column(3) == ["0", "1", "2", "3"]  # as numbers, not as text
    await sort.click()
    assert await column(3) == ["11", "10", "9", "8"]
    await expect(table.get_by_role("columnheader", name="Mails")).to_have_attribute("aria-sort", "descending")
    await table.get_by_role("button", name="Next page").click()
    assert await column(3) == ["7", "5", "4", "3"]
    await table.get_by_role("searchbox").fill("junk")
    assert set(await column(2)) == {"Junk"}
    await expect(table.locator(".pager")).to_contain_text("1–4 of 6")
    await table.get_by_role("searchbox").fill("nothing like it")
    await expect(table).to_contain_text("No rows match")


async def test_elements_tell_the_app_what_was_chosen(visit: Visit, bolt: Bolt) -> None:
    heard: asyncio.Queue[Json] = asyncio.Queue()

    @bolt.app.action({"type": "block_actions", "action_id": "static"})
    @bolt.app.action({"type": "block_actions", "action_id": "overflow"})
    @bolt.app.action({"type": "block_actions", "action_id": "ticks"})
    @bolt.app.action({"type": "block_actions", "action_id": "date"})
    @bolt.app.action({"type": "block_actions", "action_id": "feedback"})
    async def hear(ack: Any, action: Json) -> None:
        heard.put_nowait(action)
        await ack()

    await bolt.connect()
    await post_gallery(bolt)
    visitor = await visit()
    await shown(visitor)

    async def told() -> Json:
        return await asyncio.wait_for(heard.get(), 3)

    await visitor.main.get_by_role("combobox", name="Correct").click()
    await visitor.page.keyboard.type("ale")
    await visitor.page.keyboard.press("Enter")
    assert (await told())["selected_option"]["value"] == "alerts"
    await visitor.main.get_by_role("button", name="More options").click()
    await visitor.page.get_by_role("menuitem", name="Junk").click()
    assert (await told())["selected_option"]["value"] == "junk"
    await visitor.main.get_by_role("checkbox", name="Alerts").check()
    assert [one["value"] for one in (await told())["selected_options"]] == ["newsletters", "alerts"]
    await visitor.main.locator('input[type="date"]').fill("2026-12-24")
    assert (await told())["selected_date"] == "2026-12-24"
    thumb = visitor.main.get_by_role("group", name="Feedback").get_by_role("button", name="Bad")
    await thumb.click()
    assert (await told())["value"] == "bad"
    await expect(thumb).to_have_attribute("aria-pressed", "true")
