"""A person allows the like of what they approved, for a while: it runs at once, with a receipt, and ends at a press."""

from collections.abc import AsyncIterator
from pathlib import Path

import harness
import letters
import pytest
from gate_parts import ask, deploy, governed, note, propose, rows, titled
from harness import House, Json
from lab.connector import TOOLS
from sqlalchemy import update

from bot.contracts.tools import Call
from bot.store.models import GrantRow

NEWS = "North <north@north.example>"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    letters.put(tmp_path / "mail" / "ada", [letters.newsletter(number, NEWS) for number in range(5)])
    async with governed(tmp_path, people=("ada",)) as house:
        yield house


def facet(view: Json, name: str, pattern: str) -> Json:
    """What is typed for one facet, as the human side takes it."""
    found = [block["block_id"] for block in view["blocks"] if str(block.get("block_id", "")).endswith(f":{name}")]
    assert len(found) == 1, found
    return {found[0]: {"value": pattern}}


async def test_mail_from_the_first_triage_to_the_revoking(house: House) -> None:
    human, maildir = house.human, house.maildir("ada")
    _, card = await human.triage("ada")
    await human.press("ada", card, "Approve")
    receipt = await human.becomes("ada", card, lambda shown: harness.reads(shown, "Always allow…"))
    await human.press("ada", receipt, "Always allow…")
    view = await human.modal("ada")
    assert "this would have covered 1 of 1 approved call" in harness.words(view)
    await human.press("ada", view, "Work out again", values={"facet:0:sender": {"value": "*@south.example"}})
    view = await human.modal("ada", harness.says("would have covered 0 of 1"))
    await human.press("ada", view, "Work out again", values={"facet:0:sender": {"value": "*@north.example"}})
    view = await human.modal("ada", harness.says("would have covered 1 of 1"))
    done = await human.submit("ada", view, {"count": {"value": "4"}})
    assert done["errors"] is None
    notice = await human.modal("ada", harness.says("Allowed from now on"))
    assert "*@north.example" in harness.words(notice)
    await human.close("ada", notice)

    letters.put(maildir, [letters.newsletter(10 + number, NEWS) for number in range(3)])
    before = await human.last("ada")
    await human.command("ada", "/meshclaw triage")
    receipt = await human.message("ada", harness.says("Ran by a standing permission"), after=before)
    receipt = await human.becomes("ada", receipt, harness.is_undoable)
    assert "*@north.example" in harness.words(receipt)
    assert "1 left" in harness.words(receipt)
    assert not harness.reads(receipt, "Always allow…")
    await house.idle()
    assert not any(harness.is_card(each) for each in await human.messages("ada") if each["ts"] > before)
    assert harness.mails(maildir, "Archive").total() == 8
    await human.press("ada", receipt, "Undo")
    await human.becomes("ada", receipt, harness.says("Taken back. 3 mails"))
    assert harness.mails(maildir, "Archive").total() == 5

    _, card = await human.triage("ada")
    assert harness.label_number(card, "Approve") == 3, "one is left of four, so three are asked again"
    await human.press("ada", card, "Not now")
    await human.becomes("ada", card, harness.says("Declined"))

    home = await human.until(lambda: shown_home(house, "Revoke"))
    assert "@north.example" in harness.words(home)
    await human.press("ada", home, "Revoke")
    await human.until(lambda: shown_home(house, "", "Standing permissions: none"))
    await house.idle()
    letters.put(maildir, [letters.newsletter(20, NEWS)])
    await human.triage("ada")
    assert harness.mails(maildir, "Archive").total() == 5


async def shown_home(house: House, label: str, *parts: str) -> Json | None:
    view = await house.human.home("ada")
    fits = view and (not label or harness.reads(view, label)) and harness.says(*parts)(view)
    return view if fits else None


