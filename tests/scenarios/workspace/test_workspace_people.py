"""Members whose status changes, user groups, renamed channels: as the app sees them at that moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from workspace_parts import QUICK, Connect, Human, Json

from bot.workspace.model import BOT_TOKEN
from bot.workspace.server import Workspace

ADA, BEN, CHEN, EVE = "U01ADA00001", "U01BEN00002", "U01CHEN0003", "U01EVE00005"
DEPLOYS = "C01DEPLOYS2"


async def user(client: AsyncWebClient, id: str) -> Json:
    return dict((await client.users_info(user=id))["user"])


async def test_users_info_tells_what_somebody_is_at_that_moment(human: Human, client: AsyncWebClient) -> None:
    assert (await user(client, ADA))["is_admin"]
    assert (await user(client, EVE))["is_restricted"]
    await human.post("member", user="ada", is_admin=False)
    await human.post("member", user=EVE, is_guest=False)
    ada = await user(client, ADA)
    assert (ada["is_admin"], ada["is_owner"], ada["deleted"]) == (False, False, False)
    assert not (await user(client, EVE))["is_restricted"]
    await human.post("member", user="ben", active=False)
    ben = await user(client, BEN)
    assert ben["deleted"]
    assert not {"is_admin", "tz", "locale", "is_restricted"} & set(ben)  # Slack tells no more of the deactivated
    await human.post("member", user="chen", is_stranger=True)
    chen = await user(client, CHEN)
    assert chen["is_stranger"]
    assert chen["team_id"] != ada["team_id"]
    assert (await client.conversations_info(channel=DEPLOYS))["channel"]["is_ext_shared"]
    assert (await human.try_post("member", user="chen", is_admin=True))[0] == 400


async def test_the_deactivated_can_do_nothing_and_are_listed_nowhere(human: Human, client: AsyncWebClient) -> None:
    message = (await client.chat_postMessage(channel=DEPLOYS, text="hello"))["ts"]
    await human.post("group", handle="oncall", members=["ben", "chen"])
    await human.post("member", user="ben", active=False)
    who: Json = {"as_": "ben", "channel": "#deploys"}
    tried = {
        "command": {"text": "/meshclaw"},
        "message": {"text": "hi"},
        "click": {"ts": message, "action_id": "a"},
        "react": {"ts": message, "name": "eyes"},
        "stop": {"thread_ts": message},
        "shortcut": {"callback_id": "x"},
        "submit": {"view_id": "V1"},
    }
    for call, more in tried.items():
        status, answer = await human.try_post(call, **who, **more)
        assert (status, answer["error"]) == (400, "user_deactivated"), call
    assert await human.messages("ben", "#deploys")  # looking stays possible, for tests
    assert BEN not in (await client.conversations_members(channel=DEPLOYS))["members"]
    assert (await client.conversations_info(channel=DEPLOYS))["channel"]["num_members"] == 4
    assert (await client.usergroups_users_list(usergroup="S01GROUP001"))["users"] == [CHEN]
    with pytest.raises(SlackApiError, match="user_disabled"):
        await client.conversations_open(users=BEN)
    with pytest.raises(SlackApiError, match="users_not_found"):
        await client.users_lookupByEmail(email="ben@example.com")
    await human.post("member", user="ben", active=True)
    assert BEN in (await client.conversations_members(channel=DEPLOYS))["members"]
    assert (await human.post("message", **who, text="back"))["ts"]


async def test_groups_are_made_changed_and_mentioned(human: Human, client: AsyncWebClient) -> None:
    made = await human.post("group", handle="@sre", name="Site reliability", members=["ada", BEN, "ada"])
    assert made == {"id": made["id"], "handle": "sre", "name": "Site reliability", "members": [ADA, BEN]}
    assert made["id"].startswith("S")
    await human.post("group", handle="sre", members=[CHEN])
    assert (await human.get("workspace"))["groups"] == [{**made, "members": [CHEN]}]
    listed = (await client.usergroups_list(include_users=True, include_count=True))["usergroups"]
    assert [(one["id"], one["handle"], one["users"], one["user_count"]) for one in listed] == [
        (made["id"], "sre", [CHEN], 1)
    ]
    assert "users" not in (await client.usergroups_list())["usergroups"][0]
    assert (await client.usergroups_users_list(usergroup=made["id"]))["users"] == [CHEN]
    with pytest.raises(SlackApiError, match="no_such_subteam"):
        await client.usergroups_users_list(usergroup="S01NOBODY00")
    await human.post("message", as_="ada", channel="#general", text="@sre look")
    said = (await client.conversations_history(channel="C01GENERAL1"))["messages"][0]
    assert said["text"] == f"<!subteam^{made['id']}> look"
    assert said["blocks"][0]["elements"][0]["elements"][0] == {"type": "usergroup", "usergroup_id": made["id"]}
    for wrong in ({"handle": "ada"}, {"handle": "no good"}, {"handle": "x", "members": ["nobody"]}):
        assert (await human.try_post("group", **{"members": [], **wrong}))[0] == 400


async def test_groups_need_their_scope(tmp_path: Path) -> None:
    manifest = {"oauth_config": {"scopes": {"bot": ["chat:write"]}}}
    workspace = await Workspace.start(port=0, data=tmp_path, manifest=manifest, timing=QUICK)
    try:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=workspace.api_url, retry_handlers=[])
        for refused in (client.usergroups_list, lambda: client.usergroups_users_list(usergroup="S1")):
            with pytest.raises(SlackApiError) as error:
                await refused()
            assert (error.value.response["error"], error.value.response["needed"]) == (
                "missing_scope",
                "usergroups:read",
            )
    finally:
        await workspace.stop()


async def test_a_channel_goes_by_its_new_name(human: Human, client: AsyncWebClient) -> None:
    await human.post("rename", channel="#deploys", name="releases")
    assert (await client.conversations_info(channel=DEPLOYS))["channel"]["name"] == "releases"
    assert (await client.chat_postMessage(channel="#releases", text="hi"))["channel"] == DEPLOYS
    assert (await human.try_post("message", as_="ada", channel="#deploys", text="hi"))[0] == 400
    for wrong in ("general", "Has Capitals", "", "x" * 81, "a.b"):
        assert (await human.try_post("rename", channel="#releases", name=wrong))[0] == 400
    await human.post("rename", channel="#releases", name="資料-1")


async def test_a_restart_keeps_members_groups_and_names(tmp_path: Path) -> None:
    workspace = await Workspace.start(port=0, data=tmp_path, timing=QUICK)
    async with aiohttp.ClientSession(workspace.url) as session:
        human = Human(session)
        await human.post("member", user="ben", active=False)
        await human.post("member", user="dana", is_admin=True)
        await human.post("group", handle="sre", members=["ada"])
        await human.post("rename", channel="#deploys", name="releases")
        before = await human.get("workspace")
    await workspace.stop()
    workspace = await Workspace.start(port=0, data=tmp_path, timing=QUICK)
    try:
        async with aiohttp.ClientSession(workspace.url) as session:
            after = await Human(session).get("workspace")
    finally:
        await workspace.stop()
    assert {key: after[key] for key in ("people", "groups", "channels")} == {
        key: before[key] for key in ("people", "groups", "channels")
    }
    assert [one["handle"] for one in after["people"] if not one["is_active"]] == ["ben"]


@pytest.mark.parametrize(("who", "channel"), [("ada", "@meshclaw"), ("chen", "#deploys")])
async def test_the_stop_button_works_in_direct_messages_and_in_threads_of_channels(
    app: AsyncApp, connect: Connect, human: Human, client: AsyncWebClient, who: str, channel: str
) -> None:
    stopped: list[Json] = []

    async def stop(ack: Any, event: Json) -> None:
        stopped.append(event)
        await ack()

    async def take(ack: Any) -> None:
        await ack()

    app.event("agent_session_stopped")(ack=stop, lazy=[])
    app.event("message")(ack=take, lazy=[])
    await connect()
    root = await human.post("message", as_=who, channel=channel, text="work")
    here = {"channel": channel, "thread_ts": root["ts"]}
    session = {"channel_id": root["channel"], "thread_ts": root["ts"]}
    for status in ("processing", "suspended", "processing"):
        await client.api_call("agents.sessions.setStatus", json={**session, "status": status})
        expected = 200 if status == "processing" else 400
        assert (await human.try_post("stop", as_=who, **here))[0] == expected
    assert [(one["channel"], one["thread_ts"], one["streaming_message_ts"]) for one in stopped] == [
        (root["channel"], root["ts"], [])
    ] * 2
    reply = await human.post("message", as_=who, channel=channel, text="more", thread_ts=root["ts"])
    await human.post("stop", as_=who, channel=channel, thread_ts=reply["ts"])  # from any message of the thread
    assert stopped[-1]["thread_ts"] == root["ts"]
    assert (await human.try_post("stop", as_="eve", channel="#deploys", thread_ts=root["ts"]))[0] == 400
