"""The head of the audit kept outside the database: written where it moved, read back from whatever it stands among."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete
from structlog.testing import capture_logs

from bot.contracts.errors import OperatorMends
from bot.contracts.people import Person
from bot.contracts.slack import Message, SlackAway
from bot.gate.anchor import Anchor, formatted, parse_heads, parsed, read
from bot.gate.audit import Audit, Entry, Head
from bot.store.database import Database
from bot.store.database import database_url as address_of
from bot.store.models import AuditRow
from bot.store.sealing import Vault

ADA = Person("T1", "UADA")
NOW = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(address_of(None, tmp_path / "data"))
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture
def audit(database: Database, vault: Vault) -> Audit:
    return Audit(database, vault)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "heads"


async def add(database: Database, audit: Audit, event: str = "approved") -> Head:
    async with database.write() as session:
        await audit.append(session, Entry(event, ADA))
    head = await audit.head()
    assert head is not None
    return head


def names(heads: list[Head]) -> list[tuple[int, str]]:
    return [(head.seq, head.seal) for head in heads]


class Channel:
    """What was posted; `away`: Slack does not answer."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, Message, str]] = []
        self.away = False

    async def post(self, channel: str, message: Message, key: str) -> None:
        if self.away:
            raise SlackAway("Slack does not answer.")
        self.posted.append((channel, message, key))


