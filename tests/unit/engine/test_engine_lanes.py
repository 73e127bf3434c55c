"""Lanes: one after another within a lane, side by side across lanes, and behind other replicas' earlier requests."""

import asyncio
from collections import defaultdict
from pathlib import Path

import pytest

from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.engine.inbox import Inbox, Ticket
from bot.engine.lanes import Lanes
from bot.store.database import Database
from bot.store.database import database_url as address_of
from bot.store.sealing import Vault


class Runs:
    """What lanes let run. A run ends by itself, or when the test lets it."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.most = 0
        self.gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.held: set[str] = set()
        self.broken: set[str] = set()
        self.changed = asyncio.Condition()

    async def run(self, key: str) -> None:
        await self._tell(self.begun, key)
        self.most = max(self.most, len(self.begun) - len(self.ended))
        if key in self.held:
            await self.gates[key].wait()
        if key in self.broken:
            self.broken.discard(key)
            self.begun.remove(key)
            raise ConnectionResetError
        await self.inbox.finish(key)
        await self._tell(self.ended, key)

    async def _tell(self, which: list[str], key: str) -> None:
        async with self.changed:
            which.append(key)
            self.changed.notify_all()

    async def until(self, which: list[str], count: int) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: len(which) >= count)


async def saved(inbox: Inbox, lane: str, count: int) -> list[Ticket]:
    wishes = [Request(f"{lane} {n}", Person("T", lane), "a", "b") for n in range(count)]
    tickets = await asyncio.gather(*(inbox.save(wish) for wish in wishes))
    return [ticket for ticket in tickets if ticket]


@pytest.fixture
async def inbox(database: Database, vault: Vault) -> Inbox:
    return Inbox(database, vault, "one")


async def test_a_lane_keeps_its_order_and_runs_one_at_a_time(inbox: Inbox) -> None:
    runs = Runs(inbox)
    lanes = Lanes(inbox, runs.run)
    tickets = await saved(inbox, "a", 12)
    for ticket in tickets:
        lanes.add(ticket)
    await runs.until(runs.ended, 12)
    assert runs.begun == runs.ended == [ticket.key for ticket in tickets]
    assert runs.most == 1


async def test_lanes_run_side_by_side(inbox: Inbox) -> None:
    runs = Runs(inbox)
    lanes = Lanes(inbox, runs.run)
    slow, quick = await saved(inbox, "slow", 2), await saved(inbox, "quick", 2)
    runs.held.add(slow[0].key)
    for ticket in (*slow, *quick):
        lanes.add(ticket)
    await runs.until(runs.ended, 2)
    assert runs.ended == [ticket.key for ticket in quick]
    assert slow[1].key not in runs.begun
    runs.gates[slow[0].key].set()
    await runs.until(runs.ended, 4)


async def test_no_more_than_sixteen_at_once_and_all_in_the_end(inbox: Inbox) -> None:
    runs = Runs(inbox)
    lanes = Lanes(inbox, runs.run)
    tickets = [ticket for lane in range(20) for ticket in await saved(inbox, str(lane), 1)]
    runs.held = {ticket.key for ticket in tickets}
    for ticket in tickets:
        lanes.add(ticket)
    await runs.until(runs.begun, 16)
    await asyncio.sleep(0.05)
    assert len(runs.begun) == 16
    for ticket in tickets:
        runs.gates[ticket.key].set()
    await runs.until(runs.ended, 20)


async def test_threads_that_wait_for_a_model_hold_up_nothing_that_is_pressed(inbox: Inbox) -> None:
    runs = Runs(inbox)
    lanes = Lanes(inbox, runs.run)
    talks = [Request(f"talk {n}", Person("T", "U"), "ask", "heard", {}, "D1", f"{n}.0") for n in range(70)]
    tickets = [ticket for ticket in [await inbox.save(talk) for talk in talks] if ticket]
    runs.held = {ticket.key for ticket in tickets}
    for ticket in tickets:
        lanes.add(ticket)
    await runs.until(runs.begun, 64)
    (click,) = await saved(inbox, "U", 1)
    lanes.add(click)
    await runs.until(runs.ended, 1)
    assert runs.ended == [click.key]
    for key in list(runs.held):
        runs.gates[key].set()
    await runs.until(runs.ended, 71)


async def test_a_request_known_already_is_not_added_twice(inbox: Inbox) -> None:
    runs = Runs(inbox)
    lanes = Lanes(inbox, runs.run)
    (ticket,) = await saved(inbox, "a", 1)
    runs.held.add(ticket.key)
    for _ in range(5):
        lanes.add(ticket)
    await runs.until(runs.begun, 1)
    lanes.add(ticket)
    runs.gates[ticket.key].set()
    await runs.until(runs.ended, 1)
    (later,) = [one for one in await saved(inbox, "a", 2) if one != ticket]
    lanes.add(later)
    await runs.until(runs.ended, 2)
    assert runs.begun == [ticket.key, later.key]


async def test_a_run_that_breaks_off_is_taken_up_again_and_holds_up_nobody(inbox: Inbox) -> None:
    runs = Runs(inbox)
    lanes = Lanes(inbox, runs.run)
    first, second = await saved(inbox, "a", 2)
    runs.broken.add(first.key)
    for ticket in (first, second):
        lanes.add(ticket)
    await runs.until(runs.ended, 1)
    assert runs.ended == [second.key]
    (left,) = await inbox.open_tickets()
    assert left == first
    lanes.add(left)
    await runs.until(runs.ended, 2)


async def test_a_lane_waits_for_an_earlier_request_another_replica_has(
    postgres_url: str, vault: Vault, tmp_path: Path
) -> None:
    database = Database(address_of(postgres_url, tmp_path))
    await database.migrate()
    one, two = Inbox(database, vault, "one"), Inbox(database, vault, "two")
    (earlier,) = await saved(one, "a", 1)
    second = await two.save(Request("later", Person("T", "a"), "a", "b"))
    assert second
    runs = Runs(two)
    lanes = Lanes(two, runs.run)
    lanes.add(second)
    await asyncio.sleep(0.2)
    assert runs.begun == []
    await one.finish(earlier.key)
    await runs.until(runs.ended, 1)
    await lanes.stop()
    await database.close()


async def test_stopped_lanes_start_nothing_more(inbox: Inbox) -> None:
    runs = Runs(inbox)
    lanes = Lanes(inbox, runs.run)
    first, second = await saved(inbox, "a", 2)
    runs.held.add(first.key)
    lanes.add(first)
    lanes.add(second)
    await runs.until(runs.begun, 1)
    await lanes.stop()
    assert runs.begun == [first.key]
    assert [ticket.key for ticket in await inbox.open_tickets()] == [first.key, second.key]
