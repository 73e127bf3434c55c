"""A card is decided once, by its person, as it stands: every other click says why it decides nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import harness
import letters
import pytest
from harness import House
from sqlalchemy import update

from bot.gate.card import TIME_TO_UNDO
from bot.store.models import CardRow

LISTS = ("North <north@north.example>", "South <south@south.example>")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Ada's mailbox: five newsletters each of two senders."""
    letters.put(tmp_path / "mail" / "ada", [letters.newsletter(number, each) for number in range(5) for each in LISTS])
    async with harness.house(tmp_path, people=("ada",)) as house:
        yield house


def archived(house: House) -> int:
    return harness.mails(house.maildir("ada"), "Archive").total()


async def test_two_clicks_at_once_decide_once(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    clicks = [human.press("ada", card, "Approve") for _ in range(4)]
    assert all(done["acked"] for done in await asyncio.gather(*clicks))
    await human.becomes("ada", card, harness.is_undoable)
    await house.idle()
    assert archived(house) == 10
    said = [harness.words(each) for each in await human.messages("ada") if each["ephemeral"]]
    assert sum("was approved already" in each for each in said) == 3


async def test_second_click_is_told_that_it_came_too_late(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.press("ada", card, "Approve")
    await human.becomes("ada", card, harness.is_undoable)
    for action in ("gate.approve", "gate.deny"):
        before = await human.last("ada")
        await harness.forged_click(house, "ada", card, action, harness.button_value(card, "Approve"))
        await human.message("ada", harness.says("This was approved already."), after=before)
    assert archived(house) == 10


async def test_approve_after_not_now(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.press("ada", card, "Not now")
    await human.message("ada", harness.says("Declined"))
    await harness.forged_click(house, "ada", card, "gate.approve", harness.button_value(card, "Approve"))
    await human.message("ada", harness.says("This was turned down already."))
    assert archived(house) == 0


async def test_two_undos_at_once_take_back_once(house: House) -> None:
    human, inbox = house.human, harness.mails(house.maildir("ada"))
    _, card = await human.triage("ada")
    await human.press("ada", card, "Approve")
    receipt = await human.becomes("ada", card, harness.is_undoable)
    await asyncio.gather(*(human.press("ada", receipt, "Undo") for _ in range(3)))
    await human.message("ada", harness.says("Taken back. 10 mails"))
    await house.idle()
    assert harness.mails(house.maildir("ada")) == inbox


@pytest.mark.parametrize("action", ["gate.approve", "gate.deny", "gate.undo", "gate.view.choose", "gate.view.listing"])
async def test_somebody_elses_click_decides_and_shows_nothing(house: House, action: str) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await harness.forged_click(house, "ben", card, action, harness.button_value(card, "Approve"))
    await house.idle()
    assert archived(house) == 0
    assert harness.words(await human.message("ada", harness.is_card)) == harness.words(card)
    shown = [*await human.messages("ben"), *await human.modals("ben")]
    assert not any("north" in harness.words(each).lower() for each in shown)
    if not action.startswith("gate.view"):
        assert any("belongs to somebody else" in harness.words(each) for each in shown)


async def test_expired_card(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    async with house.app.storage.database.write() as session:
        await session.execute(update(CardRow).values(expires_at=datetime.now(UTC)))
    await human.press("ada", card, "Approve")
    await human.message("ada", harness.says("This card has expired", "nothing was done"))
    await house.sweep()
    receipt = await human.becomes("ada", card, harness.says("Expired"))
    assert "U01ADA00001" not in harness.words(receipt), "nobody decided it"
    assert not harness.reads(receipt, "Approve")
    assert archived(house) == 0


async def test_undo_is_over_after_its_time(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.press("ada", card, "Approve")
    receipt = await human.becomes("ada", card, harness.is_undoable)
    async with house.app.storage.database.write() as session:
        await session.execute(update(CardRow).values(decided_at=datetime.now(UTC) - TIME_TO_UNDO))
    await human.press("ada", receipt, "Undo")
    await human.message("ada", harness.says("seven days"))
    assert archived(house) == 10


async def test_newer_card_takes_the_place_of_the_older(house: House) -> None:
    human = house.human
    _, first = await human.triage("ada")
    _, second = await human.triage("ada")
    replaced = await human.becomes("ada", first, harness.says("Replaced by a newer card"))
    assert "U01ADA00001" not in harness.words(replaced), "nobody replaced it, the newer card did"
    assert first["ts"] != second["ts"]
    assert not harness.reads(replaced, "Approve")
    await harness.forged_click(house, "ada", first, "gate.approve", harness.button_value(first, "Approve"))
    await human.message("ada", harness.says("A newer card has taken the place of this one."))
    assert archived(house) == 0
    await human.press("ada", second, "Approve")
    await human.becomes("ada", second, harness.is_undoable)
    assert archived(house) == 10


async def test_mails_taken_away_between_card_and_click(house: House) -> None:
    human, maildir = house.human, house.maildir("ada")
    _, card = await human.triage("ada")
    for path in sorted(maildir.glob("cur/*"))[:3]:
        path.unlink()
    await human.press("ada", card, "Approve")
    receipt = await human.becomes("ada", card, harness.is_undoable)
    assert "10 mails: 7 done, 3 were already gone" in harness.words(receipt)
    assert archived(house) == 7
    await human.press("ada", receipt, "Undo")
    await human.message("ada", harness.says("Taken back. 7 mails"))
    assert (harness.mails(maildir).total(), archived(house)) == (7, 0)


async def test_all_mails_taken_away(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    for path in house.maildir("ada").glob("cur/*"):
        path.unlink()
    await human.press("ada", card, "Approve")
    receipt = await human.message("ada", harness.says("10 were already gone"))
    await house.idle()
    assert not harness.reads(receipt, "Undo")


async def test_mails_put_back_by_hand_before_undo(house: House) -> None:
    human, maildir = house.human, house.maildir("ada")
    _, card = await human.triage("ada")
    await human.press("ada", card, "Approve")
    receipt = await human.becomes("ada", card, harness.is_undoable)
    for path in sorted((maildir / ".Archive" / "cur").iterdir())[:4]:
        path.rename(maildir / "cur" / path.name)
    await human.press("ada", receipt, "Undo")
    await human.message("ada", harness.says("6 taken back, 4 were already gone"))
    assert (harness.mails(maildir).total(), archived(house)) == (10, 0)


async def test_card_of_an_unknown_plan(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await harness.forged_click(house, "ada", card, "gate.approve", "0" * 32)
    await human.message("ada", harness.says("This card is not known here."))
    await harness.forged_click(house, "ada", card, "gate.elsewhere", "x")
    await harness.forged_click(house, "ada", card, "nobody.asks", "x")
    await house.idle()
    assert archived(house) == 0


async def test_copy_of_the_card_decides_nothing(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    copy = {**card, "ts": "1700000000.000100"}
    await harness.forged_click(house, "ada", copy, "gate.approve", harness.button_value(card, "Approve"))
    await human.message("ada", harness.says("This is a copy of the card."))
    assert archived(house) == 0
