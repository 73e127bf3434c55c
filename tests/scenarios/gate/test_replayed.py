"""Forwarded, copied, stale, replayed: whatever comes again, or from elsewhere, brings at most the one effect."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import harness
import pytest
import pytest_asyncio
from gate_parts import ADA, GENERAL, ask, governed, note, rows, told
from harness import House, Json
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.workspace.model import SIGNING_SECRET
from bot.workspace.seed import TEAM
from handlers import listening

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with governed(tmp_path_factory.mktemp("house")) as house:
        yield house


def done(house: House) -> list[str]:
    return [str(call.args["title"]) for call in house.lab.world.effects()]


def click(card: Json, value: str, team: str = TEAM.id, **place: str) -> dict[str, Any]:
    where = {"message_ts": card["ts"], "channel_id": card["channel"], **place}
    return {
        "type": "block_actions",
        "team": {"id": team},
        "user": {"id": ADA, "team_id": team},
        "api_app_id": "A01MESHCLAW",
        "trigger_id": "1.2.3",
        "container": {"type": "message", **where},
        "channel": {"id": where["channel_id"], "name": "x"},
        "actions": [{"type": "button", "action_id": "gate.approve", "block_id": "b", "value": value}
                    | {"action_ts": "1700000000.1"}],
    }  # fmt: skip


async def dispatch(house: House, payload: dict[str, Any]) -> None:
    await house.app.bolt.async_dispatch(AsyncBoltRequest(body=payload, mode="socket_mode"))
    await house.idle()


async def test_copy_of_the_card_elsewhere(house: House) -> None:
    card = await ask(house, "ada", note("copied"))
    value = harness.button_value(card, "Approve")
    for place in ({"channel_id": GENERAL}, {"message_ts": "1700000000.000100"}):
        await told(house, "ada", lambda place=place: dispatch(house, click(card, value, **place)),
                   "This is a copy of the card.", channel=place.get("channel_id", "@meshclaw"))  # fmt: skip
    assert "copied" not in done(house)
    await house.human.press("ada", card, "Approve")
    await house.human.becomes("ada", card, harness.says("Done"))


async def test_same_name_in_another_workspace_is_somebody_else(house: House) -> None:
    card = await ask(house, "ada", note("elsewhere"))
    value = harness.button_value(card, "Approve")
    await dispatch(house, click(card, value, team="T02OTHERCO0"))
    assert await rows(house, "approvals", f"plan = '{value}'") == 0
    assert "elsewhere" not in done(house)
    await house.human.press("ada", card, "Not now")
    await house.human.becomes("ada", card, harness.says("Not done"))


async def test_older_drawing(house: House) -> None:
    human = house.human
    card = await ask(house, "ada", note("first words", "one"))
    old = harness.button_value(card, "Approve")
    await human.press("ada", card, "Edit…")
    await human.submit("ada", await human.modal("ada"), {"field:0:text": {"value": "two"}})
    changed = await human.becomes("ada", card, harness.says("first words: two"))
    await told(house, "ada", lambda: dispatch(house, click(card, old)), "This card has changed since.")
    assert "first words" not in done(house)
    await human.press("ada", changed, "Approve")
    await human.becomes("ada", card, harness.says("Done"))
    (call,) = [call for call in house.lab.world.effects() if call.args["title"] == "first words"]
    assert call.args["text"] == "two"


async def test_same_signed_request_over_and_over(house: House) -> None:
    """At once, one after the other, and after its time."""
    card = await ask(house, "ada", note("replayed"))
    body = urlencode({"payload": json.dumps(click(card, harness.button_value(card, "Approve")))})
    async with listening.by_http(house.app.bolt, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:

        async def send(headers: dict[str, str]) -> int:
            address = f"http://127.0.0.1:{port}/slack/events"
            async with session.post(address, data=body, headers=headers) as answer:
                return answer.status

        assert await send(signed(body, time.time() - 301)) == 401, "five minutes are too old"
        assert await send({**signed(body), "X-Slack-Signature": "v0=" + "0" * 64}) == 401
        assert await send({}) == 401
        assert "replayed" not in done(house)
        headers = signed(body)
        assert set(await asyncio.gather(*(send(headers) for _ in range(5)))) == {200}
        await house.human.becomes("ada", card, harness.says("Done"))
        assert [await send(headers) for _ in range(3)] == [200] * 3
    await house.idle()
    assert done(house).count("replayed") == 1
    assert not house.lab.world.asked_again()
    value = harness.button_value(card, "Approve")
    assert await rows(house, "approvals", f"plan = '{value}'") == 1


async def test_every_delivery_three_times(house: House) -> None:
    human = house.human
    card = await ask(house, "ada", note("thrice"))
    await human.press("ada", card, "Approve")
    await human.redeliver(2)
    receipt = await human.becomes("ada", card, harness.is_undoable)
    await human.press("ada", receipt, "Undo")
    await human.redeliver(2)
    await human.becomes("ada", card, harness.says("Taken back"))
    before = await human.last("ada")
    await human.command("ada", "/meshclaw stop")
    await human.redeliver(2)
    await human.command("ada", "/meshclaw resume")
    await human.redeliver(2)
    await house.idle()
    assert await rows(house, "stops") == 1
    assert done(house).count("thrice") == 2, "written down, and thrown away"
    assert before


def signed(body: str, at: float | None = None) -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(SIGNING_SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    kind = "application/x-www-form-urlencoded"
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}", "Content-Type": kind}