async def test_grant_covers_exactly_what_it_names_until_it_ends(house: House) -> None:
    human = house.human
    card = await ask(house, "ben", note("Groceries", "milk"), title="First list")
    await human.press("ben", card, "Approve")
    receipt = await human.becomes("ben", card, lambda shown: harness.reads(shown, "Always allow…"))
    await human.press("ben", receipt, "Always allow…")
    view = await human.modal("ben")
    for values, block in (
        ({"facet:0:text": {"value": ""}}, "facet:0:text"),
        ({"count": {"value": "0"}}, "count"),
        ({"until": {"value": "2019-01-01"}}, "until"),
        ({"until": {"value": "2999-01-01"}}, "until"),
    ):
        done = await human.submit("ben", view, {"facet:0:text": {"value": "*"}, "count": {"value": "2"}, **values})
        assert list(done["errors"] or {}) == [block], (values, done)
    until = next(e["initial_date"] for _, e in harness.pressable(view) if e["type"] == "datepicker")
    done = await human.submit(
        "ben", view, {"facet:0:text": {"value": "*"}, "count": {"value": "2"}, "until": {"value": until}}
    )
    assert done["errors"] is None
    await human.close("ben", await human.modal("ben", harness.says("Allowed from now on")))

    waiting = await propose(house, "ben", note("Groceries", "eggs"), note("Diary", "dear"), title="Two lists")
    assert waiting.proposed
    assert (waiting.proposed.granted, waiting.proposed.waiting) == (1, 1)
    await house.idle()
    written = [call.args["text"] for call in house.lab.world.effects()]
    assert written == ["milk", "eggs"]
    assert (await propose(house, "chen", note("Groceries", "tea"))).proposed.waiting == 1  # type: ignore[union-attr]
    async with house.app.storage.database.write() as session:
        past = update(GrantRow).values(until=GrantRow.created_at)
        await session.execute(past)
    assert (await propose(house, "ben", note("Groceries", "salt"))).proposed.waiting == 1  # type: ignore[union-attr]
    await house.idle()
    assert [call.args["text"] for call in house.lab.world.effects()] == written


async def test_never_offered_for_what_is_shared_or_final(house: House) -> None:
    human = house.human
    given = {
        "lab.erase": {"things": ["a"]},
        "lab.pay": {"to": "Acme", "amount": 5},
        "lab.share": {"thing": "plan", "person": "bob"},
        "lab.deploy": deploy().args,
        "lab.mystery": {"what": "x"},
    }
    assert set(given) < set(TOOLS)
    for name, args in given.items():
        await ask(house, "ben", Call(name, args), title=f"Try {name}")
        card = await human.message("ada", titled(f"Try {name}", "Decide by"))
        await human.press("ada", card, "Approve")
        await human.becomes("ada", card, harness.says("Done"))
        for who in ("ada", "ben"):
            receipt = await human.message(who, titled(f"Try {name}", "Done"))
            assert not harness.reads(receipt, "Always allow…")
            value = harness.button_value(receipt, "Show all")
            await harness.forged_click(house, who, receipt, "gate.view.grant", value)
    await house.idle()
    assert await rows(house, "grants") == 0
    assert len(house.lab.world.effects()) == len(given)


async def test_deploy_to_a_safe_place_may_be_allowed(house: House) -> None:
    human = house.human
    card = await ask(house, "ben", deploy("site", "staging", "v1"), title="Try staging")
    await human.press("ben", card, "Approve")
    receipt = await human.becomes("ben", card, lambda shown: harness.reads(shown, "Always allow…"))
    await human.press("ben", receipt, "Always allow…")
    view = await human.modal("ben")
    await human.submit("ben", view, facet(view, "version", "*"))
    await human.close("ben", await human.modal("ben", harness.says("Allowed from now on")))
    back = await propose(house, "ben", deploy("site", "staging", "v2"))
    assert back.proposed
    assert back.proposed.granted == 1
    back = await propose(house, "ben", deploy("site", "production", "v2"))
    assert back.proposed
    assert back.proposed.waiting == 1
    await house.idle()
    assert [call.args["environment"] for call in house.lab.world.effects()] == ["staging", "staging"]
