"""Stopped in the middle of something, and started again: nothing is lost, nothing is said twice."""

from pathlib import Path

import harness
import letters


async def test_triage_goes_on_after_a_stop(tmp_path: Path) -> None:
    letters.put(tmp_path / "mail" / "ada", map(letters.newsletter, range(1_500)))
    async with harness.process_house(tmp_path) as house:
        human = house.human
        before = await human.last("ada")
        done = await human.command("ada", "/meshclaw triage", "#general")
        assert done["error"] is None
        assert await house.stop() == 0
        said = [each for each in await human.messages("ada") if each["ts"] > before]
        assert not any("Something went wrong" in harness.words(each) for each in said)
        await house.start()
        await human.message("ada", harness.is_card, after=before, seconds=60)
        await house.idle(60)
        said = [each for each in await human.messages("ada") if each["ts"] > before]
        assert [harness.is_summary(each) for each in said] == [True, False]
        assert [harness.is_card(each) for each in said] == [False, True]


async def test_what_was_asked_while_it_was_away_is_not_lost(tmp_path: Path) -> None:
    """A message to an app that is away: Slack delivers it again, the person need not."""
    letters.put(tmp_path / "mail" / "ada", map(letters.newsletter, range(3)))
    async with harness.process_house(tmp_path) as house:
        human = house.human
        await house.kill()
        said = await human.say("ada", "triage")
        await house.start()
        await human.message("ada", harness.is_card, after=said["ts"])
        await house.idle()
        assert sum(map(harness.is_card, await human.messages("ada"))) == 1


async def test_approved_plan_goes_on_after_a_stop(tmp_path: Path) -> None:
    maildir = tmp_path / "mail" / "ada"
    lists = [f"List {number} <list{number}@lists{number}.example>" for number in range(100)]
    letters.put(maildir, [letters.newsletter(number, lists[number % 100]) for number in range(600)])
    inbox = harness.mails(maildir)
    async with harness.process_house(tmp_path) as house:
        human = house.human
        _, card = await human.triage("ada", seconds=60)
        await human.press("ada", card, "Approve")
        assert await house.stop() == 0
        await house.start()
        receipt = await human.becomes("ada", card, harness.is_undoable, seconds=60)
        await house.idle(60)
        assert "600 mails: all done" in harness.words(receipt)
        assert harness.mails(maildir, "Archive") == inbox
        await human.press("ada", receipt, "Undo")
        await human.becomes("ada", card, harness.says("Taken back. 600 mails"), seconds=60)
        assert harness.mails(maildir) == inbox
