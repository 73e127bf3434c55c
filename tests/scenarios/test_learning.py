"""Corrections, approvals and undo teach: what the person does shows in the next triage."""

from collections.abc import AsyncIterator
from pathlib import Path

import harness
import letters
import pytest
from harness import House, Json

STRANGER = "Kai Lund <kai@lund.example>"


def note(number: int, subject: str = "") -> bytes:
    """A mail that asks for something, from somebody the owner does not know."""
    return letters.question(number, STRANGER, subject or f"Plan {number}?")


def task(number: int) -> bytes:
    """A machine hands over something to do."""
    text = "Ada, you have been assigned a task: please approve the drawing by tomorrow.\n"
    return letters.written(number, "Board <noreply@board.example>", f"Task {number}", text)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    maildir = tmp_path / "mail" / "ada"
    known = [letters.question(number, subject=f"Crane {number}?") for number in range(12)]
    letters.put(maildir, [*(note(number) for number in range(4)), *known, *map(letters.newsletter, range(12))])
    letters.put(maildir, [letters.answer(number) for number in range(8)], "Sent")
    async with harness.house(tmp_path, people=("ada",)) as house:
        yield house


def row(shown: Json, subject: str) -> Json:
    """The block of the mail with this subject."""
    found = [block for block in shown["blocks"] if harness.words({"blocks": [block]}).split("\n")[0] == subject]
    assert len(found) == 1, f"{subject!r} is there {len(found)} times in:\n{harness.words(shown)}"
    return dict(found[0])


def needing(shown: Json) -> list[str]:
    rows = [block for block in shown["blocks"] if "triage.correct" in harness.action_ids(block)]
    return [harness.words({"blocks": [block]}).split("\n")[0] for block in rows]


async def all_rows(house: House, summary: Json) -> list[str]:
    """The subjects of all mails that need ada, the modal included."""
    if not harness.reads(summary, "Show all"):
        return needing(summary)
    await house.human.press("ada", summary, "Show all")
    view = await house.human.modal("ada")
    found = needing(view)
    while harness.reads(view, "Next page"):
        shown = harness.words(view)
        await house.human.press("ada", view, "Next page")
        view = await house.human.modal("ada", lambda each, shown=shown: harness.words(each) != shown)
        found += needing(view)
    await house.human.close("ada", view, every=True)
    return found


async def correct(house: House, shown: Json, subject: str, bucket: str) -> None:
    block_id = row(shown, subject)["block_id"]
    await house.human.click("ada", shown, "triage.correct", bucket, block_id=block_id)


async def test_correction_shows_at_once_and_in_the_next_triage(house: House) -> None:
    human = house.human
    letters.put(house.maildir("ada"), [task(number) for number in range(3)])
    summary, _ = await human.triage("ada")
    assert {f"Task {number}" for number in range(3)} < set(await all_rows(house, summary))

    await human.press("ada", summary, "Show all")
    view = await human.modal("ada")
    for number in range(3):
        await correct(house, view, f"Task {number}", "notification")
        await human.message("ada", harness.says(f"{number + 1} Notifications"))
        view = await human.modal("ada", lambda each, done=number + 1: harness.words(each).count("by you") == done)
        assert "Notifications, corrected by you" in harness.words({"blocks": [row(view, f"Task {number}")]})
    await human.close("ada", view)
    await house.idle()

    # Another mail of the same kind comes, and is sorted as the person taught
    letters.put(house.maildir("ada"), [task(9)])
    again, card = await human.triage("ada")
    assert not [subject for subject in await all_rows(house, again) if subject.startswith("Task")]
    assert "4 Notifications" in harness.words(again)
    assert "Board <noreply@board.example> — 4 mails" in harness.words(card)


async def test_correction_in_the_modal_of_all_rows(house: House) -> None:
    human = house.human
    summary, _ = await human.triage("ada")
    await human.press("ada", summary, "Show all")
    view = await human.modal("ada")
    beyond = [subject for subject in needing(view) if subject not in needing(summary)]
    await correct(house, view, beyond[0], "fyi")
    await human.message("ada", harness.says("1 FYI"))
    view = await human.modal(
        "ada", lambda each: "corrected by you" in harness.words({"blocks": [row(each, beyond[0])]})
    )
    await human.close("ada", view)


async def test_every_mail_shown_can_teach_however_many_its_sender_wrote(house: House) -> None:
    human = house.human
    summary, _ = await human.triage("ada")
    at_first = await learned(house)
    last = [subject for subject in needing(summary) if subject.startswith("Crane")][-1]
    await correct(house, summary, last, "junk")
    await human.message("ada", harness.says("corrected by you"))
    await house.idle()
    assert await learned(house) == at_first + 1


async def test_corrections_of_two_mails_at_once_both_count(house: House) -> None:
    human = house.human
    summary, _ = await human.triage("ada")
    first, second = needing(summary)[:2]
    await correct(house, summary, first, "junk")
    await correct(house, summary, second, "junk")
    await human.message("ada", harness.says("2 Junk"))


async def test_correcting_twice_keeps_the_last(house: House) -> None:
    human = house.human
    summary, _ = await human.triage("ada")
    subject = needing(summary)[0]
    await correct(house, summary, subject, "junk")
    await human.message("ada", harness.says("1 Junk"))
    await correct(house, summary, subject, "fyi")
    summary = await human.message("ada", lambda each: harness.is_summary(each) and "1 FYI" in harness.words(each))
    assert "Junk" not in harness.words(summary).split(subject)[0]


async def test_somebody_else_cannot_correct_it(house: House) -> None:
    human = house.human
    summary, _ = await human.triage("ada")
    block = next(block for block in summary["blocks"] if "triage.correct" in harness.action_ids(block))
    await harness.forged_menu(house, "ben", summary, "triage.correct", block["block_id"], "junk")
    await human.message("ben", harness.says("not kept any more"))
    await house.idle()
    assert harness.words(await human.message("ada", harness.is_summary)) == harness.words(summary)


async def learned(house: House) -> int:
    """How many acts of the person ada's learner remembers."""
    kept = await house.app.storage.documents.load(harness.person("ada"), "triage", "mind")
    assert isinstance(kept, dict)
    return len(kept["mind"]["learner"]["acts"])


async def test_approval_teaches_and_undo_takes_it_back(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    at_first = await learned(house)
    await human.press("ada", card, "Approve")
    receipt = await human.becomes("ada", card, harness.is_undoable)
    await house.idle()
    assert await learned(house) > at_first
    await human.press("ada", receipt, "Undo")
    await human.message("ada", harness.says("Taken back."))
    await house.idle()
    assert await learned(house) == at_first


async def test_turning_down_teaches_nothing(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    at_first = await learned(house)
    await human.press("ada", card, "Not now")
    await human.message("ada", harness.says("Declined"))
    await house.idle()
    assert await learned(house) == at_first
