"""Signed payloads of every shape Slack never sends: none is an error, and none changes anything."""

import asyncio
import hashlib
import hmac
import json
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import harness
import pytest
import structlog
from gate_parts import BEN, GENERAL, ask, deploy, governed, note, rows, waits
from harness import House

from bot.workspace.model import SIGNING_SECRET
from bot.workspace.seed import TEAM
from handlers import listening

HOW_MANY = 20_000 if os.environ.get("MESHCLAW_CHAOS") == "long" else 1_500
AT_ONCE = 16
KEPT = ("cards", "approvals", "ledger", "grants", "stops", "modes", "factors", "overrides", "connections", "plans")
JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**400, "", " ", "\x00", "\ud800", "x" * 70_000, "‮txt\U000e0041", "gate.approve",
    "gate.edit", '{"card_id": 7}', '{"card_id": "x", "index": -1}', '{"card_id": "x", "index": 99999999999}', "[]",
    "null", "{", "1:2:3:4", "a:99999999999999", [], [[]], {}, {"id": 7}, {"values": []}, [None], {"": {"": {"": ""}}},
    "'; drop table cards; --", "../../etc/passwd", "<!channel>", "١٢٣٤٥٦", "!stop\n", "/meshclaw",
)  # fmt: skip
EXPECTED = {"slack refused", "person not told"}
"""Slack says no to a place that does not exist, so nothing can be said there."""
UNHANDLED = {"listener failed", "request failed", "request tried again", "request not run"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with governed(tmp_path) as house:
        yield house


def deep(levels: int) -> Any:
    found: Any = "bottom"
    for _ in range(levels):
        found = [found]
    return found


def bodies(plan: str, ts: str, channel: str) -> list[dict[str, Any]]:
    """One sound body of each kind; of those that could set or decide something, only what cannot by itself."""
    user = {"id": BEN, "team_id": TEAM.id}
    common = {"team": {"id": TEAM.id, "domain": "x"}, "user": user, "api_app_id": "A01MESHCLAW", "trigger_id": "1.2.3"}
    view = {"id": "V01", "type": "modal", "hash": "1.a", "root_view_id": "V01", "private_metadata": "{}", "blocks": []}
    entered = {
        "code": {"value": {"type": "plain_text_input", "value": "000000"}},
        "field:0:text": {"value": {"value": "typed"}},
        "calls:0-1:00000000": {"ticks": {"selected_options": [{"value": "0"}]}},
        "until": {"value": {"selected_date": "2999-01-01"}},
        "count": {"value": {"value": "7"}},
    }
    found: list[dict[str, Any]] = [
        {"command": "/meshclaw", "text": text, "team_id": TEAM.id, "user_id": BEN, "channel_id": GENERAL}
        | {"trigger_id": "1.2.3", "response_url": "http://127.0.0.1/x", "api_app_id": "A01MESHCLAW"}
        for text in ("policy lab.send {}", "help", "connect mail", "audit", "lab no")
    ]
    names = "approve deny undo call_back go_on leave revoke widen nothing"
    modals = "choose edit deny prove grant grant_preview listing focus"
    for name in (*names.split(), *(f"view.{modal}" for modal in modals.split())):
        action = {"type": "button", "action_id": f"gate.{name}", "block_id": "b", "action_ts": "1.1"}
        place = {"container": {"type": "message", "message_ts": ts, "channel_id": channel}, "channel": {"id": channel}}
        found.append({"type": "block_actions", **common, **place, "actions": [{**action, "value": plan}]})
        inside = {**view, "state": {"values": entered}}
        found.append({"type": "block_actions", **common, "view": inside, "actions": [{**action, "value": plan}]})
    for name in ("choose", "focus", "edit", "deny_reason", "prove", "grant", "enrol", "unenrol"):
        submitted = {**view, "callback_id": f"gate.{name}", "state": {"values": entered}}
        found.append({"type": "view_submission", **common, "view": submitted})
    found.append(
        {"type": "view_submission", **common}
        | {"view": {**view, "callback_id": "connect.submit", "state": {"values": entered}}}
    )
    for event in (
        {"type": "message", "channel_type": "im", "text": "policy"},
        {"type": "message", "channel_type": "channel", "text": "hello"},
        {"type": "app_mention", "text": "<@U01MESHCLAW> help"},
        {"type": "app_home_opened", "tab": "home"},
        {"type": "app_home_opened", "tab": "messages"},
        {"type": "agent_session_stopped"},
        {"type": "reaction_added"},
    ):
        inner = {"user": BEN, "channel": GENERAL, "ts": "1.1", "event_ts": "1.1", **event}
        found.append({"type": "event_callback", "team_id": TEAM.id, "event_id": "Ev1", "event": inner})
    return found


def spoilt(body: Any, chance: random.Random) -> dict[str, Any]:
    """The body, and in one to four places of it something else, too much, or nothing; never what could be meant."""
    spoiled: dict[str, Any] = deepcopy(body)
    for _ in range(chance.randint(1, 4)):
        found = list(places(spoiled))
        if not found:
            break
        holder, key = chance.choice(found)
        match chance.randrange(5):
            case 0 if isinstance(holder, dict):
                del holder[key]
            case 1:
                holder[key] = deep(chance.choice((5, 200)))
            case 2:
                holder[key] = [holder[key]]
            case 3 if isinstance(holder, dict):
                holder[str(chance.choice(JUNK))[:50]] = deepcopy(chance.choice(JUNK))
            case _:
                holder[key] = deepcopy(chance.choice(JUNK))
    return spoiled


def places(part: Any) -> Iterator[tuple[Any, Any]]:
    """Everywhere in it something could be something else: the holder, and the key or index there."""
    keys = list(part) if isinstance(part, dict) else range(len(part))
    for key in keys:
        yield part, key
        if isinstance(part[key], dict | list):
            yield from places(part[key])


def signed(raw: bytes, kind: str) -> dict[str, str]:
    stamp = str(int(time.time()))
    digest = hmac.new(SIGNING_SECRET.encode(), b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}", "Content-Type": kind}


def written(body: dict[str, Any], chance: random.Random) -> tuple[bytes, dict[str, str]]:
    """As Slack writes it, or cut off, or under the name of another kind."""
    form, plain = "application/x-www-form-urlencoded", "application/json"
    if "event" in body or chance.random() < 0.02:
        raw, kind = json.dumps(body).encode(), plain
    elif "command" in body:
        raw, kind = urlencode({k: v if isinstance(v, str) else json.dumps(v) for k, v in body.items()},
                              errors="surrogatepass").encode(), form  # fmt: skip
    else:
        raw, kind = urlencode({"payload": json.dumps(body)}).encode(), form
    if chance.random() < 0.02:
        raw = raw[: chance.randrange(len(raw) + 1)]
    if chance.random() < 0.02:
        raw = b'{"event": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    return raw, signed(raw, kind if chance.random() > 0.02 else chance.choice((form, plain, "text/plain")))


async def kept(house: House) -> dict[str, Any]:
    found = {table: await rows(house, table) for table in KEPT}
    found["states"] = await rows(house, "cards", column="group_concat(state || version || plan)")
    return found


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_malformed_payloads_are_no_errors_and_change_nothing(house: House) -> None:
    human, chance = house.human, random.Random(20)
    mine = await ask(house, "ben", deploy("site"), title="Deploy the site")
    await human.message("ada", waits("Deploy the site"))
    own = await ask(house, "ada", note("a"), title="A note of Ada's")
    plan = harness.button_value(own, "Approve")
    sound = bodies(plan, own["ts"], own["channel"])
    before, effects = await kept(house), len(house.lab.world.effects())
    statuses: dict[int, int] = {}
    failed: list[bytes] = []
    with structlog.testing.capture_logs() as logs:
        async with listening.by_http(house.app.bolt, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
            numbers = iter(range(HOW_MANY))

            async def send() -> None:
                for _ in numbers:
                    raw, headers = written(spoilt(chance.choice(sound), chance), chance)
                    address = f"http://127.0.0.1:{port}/slack/events"
                    async with session.post(address, data=raw, headers=headers) as answer:
                        statuses[answer.status] = statuses.get(answer.status, 0) + 1
                        if answer.status >= 500:
                            failed.append(raw[:3_000])

            await asyncio.gather(*(send() for _ in range(AT_ONCE)))
        await house.idle(60)
    print(f"{HOW_MANY} payloads: {statuses}; logged: {_counted(logs)}")
    bad = [each for each in logs if each["event"] in UNHANDLED or each["log_level"] in ("error", "critical")]
    unhandled = [each for each in bad if each["event"] not in EXPECTED]
    assert not unhandled, unhandled[:3]
    assert not failed, (len(failed), failed[:3])
    assert await kept(house) == before
    assert len(house.lab.world.effects()) == effects
    assert sum(statuses.values()) == HOW_MANY
    await human.press("ada", own, "Approve")
    await human.becomes("ada", own, harness.says("Done"))
    assert harness.reads(await human.message("ben", lambda each: each["ts"] == mine["ts"]), "Withdraw")


def _counted(logs: list[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in logs:
        found[each["event"]] = found.get(each["event"], 0) + 1
    return found
