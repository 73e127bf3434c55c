"""`meshclaw run --http`: signed requests are taken, others refused, and a request sent again runs once."""

import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlencode

import aiohttp
import harness
import letters
import pytest
import pytest_asyncio
from harness import ProcessHouse

from bot.workspace.model import SIGNING_SECRET

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = "application/x-www-form-urlencoded"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ProcessHouse]:
    folder = tmp_path_factory.mktemp("house")
    letters.put(folder / "mail" / "ada", [letters.newsletter(number) for number in range(3)])
    environment = {"PORT": "0", "MESHCLAW_HOST": "127.0.0.1", "SLACK_APP_TOKEN": ""}
    async with harness.process_house(
        folder, people=("ada",), environment=environment, arguments=["--http"], started=False
    ) as house:
        line = await house.start()
        found = re.fullmatch(r"MeshClaw is listening: port (\d+), path /slack/events", line)
        assert found, line
        house.url = f"http://127.0.0.1:{found[1]}"
        yield house


def command(text: str, trigger: str) -> str:
    return urlencode(
        {
            "command": "/meshclaw",
            "text": text,
            "team_id": "T01LOCALWS0",
            "user_id": "U01ADA00001",
            "channel_id": "C01GENERAL1",
            "trigger_id": trigger,
            "api_app_id": "A01MESHCLAW",
            "response_url": "http://127.0.0.1/nowhere",
        }
    )


def signed(body: str, at: float | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """Slack's headers: docs.slack.dev/authentication/verifying-requests-from-slack."""
    stamp = str(int(at if at is not None else time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}", "Content-Type": FORM}


async def send(house: ProcessHouse, body: str, headers: dict[str, str]) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{house.url}/slack/events", data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def cards(house: ProcessHouse) -> int:
    return sum(map(harness.is_card, await house.human.messages("ada")))


async def test_signed_command_runs_and_the_same_again_does_not(house: ProcessHouse) -> None:
    before = await cards(house)
    body = command("triage", "first.trigger")
    status, text = await send(house, body, signed(body))
    assert (status, "direct messages" in text) == (200, True)
    assert [status for status, _ in [await send(house, body, signed(body)) for _ in range(3)]] == [200] * 3
    await house.human.message("ada", harness.is_card)
    await house.idle()
    assert await cards(house) == before + 1
    summaries = [each for each in await house.human.messages("ada") if harness.is_summary(each)]
    assert len(summaries) == 1


async def test_click_over_http(house: ProcessHouse) -> None:
    before = await house.human.last("ada")
    body = command("triage", "second.trigger")
    await send(house, body, signed(body))
    card = await house.human.message("ada", harness.is_card, after=before)
    payload = {
        "type": "block_actions",
        "team": {"id": "T01LOCALWS0"},
        "user": {"id": "U01ADA00001", "team_id": "T01LOCALWS0"},
        "api_app_id": "A01MESHCLAW",
        "trigger_id": "1.2.3",
        "container": {"type": "message", "message_ts": card["ts"], "channel_id": card["channel"]},
        "channel": {"id": card["channel"], "name": "directmessage"},
        "actions": [
            {
                "type": "button",
                "action_id": "gate.deny",
                "block_id": "b",
                "value": harness.button_value(card, "Approve"),
                "action_ts": "1700000000.1",
            }
        ],
    }
    body = urlencode({"payload": json.dumps(payload)})
    assert (await send(house, body, signed(body)))[0] == 200
    await house.human.becomes("ada", card, harness.says("Declined"))


async def test_url_verification(house: ProcessHouse) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc123", "token": "x"})
    headers = signed(body) | {"Content-Type": "application/json"}
    status, text = await send(house, body, headers)
    assert (status, "abc123" in text) == (200, True)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers: {**headers, "X-Slack-Signature": "v0=" + "0" * 64},
        lambda headers: {name: value for name, value in headers.items() if name != "X-Slack-Signature"},
        lambda headers: {name: value for name, value in headers.items() if "Timestamp" not in name},
        lambda headers: {**headers, "X-Slack-Request-Timestamp": "soon"},
        lambda headers: {**headers, "X-Slack-Request-Timestamp": "1.5e9"},
        lambda headers: {**headers, "X-Slack-Request-Timestamp": "²³"},
        lambda headers: {**headers, "X-Slack-Request-Timestamp": "9" * 400},
        lambda headers: {**headers, "X-Slack-Signature": "é"},
        lambda headers: {},
    ],
    ids=["wrong", "unsigned", "no time", "no number", "float", "digits", "far future", "not ascii", "bare"],
)
async def test_unsigned_request_is_refused(
    house: ProcessHouse, spoil: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    before = await cards(house)
    body = command("triage", "refused.trigger")
    assert (await send(house, body, spoil(signed(body))))[0] == 401
    await house.idle()
    assert await cards(house) == before


@pytest.mark.parametrize("shift", [-301, -86_400, 302])
async def test_old_request_is_refused(house: ProcessHouse, shift: int) -> None:
    body = command("triage", "old.trigger")
    assert (await send(house, body, signed(body, time.time() + shift)))[0] == 401


async def test_another_secret_is_refused(house: ProcessHouse) -> None:
    body = command("triage", "other.trigger")
    assert (await send(house, body, signed(body, secret="another")))[0] == 401


async def test_changed_body_is_refused(house: ProcessHouse) -> None:
    headers = signed(command("triage", "a.trigger"))
    assert (await send(house, command("triage --folder X", "a.trigger"), headers))[0] == 401


async def test_health(house: ProcessHouse) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{house.url}/health") as answer:
        assert (answer.status, (await answer.json())["ok"]) == (200, True)
