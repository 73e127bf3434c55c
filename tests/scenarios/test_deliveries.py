"""Slack delivers twice, refuses, falls silent or breaks off: every wish is done once, and every answer said once."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import harness
import letters
import pytest
import pytest_asyncio
from harness import House, Json

from bot.agents.triage import sorting
from bot.agents.triage.agent import TriageAgent

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    letters.put(folder / "mail" / "ada", [letters.newsletter(number) for number in range(6)])
    async with harness.house(folder, people=("ada",)) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(shared: House) -> AsyncIterator[House]:
    """The shared house with all mail in its INBOX, and no fault left over."""
    maildir = shared.maildir("ada")
    for path in maildir.glob(".Archive/cur/*"):
        path.rename(maildir / "cur" / path.name)
    yield shared
    await shared.idle()


def archived(house: House) -> int:
    return harness.mails(house.maildir("ada"), "Archive").total()


async def since(house: House, before: str) -> list[Json]:
    return [each for each in await house.human.messages("ada") if each["ts"] > before]


def kinds(messages: list[Json]) -> Counter[str]:
    """How many of each kind there are; the pointer of a command counts as `other`."""
    kind = {harness.is_card: "card", harness.is_summary: "summary", harness.is_undoable: "receipt"}
    return Counter(next((name for is_it, name in kind.items() if is_it(each)), "other") for each in messages)


async def test_redelivered_command_runs_once(house: House) -> None:
    human = house.human
    before = await human.last("ada")
    await human.command("ada", "/meshclaw triage", "#general")
    await human.redeliver(3)
    await human.message("ada", harness.is_card, after=before)
    await human.redeliver(2)
    await house.idle()
    assert kinds(await since(house, before)) == {"card": 1, "summary": 1}


async def test_redelivered_clicks_run_once(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    before = await human.last("ada")
    await human.press("ada", card, "Approve")
    await human.redeliver(3)
    receipt = await human.becomes("ada", card, harness.is_undoable)
    await house.idle()
    assert archived(house) == 6
    assert await since(house, before) == [], "no complaint about a second click"
    await human.press("ada", receipt, "Undo")
    await human.redeliver(3)
    await human.becomes("ada", card, harness.says("Taken back. 6 mails"))
    await house.idle()
    assert archived(house) == 0
    assert await since(house, before) == []


async def test_redelivered_message_is_answered_once(house: House) -> None:
    human = house.human
    said = await human.say("ada", "triage")
    await human.message("ada", harness.is_card, after=said["ts"])
    await human.redeliver(3)
    await house.idle()
    assert kinds(await since(house, said["ts"])) == {"card": 1, "summary": 1}


async def test_redelivered_choice_narrows_once(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.press("ada", card, "Choose…")
    view = await human.modal("ada")
    before = await human.last("ada")
    await human.submit("ada", view)
    await human.redeliver(3)
    await house.idle()
    assert kinds(await since(house, before)) == {}
    assert await human.modals("ada") == []


@pytest.mark.parametrize("fault", ["ratelimited", "drop_before", "drop_after", "error:internal_error"])
async def test_posting_fails_and_each_message_is_there_once(house: House, fault: str) -> None:
    human = house.human
    before = await human.last("ada")
    await human.fault("chat.postMessage", fault, count=1)
    await human.command("ada", "/meshclaw triage", "#general")
    await human.message("ada", harness.is_card, after=before)
    await house.idle()
    assert kinds(await since(house, before)) == {"card": 1, "summary": 1}


@pytest.mark.parametrize("fault", ["ratelimited", "drop_before", "drop_after", "error:service_unavailable"])
async def test_drawing_the_receipt_fails_and_it_is_drawn_all_the_same(house: House, fault: str) -> None:
    human = house.human
    _, card = await human.triage("ada")
    before = await human.last("ada")
    await human.fault("chat.update", fault, count=1)
    await human.press("ada", card, "Approve")
    await human.becomes("ada", card, harness.is_undoable)
    await house.idle()
    assert archived(house) == 6
    assert await since(house, before) == []


async def test_slack_is_away_for_a_while(house: House) -> None:
    """Somebody new asks, so that nothing is known yet: every call there is fails once."""
    human = house.human
    await house.connect("dana", f"maildir:{house.maildir('ada')}")
    for method in ("conversations.open", "users.info", "chat.postMessage"):
        await human.fault(method, "drop_before", count=1)
    done = await human.command("dana", "/meshclaw triage", "#general")
    assert done["error"] is None
    await human.message("dana", harness.is_card)
    await house.idle()
    assert kinds(await human.messages("dana")) == {"card": 1, "summary": 1}


async def test_what_went_wrong_is_told_though_slack_was_away(house: House) -> None:
    human = house.human
    before = await human.last("ada")
    await human.fault("chat.postMessage", "drop_before", count=2)
    await human.command("ada", "/meshclaw triage --folder Nowhere", "#general")
    await human.message("ada", harness.says("There is no folder “Nowhere”."), after=before)


async def test_a_click_refused_is_told_though_slack_was_away(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.press("ada", card, "Not now")
    await human.becomes("ada", card, harness.says("Declined"))
    before = await human.last("ada")
    await human.fault("chat.postEphemeral", "drop_before", count=2)
    await harness.forged_click(house, "ada", card, "gate.approve", harness.button_value(card, "Approve"))
    await human.message("ada", harness.says("This was turned down already."), after=before)


async def test_progress_that_cannot_be_shown_is_left_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mailbox is not read twice because of it."""
    human = house.human
    module = sys.modules[TriageAgent.__module__]
    sort, sorted_folders = sorting.sort_folder, []

    async def counted(mailbox: Any, folder: Any, *args: Any, **more: Any) -> None:
        sorted_folders.append(folder.name)
        await sort(mailbox, folder, *args, **more)

    monkeypatch.setattr(module, "_TOLD_AFTER", 0.0)
    monkeypatch.setattr(sorting, "sort_folder", counted)
    before = await human.last("ada")
    await human.fault("chat.postMessage", "drop_before", count=1)
    await human.command("ada", "/meshclaw triage", "#general")
    await human.message("ada", harness.is_card, after=before)
    await house.idle()
    assert sorted_folders == ["INBOX"]
    assert kinds(await since(house, before)) == {"card": 1, "summary": 1}


