"""Choose…: senders and single mails are left out page by page; the card asks for the rest, under a new plan."""

from collections.abc import AsyncIterator
from pathlib import Path

import harness
import letters
import pytest
from harness import House, Json

BIG, THREE = "Big <big@big.example>", "Three <three@three.example>"
SINGLES = [f"Sender {number} <s{number}@s{number}.example>" for number in range(103)]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Ada's mailbox: 211 newsletters from 105 senders, and 3 questions."""
    maildir = tmp_path / "mail" / "ada"
    newsletters = [letters.newsletter(number, BIG, f"Big {number}") for number in range(105)]
    newsletters += [letters.newsletter(number, THREE) for number in range(3)]
    newsletters += [letters.newsletter(1, sender) for sender in SINGLES]
    letters.put(maildir, [*newsletters, *map(letters.question, range(3))])
    letters.put(maildir, [letters.answer(1)], "Sent")
    async with harness.house(tmp_path, people=("ada",)) as house:
        yield house


def ticks(view: Json, *left_out: str) -> Json:
    """What a page's boxes hold after unticking those whose labels hold one of these texts."""
    entered: Json = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            ticked = [option["value"] for option in block["element"].get("initial_options", ())]
            off = [
                option["value"]
                for option in block["element"]["options"]
                if any(text in harness.option_text(option) for text in left_out)
            ]
            entered[block["block_id"]] = {"ticked": [value for value in ticked if value not in off]}
    return entered


async def test_leaving_out_senders_and_single_mails(house: House) -> None:
    human, maildir = house.human, house.maildir("ada")
    inbox = harness.mails(maildir)
    _, card = await human.triage("ada")
    assert harness.label_number(card, "Approve") == 211
    first_plan = harness.button_value(card, "Approve")

    await human.press("ada", card, "Choose…")
    view = await human.modal("ada", harness.says("211 of 211 mails ticked"))
    await human.press("ada", view, "Next page", values=ticks(view, "Three <"))
    view = await human.modal("ada", harness.says("Page 2 of 2", "208 of 211 mails ticked"))
    await human.press("ada", view, "Previous page", values=ticks(view, "Sender 102 <"))
    view = await human.modal("ada", harness.says("Page 1 of 2", "207 of 211 mails ticked"))

    # One sender's mails, in a modal laid over the first
    big = harness.option_value(view, "gate.view.focus", BIG)
    await human.click("ada", view, "gate.view.focus", big)
    pushed = await human.modal("ada", harness.says("105 mails. Untick"))
    assert len(await human.modals("ada")) == 2
    await human.press("ada", pushed, "Next page", values=ticks(pushed, "Big 0 ", "Big 1 "))
    pushed = await human.modal("ada", harness.says("105 mails. Untick", "Page 2 of 2"))
    done = await human.submit("ada", pushed, ticks(pushed, "Big 104 "))
    assert done["errors"] is None
    view = await human.modal("ada", harness.says("204 of 211 mails ticked", "102 of 105 mails"))
    assert len(await human.modals("ada")) == 1

    done = await human.submit("ada", view, ticks(view))
    assert (done["acked"], done["errors"]) == (True, None)
    narrowed = await human.message("ada", lambda each: harness.is_card(each) and "204 mails" in harness.words(each))
    assert narrowed["ts"] == card["ts"]
    assert harness.label_number(narrowed, "Approve") == 204
    assert harness.button_value(narrowed, "Approve") != first_plan
    assert await human.modals("ada") == []

    # The old drawing's button decides nothing
    assert await harness.forged_click(house, "ada", card, "gate.approve", first_plan) == 200
    await human.message("ada", harness.says("This card has changed since."))
    await house.idle()
    assert harness.mails(maildir) == inbox

    await human.press("ada", narrowed, "Approve")
    receipt = await human.becomes("ada", narrowed, harness.is_undoable)
    assert "204 mails: all done" in harness.words(receipt)
    left = harness.mails(maildir)
    assert (left.total(), harness.mails(maildir, "Archive").total()) == (3 + 7, 204)
    assert left < inbox
    subjects = sorted(path.read_text().partition("Subject: ")[2].splitlines()[0] for path in maildir.glob("cur/*"))
    assert [subject for subject in subjects if subject.startswith("Big")] == ["Big 0", "Big 1", "Big 104"]


async def test_what_was_left_out_can_be_taken_in_again(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.press("ada", card, "Choose…")
    view = await human.modal("ada", harness.says("211 of 211"))
    await human.press("ada", view, "Next page", values=ticks(view, "Big <", "Three <"))
    view = await human.modal("ada", harness.says("Page 2", "103 of 211"))
    await human.press("ada", view, "Previous page", values=ticks(view))
    view = await human.modal("ada", harness.says("Page 1", "103 of 211"))
    again = ticks(view)
    first_boxes = next(iter(again.values()))
    first_boxes["ticked"].append(harness.option_value(view, "ticked", THREE))
    await human.submit("ada", view, again)
    card = await human.message("ada", lambda each: harness.is_card(each) and "106 mails" in harness.words(each))
    assert harness.label_number(card, "Approve") == 106


async def test_nothing_ticked_is_said_and_changes_nothing(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.press("ada", card, "Choose…")
    view = await human.modal("ada", harness.says("211 of 211"))
    await human.press("ada", view, "Next page", values=ticks(view, "<"))
    view = await human.modal("ada", harness.says("Page 2"))
    await human.submit("ada", view, ticks(view, "<"))
    await human.message("ada", harness.says("Nothing is ticked."))
    await house.idle()
    still = await human.message("ada", harness.is_card)
    assert harness.button_value(still, "Approve") == harness.button_value(card, "Approve")


async def test_closing_the_modal_leaves_the_card_as_it_is(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.press("ada", card, "Choose…")
    await human.close("ada", await human.modal("ada"))
    await house.idle()
    still = await human.message("ada", harness.is_card)
    assert harness.label_number(still, "Approve") == 211


async def test_choosing_on_a_decided_card_is_refused(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.press("ada", card, "Choose…")
    view = await human.modal("ada")
    await human.press("ada", card, "Not now")
    await human.message("ada", harness.says("Declined"))
    await human.submit("ada", view, ticks(view, "Three <"))
    notice = await human.modal("ada", harness.says("was decided already"))
    await human.close("ada", notice)
    assert harness.mails(house.maildir("ada"), "Archive").total() == 0
