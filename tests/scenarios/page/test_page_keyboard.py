"""The page without a mouse, and how it looks to those who ask for something else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from page_parts import GENERAL, Bolt, Json, Visit, button, modal, plain
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


HAS_RING = """() => {
  const active = document.activeElement;
  const [own, around] = [active, active.parentElement].map((one) => getComputedStyle(one));
  return own.outlineStyle !== 'none' || around.boxShadow !== 'none';
}"""
FOCUS_OUTSIDE = "document.activeElement !== document.body && !document.activeElement.closest('dialog')"


async def test_the_whole_way_goes_by_keyboard(visit: Visit, bolt: Bolt) -> None:
    pressed = asyncio.Event()

    @bolt.app.command("/meshclaw")
    async def answer(ack: Any, command: Json, client: Any) -> None:
        blocks = [{"type": "actions", "elements": [button("Approve", "approve")]}]
        await client.chat_postMessage(channel=command["channel_id"], text="Approve it?", blocks=blocks)
        await ack()

    @bolt.app.action("approve")
    async def approve(ack: Any) -> None:
        await ack()
        pressed.set()

    await bolt.connect()
    visitor = await visit()
    keyboard = visitor.page.keyboard
    await keyboard.press("Control+k")
    await expect(visitor.page.get_by_role("combobox", name="Jump to")).to_be_focused()
    await keyboard.type("gener")
    await keyboard.press("Enter")
    await expect(visitor.main.get_by_role("heading", name="#general")).to_be_visible()
    await keyboard.press("/")
    await expect(visitor.main.locator(".composer-field")).to_be_focused()
    await keyboard.press("Backspace")
    await keyboard.type("/meshclaw triage")
    await keyboard.press("Enter")
    message = visitor.message("Approve")
    await expect(message).to_be_visible()
    await keyboard.press("ArrowUp")
    await expect(message).to_be_focused()
    await keyboard.press("Tab")
    await expect(message.get_by_role("button", name="Approve")).to_be_focused()
    await keyboard.press("Enter")
    await asyncio.wait_for(pressed.wait(), 15)
    await message.focus()
    await keyboard.press("t")
    await expect(visitor.thread.locator(".composer-field")).to_be_focused()
    await keyboard.type("Done")
    await keyboard.press("Enter")
    await expect(visitor.thread.locator(".msg").last).to_contain_text("Done")
    await keyboard.press("Escape")
    await expect(visitor.thread).to_be_hidden()
    await expect(visitor.message("Approve")).to_be_focused()
    await keyboard.press("r")
    await keyboard.type("tada")
    await keyboard.press("Enter")
    await expect(visitor.message("Approve").get_by_role("button", name="tada, 1")).to_be_visible()


async def test_places_regions_and_people_are_reached_by_keys(visit: Visit) -> None:
    visitor = await visit(f"ada/{GENERAL}/messages")
    keyboard = visitor.page.keyboard
    await keyboard.press("Alt+ArrowDown")
    await expect(visitor.main.locator("h1")).to_contain_text("deploys")
    await keyboard.press("F6")
    await expect(visitor.page.locator('.sidebar [aria-current="page"]')).to_be_focused()
    await keyboard.press("F6")
    await expect(visitor.main.locator(".composer-field")).to_be_focused()
    await keyboard.press("F6")
    await expect(visitor.page.locator("#who")).to_be_focused()
    await keyboard.press("Enter")
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await expect(visitor.page.locator("#who")).to_contain_text("Ben")
    await keyboard.press("Control+/")
    await expect(visitor.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await keyboard.press("Escape")
    await expect(visitor.page.get_by_role("dialog")).to_have_count(0)


async def test_a_command_is_offered_while_it_is_typed(visit: Visit) -> None:
    visitor = await visit()
    field = visitor.main.locator(".composer-field")
    await field.press_sequentially("/me")
    offer = visitor.main.get_by_role("option", name="/meshclaw")
    await expect(offer).to_have_attribute("aria-selected", "true")
    await field.press("Tab")
    await expect(field).to_have_value("/meshclaw ")
    await expect(offer).to_have_count(0)
    await expect(field).to_be_focused()


async def test_a_focused_control_is_seen_to_be_focused(visit: Visit) -> None:
    visitor = await visit()
    seen = 0
    for _ in range(14):
        await visitor.page.keyboard.press("Tab")
        if await visitor.page.evaluate("document.activeElement === document.body"):
            continue  # the page was drawn just now, and nothing has the focus
        assert await visitor.page.evaluate(HAS_RING), await visitor.page.evaluate("document.activeElement.outerHTML")
        seen += 1
    assert seen >= 8


async def test_modal_keeps_the_focus_inside_and_gives_it_back(visit: Visit, bolt: Bolt) -> None:
    @bolt.app.action("open")
    async def open_view(ack: Any, body: Json, client: Any) -> None:
        block = {"type": "section", "text": plain("Nothing to fill")}
        await client.views_open(trigger_id=body["trigger_id"], view=modal("Look", [block]))
        await ack()

    await bolt.connect()
    blocks = [{"type": "actions", "elements": [button("Open", "open")]}]
    await bolt.client.chat_postMessage(channel=await bolt.direct_message(), text="Open it", blocks=blocks)
    visitor = await visit()
    await visitor.main.get_by_role("button", name="Open").focus()
    await visitor.page.keyboard.press("Enter")
    await visitor.page.get_by_role("dialog", name="Look").wait_for()
    for _ in range(5):
        await visitor.page.keyboard.press("Tab")
        assert not await visitor.page.evaluate(FOCUS_OUTSIDE)
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.page.get_by_role("dialog")).to_have_count(0)
    await expect(visitor.main.get_by_role("button", name="Open")).to_be_focused()


async def test_dark_follows_the_system_until_a_person_chooses_and_the_choice_stays(visit: Visit) -> None:
    background = "getComputedStyle(document.querySelector('#main')).backgroundColor"
    light, dark = "rgb(255, 255, 255)", "rgb(22, 25, 27)"
    visitor = await visit(dark=True)
    assert await visitor.page.evaluate(background) == dark
    await visitor.page.get_by_role("button", name="Theme: system").click()
    await visitor.page.get_by_role("menuitemradio", name="Light").click()
    assert await visitor.page.evaluate(background) == light
    await visitor.page.reload()
    await visitor.main.locator(".composer-field").wait_for()
    assert await visitor.page.evaluate(background) == light
    await visitor.page.get_by_role("button", name="Theme: light").click()
    await visitor.page.get_by_role("menuitemradio", name="Like the system").click()
    assert await visitor.page.evaluate(background) == dark


async def test_on_a_narrow_screen_the_sidebar_comes_and_goes(visit: Visit) -> None:
    visitor = await visit(width=700)
    place = visitor.page.get_by_role("button", name="general")
    await expect(place).to_be_hidden()
    await visitor.page.get_by_role("button", name="Show or hide the sidebar").click()
    await place.click()
    await expect(visitor.main.locator("h1")).to_contain_text("general")
    await expect(place).to_be_hidden()
