"""Replicas: one process on SQLite; on PostgreSQL each is known to live, and the dead have one heir."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.contracts.errors import OperatorMends
from bot.engine.replicas import ManyProcesses, OneProcess
from bot.store.database import Database
from bot.store.database import database_url as address_of

HOLDS = """
import asyncio, sys
from pathlib import Path
from bot.engine.replicas import OneProcess
asyncio.run(OneProcess(Path(sys.argv[1])).claim())
print("held", flush=True)
sys.stdin.read()
"""


async def test_a_second_process_on_the_same_data_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    lock = tmp_path / "meshclaw.db.lock"
    other = subprocess.Popen([sys.executable, "-c", HOLDS, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout
    assert other.stdin
    assert other.stdout.readline() == b"held\n"
    mine = OneProcess(lock)
    with pytest.raises(OperatorMends, match="Another MeshClaw"):
        await mine.claim()
    other.kill()
    other.wait()
    other.stdin.close()
    other.stdout.close()
    await mine.claim()
    with pytest.raises(OperatorMends, match="Another MeshClaw"):
        await OneProcess(lock).claim()
    await mine.release()
    await mine.release()
    again = OneProcess(lock)
    await again.claim()
    await again.release()


@pytest.fixture
async def postgresql(postgres_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(address_of(postgres_url, tmp_path))
    yield database
    await database.close()


async def test_a_replica_lives_from_claim_to_release(postgresql: Database) -> None:
    one, two = ManyProcesses(postgresql.engine, "one"), ManyProcesses(postgresql.engine, "two")
    await one.claim()
    await two.claim()
    assert not await one.is_dead("two")
    assert await one.is_dead("three")
    await two.release()
    assert await one.is_dead("two")
    assert not await two.is_dead("one")
    await one.release()
    assert await two.is_dead("one")


async def test_a_replica_is_dead_when_its_session_ends(postgres_url: str, postgresql: Database, tmp_path: Path) -> None:
    lost = Database(address_of(postgres_url, tmp_path))
    dying, living = ManyProcesses(lost.engine, "dying"), ManyProcesses(postgresql.engine, "living")
    await dying.claim()
    assert not await living.is_dead("dying")
    await dying.release()
    await lost.close()
    assert await living.is_dead("dying")


async def test_the_dead_have_one_heir_at_a_time(postgresql: Database) -> None:
    survivors = [ManyProcesses(postgresql.engine, str(number)) for number in range(3)]
    async with survivors[0].inheriting("dead") as first:
        async with survivors[1].inheriting("dead") as second:
            assert (first, second) == (True, False)
        assert not await survivors[2].is_dead("dead"), "it is being seen to"
    async with survivors[1].inheriting("dead") as afterwards:
        assert afterwards


async def test_nobody_inherits_from_the_living(postgresql: Database) -> None:
    one, two = ManyProcesses(postgresql.engine, "one"), ManyProcesses(postgresql.engine, "two")
    await one.claim()
    async with two.inheriting("one") as mine:
        assert not mine
    await one.release()
