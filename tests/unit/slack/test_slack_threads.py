"""What is shown in a thread beside answers, what was said there, and what a process that died left behind."""

import pytest
from slack_parts import DEPLOYS, LocalSlack, person

from bot.contracts.answers import Heard
from bot.contracts.slack import Message, Posted
from connectors.slack.threads import readable


async def _nobody(posted: Posted) -> None:
    """Who is told where an answer began, and dies before noting it."""


async def test_a_thread_is_heard_from_its_beginning(slack: LocalSlack) -> None:
    asked = await slack.human.say("ada", "What of <#C01GENERAL1|general> & <b>?", "#deploys")
    root = asked["ts"]
    ours = await slack.sender.post(DEPLOYS, Message("An answer", []), key="k", thread_ts=root)
    said = await slack.human.say("ben", "Thanks <@U01ADA00001>", "#deploys", thread_ts=root)
    assert await slack.sender.thread(DEPLOYS, root, 10) == (
        Heard(root, "U01ADA00001", "", "What of #general & <b>?", by_us=False),
        Heard(ours.ts, (await slack.client.auth_test())["user_id"], "", "An answer", by_us=True),
        Heard(said["ts"], "U01BEN00002", "", "Thanks <@U01ADA00001>", by_us=False),
    )


async def test_of_a_long_thread_the_beginning_and_the_end_are_heard(slack: LocalSlack) -> None:
    root = (await slack.human.say("ada", "first", "#deploys"))["ts"]
    for number in range(6):
        await slack.human.say("ben", f"{number}", "#deploys", thread_ts=root)
    assert [each.text for each in await slack.sender.thread(DEPLOYS, root, 3)] == ["first", "4", "5"]
    assert [each.text for each in await slack.sender.thread(DEPLOYS, root, 7)] == ["first", *"012345"]
    assert [each.text for each in await slack.sender.thread(DEPLOYS, root, 1)] == ["first"]


async def test_of_a_channel_the_latest_is_heard(slack: LocalSlack) -> None:
    for number in range(5):
        await slack.human.say("ada", f"{number}", "#deploys")
    await slack.human.post("kick", channel="#deploys", user="ben")
    await slack.human.post("invite", channel="#deploys", user="ben")
    assert [each.text for each in await slack.sender.thread(DEPLOYS, None, 3)] == ["2", "3", "4"]
    channel = await slack.sender.direct(person("ada"))
    await slack.human.say("ada", "to you", "@meshclaw")
    assert [each.text for each in await slack.sender.thread(channel, None, 3)] == ["to you"]


async def test_of_a_thread_that_is_gone_nothing_is_heard(slack: LocalSlack) -> None:
    assert await slack.sender.thread(DEPLOYS, "1700000000.000001", 5) == ()


async def test_an_edited_message_is_told(slack: LocalSlack) -> None:
    posted = await slack.sender.post(DEPLOYS, Message("Before", []), key="k")
    await slack.sender.update(posted, Message("After", []))
    (heard,) = await slack.sender.thread(DEPLOYS, posted.ts, 5)
    assert (heard.text, heard.edited) == ("After", True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("&lt;b&gt; &amp;amp;", "<b> &amp;"),
        ("<!here> <!subteam^S1|@team> <!date^1^{date}|today>", "@here @team today"),
        ("<mailto:a@b.example|a@b.example> <https://a.example>", "a@b.example (mailto:a@b.example) https://a.example"),
        ("<https://a.example|this> <#C1>", "this (https://a.example) #C1"),
        ("<@U1> <@U1|ada> a < b", "<@U1> <@U1> a < b"),
    ],
)
def test_slacks_escapes_are_read(text: str, shown: str) -> None:
    assert readable(text) == shown


async def test_what_a_killed_process_left_is_found_ended_and_removed(slack: LocalSlack) -> None:
    root = (await slack.human.say("ada", "a question", "#deploys"))["ts"]
    before = slack.sender.open_stream(DEPLOYS, root, person("ada"), began=_nobody)
    await before.text("Earlier")
    since = (await slack.human.say("ada", "another", "#deploys", thread_ts=root))["ts"]
    lost, noted, closed = (slack.sender.open_stream(DEPLOYS, root, person("ada"), began=_nobody) for _ in range(3))
    for each in (lost, noted, closed):
        await each.text("So far")
    await closed.close()
    await slack.sender.post(DEPLOYS, Message("A card", []), key="card", thread_ts=root)
    await slack.human.say("ben", "me too", "#deploys", thread_ts=root)
    assert lost.posted
    assert noted.posted
    known = frozenset({noted.posted.ts})
    assert await slack.sender.orphans(DEPLOYS, root, since, known) == [lost.posted]
    await slack.sender.mend(noted.posted)
    await slack.sender.mend(noted.posted)
    assert await slack.sender.orphans(DEPLOYS, root, since, frozenset()) == [lost.posted]
    await slack.sender.remove(lost.posted)
    await slack.sender.mend(lost.posted)
    assert await slack.sender.orphans(DEPLOYS, root, since, frozenset()) == []
    shown = await slack.human.messages("ada", "#deploys", thread_ts=root)
    assert {each["ts"]: each["streaming"] for each in shown}[noted.posted.ts] is False
    for each in (before, lost, noted):
        await each.close(stopped=True)


async def test_at_work_is_shown_and_taken_away(slack: LocalSlack) -> None:
    root = (await slack.human.say("ada", "work", "#deploys"))["ts"]
    await slack.sender.status(DEPLOYS, root, "is reading your mail…", [f"line {number}" for number in range(14)])
    (status,) = await slack.human.calls("assistant.threads.setStatus")
    (session,) = await slack.human.calls("agents.sessions.setStatus")
    assert status["ok"]
    assert len(status["args"]["loading_messages"]) == 10
    assert (session["ok"], session["args"]["status"]) == (True, "processing")
    await slack.sender.status(DEPLOYS, root, "")
    await slack.sender.session(DEPLOYS, root, "suspended", "Sorting\nmail " * 60)
    calls = await slack.human.calls("agents.sessions.setStatus")
    assert [(call["ok"], call["args"]["status"]) for call in calls] == [(True, "processing"), (True, "suspended")]
    assert len(calls[-1]["args"]["title"]) == 200
    assert "\n" not in calls[-1]["args"]["title"]


async def test_what_is_only_shown_never_fails(slack: LocalSlack) -> None:
    nowhere = "1700000000.000001"
    await slack.sender.status(DEPLOYS, nowhere, "is at work")
    await slack.sender.session(DEPLOYS, nowhere, "active")
    await slack.sender.mend(Posted(DEPLOYS, nowhere))
