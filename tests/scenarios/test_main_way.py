"""The main way: command, summary and card, Approve, mails moved, receipt, Undo, mails back."""

from pathlib import Path

import harness


async def test_from_command_to_undo(tmp_path: Path) -> None:
    async with harness.house(tmp_path) as house:
        human = house.human
        done = await human.command("ada", "/meshclaw triage", "#general")
        print(done)
        card = await human.message("ada", harness.is_card)
        print(harness.words(card), harness.buttons(card))
        print(await human.press("ada", card, "Approve"))
        receipt = await human.message("ada", harness.is_undoable)
        print(harness.words(receipt))
        await human.press("ada", receipt, "Undo")
        receipt = await human.message("ada", harness.says("Taken back"))
        print(harness.words(receipt))
