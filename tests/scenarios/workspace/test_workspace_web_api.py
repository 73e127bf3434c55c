"""The Web API as clients call it: wire forms, visibility, refusals, paging, streams."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from workspace_parts import QUICK, Human, Json

from bot.workspace.model import APP_TOKEN, BOT_TOKEN
from bot.workspace.server import Workspace

GENERAL, DEPLOYS, SECRET = "C01GENERAL1", "C01DEPLOYS2", "C01SECRET03"
BLOCKS: list[Json] = [{"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}]


async def test_arguments_come_in_every_form(workspace: Workspace, human: Human) -> None:
    url = workspace.api_url + "chat.postMessage"
    arguments = {"channel": GENERAL, "text": "hi", "blocks": json.dumps(BLOCKS)}
    bearer = {"Authorization": f"Bearer {BOT_TOKEN}"}
    async with aiohttp.ClientSession() as session:
        for request in (
            session.get(url, params={**arguments, "token": BOT_TOKEN}),
            session.post(url, params=arguments, headers=bearer),
            session.post(url, data={**arguments, "token": BOT_TOKEN}),
            session.post(url, json={**arguments, "blocks": BLOCKS}, headers=bearer),
        ):
            async with request as answer:
                body = await answer.json()
                assert body["ok"], body
                assert body["message"]["blocks"][0]["text"]["text"] == "hi"
        async with session.post(url, params={**arguments, "text": "x" * 20_000}, headers=bearer) as answer:
            assert (await answer.json())["ok"]
    calls = (await human.get("calls", method="chat.postMessage"))["calls"]
    assert len(calls) == 5
    assert "token" not in json.dumps([call["args"] for call in calls])


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        ("auth.test", None, "not_authed"),
        ("auth.test", "xoxb-other", "invalid_auth"),
        ("no.such", BOT_TOKEN, "unknown_method"),
        ("apps.connections.open", BOT_TOKEN, "not_allowed_token_type"),
        ("conversations.list", APP_TOKEN, "not_allowed_token_type"),
        ("chat.postMessage", BOT_TOKEN, "invalid_arguments"),
        ("views.open", BOT_TOKEN, "invalid_arguments"),
        ("blocks.validate", BOT_TOKEN, "invalid_arguments"),
    ],
)
async def test_calls_are_refused_with_slacks_codes(
    workspace: Workspace, method: str, token: str | None, error: str
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.post(workspace.api_url + method, headers=headers) as answer,
    ):
        assert answer.status == 200
        assert await answer.json() == {"ok": False, "error": error} | {
            key: value for key, value in (await answer.json()).items() if key not in ("ok", "error")
        }


async def _refused(client: AsyncWebClient, method: str, **arguments: object) -> Json:
    with pytest.raises(SlackApiError) as refused:
        await client.api_call(method, json=arguments)
    data = refused.value.response.data
    assert isinstance(data, dict)
    return data


async def test_messages_are_refused_as_slack_refuses_them(client: AsyncWebClient, human: Human) -> None:
    async def error(method: str = "chat.postMessage", **arguments: object) -> str:
        return str((await _refused(client, method, **{"channel": GENERAL, **arguments}))["error"])

    theirs = (await human.post("message", as_="ada", channel="#general", text="mine"))["ts"]
    mine = str((await client.chat_postMessage(channel=GENERAL, text="x"))["ts"])
    assert await error() == "no_text"
    assert await error(text="x" * 40_001) == "msg_too_long"
    assert await error(text="x", channel="C404") == "channel_not_found"
    assert await error(text="x", thread_ts="1.000001") == "thread_not_found"
    assert await error(text="x", blocks="[{") == "invalid_blocks_format"
    assert await error(text="x", metadata={"event_type": 1}) == "invalid_metadata_format"
    assert await error(text="x", blocks=[{"type": "section"}] * 51) == "invalid_blocks"
    assert await error(text="x", attachments=[{"text": "a"}] * 101) == "too_many_attachments"
    assert await error("chat.postEphemeral", text="x", user="U404") == "user_not_found"
    assert await error("chat.postEphemeral", text="x", user="U01EVE00005", channel=DEPLOYS) == "user_not_in_channel"
    assert await error("chat.update", ts=theirs, text="x") == "cant_update_message"
    assert await error("chat.update", ts="1.0", text="x") == "message_not_found"
    assert await error("chat.update", ts=mine, text="x" * 4_001) == "msg_too_long"
    assert await error("chat.delete", ts=theirs) == "cant_delete_message"
    assert await error("reactions.add", timestamp=mine, name="not a name") == "invalid_name"
    body = await _refused(client, "chat.postMessage", channel=GENERAL, blocks=[{"type": "section"}])
    assert body["errors"][0]["pointer"].startswith("/blocks/0")
    assert body["response_metadata"]["messages"][0].startswith("[ERROR]")


async def test_the_app_sees_only_where_it_is(client: AsyncWebClient, human: Human) -> None:
    await human.post("kick", channel="#secret", user="@meshclaw")
    await human.post("kick", channel="#deploys", user="@meshclaw")
    private = await human.post("message", as_="ada", channel="@ben", text="between us")
    for channel, error in (
        (SECRET, "channel_not_found"),
        (DEPLOYS, "not_in_channel"),
        (private["channel"], "channel_not_found"),
    ):
        for method in ("conversations.history", "chat.postMessage"):
            refusal = await _refused(client, method, channel=channel, text="x")
            assert refusal["error"] == error, (channel, method)
    listed = await client.conversations_list(types="public_channel,private_channel,im")
    assert [one["id"] for one in listed["channels"]] == [GENERAL, DEPLOYS]
    mine = await client.users_conversations()
    assert [one["id"] for one in mine["channels"]] == [GENERAL]
    await client.conversations_join(channel=DEPLOYS)
    assert (await client.chat_postMessage(channel=DEPLOYS, text="back"))["ok"]
    assert (await _refused(client, "conversations.join", channel=SECRET))["error"] == "channel_not_found"


async def test_people_see_only_what_is_theirs(human: Human) -> None:
    workspace = await human.get("workspace")
    assert [one["handle"] for one in workspace["people"]] == ["ada", "ben", "chen", "dana", "eve"]
    members = {one["name"]: one["members"] for one in workspace["channels"]}
    assert "U01EVE00005" not in members["deploys"]
    assert set(members["secret"]) == {"U01ADA00001", "U01BEN00002", "U01MESHCLAW"}
    await human.post("message", as_="ada", channel="#secret", text="hush")
    assert len(await human.messages("ben", "#secret")) == 1
    for person, channel in (("chen", "#secret"), ("eve", "#deploys"), ("ada", "#nowhere"), ("mallory", "#general")):
        for call in (human.try_post("message", as_=person, channel=channel, text="x"), _look(human, person, channel)):
            assert (await call)[0] == 400
    seen = await human.get("workspace", as_="eve")
    assert [one["name"] for one in seen["channels"]] == ["general"]
    await human.post("invite", channel="#deploys", user="eve")
    assert (await human.try_post("message", as_="eve", channel="#deploys", text="thanks"))[0] == 200
    await human.post("kick", channel="#deploys", user="eve")
    assert (await _look(human, "eve", "#deploys"))[0] == 400


async def _look(human: Human, person: str, channel: str) -> tuple[int, Json]:
    async with human.session.get("/human/messages", params={"as": person, "channel": channel}) as answer:
        return answer.status, await answer.json()


async def test_history_pages_back_and_replies_forward(client: AsyncWebClient, human: Human) -> None:
    metadata = {"event_type": "card", "event_payload": {"id": 7}}
    sent = [
        (await client.chat_postMessage(channel=GENERAL, text=str(number), metadata=metadata))["ts"]
        for number in range(7)
    ]
    for number in range(5):
        await client.chat_postMessage(channel=GENERAL, text=f"reply {number}", thread_ts=sent[0])
    texts: list[str] = []
    cursor = ""
    while True:
        page = await client.conversations_history(channel=GENERAL, limit=3, cursor=cursor, include_all_metadata=True)
        texts += [one["text"] for one in page["messages"]]
        assert all(one["metadata"] == metadata for one in page["messages"])
        if not page["has_more"]:
            break
        cursor = page["response_metadata"]["next_cursor"]
    assert texts == ["6", "5", "4", "3", "2", "1", "0"]
    plain = await client.conversations_history(channel=GENERAL, oldest=sent[2], latest=sent[5])
    assert [one["text"] for one in plain["messages"]] == ["4", "3"]
    assert "metadata" not in plain["messages"][0]
    closed = await client.conversations_history(channel=GENERAL, oldest=sent[2], latest=sent[5], inclusive=True)
    assert [one["text"] for one in closed["messages"]] == ["5", "4", "3", "2"]

    thread = await client.conversations_replies(channel=GENERAL, ts=str(sent[0]), limit=2)
    assert [one["text"] for one in thread["messages"]] == ["0", "reply 0", "reply 1"]
    assert thread["messages"][0]["reply_count"] == 5
    rest = await client.conversations_replies(
        channel=GENERAL, ts=str(sent[0]), cursor=thread["response_metadata"]["next_cursor"]
    )
    assert [one["text"] for one in rest["messages"]] == ["reply 2", "reply 3", "reply 4"]
    in_thread = await human.messages("ada", "#general", thread_ts=sent[0])
    assert [one["text"] for one in in_thread] == ["0", *(f"reply {number}" for number in range(5))]
    assert len(await human.messages("ada", "#general")) == 12
    assert len(await human.messages("ada", "#general", oldest=sent[6])) == 5
    assert (await _refused(client, "conversations.history", channel=GENERAL, cursor="x"))["error"] == "invalid_cursor"


async def test_a_person_gets_direct_messages_by_their_id(client: AsyncWebClient, human: Human) -> None:
    opened = await client.conversations_open(users="U01CHEN0003")
    posted = await client.chat_postMessage(channel="U01CHEN0003", text="for you")
    assert posted["channel"] == opened["channel"]["id"]
    assert [one["text"] for one in await human.messages("chen", "@meshclaw")] == ["for you"]
    assert await human.messages("ada", "@meshclaw") == []
    assert (await _look(human, "ada", str(posted["channel"])))[0] == 400
    user = (await client.users_info(user="U01CHEN0003", include_locale=True))["user"]
    assert (user["tz"], user["tz_offset"], user["locale"]) == ("Asia/Taipei", 28800, "zh-TW")
    found = await client.users_lookupByEmail(email="eve@example.com")
    assert found["user"]["is_restricted"] is True


async def test_reactions_updates_and_deletions_are_seen(client: AsyncWebClient, human: Human) -> None:
    ts = str((await client.chat_postMessage(channel=GENERAL, text="x", blocks=BLOCKS))["ts"])
    await client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
    await human.post("react", as_="ada", channel="#general", ts=ts, name="eyes")
    (seen,) = await human.messages("ben", "#general")
    assert seen["reactions"] == [{"name": "eyes", "users": ["U01MESHCLAW", "U01ADA00001"], "count": 2}]
    assert seen["edited"] is None
    with pytest.raises(SlackApiError, match="already_reacted"):
        await client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
    await client.chat_update(channel=GENERAL, ts=ts, text="y")
    (seen,) = await human.messages("ben", "#general")
    assert seen["text"] == "y"
    assert seen["edited"]
    assert seen["blocks"][0]["text"]["text"] == "hi"  # kept: only an empty list takes blocks away
    await client.chat_update(channel=GENERAL, ts=ts, text="y", blocks=[])
    assert (await human.messages("ben", "#general"))[0]["blocks"] == []
    await client.chat_delete(channel=GENERAL, ts=ts)
    assert await human.messages("ben", "#general") == []


async def test_a_stream_grows_and_ends(client: AsyncWebClient, human: Human) -> None:
    root = str((await client.chat_postMessage(channel=GENERAL, text="go"))["ts"])
    refusal = await _refused(client, "chat.startStream", channel=GENERAL, thread_ts=root)
    assert refusal["error"] == "missing_recipient_user_id"
    streamer = await client.chat_stream(
        channel=GENERAL,
        thread_ts=root,
        recipient_user_id="U01ADA00001",
        recipient_team_id="T01LOCALWS0",
        buffer_size=1,
        task_display_mode="plan",
    )
    task = {"type": "task_update", "id": "1", "title": "Read mail", "status": "in_progress"}
    await streamer.append(chunks=[{"type": "plan_update", "title": "Triage"}, task])
    await streamer.append(markdown_text="Found ")
    live = (await human.messages("ada", "#general", thread_ts=root))[-1]
    assert live["streaming"] is True
    assert live["blocks"][0]["type"] == "plan"
    assert live["blocks"][0]["tasks"][0]["status"] == "in_progress"
    refusal = await _refused(client, "chat.update", channel=GENERAL, ts=live["ts"], text="no")
    assert refusal["error"] == "streaming_state_conflict"
    await streamer.append(markdown_text="*12* mails", chunks=[{**task, "status": "complete", "output": "12"}])
    await streamer.stop(blocks=BLOCKS)
    done = (await human.messages("ada", "#general", thread_ts=root))[-1]
    assert done["streaming"] is False
    assert done["text"] == "Found *12* mails"
    assert [one["type"] for one in done["blocks"]] == ["plan", "markdown", "section"]
    assert done["blocks"][0]["tasks"][0]["status"] == "complete"
    validated = await client.api_call("blocks.validate", json={"blocks": done["blocks"]})
    assert validated["ok"]
    await client.chat_update(channel=GENERAL, ts=live["ts"], text="after")


async def test_statuses_and_prompts_are_shown(client: AsyncWebClient, human: Human) -> None:
    root = (await human.post("message", as_="ada", channel="@meshclaw", text="work"))["ts"]
    here = {"channel_id": "D01ADA00001", "thread_ts": root}
    await client.assistant_threads_setStatus(**here, status="is reading", loading_messages=["One moment"])
    await client.assistant_threads_setSuggestedPrompts(**here, prompts=[{"title": "Sort", "message": "triage"}])
    answer = await human.get("messages", as_="ada", channel="@meshclaw")
    assert answer["status"] == [{"thread_ts": root, "text": "is reading", "loading_messages": ["One moment"]}]
    assert answer["prompts"]["prompts"] == [{"title": "Sort", "message": "triage"}]
    await client.chat_postMessage(channel="D01ADA00001", thread_ts=root, text="done")
    assert (await human.get("messages", as_="ada", channel="@meshclaw"))["status"] == []


async def test_files_are_uploaded_in_two_steps(client: AsyncWebClient, human: Human) -> None:
    await client.files_upload_v2(channel=GENERAL, content="a,b\n1,2\n", filename="t.csv", title="Table")
    (message,) = await human.messages("ada", "#general")
    (file,) = message["files"]
    assert (file["name"], file["title"], file["size"]) == ("t.csv", "Table", 8)
    async with human.session.get(file["url_private"]) as answer:
        assert await answer.text() == "a,b\n1,2\n"
        assert answer.headers["Content-Disposition"].startswith("attachment")
    assert (await client.files_info(file=file["id"]))["file"]["name"] == "t.csv"
    assert (await _refused(client, "files.info", file="F404"))["error"] == "file_not_found"


async def test_a_manifest_says_what_the_app_may(tmp_path: Path) -> None:
    manifest = {
        "display_information": {"name": "Small"},
        "features": {"slash_commands": [{"command": "/small"}]},
        "oauth_config": {"scopes": {"bot": ["chat:write"]}},
        "settings": {"event_subscriptions": {"bot_events": []}},
    }
    workspace = await Workspace.start(port=0, data=tmp_path, manifest=manifest, timing=QUICK)
    try:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=workspace.api_url)
        assert (await client.chat_postMessage(channel=GENERAL, text="x"))["ok"]
        refusal = await _refused(client, "conversations.history", channel=GENERAL)
        assert refusal == {
            "ok": False,
            "error": "missing_scope",
            "needed": "channels:history",
            "provided": "chat:write",
        }
        assert (await _refused(client, "users.info", user="U01ADA00001"))["needed"] == "users:read"
        async with aiohttp.ClientSession(workspace.url) as session:
            status, _ = await Human(session).try_post("command", as_="ada", channel="#general", text="/meshclaw")
            assert status == 400
            result = await Human(session).post("command", as_="ada", channel="#general", text="/small")
            assert result["error"] == "dispatch_failed"
    finally:
        await workspace.stop()
