"""Timelines, tickets, streams, limits, cursors and the journal, each alone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace import streams
from bot.workspace.api.paging import cursor_for, page_of, position_in
from bot.workspace.changelog import ChangeLog
from bot.workspace.errors import SlackError
from bot.workspace.limits import Fault, Faults, RateLimits, Tier
from bot.workspace.model import Message, ResponseUrl
from bot.workspace.persistence import Journal
from bot.workspace.state import normal_ts
from bot.workspace.tickets import Tickets
from bot.workspace.timeline import Timeline


def _ts(number: int) -> str:
    return f"1700000000.{number:06d}"


def _message(number: int, thread: int | None = None) -> Message:
    return Message(_ts(number), "C1", "U1", str(number), thread_ts=_ts(thread) if thread is not None else None)


@given(st.sets(st.integers(0, 30)), st.integers(0, 30), st.integers(0, 30), st.booleans())
def test_a_timeline_cuts_like_a_sorted_list(numbers: set[int], low: int, high: int, inclusive: bool) -> None:
    timeline = Timeline()
    for number in numbers:
        timeline.add(_message(number))
    found = [one.ts for one in timeline.between(_ts(low), _ts(high), inclusive)]
    if inclusive:
        assert found == [_ts(one) for one in sorted(numbers) if low <= one <= high]
    else:
        assert found == [_ts(one) for one in sorted(numbers) if low < one < high]
    assert [one.ts for one in timeline.newest_first(_ts(high))] == [
        _ts(one) for one in sorted(numbers, reverse=True) if one < high
    ]


def test_a_timeline_keeps_threads_and_forgets_the_deleted() -> None:
    timeline = Timeline()
    for message in (_message(1), _message(2, thread=1), _message(3), _message(4, thread=1)):
        timeline.add(message)
    assert [one.text for one in timeline.replies(_ts(1))] == ["2", "4"]
    assert timeline.remove(_ts(2)) is not None
    assert timeline.remove(_ts(2)) is None
    assert timeline.reply_count(_ts(1)) == 1
    assert len(timeline) == 3


@pytest.mark.parametrize(
    ("given_ts", "normal"),
    [
        ("0", "0000000000.000000"),
        ("1700000000", "1700000000.000000"),
        ("1700000000.5", "1700000000.500000"),
        ("1700000000.000123", "1700000000.000123"),
        ("", None),
        ("yesterday", None),
        ("-1", None),
        ("NaN", None),
        ("Infinity", None),
    ],
)
def test_timestamps_take_one_form(given_ts: str, normal: str | None) -> None:
    assert normal_ts(given_ts) == normal


def _code(call: Callable[[], object]) -> str:
    with pytest.raises(SlackError) as refused:
        call()
    return refused.value.code


def test_a_trigger_is_good_once_and_for_three_seconds() -> None:
    now = [1000.0]
    tickets = Tickets(lambda: now[0], _forget)
    first, second = tickets.trigger("U1"), tickets.trigger("U1", "V1")
    assert tickets.take(first).person == "U1"
    assert _code(lambda: tickets.take(first)) == "exchanged_trigger_id"
    now[0] += 3.0
    assert tickets.take(second).view_id == "V1"
    third = tickets.trigger("U1")
    now[0] += 3.01
    assert _code(lambda: tickets.take(third)) == "expired_trigger_id"
    assert _code(lambda: tickets.take("made.up")) == "invalid_trigger_id"


def test_a_response_url_is_good_five_times_within_half_an_hour() -> None:
    now = [1000.0]
    kept: dict[str, ResponseUrl | None] = {}
    tickets = Tickets(lambda: now[0], kept.__setitem__)
    token = tickets.response("U1", "C1")
    for _ in range(5):
        tickets.respond(token)
    assert _code(lambda: tickets.respond(token)) == "used_url"
    late = tickets.response("U1", "C1")
    again = Tickets(lambda: now[0], _forget)
    again.populate(link for link in kept.values() if link)
    assert again.respond(late).uses == 1
    assert _code(lambda: again.respond(token)) == "used_url"
    now[0] += 1800.1
    assert _code(lambda: tickets.respond(late)) == "expired_url"
    tickets.response("U1", "C1")
    assert kept[token] is None
    assert kept[late] is None


def _forget(token: str, link: ResponseUrl | None) -> None:
    """A workspace that keeps no links."""


TASK = {"type": "task_update", "id": "1", "title": "Read", "status": "pending"}


def test_a_stream_flows_together_and_tasks_change_in_place() -> None:
    parts = streams.append([], [{"type": "markdown_text", "text": "a"}, {"type": "markdown_text", "text": "b"}, TASK])
    parts = streams.append(parts, [{"type": "markdown_text", "text": "c"}, {**TASK, "status": "complete"}])
    assert streams.text_of(parts) == "abc"
    timeline = streams.blocks_of(parts, "timeline")
    assert [one["type"] for one in timeline] == ["markdown", "task_card", "markdown"]
    assert timeline[1]["status"] == "complete"
    plan = streams.blocks_of(streams.append(parts, [{"type": "plan_update", "title": "All"}]), "plan")
    assert [one["type"] for one in plan] == ["markdown", "plan", "markdown"]
    assert (plan[1]["title"], len(plan[1]["tasks"])) == ("All", 1)


@pytest.mark.parametrize(
    "chunk",
    [
        "text",
        {"type": "markdown_text"},
        {"type": "markdown_text", "text": "x" * 12_001},
        {**TASK, "status": "finished"},
        {**TASK, "title": ""},
        {"type": "plan_update"},
        {"type": "blocks"},
        {"type": "other"},
    ],
)
def test_malformed_chunks_are_refused(chunk: object) -> None:
    assert _code(lambda: streams.check_chunk(chunk)) in ("invalid_chunks", "msg_too_long")


def test_limits_are_by_method_and_by_channel_and_off_at_first() -> None:
    limits = RateLimits()
    assert [limits.wait("chat.postMessage", Tier.POSTING, "C1") for _ in range(9)] == [None] * 9
    limits.switch(True)
    assert [limits.wait("chat.postMessage", Tier.POSTING, "C1") for _ in range(2)] == [None, 1]
    assert limits.wait("chat.postMessage", Tier.POSTING, "C2") is None
    assert limits.wait("apps.connections.open", Tier.T1, None) is None
    assert limits.wait("apps.connections.open", Tier.T1, None) == 60
    assert limits.wait("auth.test", Tier.FREE, None) is None


def test_a_fault_is_used_as_often_as_was_asked() -> None:
    faults = Faults()
    faults.add("auth.test", Fault("error:x", 1.0), 2)
    faults.add("*", Fault("delay", 1.0), 1)
    taken = [faults.take("auth.test") for _ in range(4)]
    assert [one and (one.error or one.kind) for one in taken] == ["x", "x", "delay", None]


@given(st.lists(st.integers(), max_size=20), st.integers(1, 7))
def test_pages_put_together_are_the_whole(items: list[int], limit: int) -> None:
    found: list[int] = []
    cursor = ""
    while True:
        page, cursor = page_of(items, cursor, limit)
        found += page
        if not cursor:
            break
    assert found == items


@given(st.text(max_size=20))
def test_foreign_cursors_are_refused(text: str) -> None:
    assert _code(lambda: position_in(text)) == "invalid_cursor"
    assert position_in(cursor_for(text)) == text


async def test_the_changelog_gives_what_came_after() -> None:
    log = ChangeLog()
    for number in range(5):
        log.add("message", ts=str(number))
    assert [entry["id"] for entry in log.after(3)] == [4, 5]
    assert log.after(5) == []
    assert log.after(99) == []
    follower = log.follow(4, keepalive=0.01)
    assert [entry["id"] for entry in await anext(follower)] == [5]
    assert await anext(follower) == []
    log.close()
    with pytest.raises(StopAsyncIteration):
        await anext(follower)


async def test_the_journal_has_written_what_has_settled(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    messages = [_message(number) for number in range(500)]

    async def put(message: Message) -> None:
        journal.put("message", message.ts, message)
        await journal.settled()
        other = sqlite3.connect(tmp_path / "workspace.sqlite3")
        try:
            assert other.execute("SELECT count(*) FROM records WHERE key = ?", [message.ts]).fetchone() == (1,)
        finally:
            other.close()

    await asyncio.gather(*map(put, messages[:100]))
    for message in messages[100:]:
        journal.put("message", message.ts, message)
    messages[0].text = "changed"
    journal.put("message", messages[0].ts, messages[0])
    journal.put("message", messages[1].ts, None)
    await journal.close()
    journal = await Journal.open(tmp_path)
    kept = (await journal.load())["message"]
    await journal.close()
    assert [one.ts for one in kept if isinstance(one, Message)] == [one.ts for one in messages if one.text != "1"]
    assert isinstance(kept[0], Message)
    assert kept[0].text == "changed"


async def test_a_journal_that_cannot_write_says_so_and_catches_up(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    blocker = sqlite3.connect(tmp_path / "workspace.sqlite3")
    blocker.execute("DROP TABLE records")
    journal.put("message", _ts(1), _message(1))
    with pytest.raises(sqlite3.Error):
        await journal.settled()
    blocker.execute("CREATE TABLE records (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))")
    blocker.commit()
    blocker.close()
    journal.put("message", _ts(2), _message(2))
    await journal.settled()
    assert len((await journal.load())["message"]) == 2
    await journal.close()
