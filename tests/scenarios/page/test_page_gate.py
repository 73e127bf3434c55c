"""What the gate shows: forms with dates and numbers, buttons that ask first, groups of people, members who are gone."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from page_parts import ADA, Bolt, Json, Visit, Visitor, button, modal, mrkdwn, plain
from playwright.async_api import expect

from bot.workspace.server import Workspace

pytestmark = pytest.mark.asyncio(loop_scope="session")

KINDS = [{"text": plain(name), "value": name.lower()} for name in ("Any sender", "These senders")]


def field(block_id: str, label: str, kind: str, **element: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"type": kind, "action_id": "v", **element},
    }


GRANT = modal(
    "Allow this for a while",
    [
        field("until", "Until", "datepicker", initial_date="2026-12-01"),
        field("count", "How often", "number_input", is_decimal_allowed=False, min_value="1", max_value="50"),
        field("who", "For whom", "static_select", options=KINDS, initial_option=KINDS[0]),
        field("why", "Why", "plain_text_input", multiline=True),
    ],
)


async def ask(workspace: Workspace, call: str, body: Json) -> Json:
    async with aiohttp.ClientSession(workspace.url) as session, session.post(f"/human/{call}", json=body) as answer:
        found: Json = await answer.json()
        assert answer.status == 200, found
        return found


async def open_form(visit: Visit, bolt: Bolt, view: Json) -> Visitor:
    @bolt.app.command("/meshclaw")
    async def open_view(ack: Any, command: Json, client: Any) -> None:
        await client.views_open(trigger_id=command["trigger_id"], view=view)
        await ack()

    await bolt.connect()
    visitor: Visitor = await visit()
    await visitor.say("/meshclaw grant")
    await visitor.page.get_by_role("dialog").wait_for()
    return visitor


async def test_a_form_takes_dates_numbers_choices_and_long_reasons(visit: Visit, bolt: Bolt) -> None:
    taken: asyncio.Queue[Json] = asyncio.Queue()

    @bolt.app.view("form")
    async def take(ack: Any, view: Json) -> None:
        await ack()
        taken.put_nowait(view["state"]["values"])

    visitor = await open_form(visit, bolt, GRANT)
    dialog = visitor.page.get_by_role("dialog")
    await expect(dialog.get_by_label("Until")).to_have_value("2026-12-01")
    await dialog.get_by_label("Until").fill("2027-02-28")
    await dialog.get_by_label("Why").fill("first line")
    await dialog.get_by_label("Why").press("Shift+Enter")
    await dialog.get_by_label("Why").press_sequentially("second line")
    await dialog.get_by_role("combobox", name="For whom").click()
    await visitor.page.get_by_role("option", name="These senders").click()
    for wrong, says in (("2.5", "whole number"), ("0", "1 or more"), ("51", "50 or less")):
        await dialog.get_by_label("How often").fill(wrong)
        await dialog.get_by_role("button", name="Go", exact=True).click()
        await expect(dialog.get_by_role("alert").filter(has_text=says)).to_be_visible()
    assert taken.empty()
    await dialog.get_by_label("How often").fill("7")
    await dialog.get_by_role("button", name="Go", exact=True).click()
    await expect(dialog).to_have_count(0)
    values = await asyncio.wait_for(taken.get(), 5)
    assert values["until"]["v"] == {"type": "datepicker", "selected_date": "2027-02-28"}
    assert values["count"]["v"] == {"type": "number_input", "value": "7"}
    assert values["who"]["v"]["selected_option"]["value"] == "these senders"
    assert values["why"]["v"]["value"] == "first line\nsecond line"


ASK_FIRST = {
    "title": plain("Revoke the permission?"),
    "text": mrkdwn("MeshClaw asks *each time* again."),
    "confirm": plain("Revoke"),
    "deny": plain("Keep"),
    "style": "danger",
}


async def test_a_button_in_a_modal_asks_first_and_escape_leaves_the_modal(visit: Visit, bolt: Bolt) -> None:
    pressed: asyncio.Queue[str] = asyncio.Queue()

    @bolt.app.action("revoke")
    async def revoke(ack: Any, action: Json) -> None:
        await ack()
        pressed.put_nowait(action["value"])

    row = {
        "type": "section",
        "text": mrkdwn("Archive newsletters"),
        "accessory": button("Revoke…", "revoke", style="danger", confirm=ASK_FIRST),
    }
    visitor = await open_form(visit, bolt, modal("Permissions", [row]))
    form = visitor.page.locator(".modal")
    question = visitor.page.get_by_role("dialog", name="Revoke the permission?")
    await expect(form.get_by_role("button", name="Revoke…")).to_have_class("button danger")
    await form.get_by_role("button", name="Revoke…").click()
    await expect(question).to_contain_text("MeshClaw asks each time again.")
    await visitor.page.keyboard.press("Escape")
    await expect(question).to_have_count(0)
    await expect(form).to_be_visible()
    assert pressed.empty()
    await form.get_by_role("button", name="Revoke…").click()
    await expect(question.get_by_role("button", name="Revoke", exact=True)).to_have_class("button danger")
    await question.get_by_role("button", name="Revoke", exact=True).click()
    assert await asyncio.wait_for(pressed.get(), 5) == "revoke"
    await expect(form).to_be_visible()


async def test_a_button_of_the_app_home_asks_first_and_several_stand_apart(visit: Visit, bolt: Bolt) -> None:
    pressed: asyncio.Queue[str] = asyncio.Queue()
    rows = [
        {
            "type": "actions",
            "block_id": name,
            "elements": [button(f"End {name}", "end", confirm=ASK_FIRST), button(f"See {name}", "see")],
        }
        for name in ("one", "two")
    ]

    @bolt.app.event("app_home_opened")
    async def greet(event: Json, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": rows})

    @bolt.app.action("end")
    async def end(ack: Any, action: Json) -> None:
        await ack()
        pressed.put_nowait(f"end {action['block_id']}")

    @bolt.app.action("see")
    async def see(ack: Any, action: Json) -> None:
        await ack()
        pressed.put_nowait(f"see {action['block_id']}")

    await bolt.connect()
    visitor = await visit("ada/@meshclaw/home")
    await visitor.main.get_by_role("button", name="End two").click()
    await visitor.page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    await visitor.main.get_by_role("button", name="See one").click()
    assert await asyncio.wait_for(pressed.get(), 5) == "see one"
    await visitor.main.get_by_role("button", name="End two").click()
    await visitor.page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    assert await asyncio.wait_for(pressed.get(), 5) == "end two"


async def test_groups_go_by_their_handle_and_change_live(visit: Visit, bolt: Bolt, workspace: Workspace) -> None:
    group = await ask(workspace, "group", {"handle": "sre", "name": "Site reliability", "members": ["ben"]})
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Any of "},
                    {"type": "usergroup", "usergroup_id": group["id"]},
                    {"type": "text", "text": " or "},
                    {"type": "usergroup", "usergroup_id": "S09GONE0000"},
                ],
            }
        ],
    }
    await bolt.client.chat_postMessage(channel=await bolt.direct_message(), text="Who decides", blocks=[rich])
    await bolt.client.chat_postMessage(channel=await bolt.direct_message(), text=f"ask <!subteam^{group['id']}> first")
    visitor = await visit()
    await expect(visitor.message("Any of")).to_contain_text("Any of @sre or @group")
    await expect(visitor.message("first")).to_contain_text("ask @sre first")
    await expect(visitor.message("first").locator(".mention-me")).to_have_count(0)
    await visitor.main.locator(".composer-field").press_sequentially("hi @sr")
    await visitor.page.keyboard.press("Tab")
    await visitor.page.keyboard.type("!")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.message("hi")).to_contain_text("hi @sre !")
    assert (await bolt.client.conversations_history(channel=await bolt.direct_message()))["messages"][0][
        "text"
    ] == f"hi <!subteam^{group['id']}> !"


async def test_who_is_deactivated_is_nobody_to_be_or_to_mention(visit: Visit, bolt: Bolt, workspace: Workspace) -> None:
    await ask(workspace, "member", {"user": "ben", "active": False})
    await ask(workspace, "rename", {"channel": "#deploys", "name": "releases"})
    visitor = await visit()
    await expect(visitor.page.get_by_text("releases").first).to_be_visible()
    await visitor.page.locator("#who").click()
    await expect(visitor.page.get_by_role("menuitemradio", name="Ada Lindqvist")).to_be_visible()
    await expect(visitor.page.get_by_role("menuitemradio", name="Ben Ortega")).to_have_count(0)
    await visitor.page.keyboard.press("Escape")
    await ask(workspace, "member", {"user": ADA, "active": False})
    await visitor.say("am I here?")
    await expect(visitor.page.get_by_text("user_deactivated")).to_be_visible()
    visitor.refused()
