"""Durable runs: a key runs once; what DBOS keeps is sealed, and is never pickle."""

import asyncio
import base64
import pickle
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, text

from bot.contracts.errors import MeshClawError, OperatorMends, OutcomeUnknown, PersonMends, TimeMends
from bot.engine.durable import Durable
from bot.engine.serializer import SealedJson, StepFailed
from bot.store.database import Database
from bot.store.models import Base
from bot.store.sealing import Vault

SECRET = "hunter2-in-a-step"
VAULT = Vault(b"k" * 32)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(values)
def test_json_comes_back_from_the_serializer(value: object) -> None:
    serializer = SealedJson(VAULT)
    assert serializer.deserialize(serializer.serialize(value)) == value
    assert serializer.deserialize(serializer.serialize({"args": (value,), "kwargs": {}}))["args"] == [value]


@pytest.mark.parametrize("kind", [OperatorMends, OutcomeUnknown, TimeMends, PersonMends])
def test_an_expected_error_comes_back_with_its_sentences(kind: type[MeshClawError]) -> None:
    serializer = SealedJson(VAULT)
    back = serializer.deserialize(serializer.serialize(kind("What.", "Do this.")))
    assert type(back) is kind
    assert (back.message, back.mend) == ("What.", "Do this.")


def test_the_field_of_an_error_comes_back() -> None:
    serializer = SealedJson(VAULT)
    back = serializer.deserialize(serializer.serialize(PersonMends("What.", field="mail")))
    assert back.field == "mail"


def test_of_an_unexpected_error_only_its_kind_is_kept() -> None:
    serializer = SealedJson(VAULT)
    back = serializer.deserialize(serializer.serialize(KeyError(SECRET)))
    assert isinstance(back, StepFailed)
    assert "KeyError" in str(back)
    assert SECRET not in str(back)


@pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        SealedJson(VAULT).serialize(value)


@asynccontextmanager
async def launched(
    database: Database, work: Callable[[str], Awaitable[None]], executor: str = "local"
) -> AsyncIterator[Durable]:
    durable = Durable(database.url, VAULT, executor, work)
    durable.launch()
    try:
        yield durable
    finally:
        await durable.stop()


async def test_the_same_key_runs_once(database: Database) -> None:
    runs: Counter[str] = Counter()

    async def work(key: str) -> None:
        await asyncio.sleep(0.01)
        runs[key] += 1

    async with launched(database, work) as durable:
        await asyncio.gather(*(durable.run(key) for key in ("a", "b", "a", "a")))
        await durable.run("a")
    async with launched(database, work) as durable:
        await durable.run("b")
    assert runs == Counter(a=1, b=1)


async def test_a_step_that_ended_is_not_run_again_after_the_end_of_its_process(database: Database) -> None:
    runs: Counter[str] = Counter()
    first_life = asyncio.Event()

    async def step(name: str) -> str:
        runs[name] += 1
        return f"{name} {runs[name]}"

    results: list[str] = []

    async def work(key: str) -> None:
        one = await durable.step("one", lambda: step("one"))
        if not first_life.is_set():
            first_life.set()
            await asyncio.Event().wait()
        results.extend([one, await durable.step("two", lambda: step("two"))])

    async with launched(database, work) as durable:
        running = asyncio.create_task(durable.run("a"))
        await first_life.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    async with launched(database, work) as durable:
        assert (await durable.unfinished()) in ({"local": ["a"]}, {})
        await durable.run("a")
    assert results == ["one 1", "two 1"]


async def test_work_that_fails_is_tried_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.engine.durable._PAUSES", (0.01,))
    tries: list[str] = []

    async def work(key: str) -> None:
        tries.append(key)
        if len(tries) < 3:
            raise ConnectionResetError

    async with launched(database, work) as durable:
        await durable.run("a")
    assert tries == ["a"] * 3


async def test_what_dbos_keeps_is_sealed_and_no_pickle(database: Database) -> None:
    async def secret() -> dict[str, str]:
        return {"found": SECRET}

    async def fails() -> None:
        raise PersonMends(SECRET, SECRET)

    async def work(key: str) -> None:
        await durable.step("secret", secret)
        with pytest.raises(PersonMends):
            await durable.step("fails", fails)

    async with launched(database, work) as durable:
        await durable.run("opaque")
    kept = await _kept(database)
    assert len(kept) > 10
    assert not [value for value in kept if SECRET in value or _is_pickle(value)]
    sealed = [value for value in kept if _opens(value)]
    assert len(sealed) >= 3, "what the request was given, and what its two steps came to"


async def _kept(database: Database) -> list[str]:
    """Every value in every table of DBOS, as text."""
    schema = None if database.is_sqlite else "dbos"
    found: list[str] = []
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names(schema=schema))
        for name in set(names) - set(Base.metadata.tables):
            rows = await connection.execute(text(f"select * from {schema + '.' if schema else ''}{name}"))
            found += [str(value) for row in rows for value in row if value is not None]
    return found


def _is_pickle(value: str) -> bool:
    """Whether it is the base64 of what `pickle` would load."""
    try:
        return bool(pickle.loads(base64.b64decode(value, validate=True))) or True
    except Exception:
        return False


def _opens(value: str) -> bool:
    try:
        VAULT.open(base64.b64decode(value, validate=True), table="dbos", owner="", row="")
    except (ValueError, MeshClawError):
        return False
    return True


async def test_work_handed_over_as_a_lambda_is_a_step_too(database: Database) -> None:
    async def double(number: int) -> int:
        return 2 * number

    found: list[int] = []

    async def work(key: str) -> None:
        found.append(await durable.step("double", lambda: double(21)))

    async with launched(database, work) as durable:
        await durable.run("a")
    assert found == [42]


async def test_what_ended_long_ago_is_purged(database: Database) -> None:
    async def work(key: str) -> None:
        return None

    async with launched(database, work) as durable:
        await asyncio.gather(*(durable.run(str(number)) for number in range(5)))
        assert await durable.purge(datetime.now(UTC) - timedelta(hours=1)) == 0
        assert await durable.purge(datetime.now(UTC) + timedelta(minutes=1)) == 5