async def test_the_head_is_kept_once_each_time_it_moved(database: Database, audit: Audit, file: Path) -> None:
    channel = Channel()
    anchor = Anchor(audit, file=str(file), channel="C1", post=channel.post)
    await anchor.keep(NOW)
    assert (file.exists(), channel.posted) == (False, [])
    kept = []
    for number in range(3):
        kept.append(await add(database, audit))
        for _ in range(2):
            await anchor.keep(NOW + timedelta(hours=number))
    assert names(await read(file)) == names(kept)
    assert [head.at for head in await read(file)] == [NOW + timedelta(hours=number) for number in range(3)]
    assert file.read_text().startswith("2026-11-21T09:12:00Z 1 ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names([head for _, message, _ in channel.posted for head in parse_heads(message.text)]) == names(kept)
    assert len({key for _, _, key in channel.posted}) == 3
    assert {place for place, _, _ in channel.posted} == {"C1"}
    assert await audit.verify(await read(file)) is None


async def test_after_a_restart_it_goes_on_where_it_stood(database: Database, audit: Audit, file: Path) -> None:
    first = await add(database, audit)
    for _ in range(2):
        await Anchor(audit, file=str(file)).keep(NOW)
    second = await add(database, audit)
    await Anchor(audit, file=str(file)).keep(NOW)
    assert names(await read(file)) == names([first, second])


async def test_nothing_is_kept_where_nothing_was_named(database: Database, audit: Audit) -> None:
    await add(database, audit)
    with capture_logs() as logs:
        await Anchor(audit).keep(NOW)
        await Anchor(audit, channel="C1").keep(NOW)
    assert logs == []


async def test_what_fails_is_tried_again_and_stops_nothing(database: Database, audit: Audit, tmp_path: Path) -> None:
    file, channel = tmp_path / "later" / "heads", Channel()
    channel.away = True
    anchor = Anchor(audit, file=str(file), channel="C1", post=channel.post)
    await add(database, audit)
    with capture_logs() as logs:
        await anchor.keep(NOW)
    assert [(line["code"], line["where"], line["error"]) for line in logs] == [
        ("anchor-failed", "file", "FileNotFoundError"),
        ("anchor-failed", "channel", "SlackAway"),
    ]
    file.parent.mkdir()
    channel.away = False
    head = await add(database, audit)
    with capture_logs() as logs:
        await anchor.keep(NOW)
    assert logs == []
    assert names(await read(file)) == names([head])
    assert len(channel.posted) == 1


async def test_one_place_that_fails_does_not_keep_the_other_back(database: Database, audit: Audit, file: Path) -> None:
    channel = Channel()
    file.mkdir()
    await add(database, audit)
    with capture_logs() as logs:
        await Anchor(audit, file=str(file), channel="C1", post=channel.post).keep(NOW)
    assert [line["where"] for line in logs] == ["file"]
    assert len(channel.posted) == 1


@pytest.mark.parametrize("left", [0, 1, 2])
async def test_a_chain_that_lost_its_head_is_told_at_once(
    database: Database, audit: Audit, file: Path, left: int
) -> None:
    anchor = Anchor(audit, file=str(file))
    for _ in range(3):
        await add(database, audit)
    await anchor.keep(NOW)
    async with database.write() as session:
        await session.execute(delete(AuditRow).where(AuditRow.seq > left))
    for again in (anchor, Anchor(audit, file=str(file))):
        with capture_logs() as logs:
            await again.keep(NOW)
        assert [(line["log_level"], line["code"]) for line in logs] == [("error", "anchor-broken")], again
        if left:
            break
    assert await audit.verify(await read(file)) is not None, "the head kept before still proves it"


async def test_a_line_that_was_cut_off_spoils_no_other(database: Database, audit: Audit, file: Path) -> None:
    head = await add(database, audit)
    file.write_bytes(b"2026-11-21T09:12:00Z 17 0011")
    with capture_logs() as logs:
        await Anchor(audit, file=str(file)).keep(NOW)
        assert names(await read(file)) == names([head])
    assert {(line["code"], line["at"]) for line in logs} == {("anchor-junk", 1)}
    assert not any("0011" in json.dumps(line) for line in logs)


async def test_several_at_once_spoil_no_line(database: Database, audit: Audit, file: Path) -> None:
    head = await add(database, audit)
    await asyncio.gather(*(Anchor(audit, file=str(file)).keep(NOW) for _ in range(20)))
    with capture_logs() as logs:
        found = await read(file)
    assert set(names(found)) == set(names([head]))
    assert logs == []


async def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(OperatorMends, match="cannot be read"):
        await read(tmp_path / "nowhere")
    with pytest.raises(OperatorMends, match="cannot be read"):
        await read(tmp_path, is_begun=False)
    assert await read(tmp_path / "nowhere", is_begun=False) == []


seals = st.text("0123456789abcdef", min_size=64, max_size=64)
heads = st.builds(Head, st.integers(1, 10**17), seals)
times = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them so


@given(heads, times)
def test_what_is_written_is_read_again(head: Head, now: datetime) -> None:
    line = formatted(head, now)
    assert parsed(line) == Head(head.seq, head.seal, now.replace(microsecond=0))
    assert parsed(f"{head.seq} {head.seal}") == head
    assert parsed(f"{line} {line}") is None


@given(st.lists(st.tuples(heads, times), max_size=5), st.sampled_from([" ", "\n", "` and `", " \u00a0", "\n> "]))
def test_heads_are_found_in_what_was_copied_from_a_channel(kept: list[tuple[Head, datetime]], between: str) -> None:
    text = f"MeshClaw  APP  9:12\nWhere the audit stands: `{between.join(formatted(*each) for each in kept)}`"
    assert names(parse_heads(text)) == names([head for head, _ in kept])


@given(st.text() | st.text("0123456789abcdef TZ:-\n"))
def test_junk_raises_nothing(text: str) -> None:
    assert all(head.seq > 0 and len(head.seal) == 64 for head in parse_heads(text))
    assert parsed(text) is None or len(parse_heads(text)) == 1


@pytest.mark.parametrize("seal", ["a" * 63, "a" * 65, "A" * 64, "g" * 64])
@pytest.mark.parametrize("seq", ["0", "-1", "01", "1.5", "1" * 30, ""])
def test_what_is_no_head_is_none(seal: str, seq: str) -> None:
    for line in (f"{seq} {'a' * 64}", f"7 {seal}", f"2026-13-41T99:00:00Z 7 {'a' * 64}"):
        assert parsed(line) is None
