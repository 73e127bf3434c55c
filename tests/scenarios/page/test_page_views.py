"""Modals and the App Home on the page."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from page_parts import Bolt, Json, Visit, Visitor, button, modal, mrkdwn, plain, text_input
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPTIONS = [{"text": plain(name), "value": name.lower()} for name in ("Newsletters", "Alerts", "Junk")]
FORM: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Connect your mail"),
    "submit": plain("Connect"),
    "blocks": [
        {**text_input("host", "Server"), "hint": plain("The IMAP server")},
        {
            "type": "input",
            "block_id": "buckets",
            "label": plain("Buckets"),
            "element": {"type": "multi_static_select", "action_id": "v", "options": OPTIONS},
        },
        {
            "type": "input",
            "block_id": "when",
            "optional": True,
            "label": plain("When"),
            "element": {"type": "datetimepicker", "action_id": "v"},
        },
        {
            "type": "input",
            "block_id": "flags",
            "optional": True,
            "label": plain("Flags"),
            "element": {"type": "checkboxes", "action_id": "v", "options": OPTIONS},
        },
    ],
}


async def opened(visit: Visit, bolt: Bolt, view: Json) -> Visitor:
    @bolt.app.command("/meshclaw")
    async def open_view(ack: Any, command: Json, client: Any) -> None:
        await client.views_open(trigger_id=command["trigger_id"], view=view)
        await ack()

    await bolt.connect()
    visitor: Visitor = await visit()
    await visitor.say("/meshclaw connect")
    await visitor.page.get_by_role("dialog").wait_for()
    return visitor


async def test_a_modal_is_filled_refused_by_page_and_app_and_then_taken(visit: Visit, bolt: Bolt) -> None:
    submitted: list[Json] = []
    slow = asyncio.Event()

    @bolt.app.view("form")
    async def take(ack: Any, view: Json) -> None:
        submitted.append(view["state"]["values"])
        if len(submitted) == 1:
            await ack(response_action="errors", errors={"host": "The server refused the login."})
            return
        await slow.wait()
        await ack()

    visitor = await opened(visit, bolt, FORM)
    dialog = visitor.page.get_by_role("dialog", name="Connect your mail")
    await dialog.get_by_role("button", name="Connect", exact=True).click()
    await expect(dialog.get_by_role("alert").filter(has_text="required")).to_have_count(2)
    await expect(dialog.get_by_label("Server")).to_be_focused()
    assert not submitted

    await dialog.get_by_label("Server").fill("imap.example.org")
    await dialog.get_by_role("combobox", name="Buckets").click()
    await visitor.page.get_by_role("option", name="Alerts").click()
    await visitor.page.get_by_role("option", name="Junk").click()
    await visitor.page.keyboard.press("Escape")
    await expect(dialog).to_be_visible()
    await dialog.get_by_label("When").fill("2026-12-01T09:30")
    await dialog.get_by_role("checkbox", name="Newsletters").check()
    await dialog.get_by_role("button", name="Connect", exact=True).click()
    await expect(dialog.get_by_text("The server refused the login.")).to_be_visible()
    await expect(dialog.get_by_label("Server")).to_have_attribute("aria-invalid", "true")
    await expect(dialog.get_by_label("Server")).to_have_value("imap.example.org")

    await dialog.get_by_label("Server").fill("mail.example.org")
    await expect(dialog.get_by_text("The server refused the login.")).to_have_count(0)
    submit = dialog.get_by_role("button", name="Connect", exact=True)
    await submit.click()
    await expect(submit).to_have_attribute("aria-busy", "true")
    slow.set()
    await expect(dialog).to_have_count(0)
    last = submitted[-1]
    assert last["host"]["v"]["value"] == "mail.example.org"
    assert [one["value"] for one in last["buckets"]["v"]["selected_options"]] == ["alerts", "junk"]
    assert last["when"]["v"]["selected_date_time"] == 1_796_117_400  # 09:30 in London, in winter
    assert [one["value"] for one in last["flags"]["v"]["selected_options"]] == ["newsletters"]


async def test_a_view_that_cannot_be_delivered_says_so_and_keeps_what_was_typed(visit: Visit, bolt: Bolt) -> None:
    visitor = await opened(visit, bolt, {**FORM, "blocks": [text_input("host", "Server")]})
    dialog = visitor.page.get_by_role("dialog")
    await dialog.get_by_label("Server").fill("imap.example.org")
    await bolt.close()
    await dialog.get_by_role("button", name="Connect", exact=True).click()
    await expect(dialog.get_by_role("alert").filter(has_text="trouble connecting")).to_be_visible()
    await expect(dialog.get_by_label("Server")).to_have_value("imap.example.org")


async def test_views_stack_and_each_escape_closes_one(visit: Visit, bolt: Bolt) -> None:
    def view(number: int) -> Json:
        blocks = [text_input("note", "Note"), {"type": "actions", "elements": [button("Deeper", "deeper")]}]
        return modal(f"View {number}", blocks, callback_id=f"view{number}")

    @bolt.app.action("deeper")
    async def deeper(ack: Any, body: Json, client: Any) -> None:
        number = int(body["view"]["callback_id"].removeprefix("view")) + 1
        await client.views_push(trigger_id=body["trigger_id"], view=view(number))
        await ack()

    visitor = await opened(visit, bolt, view(1))
    title = visitor.page.locator(".modal-title")
    await visitor.page.get_by_label("Note").fill("kept below")
    for number in (2, 3):
        await visitor.page.get_by_role("button", name="Deeper").click()
        await expect(title).to_have_text(f"View {number}")
    await expect(visitor.page.locator(".modal")).to_have_attribute("data-depth", "3")
    await visitor.page.keyboard.press("Escape")
    await expect(title).to_have_text("View 2")
    await visitor.page.get_by_role("button", name="Back").click()
    await expect(title).to_have_text("View 1")
    await expect(visitor.page.get_by_label("Note")).to_have_value("kept below")
    await visitor.page.keyboard.press("Escape")
    await expect(title).to_have_count(0)


async def test_an_update_of_the_view_keeps_inputs_and_shows_what_changed(visit: Visit, bolt: Bolt) -> None:
    select = {"type": "static_select", "action_id": "kind", "options": OPTIONS, "placeholder": plain("Kind")}
    pick = {"type": "section", "block_id": "pick", "text": mrkdwn("Kind"), "accessory": select}
    first = [text_input("note", "Note"), pick]

    @bolt.app.action("kind")
    async def changed(ack: Any, body: Json, client: Any) -> None:
        picked = body["actions"][0]["selected_option"]["value"]
        typed = body["view"]["state"]["values"]["note"]["v"]["value"]
        more = {"type": "section", "block_id": "more", "text": mrkdwn(f"You chose *{picked}*, noting {typed}")}
        await client.views_update(view_id=body["view"]["id"], view=modal("Form", [*first, more]))
        await ack()

    visitor = await opened(visit, bolt, modal("Form", first))
    await visitor.page.get_by_label("Note").fill("half typed")
    await visitor.page.get_by_role("combobox", name="Kind").click()
    await visitor.page.get_by_role("option", name="Alerts").click()
    await expect(visitor.page.get_by_role("dialog")).to_contain_text("You chose alerts, noting half typed")
    await expect(visitor.page.get_by_label("Note")).to_have_value("half typed")
    await expect(visitor.page.get_by_role("combobox", name="Kind")).to_contain_text("Alerts")
    await expect(visitor.page.get_by_role("combobox", name="Kind")).to_be_focused()


async def test_the_home_tab_opens_once_updates_live_and_its_buttons_work(visit: Visit, bolt: Bolt) -> None:
    openings: list[str] = []

    def home(count: int) -> Json:
        text = {"type": "section", "text": mrkdwn(f"Pressed *{count}*"), "accessory": button("Press", "press")}
        return {"type": "home", "blocks": [{"type": "header", "text": plain("Your MeshClaw")}, text]}

    @bolt.app.event("app_home_opened")
    async def greet(event: Json, client: Any) -> None:
        openings.append(event["tab"])
        if event["tab"] == "home":
            await client.views_publish(user_id=event["user"], view=home(0))

    @bolt.app.action("press")
    async def press(ack: Any, body: Json, client: Any) -> None:
        await client.views_publish(user_id=body["user"]["id"], view=home(1))
        await ack()

    await bolt.connect()
    visitor = await visit()
    await visitor.page.get_by_role("tab", name="Home").click()
    await expect(visitor.main.get_by_role("heading", name="Your MeshClaw")).to_be_visible()
    await visitor.main.get_by_role("button", name="Press").click()
    await expect(visitor.main).to_contain_text("Pressed 1")
    assert openings == ["messages", "home"]
    await visitor.page.keyboard.press("Control+k")
    await visitor.page.keyboard.type("about")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.get_by_role("tab", name="About")).to_have_attribute("aria-selected", "true")


async def test_a_button_that_asks_first_acts_only_when_agreed(visit: Visit, bolt: Bolt) -> None:
    pressed: list[str] = []
    done = asyncio.Event()
    words = {"title": plain("Roll back?"), "text": mrkdwn("*#480* comes back.")}
    ask = {**words, "confirm": plain("Roll back"), "deny": plain("Keep")}
    blocks = [{"type": "actions", "elements": [button("Roll back…", "back", style="danger", confirm=ask)]}]

    @bolt.app.action("back")
    async def back(ack: Any) -> None:
        pressed.append("back")
        await ack()
        done.set()

    await bolt.connect()
    await bolt.client.chat_postMessage(channel=await bolt.direct_message(), text="Deployed", blocks=blocks)
    visitor = await visit()
    for answer in ("Keep", "Roll back"):
        await visitor.main.get_by_role("button", name="Roll back…").click()
        await visitor.page.get_by_role("dialog").get_by_role("button", name=answer, exact=True).click()
        await expect(visitor.page.get_by_role("dialog")).to_have_count(0)
    await asyncio.wait_for(done.wait(), 3)
    assert pressed == ["back"]


async def test_a_failure_inside_a_modal_is_told_within_reach(visit: Visit, bolt: Bolt) -> None:
    @bolt.app.action("never")
    async def never() -> None:
        await asyncio.sleep(0)

    blocks = [{"type": "actions", "elements": [button("Never", "never")]}]
    visitor = await opened(visit, bolt, modal("Look", blocks))
    await visitor.page.get_by_role("button", name="Never").click()
    toast = visitor.page.get_by_role("dialog").get_by_role("alert").filter(has_text="operation_timeout")
    await expect(toast).to_be_visible()
    await toast.get_by_role("button", name="Dismiss").click()
    await expect(toast).to_have_count(0)
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.page.get_by_role("dialog")).to_have_count(0)
    await visitor.page.get_by_role("tab", name="About").click()
    await expect(visitor.main).to_contain_text("Identity")
