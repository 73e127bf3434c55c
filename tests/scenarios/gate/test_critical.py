"""What is critical takes a code from the authenticator app besides the button: for exactly that card, once."""

import re
import time
from collections.abc import AsyncIterator

import harness
import pyotp
import pytest
import pytest_asyncio
from gate_parts import ADA, CHEN, ask, governed, rows, told, waits
from harness import House, Human, Json
from sqlalchemy import text

from bot.contracts.tools import Call

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = f"""
[[rule]]
name = "payments are critical"
then = "ask"
effect = "spend"
approvers = ["{ADA}", "{CHEN}"]
critical = true
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with governed(tmp_path_factory.mktemp("house"), POLICY) as house:
        yield house


def paid(house: House) -> list[str]:
    return [str(call.args["to"]) for call in house.lab.world.effects() if call.tool == "lab.pay"]


async def card_to_pay(house: House, to: str) -> Json:
    """Ben asks for a payment; the card as Ada sees it."""
    await ask(house, "ben", Call("lab.pay", {"to": to, "amount": 12_345}), title=f"Pay {to}")
    return await house.human.message("ada", waits(f"Pay {to}"))


async def open_home(human: Human, who: str, label: str) -> Json:
    """Open the App Home once it shows that button, and press it; the modal that opens."""

    async def shown() -> Json | None:
        view = await human.home(who)
        return view if view and harness.reads(view, label) else None

    await human.press(who, await human.until(shown), label)
    return await human.modal(who)


async def enrol(house: House, who: str) -> str:
    """Set up an authenticator app as a person does; its secret."""
    human = house.human
    view = await open_home(human, who, "Set up…")
    found = re.search(r"secret=([A-Z2-7]+)", harness.words(view))
    assert found, harness.words(view)
    secret = found[1]
    done = await human.submit(who, view, {"code": {"value": wrong(secret)}})
    assert "This is not the code." in done["errors"]["code"]
    done = await human.submit(who, view, {"code": {"value": code(secret)}})
    assert done["errors"] is None
    assert "is set up" in harness.words(await human.modal(who, harness.says("set up")))
    await human.close(who, await human.modal(who), every=True)
    return secret


def code(secret: str, later: int = 0) -> str:
    """The code of now, or of so many steps later."""
    return pyotp.TOTP(secret).generate_otp(int(time.time()) // 30 + later)


def wrong(secret: str) -> str:
    """Six digits that are none of the codes around now."""
    near = {code(secret, later) for later in range(-3, 4)}
    return next(digits for digits in ("000000", "111111", "222222", "333333") if digits not in near)


async def forget_used_codes(house: House) -> None:
    """As if half a minute had gone by since the last code."""
    async with house.app.storage.database.write() as session:
        await session.execute(text("update factors set last_step = 0"))


async def test_button_alone_decides_nothing(house: House) -> None:
    human = house.human
    card = await card_to_pay(house, "Acme")
    assert harness.buttons(card)[0] == "Approve 1…"
    assert "approving takes a code" in harness.words(card)
    value = harness.button_value(card, "Not now")
    await told(
        house,
        "ada",
        lambda: harness.forged_click(house, "ada", card, "gate.approve", value),
        "This needs a code from your authenticator app.",
    )
    assert await rows(house, "approvals") == 0
    await human.press("ada", card, "Approve 1…")
    view = await human.modal("ada")
    assert "you have not set one up" in harness.words(view)
    assert "Set up…" in harness.words(view)
    assert "submit" not in view or not view["submit"]
    await human.close("ada", view)
    assert paid(house) == []
    await human.press("ada", card, "Not now")
    await human.becomes("ada", card, harness.says("Not done"))


async def test_code_from_enrolment_to_receipt(house: House) -> None:
    human = house.human
    secret = await enrol(house, "ada")
    card = await card_to_pay(house, "Bolts Ltd")
    await human.press("ada", card, "Approve 1…")
    view = await human.modal("ada")
    assert "123.45 to Bolts Ltd" in harness.words(view)
    for typed, said in ((wrong(secret), "This is not the code."), ("12", "A code has six digits."),
                        (code(secret), "This code was used already.")):  # fmt: skip
        done = await human.submit("ada", view, {"code": {"value": typed}})
        assert said in done["errors"]["code"]
        assert (await human.modal("ada"))["id"] == view["id"], "it stays open"
    await house.idle()
    assert paid(house) == []
    used = code(secret, 1)
    done = await human.submit("ada", view, {"code": {"value": f" {used[:3]} {used[3:]} "}})
    assert done["errors"] is None
    await human.becomes("ada", card, harness.says("Done", "with a code"))
    assert paid(house) == ["Bolts Ltd"]

    again = await card_to_pay(house, "Cables Ltd")
    await human.press("ada", again, "Approve 1…")
    view = await human.modal("ada")
    done = await human.submit("ada", view, {"code": {"value": used}})
    assert "This code was used already." in done["errors"]["code"]
    await human.close("ada", view)
    await human.press("ada", again, "Not now")
    await human.becomes("ada", again, harness.says("Not done"))
    assert paid(house) == ["Bolts Ltd"]


async def test_somebody_elses_code_and_somebody_elses_card(house: House) -> None:
    human = house.human
    secret = await enrol(house, "chen")
    card = await card_to_pay(house, "Dyes Ltd")
    theirs = await human.message("chen", waits("Pay Dyes Ltd"))
    await forget_used_codes(house)
    await human.press("ada", card, "Approve 1…")
    view = await human.modal("ada")
    done = await human.submit("ada", view, {"code": {"value": code(secret)}})
    assert "This is not the code." in done["errors"]["code"]
    await human.close("ada", view)
    await human.press("chen", theirs, "Approve 1…")
    view = await human.modal("chen")
    await human.press("ada", card, "Not now")
    await human.becomes("ada", card, harness.says("Not done"))
    done = await human.submit("chen", view, {"code": {"value": code(secret)}})
    await human.modal("chen", harness.says("decided already"))
    await house.idle()
    assert "Dyes Ltd" not in paid(house)


async def test_app_is_taken_off_with_a_code_only(house: House) -> None:
    human = house.human
    view = await open_home(human, "ada", "Remove…")
    done = await human.submit("ada", view, {"code": {"value": "000000"}})
    assert done["errors"]
    await human.close("ada", view)
    assert await rows(house, "factors") == 2
