"""Posting in a person's name, and taking it back, against a whole workspace."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from human import Json
from shown import words
from slack_parts import DEPLOYS, SECRET, LocalSlack, local_slack, person

from bot.contracts.errors import OutcomeUnknown, PersonMends, TimeMends
from bot.contracts.tools import Call, Outcome, Tool, ToolContext, Unfinished
from connectors.slack import history
from connectors.slack.tools import PostTool


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[LocalSlack]:
    async with local_slack(tmp_path) as running:
        yield running


def tool(slack: LocalSlack, name: str = "slack.post") -> Tool:
    return next(tool for tool in slack.connector.tools() if tool.name == name)


def context(who: str = "ada", key: str = "plan/0") -> ToolContext:
    return ToolContext(person(who), key)


def post(text: str = "The release is at four.", **more: str) -> Call:
    return Call("slack.post", {"channel": DEPLOYS, "place": "#deploys", "text": text, **more})


async def done(slack: LocalSlack, call: Call | None, who: str = "ada", key: str = "plan/0") -> Outcome:
    assert call is not None
    tool(slack, call.tool).check(call.args)
    return await tool(slack, call.tool).perform(context(who, key), call.args)


async def looked(slack: LocalSlack, call: Call, who: str = "ada", key: str = "plan/0") -> Unfinished | None:
    return await tool(slack, call.tool).look_back(context(who, key), call.args)


async def shown(slack: LocalSlack, channel: str = "#deploys", who: str = "ada") -> list[Json]:
    return await slack.human.messages(who, channel)


async def test_posted_in_the_persons_name(slack: LocalSlack) -> None:
    outcome = await done(slack, post("<!channel> see <https://evil.example|this>\n*now* :tada:"))
    assert (outcome.state, outcome.count, outcome.note) == ("done", 1, "")
    (message,) = await shown(slack, who="chen")
    elements = message["blocks"][0]["elements"][0]["elements"]
    assert elements[0] == {"type": "user", "user_id": person("ada").user}
    assert words(message).endswith(", by MeshClaw\n<!channel> see <https://evil.example|this>\n*now* :tada:")
    assert {element["type"] for element in elements[1:]} == {"text"}
    assert message["metadata"]["event_payload"]["key"] == "plan/0"


async def test_posted_in_a_thread_and_taken_back_there(slack: LocalSlack) -> None:
    root = await slack.human.say("chen", "when?", "#deploys")
    call = post(thread_ts=root["ts"])
    outcome = await done(slack, call)
    (_, answer) = await shown(slack)
    assert answer["thread_ts"] == root["ts"]
    seen = await looked(slack, call)
    assert seen is not None
    assert (seen.settled, seen.rest) == (outcome, None)
    assert (await done(slack, outcome.inverse)).state == "done"
    assert [message["ts"] for message in await shown(slack)] == [root["ts"]]


async def test_taken_back(slack: LocalSlack) -> None:
    await slack.human.say("chen", "before", "#deploys")
    outcome = await done(slack, post("a & <b> 👍"))
    await slack.human.say("chen", "after", "#deploys")
    back = await done(slack, outcome.inverse)
    assert (back.state, back.count, back.inverse) == ("done", 1, None)
    assert [message["text"] for message in await shown(slack)] == ["before", "after"]


async def test_not_taken_back_twice(slack: LocalSlack) -> None:
    outcome = await done(slack, post())
    await done(slack, outcome.inverse)
    again = await done(slack, outcome.inverse)
    assert (again.state, again.gone, again.count) == ("failed", 1, 0)
    assert "deleted the message already" in again.note


@pytest.mark.parametrize("edited", ["text", "blocks"])
async def test_what_was_edited_since_is_left_alone(slack: LocalSlack, edited: str) -> None:
    outcome = await done(slack, post())
    (message,) = await shown(slack)
    blocks = message["blocks"] if edited == "text" else [{"type": "divider"}]
    await slack.client.chat_update(channel=DEPLOYS, ts=message["ts"], text="It is at five.", blocks=blocks)
    back = await done(slack, outcome.inverse)
    assert (back.state, back.count) == ("failed", 0)
    assert "no longer says what was posted" in back.note
    assert len(await shown(slack)) == 1


async def test_nothing_but_ones_own_post_can_be_taken_back(slack: LocalSlack) -> None:
    """A card, a receipt, or what was posted for somebody else."""
    outcome = await done(slack, post(), who="ben")
    assert outcome.inverse
    assert (await done(slack, outcome.inverse, who="ada")).state == "failed"
    card: Any = {"text": "A card", "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "A card"}}]}
    posted = await slack.client.chat_postMessage(channel=DEPLOYS, **card)
    forged = {**outcome.inverse.args, "ts": posted["ts"], "text": "A card"}
    assert (await done(slack, Call("slack.unsay", forged))).state == "failed"
    assert len(await shown(slack)) == 2


async def test_a_lost_answer_is_unknown_and_found_by_looking_back(slack: LocalSlack) -> None:
    await slack.human.fault("chat.postMessage", "drop_after", count=1)
    with pytest.raises(OutcomeUnknown):
        await done(slack, post())
    await slack.human.say("chen", "meanwhile", "#deploys")
    seen = await looked(slack, post())
    assert seen is not None
    assert (seen.settled.state, seen.settled.count, seen.rest) == ("done", 1, None)
    assert (await done(slack, seen.settled.inverse)).state == "done"
    assert [message["text"] for message in await shown(slack)] == ["meanwhile"]


async def test_a_post_that_never_arrived_may_run(slack: LocalSlack) -> None:
    await done(slack, post(), key="plan/1")
    await slack.human.fault("chat.postMessage", "drop_before", count=1)
    with pytest.raises(OutcomeUnknown):
        await done(slack, post())
    seen = await looked(slack, post())
    assert seen == Unfinished(Outcome("done"), post())
    assert len(await shown(slack)) == 1


async def test_what_cannot_be_told_is_not_guessed(slack: LocalSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE", 1)
    monkeypatch.setattr(history, "_PAGES", 1)
    await slack.human.say("chen", "one", "#deploys")
    await slack.human.say("chen", "two", "#deploys")
    assert await looked(slack, post()) is None
    await slack.human.fault("conversations.history", "drop_before", count=2)  # reads are tried twice
    with pytest.raises(TimeMends):
        await looked(slack, post())


async def test_a_deletion_whose_answer_was_lost_is_seen(slack: LocalSlack) -> None:
    inverse = (await done(slack, post())).inverse
    assert inverse
    await slack.human.fault("chat.delete", "drop_before", count=1)
    with pytest.raises(OutcomeUnknown):
        await done(slack, inverse)
    assert await looked(slack, inverse) == Unfinished(Outcome("done"), inverse)
    await slack.human.fault("chat.delete", "drop_after", count=1)
    with pytest.raises(OutcomeUnknown):
        await done(slack, inverse)
    assert await looked(slack, inverse) == Unfinished(Outcome("done", count=1), None)


async def refused(slack: LocalSlack, call: Call, who: str = "ada") -> str:
    """Why the call is not carried out: nothing is posted anywhere."""
    with pytest.raises(PersonMends) as caught:
        await done(slack, call, who)
    assert await slack.human.calls("chat.postMessage") == []
    assert caught.value.mend
    return caught.value.message


async def test_not_for_who_is_not_in_the_channel(slack: LocalSlack) -> None:
    assert await refused(slack, post(), who="eve") == "You are not in #deploys."
    await slack.human.post("kick", channel="#deploys", user="ada")
    assert await refused(slack, post()) == "You are not in #deploys."


async def test_not_where_the_app_is_not(slack: LocalSlack) -> None:
    await slack.human.post("kick", channel="#deploys", user="meshclaw")
    assert await refused(slack, post()) == "MeshClaw is not in #deploys."


async def test_not_where_the_name_is_another_now(slack: LocalSlack) -> None:
    await slack.human.post("rename", channel="#deploys", name="everyone-at-acme")
    assert await refused(slack, post()) == "#deploys is called #everyone-at-acme now."


async def test_a_name_that_lies_posts_nothing(slack: LocalSlack) -> None:
    lie = Call("slack.post", {**post().args, "channel": SECRET})
    assert await refused(slack, lie) == "#deploys is called #secret now."


async def test_a_private_channel_is_not_told_of_to_who_is_not_in_it(slack: LocalSlack) -> None:
    lie = Call("slack.post", {**post().args, "channel": SECRET})
    assert await refused(slack, lie, who="chen") == "You are not in #deploys."


async def test_a_private_channel_one_is_in(slack: LocalSlack) -> None:
    call = Call("slack.post", {"channel": SECRET, "place": "#secret", "text": "psst"})
    assert (await done(slack, call, who="ben")).state == "done"
    assert len(await shown(slack, "#secret")) == 1


@pytest.mark.parametrize("code", ["is_archived", "restricted_action"])
async def test_what_slack_does_not_allow_is_said(slack: LocalSlack, code: str) -> None:
    await slack.human.fault("chat.postMessage", f"error:{code}", count=1)
    with pytest.raises(PersonMends, match=r"Nothing was posted in #deploys"):
        await done(slack, post())


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "D01ADA00001"},
        {"channel": "#deploys"},
        {"channel": "U01ADA00001"},
        {"place": "deploys"},
        {"place": "#a\nb"},
        {"thread_ts": "1"},
        {"unfurl_links": True},
    ],
)
def test_other_arguments_are_refused(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(PersonMends):
        PostTool(None, None).check({**post().args, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["#deploys", "deploys", "Deploys", f"<#{DEPLOYS}|deploys>", f"<#{DEPLOYS}|>", f"<#{DEPLOYS}>", DEPLOYS]
)
async def test_a_channel_is_found_by_its_names(slack: LocalSlack, name: str) -> None:
    place = await slack.connector.find_channel(person("chen"), name)
    assert (place.channel, place.name) == (DEPLOYS, "#deploys")


async def test_a_channel_that_is_not_shared_is_not_found(slack: LocalSlack) -> None:
    unknown = await not_found(slack, "chen", "#nowhere")
    assert await not_found(slack, "chen", "#secret") == unknown.replace("nowhere", "secret")
    assert await not_found(slack, "chen", SECRET) == unknown.replace("#nowhere", SECRET)
    await slack.human.post("kick", channel="#deploys", user="meshclaw")
    assert await not_found(slack, "chen", "#deploys") == unknown.replace("nowhere", "deploys")


async def test_the_nearest_name_is_offered_of_channels_one_is_in(slack: LocalSlack) -> None:
    assert "Did you mean #deploys?" in await not_found(slack, "chen", "#deploy")
    assert "Did you mean" not in await not_found(slack, "chen", "#secrets")
    assert "Did you mean #secret?" in await not_found(slack, "ben", "#secrets")


async def not_found(slack: LocalSlack, who: str, name: str) -> str:
    with pytest.raises(PersonMends) as caught:
        await slack.connector.find_channel(person(who), name)
    return f"{caught.value.message} {caught.value.mend}"


async def test_the_call_for_a_place(slack: LocalSlack) -> None:
    place = await slack.connector.find_channel(person("ada"), "deploys")
    assert slack.connector.message(place, " The release is at four. ") == post()
    with pytest.raises(PersonMends):
        slack.connector.message(place, "\n")
