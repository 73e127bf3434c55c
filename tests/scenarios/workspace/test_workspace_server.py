"""The server itself: whom it answers, what it finds again after a restart, and the log a page follows."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from workspace_parts import QUICK, Human

from bot.workspace.model import BOT_TOKEN
from bot.workspace.server import Workspace


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1.evil.example:{port}"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_other_hosts_and_sites_are_refused(workspace: Workspace, headers: dict[str, str]) -> None:
    filled = {name: value.format(port=workspace.port) for name, value in headers.items()}
    async with aiohttp.ClientSession() as session:
        for path in ("/human/workspace", "/api/auth.test?token=xoxb-local"):
            async with session.get(workspace.url + path, headers=filled) as answer:
                assert answer.status == 403


async def test_its_own_page_and_plain_clients_are_served(workspace: Workspace) -> None:
    own = {"Origin": workspace.url, "Sec-Fetch-Site": "same-origin"}
    async with aiohttp.ClientSession() as session:
        for headers in ({}, own, {"Host": f"localhost:{workspace.port}"}):
            async with session.get(workspace.url + "/human/workspace", headers=headers) as answer:
                assert answer.status == 200


async def test_a_taken_port_is_an_error(workspace: Workspace, tmp_path: Path) -> None:
    assert workspace.url.startswith("http://127.0.0.1:")
    assert workspace.api_url == f"{workspace.url}/api/"
    with pytest.raises(OSError, match="in use"):
        await Workspace.start(port=workspace.port, data=tmp_path / "other")


async def test_a_restart_finds_everything_again(tmp_path: Path) -> None:
    workspace = await Workspace.start(port=0, data=tmp_path, timing=QUICK)
    client = AsyncWebClient(token=BOT_TOKEN, base_url=workspace.api_url)
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    async with aiohttp.ClientSession(workspace.url) as session:
        human = Human(session)
        await human.post("kick", channel="#general", user="eve")
        root = await human.post("message", as_="ada", channel="#general", text="root")
        gone = await client.chat_postMessage(channel="C01GENERAL1", text="gone")
        await client.chat_postMessage(channel="C01GENERAL1", text="reply", thread_ts=root["ts"])
        await client.chat_postMessage(
            channel="U01ADA00001", text="dm", metadata={"event_type": "a", "event_payload": {}}
        )
        await client.chat_delete(channel="C01GENERAL1", ts=str(gone["ts"]))
        await client.chat_update(channel="C01GENERAL1", ts=(await _last(human)), text="reply, edited")
        await client.reactions_add(channel="C01GENERAL1", timestamp=root["ts"], name="eyes")
        await client.views_publish(user_id="U01ADA00001", view=home)
        await client.chat_postEphemeral(channel="C01GENERAL1", user="U01ADA00001", text="whisper")
        before = (await human.get("workspace"))["channels"]
    await workspace.stop()

    workspace = await Workspace.start(port=0, data=tmp_path, timing=QUICK)
    try:
        async with aiohttp.ClientSession(workspace.url) as session:
            human = Human(session)
            general = await human.messages("ada", "#general")
            assert [(one["text"], one["thread_ts"]) for one in general] == [
                ("root", None),
                ("reply, edited", root["ts"]),
            ]
            assert general[0]["reactions"][0]["name"] == "eyes"
            assert (await human.messages("ada", "@meshclaw"))[0]["metadata"]["event_type"] == "a"
            assert (await human.get("home", as_="ada"))["view"]["blocks"][0]["type"] == "divider"
            assert (await human.get("workspace"))["channels"] == before
            later = await human.post("message", as_="ada", channel="#general", text="later")
            assert later["ts"] > general[-1]["ts"]
    finally:
        await workspace.stop()


async def _last(human: Human) -> str:
    return str((await human.messages("ada", "#general"))[-1]["ts"])


async def test_the_log_tells_every_visible_change(human: Human, client: AsyncWebClient) -> None:
    since = (await human.get("workspace"))["log_id"]
    posted = await human.post("message", as_="ada", channel="#general", text="x")
    await human.post("react", as_="ben", channel="#general", ts=posted["ts"], name="eyes")
    await client.chat_postEphemeral(channel="C01GENERAL1", user="U01ADA00001", text="psst")
    await client.views_publish(user_id="U01ADA00001", view={"type": "home", "blocks": [{"type": "divider"}]})
    entries = []
    async with asyncio.timeout(5), human.session.get("/human/log", params={"since": since}) as log:
        assert log.headers["Content-Type"] == "text/event-stream"
        async for line in log.content:
            if line.startswith(b"data: "):
                entries.append(json.loads(line[6:]))
                if entries[-1]["kind"] == "home":
                    break
    told = [(one["kind"], one["type"], one["channel"], one["person"]) for one in entries]
    assert told == [
        ("message", "message", "C01GENERAL1", None),
        ("message", "reaction_added", "C01GENERAL1", None),
        ("message", "message", "C01GENERAL1", "U01ADA00001"),
        ("home", "home", None, "U01ADA00001"),
    ]
    assert [one["id"] for one in entries] == list(range(since + 1, since + 5))


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("command", {"as": "ada", "channel": "#general", "text": "meshclaw"}),
        ("command", {"as": "eve", "channel": "#deploys", "text": "/meshclaw"}),
        ("message", {"as": "ada", "channel": "#general", "text": "  "}),
        ("message", {"as": "ada", "channel": "#general"}),
        ("message", {"as": "ada", "channel": "#general", "text": "x", "thread_ts": "1.0"}),
        ("message", {"as": "nobody", "channel": "#general", "text": "x"}),
        ("click", {"as": "ada", "action_id": "x"}),
        ("submit", {"as": "ada", "view_id": "V404"}),
        ("close", {"as": "ada", "view_id": "V404"}),
        ("react", {"as": "ada", "channel": "#general", "ts": "1.0", "name": "eyes"}),
        ("invite", {"channel": "#nowhere", "user": "ada"}),
        ("limits", {}),
    ],
)
async def test_a_person_is_told_what_they_cannot_do(human: Human, call: str, body: dict[str, str]) -> None:
    async with human.session.post(f"/human/{call}", json=body) as answer:
        assert answer.status == 400
        told = await answer.json()
    assert told["error"]
    assert told["message"]
