"""The inbox: written before anything else, once per key, in order, many at a time."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError
from stopping import stopped

from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.engine.inbox import Inbox, Ticket
from bot.store.database import Database
from bot.store.database import database_url as address_of
from bot.store.models import InboxRow
from bot.store.sealing import Vault

ADA, BEN = Person("T1", "UADA"), Person("T1", "UBEN")


def wish(key: object, person: Person = ADA, **more: object) -> Request:
    return Request(str(key), person, "triage", "run", **more)  # type: ignore[arg-type]


@pytest.fixture
def inbox(database: Database, vault: Vault) -> Inbox:
    return Inbox(database, vault, "one")


async def amount(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(InboxRow)) or 0)


def commits(database: Database) -> list[None]:
    """Grows by one with each commit."""
    seen: list[None] = []
    event.listen(database.engine.sync_engine, "commit", lambda _connection: seen.append(None))
    return seen


async def saved(inbox: Inbox, request: Request) -> Ticket:
    ticket = await inbox.save(request)
    assert ticket
    return ticket


async def test_a_request_comes_back_as_it_was_but_for_its_key(inbox: Inbox) -> None:
    given = wish("Ev1", args={"typed": ["--since", 7, None]}, channel="C1", thread_ts="1.2")
    ticket = await saved(inbox, given)
    found = await inbox.load(ticket.key)
    assert found
    assert (found.person, found.agent, found.action) == (ADA, "triage", "run")
    assert (found.args, found.channel, found.thread_ts) == (given.args, "C1", "1.2")
    assert (found.key, found.lane) == (ticket.key, ticket.lane)
    assert "Ev1" not in ticket.key


async def test_what_is_finished_is_forgotten_but_its_key(inbox: Inbox, database: Database) -> None:
    ticket = await saved(inbox, wish("1"))
    failed = await saved(inbox, wish("2"))
    await inbox.finish(ticket.key)
    await inbox.finish(failed.key, failed=True)
    assert await inbox.load(ticket.key) is None
    assert await inbox.load("unknown") is None
    assert await inbox.save(wish("1")) is None
    async with database.read() as session:
        rows = (await session.execute(select(InboxRow.state, InboxRow.body).order_by(InboxRow.id))).all()
    assert [tuple(row) for row in rows] == [("done", None), ("failed", None)]
    await inbox.purge(datetime.now(UTC) - timedelta(days=1))
    assert await amount(database) == 2
    await inbox.purge(datetime.now(UTC) + timedelta(days=1))
    assert await amount(database) == 0


async def test_open_requests_are_never_purged(inbox: Inbox, database: Database) -> None:
    await saved(inbox, wish("1"))
    await inbox.purge(datetime.now(UTC) + timedelta(days=99))
    assert await amount(database) == 1


async def test_requests_at_once_share_commits_and_keep_their_order(inbox: Inbox, database: Database) -> None:
    await saved(inbox, wish("first"))
    seen = commits(database)
    tickets = await asyncio.gather(*(saved(inbox, wish(number)) for number in range(250)))
    assert len(seen) <= 4
    ids = [ticket.id for ticket in tickets]
    assert ids == sorted(ids)
    assert [ticket.id for ticket in await inbox.open_tickets()][1:] == ids


async def test_a_key_is_taken_once_within_a_batch_and_across(inbox: Inbox, database: Database) -> None:
    at_once = await asyncio.gather(*(inbox.save(wish(number % 5)) for number in range(20)))
    assert [bool(ticket) for ticket in at_once] == [True] * 5 + [False] * 15
    assert await asyncio.gather(*(inbox.save(wish(number)) for number in range(5))) == [None] * 5
    assert await amount(database) == 5


async def test_two_replicas_take_a_key_once(postgres_url: str, vault: Vault, tmp_path: Path) -> None:
    """Slack delivers to one, takes its silence for loss, and delivers to the other."""
    databases = [Database(address_of(postgres_url, tmp_path)) for _ in range(2)]
    await databases[0].migrate()
    inboxes = [Inbox(database, vault, f"replica {number}") for number, database in enumerate(databases)]
    for number in range(20):
        tickets = await asyncio.gather(*(inbox.save(wish(number)) for inbox in inboxes))
        assert sum(ticket is not None for ticket in tickets) == 1
    for database in databases:
        await database.close()


async def test_when_the_database_fails_all_that_wait_are_told_and_nothing_is_written(
    inbox: Inbox, database: Database
) -> None:
    async with database.write() as session:
        await session.execute(text("alter table inbox rename to gone"))
    results = await asyncio.gather(*(inbox.save(wish(number)) for number in range(150)), return_exceptions=True)
    assert all(isinstance(result, DBAPIError) for result in results)
    async with database.write() as session:
        await session.execute(text("alter table gone rename to inbox"))
    assert await amount(database) == 0
    assert await inbox.save(wish("later")), "the next one is written again"


async def test_ends_and_new_requests_share_a_commit(inbox: Inbox, database: Database) -> None:
    old = await asyncio.gather(*(saved(inbox, wish(f"old {number}")) for number in range(20)))
    seen = commits(database)
    ends = [inbox.finish(ticket.key, failed=number % 2 == 1) for number, ticket in enumerate(old)]
    new = [saved(inbox, wish(f"new {number}")) for number in range(20)]
    results = await asyncio.gather(*(each for pair in zip(ends, new, strict=True) for each in pair))
    assert len(seen) <= 2
    assert await inbox.open_tickets() == results[1::2]
    async with database.read() as session:
        states = list(await session.scalars(select(InboxRow.state).order_by(InboxRow.id).limit(20)))
    assert states == ["done", "failed"] * 10


async def test_when_the_database_fails_nothing_counts_as_ended(inbox: Inbox, database: Database) -> None:
    ticket = await saved(inbox, wish("1"))
    async with database.write() as session:
        await session.execute(text("alter table inbox rename to gone"))
    results = await asyncio.gather(inbox.finish(ticket.key), inbox.save(wish("2")), return_exceptions=True)
    assert all(isinstance(result, DBAPIError) for result in results)
    async with database.write() as session:
        await session.execute(text("alter table gone rename to inbox"))
    assert await inbox.open_tickets() == [ticket]
    assert await inbox.load(ticket.key)


async def test_one_that_cannot_be_written_down_fails_alone(inbox: Inbox, database: Database) -> None:
    results = await asyncio.gather(
        inbox.save(wish("a")),
        inbox.save(wish("b", args={"bytes": b"no JSON"})),
        inbox.save(wish("c")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [Ticket, TypeError, Ticket]
    assert await amount(database) == 2


async def test_a_caller_that_is_cancelled_leaves_the_others_their_answers(inbox: Inbox) -> None:
    for at in itertools.count(1):
        others = [asyncio.create_task(inbox.save(wish(f"{at} {number}"))) for number in range(3)]
        came = await stopped(_save(inbox, f"{at} cancelled"), at)
        assert all(await asyncio.gather(*others))
        if not came:
            break
    assert at > 1


async def _save(inbox: Inbox, key: str) -> None:
    await inbox.save(wish(key))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_behind_is_who_has_an_earlier_open_request_of_the_lane_elsewhere(
    database: Database, vault: Vault
) -> None:
    one, two = Inbox(database, vault, "one"), Inbox(database, vault, "two")
    first, bens, second = (
        await saved(one, wish("1")),
        await saved(two, wish("2", BEN)),
        await saved(two, wish("3")),
    )
    third = await saved(one, wish("4"))
    assert [await one.behind(first), await two.behind(bens), await two.behind(second)] == [False, False, True]
    assert await one.behind(third)
    await one.finish(first.key)
    assert not await two.behind(second)
    await two.finish(second.key, failed=True)
    assert not await one.behind(third)


async def test_one_of_ones_own_is_not_behind(database: Database, vault: Vault) -> None:
    inbox = Inbox(database, vault, "one")
    await saved(inbox, wish("1"))
    assert not await inbox.behind(await saved(inbox, wish("2")))


async def test_a_lane_may_be_wider_or_narrower_than_a_person(inbox: Inbox) -> None:
    tickets = [await saved(inbox, wish(key, person, lane="shared")) for key, person in (("1", ADA), ("2", BEN))]
    assert tickets[0].lane == tickets[1].lane
    assert tickets[0].lane != (await saved(inbox, wish("3"))).lane


async def test_the_open_requests_of_the_dead_are_taken_over_in_order_and_once(database: Database, vault: Vault) -> None:
    dead, one, two = (Inbox(database, vault, name) for name in ("dead", "one", "two"))
    left = [await saved(dead, wish(number)) for number in range(5)]
    await dead.finish(left[2].key)
    kept = await saved(one, wish("mine"))
    assert await one.executors() == {"dead", "one"}
    taken = await asyncio.gather(one.take_over("dead"), two.take_over("dead"))
    assert sorted(map(len, taken)) == [0, 4]
    assert max(taken, key=len) == [left[0], left[1], left[3], left[4]]
    winner = one if taken[0] else two
    assert [ticket for ticket in await winner.open_tickets() if ticket != kept] == max(taken, key=len)
    assert await dead.open_tickets() == []
    assert await dead.save(wish(2)) is None, "what was finished stays known"