async def test_connections_are_cut_and_come_back(house: House) -> None:
    human = house.human
    for _ in range(2):
        await human.fault("socket", "disconnect")
        await connected(house)
        await human.triage("ada")
    _, card = await human.triage("ada")
    await human.press("ada", card, "Approve")
    await human.fault("socket", "disconnect")
    await human.becomes("ada", card, harness.is_undoable)
    await connected(house)
    assert archived(house) == 6


async def test_acknowledgement_is_lost_and_the_event_comes_again(house: House) -> None:
    human = house.human
    await human.fault("socket", "drop_after", count=1)
    said = await human.say("ada", "triage")
    await human.message("ada", harness.is_card, after=said["ts"])
    await asyncio.sleep(4)  # the workspace waits 3 s for the acknowledgement before it sends the event again
    await house.idle()
    assert kinds(await since(house, said["ts"])) == {"card": 1, "summary": 1}


async def test_database_is_locked_for_a_while(house: House) -> None:
    """Not acknowledged, so that Slack tells the person; nothing half done."""
    human = house.human
    before = await human.last("ada")
    async with house.app.storage.database.write() as session:
        await session.connection()
        done = await human.command("ada", "/meshclaw triage", "#general")
    assert done["error"] == "operation_timeout"
    await human.message("ada", harness.is_card, after=before)
    await house.idle()
    assert kinds(await since(house, before)) == {"card": 1, "summary": 1}


@pytest.mark.parametrize("fault", ["drop_before", "error:invalid_blocks", "error:cant_update_message"])
async def test_what_was_approved_is_done_whether_or_not_it_can_be_drawn(house: House, fault: str) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.fault("chat.update", fault, count=1)
    await human.press("ada", card, "Approve")
    await human.becomes("ada", card, harness.is_undoable)
    assert archived(house) == 6


async def test_messages_deleted_by_hand_do_not_stop_a_decision(house: House) -> None:
    """The person approves, and the card's message is gone when the receipt is drawn."""
    human = house.human
    _, card = await human.triage("ada")
    await human.fault("chat.update", "error:message_not_found", count=3)
    await human.press("ada", card, "Approve")
    await house.idle()
    assert archived(house) == 6


async def connected(house: House) -> None:
    async def listens() -> bool:
        return int((await house.human.get("workspace"))["apps"][0]["connections"]) == 2

    await house.human.until(listens)
