"""Talking to an app on the page: commands, answers, buttons, threads, other people, failures."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from page_parts import ADA, DEPLOYS, GENERAL, QUICK, Bolt, Json, Visit, button, mrkdwn
from playwright.async_api import expect

from bot.workspace.server import Workspace

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRIAGE = {"command": "/meshclaw", "description": "Ask", "usage_hint": "triage | connect mail"}
SHORTCUT = {"name": "File it", "type": "message", "callback_id": "file_it", "description": "Files a message"}


async def test_a_typed_command_is_answered_and_its_button_changes_the_answer(visit: Visit, bolt: Bolt) -> None:
    pressed: list[Json] = []

    @bolt.app.command("/meshclaw")
    async def answer(ack: Any, command: Json, client: Any) -> None:
        blocks = [
            {"type": "section", "text": mrkdwn(f"Heard *{command['text']}*")},
            {"type": "actions", "elements": [button("Approve", "approve", style="primary")]},
        ]
        await client.chat_postMessage(channel=command["channel_id"], text="Heard", blocks=blocks)
        await ack("On it")

    @bolt.app.action("approve")
    async def approve(ack: Any, body: Json, client: Any) -> None:
        pressed.append(body)
        done = [{"type": "section", "text": mrkdwn(f"Approved by <@{body['user']['id']}>")}]
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="Done", blocks=done)
        await ack()

    await bolt.connect()
    visitor = await visit()
    await visitor.say("/meshclaw triage --dry-run")
    await expect(visitor.message("On it")).to_contain_text("Only visible to you")
    card = visitor.message("Heard triage --dry-run")
    await expect(card.locator("strong")).to_have_text("triage --dry-run")
    await expect(visitor.main.locator(".composer-field")).to_have_value("")
    await card.get_by_role("button", name="Approve").click()
    await expect(visitor.message("Approved by")).to_contain_text("@Ada")
    await expect(visitor.message("Approved by")).to_contain_text("(edited)")
    assert [body["actions"][0]["value"] for body in pressed] == ["approve"]


async def test_an_ephemeral_answer_is_for_its_person_alone(visit: Visit, bolt: Bolt) -> None:
    await bolt.client.chat_postEphemeral(channel=GENERAL, user=ADA, text="Just between us")
    await bolt.client.chat_postMessage(channel=GENERAL, text="For everyone")
    visitor = await visit(f"ada/{GENERAL}/messages")
    await expect(visitor.message("Just between us")).to_contain_text("Only visible to you")
    await visitor.be("Ben")
    await expect(visitor.message("For everyone")).to_be_visible()
    await expect(visitor.message("Just between us")).to_have_count(0)


async def test_switching_people_shows_their_own_channels_messages_and_times(visit: Visit, bolt: Bolt) -> None:
    await bolt.client.chat_postMessage(channel=await bolt.direct_message(ADA), text="Only Ada reads this")
    visitor = await visit()
    await expect(visitor.message("Only Ada reads this")).to_be_visible()
    places = visitor.page.get_by_role("navigation")
    await expect(places.get_by_role("button", name="secret")).to_be_visible()
    here = await visitor.message("Only Ada").locator("time").inner_text()
    await visitor.be("Eve")
    await expect(visitor.main.locator(".intro")).to_contain_text("Nobody else sees it")
    await expect(visitor.message("Only Ada reads this")).to_have_count(0)
    await expect(places.get_by_role("button", name="secret")).to_have_count(0)
    await expect(places.get_by_role("button", name="deploys")).to_have_count(0)
    await visitor.be("Ada")
    await expect(visitor.message("Only Ada").locator("time")).to_have_text(here)
    await expect(visitor.page).to_have_url(re.compile(r"#/ada/%40meshclaw/messages"))


async def test_the_same_moment_is_told_in_each_persons_time_and_language(visit: Visit, bolt: Bolt) -> None:
    moment = 1_790_000_000  # 2026-09-21 14:13:20 UTC
    await bolt.client.chat_postMessage(channel=GENERAL, text=f"At <!date^{moment}^{{time}}|then>")
    visitor = await visit(f"ada/{GENERAL}/messages")
    await expect(visitor.message("At").locator(".msg-content time")).to_have_text("15:13")
    await visitor.be("Ben")
    await expect(visitor.message("At").locator(".msg-content time")).to_have_text(re.compile(r"7:13\sAM"))
    await visitor.be("Chen")
    await expect(visitor.message("At").locator(".msg-content time")).to_have_text("下午10:13")


async def test_a_reply_goes_into_the_thread_and_reaches_the_app(visit: Visit, bolt: Bolt) -> None:
    heard: asyncio.Queue[Json] = asyncio.Queue()

    @bolt.app.event("message")
    async def hear(event: Json) -> None:
        if event.get("thread_ts"):
            heard.put_nowait(event)

    root = await bolt.client.chat_postMessage(channel=GENERAL, text="Shall we deploy?")
    await bolt.connect()
    visitor = await visit(f"ada/{GENERAL}/messages")
    await visitor.message("Shall we").hover()
    await visitor.message("Shall we").get_by_role("button", name="Reply in thread").click()
    await expect(visitor.thread.locator(".composer-field")).to_be_focused()
    await visitor.page.keyboard.type("Yes, please")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.thread.locator(".msg").last).to_contain_text("Yes, please")
    await expect(visitor.message("Shall we").locator(".replies")).to_contain_text("1 reply")
    await expect(visitor.main.locator(".msg")).to_have_count(1)
    assert (await asyncio.wait_for(heard.get(), 3))["thread_ts"] == root["ts"]


async def test_unread_messages_are_counted_until_they_are_seen(visit: Visit, bolt: Bolt) -> None:
    await bolt.client.chat_postMessage(channel=DEPLOYS, text="Seen before")
    visitor = await visit(f"ada/{DEPLOYS}/messages")
    await expect(visitor.message("Seen before")).to_be_visible()
    await visitor.page.get_by_role("navigation").get_by_role("button", name="general").click()
    place = visitor.page.locator(f'[data-place="{DEPLOYS}"]')
    await expect(place.locator(".place-count")).to_have_count(0)
    for number in range(3):
        await bolt.client.chat_postMessage(channel=DEPLOYS, text=f"Deploy {number}")
    await expect(place.locator(".place-count")).to_have_text("3")
    await place.click()
    await expect(place.locator(".place-count")).to_have_count(0)
    await expect(visitor.main.locator(".divider-new + .msg")).to_contain_text("Deploy 0")
    await visitor.page.reload()
    await expect(visitor.message("Deploy 2")).to_be_visible()
    await expect(place.locator(".place-count")).to_have_count(0)


async def test_an_app_that_does_not_answer_is_reported_as_slack_reports_it(visit: Visit, bolt: Bolt) -> None:
    blocks = [{"type": "actions", "elements": [button("Go", "go")]}]
    await bolt.client.chat_postMessage(channel=await bolt.direct_message(), text="Go?", blocks=blocks)
    visitor = await visit()
    await visitor.say("/meshclaw triage")
    toast = visitor.page.locator(".toast").last
    await expect(toast).to_contain_text("/meshclaw didn’t respond: dispatch_failed")
    await expect(visitor.main.locator(".composer-field")).to_have_value("/meshclaw triage")

    @bolt.app.command("/meshclaw")
    @bolt.app.action("go")
    async def never() -> None:
        await asyncio.sleep(0)

    await bolt.connect()
    await visitor.say("/meshclaw triage")
    await expect(toast).to_contain_text("/meshclaw didn’t respond: operation_timeout")
    go = visitor.main.get_by_role("button", name="Go")
    await go.click()
    await expect(go).to_have_class(re.compile("failed"))
    await expect(toast).to_contain_text("didn’t respond: operation_timeout")


async def test_reactions_are_added_counted_and_taken_back(visit: Visit, bolt: Bolt) -> None:
    await bolt.client.chat_postMessage(channel=GENERAL, text="Shipped")
    visitor = await visit(f"ada/{GENERAL}/messages")
    await visitor.message("Shipped").hover()
    await visitor.message("Shipped").get_by_role("button", name="Add reaction").click()
    await visitor.page.get_by_role("textbox", name="Find an emoji").fill("rocket")
    await visitor.page.keyboard.press("Enter")
    pill = visitor.message("Shipped").get_by_role("button", name="rocket, 1")
    await expect(pill).to_have_attribute("aria-pressed", "true")
    await visitor.be("Ben")
    await expect(pill).to_have_attribute("aria-pressed", "false")
    await pill.click()
    await expect(visitor.message("Shipped").get_by_role("button", name="rocket, 2")).to_be_visible()
    await visitor.message("Shipped").get_by_role("button", name="rocket, 2").click()
    await expect(pill).to_be_visible()


async def test_a_streamed_answer_grows_live_and_ends_without_its_cursor(visit: Visit, bolt: Bolt) -> None:
    channel = await bolt.direct_message()
    root = await bolt.client.chat_postMessage(channel=channel, text="Ask me")
    visitor = await visit(f"ada/@meshclaw/messages/{root['ts']}")
    place: Json = {"channel": channel, "ts": ""}
    started = await bolt.client.chat_startStream(channel=channel, thread_ts=root["ts"], markdown_text="**Four")
    place["ts"] = started["ts"]
    answer = visitor.thread.locator(".msg").last
    await expect(answer.locator(".cursor")).to_be_visible()
    await expect(answer).to_have_attribute("aria-busy", "true")
    await bolt.client.chat_appendStream(**place, markdown_text="teen** mails")
    await expect(answer.locator("strong")).to_have_text("Fourteen")
    await bolt.client.chat_stopStream(**place)
    await expect(answer.locator(".cursor")).to_have_count(0)
    await expect(answer).to_contain_text("Fourteen mails")


async def test_status_prompts_and_stop_of_an_agent(visit: Visit, bolt: Bolt) -> None:
    stopped: asyncio.Queue[Json] = asyncio.Queue()
    heard: asyncio.Queue[str] = asyncio.Queue()

    @bolt.app.event("agent_session_stopped")
    async def stop(event: Json) -> None:
        stopped.put_nowait(event)

    @bolt.app.event("message")
    async def hear(event: Json) -> None:
        heard.put_nowait(event.get("text", ""))

    await bolt.connect()
    channel = await bolt.direct_message()
    visitor = await visit()
    prompts = [{"title": "What can you do?", "message": "Tell me what you can do"}]
    await bolt.client.assistant_threads_setSuggestedPrompts(channel_id=channel, thread_ts="", prompts=prompts)
    await visitor.main.get_by_role("button", name="What can you do?").click()
    assert await asyncio.wait_for(heard.get(), 3) == "Tell me what you can do"
    await expect(visitor.message("Tell me")).to_be_visible()
    root = str(await visitor.message("Tell me").get_attribute("data-ts"))
    await bolt.client.assistant_threads_setStatus(channel_id=channel, thread_ts=root, status="is reading your mail…")
    await expect(visitor.main.get_by_role("status")).to_contain_text("MeshClaw is reading your mail…")
    await bolt.client.api_call(
        "agents.sessions.setStatus", json={"channel_id": channel, "thread_ts": root, "status": "processing"}
    )
    await visitor.main.get_by_role("button", name="Stop").click()
    assert (await asyncio.wait_for(stopped.get(), 3))["thread_ts"] == root


async def test_mentions_are_completed_and_sent_in_slacks_form(visit: Visit, bolt: Bolt) -> None:
    visitor = await visit(f"ada/{GENERAL}/messages")
    field = visitor.main.locator(".composer-field")
    await field.press_sequentially("Thanks @ben")
    await expect(visitor.main.get_by_role("option").first).to_contain_text("Ben")
    await field.press("Enter")
    await field.press_sequentially("& <all>")
    await field.press("Shift+Enter")
    await field.press_sequentially("second line")
    await field.press("Enter")
    await expect(visitor.message("Thanks").locator(".mention")).to_contain_text("@Ben")
    history = await bolt.client.conversations_history(channel=GENERAL)
    assert history["messages"][0]["text"] == "Thanks <@U01BEN00002> &amp; &lt;all&gt;\nsecond line"


async def test_back_and_forward_and_an_address_lead_to_places(visit: Visit) -> None:
    visitor = await visit(f"ada/{GENERAL}/messages")
    heading = visitor.main.locator("h1")
    await visitor.page.get_by_role("navigation").get_by_role("button", name="deploys").click()
    await expect(heading).to_contain_text("deploys")
    await visitor.page.go_back()
    await expect(heading).to_contain_text("general")
    await visitor.page.go_forward()
    await expect(heading).to_contain_text("deploys")
    await visitor.open("ben/@meshclaw/about")
    await expect(visitor.page.locator("#who")).to_contain_text("Ben")
    await expect(visitor.page.get_by_role("tab", name="About")).to_have_attribute("aria-selected", "true")


async def test_the_page_finds_its_way_back_when_the_server_was_away(
    visit: Visit, workspace: Workspace, tmp_path: Path
) -> None:
    visitor = await visit(f"ada/{GENERAL}/messages")
    await visitor.say("Before the break")
    await expect(visitor.message("Before the break")).to_be_visible()
    connection = visitor.page.locator(".connection")
    await expect(connection).to_have_attribute("aria-label", "Connected")
    await workspace.stop()
    await expect(connection).to_have_attribute("aria-label", "Reconnecting…")
    await visitor.say("Into the void")
    await expect(visitor.page.locator(".toast")).to_contain_text("wasn’t sent")
    await expect(visitor.main.locator(".composer-field")).to_have_value("Into the void")
    again = await Workspace.start(port=workspace.port, data=tmp_path / "workspace", timing=QUICK)
    try:
        await expect(connection).to_have_attribute("aria-label", "Connected")
        await visitor.main.locator(".composer-field").press("Enter")
        await expect(visitor.message("Into the void")).to_be_visible()
        await Bolt(again).client.chat_postMessage(channel=GENERAL, text="Live again")
        await expect(visitor.message("Live again")).to_be_visible()
    finally:
        await again.stop()
    visitor.refused()


@pytest.mark.parametrize(
    "workspace", [{"features": {"shortcuts": [SHORTCUT]}, "display_information": {"name": "MeshClaw"}}], indirect=True
)
async def test_a_message_shortcut_reaches_the_app_with_its_message(visit: Visit, bolt: Bolt) -> None:
    heard: asyncio.Queue[Json] = asyncio.Queue()

    @bolt.app.shortcut("file_it")
    async def take(ack: Any, shortcut: Json) -> None:
        heard.put_nowait(shortcut)
        await ack()

    await bolt.connect()
    visitor = await visit(f"ada/{GENERAL}/messages")
    await visitor.say("File me")
    await visitor.message("File me").hover()
    await visitor.message("File me").get_by_role("button", name="More actions").click()
    await visitor.page.get_by_role("menuitem", name="File it").click()
    assert (await asyncio.wait_for(heard.get(), 3))["message"]["text"] == "File me"


@pytest.mark.parametrize("workspace", [{"features": {"slash_commands": [TRIAGE]}}], indirect=True)
async def test_a_newcomer_is_shown_what_to_ask(visit: Visit) -> None:
    visitor = await visit()
    await expect(visitor.main.locator(".try")).to_contain_text("/meshclaw connect mail")
    await visitor.main.get_by_role("button", name="/meshclaw triage").click()
    await expect(visitor.main.locator(".composer-field")).to_have_value("/meshclaw triage")
    await expect(visitor.main.locator(".composer-field")).to_be_focused()
