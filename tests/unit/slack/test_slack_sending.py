"""Whatever leaves for Slack leaves by one function, which lets nothing in it be fetched, linked or called."""

import ast
from pathlib import Path

import pytest
from slack_parts import DEPLOYS, LocalSlack, person

from bot.contracts.errors import OperatorMends, OutcomeUnknown
from bot.contracts.slack import Message, Posted, SlackAway
from connectors.slack import history, sender

ROOM = Path(sender.__file__).parent
SENDS = ("chat_postMessage", "chat_postEphemeral", "chat_update", "chat_scheduleMessage", "chat_meMessage")
LURE = Message("see <https://evil.example/?q=secret> @channel", [{"type": "divider"}])


async def test_every_way_out_lets_nothing_unfurl(slack: LocalSlack) -> None:
    ada = person("ada")
    posted = await slack.sender.post(DEPLOYS, LURE, key="k1")
    await slack.sender.post(DEPLOYS, LURE, key="k2", thread_ts=posted.ts)
    await slack.sender.update(posted, LURE)
    await slack.sender.whisper(DEPLOYS, ada, LURE)
    await slack.human.post("kick", channel="#deploys", user="ada")
    await slack.sender.whisper(DEPLOYS, ada, LURE)  # to their direct messages
    sent = [call for call in await slack.human.calls() if "blocks" in call["args"]]
    assert [call["method"] for call in sent] == [
        *("chat.postMessage", "chat.postMessage", "chat.update"),
        *("chat.postEphemeral", "chat.postEphemeral", "chat.postEphemeral"),
    ]
    for call in sent:
        for name in ("unfurl_links", "unfurl_media", "link_names"):
            assert call["args"][name] in (False, 0, "0"), call
        assert call["args"]["parse"] == "none"


def test_the_arguments_of_every_send_are_made_in_one_place() -> None:
    seen = 0
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in SENDS:
                seen += 1
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SENDS:
                assert not node.args
                assert [ast.unparse(word) for word in node.keywords] == ["**leaving"], ast.unparse(node)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "leaving":
                assert isinstance(node.value, ast.Call)
                assert ast.unparse(node.value.func) == "_leaving"
    assert seen == 3


async def test_removed_once_and_gone_then(slack: LocalSlack) -> None:
    posted = await slack.sender.post(DEPLOYS, LURE, key="k1")
    assert await slack.sender.remove(posted) is True
    assert await slack.human.messages("ada", "#deploys") == []
    assert await slack.sender.remove(posted) is False


async def test_somebody_elses_message_is_not_ours_to_remove(slack: LocalSlack) -> None:
    said = await slack.human.say("ada", "mine", "#deploys")
    with pytest.raises(OperatorMends, match="cant_delete_message"):
        await slack.sender.remove(Posted(DEPLOYS, said["ts"]))
    assert len(await slack.human.messages("ada", "#deploys")) == 1


async def test_a_post_whose_answer_was_lost_is_found(slack: LocalSlack) -> None:
    await slack.human.fault("chat.postMessage", "drop_after", count=1)
    with pytest.raises(SlackAway):
        await slack.sender.post(DEPLOYS, LURE, key="k1")
    await slack.human.say("ada", "and then?", "#deploys")
    (first, _) = await slack.human.messages("ada", "#deploys")
    assert await slack.sender.history.seek(DEPLOYS, "k1") == Posted(DEPLOYS, first["ts"])
    assert await slack.sender.find(DEPLOYS, "k1") == Posted(DEPLOYS, first["ts"])
    assert await slack.sender.history.seek(DEPLOYS, "k2") is None


async def test_an_answer_in_a_thread_is_found_in_the_thread(slack: LocalSlack) -> None:
    root = await slack.human.say("ada", "what of it?", "#deploys")
    posted = await slack.sender.post(DEPLOYS, LURE, key="k1", thread_ts=root["ts"])
    assert await slack.sender.history.seek(DEPLOYS, "k1", root["ts"]) == posted
    assert await slack.sender.history.seek(DEPLOYS, "k1") is None
    found = await slack.sender.history.message(posted, root["ts"])
    assert found is not None
    assert found["ts"] == posted.ts


async def test_a_post_is_found_beneath_whatever_came_after(slack: LocalSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE", 2)
    monkeypatch.setattr(history, "_PAGES", 3)
    posted = await slack.sender.post(DEPLOYS, LURE, key="k1")
    for number in range(5):
        await slack.human.say("ada", f"{number}", "#deploys")
    assert await slack.sender.history.seek(DEPLOYS, "k1") == posted
    assert await slack.sender.history.seek(DEPLOYS, "other") is None
    await slack.human.say("ada", "too much", "#deploys")
    with pytest.raises(OutcomeUnknown):
        await slack.sender.history.seek(DEPLOYS, "k1")


async def test_a_deleted_message_is_none(slack: LocalSlack) -> None:
    posted = await slack.sender.post(DEPLOYS, LURE, key="k1")
    await slack.sender.post(DEPLOYS, LURE, key="k2")
    assert (await slack.sender.history.message(posted) or {}).get("ts") == posted.ts
    await slack.sender.remove(posted)
    assert await slack.sender.history.message(posted) is None
    assert await slack.sender.history.message(posted, posted.ts) is None


async def test_a_session_is_shown_as_ended(slack: LocalSlack) -> None:
    root = await slack.human.say("ada", "work", "@meshclaw")
    channel = await slack.sender.direct(person("ada"))
    await slack.sender.end_session(channel, root["ts"])
    (call,) = await slack.human.calls("agents.sessions.setStatus")
    assert (call["ok"], call["args"]["status"]) == (True, "active")


async def test_where_there_is_no_session_nothing_fails(slack: LocalSlack) -> None:
    await slack.sender.end_session(DEPLOYS, "1700000000.000001")
    (call,) = await slack.human.calls("agents.sessions.setStatus")
    assert not call["ok"]
