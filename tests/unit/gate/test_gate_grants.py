"""Grants: narrow, owned, used up, over in time; and never more than was written."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import select, update
from told import ToldAudit
from world import ADA, BEN

from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.contracts.tools import Facets
from bot.gate.grants import LONGEST, LONGEST_PATTERN, MOST_PATTERNS, Grant, Grants, Patterns, covers, exactly, preview
from bot.store.database import Database
from bot.store.models import GrantRow
from bot.store.sealing import RowMismatch, Vault

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
PATTERNS: Patterns = {"mails.sender": ("*@news.example",), "folder": ("INBOX",)}
NEWS: Facets = {"mails.sender": ("a@news.example", "b@news.example"), "folder": ("INBOX",)}


@pytest.fixture
def audit(database: Database, vault: Vault) -> ToldAudit:
    return ToldAudit(database, vault)


@pytest.fixture
def grants(database: Database, vault: Vault, audit: ToldAudit) -> Grants:
    return Grants(database, vault, audit)


@pytest.fixture
async def other_replica(database: Database, vault: Vault) -> AsyncIterator[tuple[Database, Grants]]:
    other = Database(database.url)
    yield other, Grants(other, vault, ToldAudit(other, vault))
    await other.close()


async def written(
    grants: Grants,
    patterns: Patterns = PATTERNS,
    *,
    person: Person = ADA,
    tool: str = "mail.move",
    count: int = 10,
    until: datetime = LATER,
    now: datetime = NOW,
    key: str = "",
) -> Grant:
    return await grants.write(
        person, tool, patterns, count=count, until=until, words="Archive news", now=now, actor=person.user, key=key
    )


async def used(database: Database, grants: Grants, grant: Grant, items: int, now: datetime = NOW) -> bool:
    async with database.write() as session:
        return await grants.use(session, grant.id, items, now)


async def lives(database: Database, grants: Grants, grant: Grant, now: datetime = NOW) -> bool:
    async with database.write() as session:
        return await grants.living(session, grant.id, now)


# Patterns


@pytest.mark.parametrize(
    ("patterns", "facets", "covered"),
    [
        (PATTERNS, NEWS, True),
        (PATTERNS, {**NEWS, "mails.sender": ("a@news.example", "boss@work.example")}, False),
        (PATTERNS, {**NEWS, "to": ("Trash",)}, False),  # a facet the grant does not name
        ({**PATTERNS, "to": ("*",)}, {**NEWS, "to": ("Trash", "")}, True),
        (PATTERNS, {"folder": ("INBOX",)}, False),  # what narrows the grant is missing from the call
        ({**PATTERNS, "to": ("*",)}, NEWS, True),
        (PATTERNS, {}, False),
        ({}, {}, False),
        ({}, NEWS, False),
        ({"a": ("*",)}, {}, False),
        ({"a": ("x",)}, {"a": ()}, False),
        ({"a": ("*",)}, {"a": ()}, True),
        ({"a": ("x",)}, {"a": ("x", "")}, False),
        ({"a": ("?*",)}, {"a": ("",)}, False),
        ({"a": ("x*",)}, {"a": ("",)}, False),
        ({"a": ("**",)}, {"a": ("",)}, True),
        ({"a": ("",)}, {"a": ("",)}, False),
        ({"a": ()}, {"a": ()}, True),  # only where there is nothing
        ({"a": ()}, {"a": ("", "")}, True),
        ({"a": ()}, {"a": ("x",)}, False),
        ({"a": ("x",), "b": ()}, {"a": ("x",)}, True),
        ({"a": ("x", "y*")}, {"a": ("x", "yy", "X")}, True),
        ({"a": ("x", "y*")}, {"a": ("x", "z")}, False),
        ({"a": ("x", "*")}, {"a": ("z", "")}, True),
        ({"a": ("[ab]",)}, {"a": ("a",)}, False),
        ({"a": ("[!a]",)}, {"a": ("b",)}, False),
        ({"a": ("[ab]",)}, {"a": ("[AB]",)}, True),
        ({"a": ("INbox",)}, {"a": ("inBOX",)}, True),
        ({"a": ("ÄRGER",)}, {"a": ("ärger",)}, True),
        ({"a": ("mark@x",)}, {"a": ("mar\u212a@x",)}, False),  # the Kelvin sign, a k in lower case
        ({"a": ("fi@x",)}, {"a": ("\ufb01@x",)}, False),  # one character, two letters when folded
        ({"a": ("strasse",)}, {"a": ("straße",)}, False),
        ({"a": ("*@x",)}, {"a": ("evil@y\n@x",)}, True),
        ({"a": ("a@x",)}, {"a": ("a@x\n",)}, False),
        ({"a": ("a?c",)}, {"a": ("ac",)}, False),
        ({"a": ("a.c",)}, {"a": ("abc",)}, False),
        ({"a": (r"a\*",)}, {"a": ("a*",)}, False),
    ],
)
def test_what_a_grant_covers(patterns: Patterns, facets: Facets, covered: bool) -> None:
    assert covers(patterns, facets) is covered


def reference(pattern: str, value: str) -> bool:
    """The same said slowly, letter by letter."""
    if not pattern:
        return not value
    if pattern[0] == "*":
        return any(reference(pattern[1:], value[start:]) for start in range(len(value) + 1))
    return bool(value) and pattern[0] in ("?", value[0]) and reference(pattern[1:], value[1:])


letters = st.text("ab[]!^-*?\\.&~|\n", max_size=6)


@given(letters, letters.filter(bool))
def test_patterns_know_two_wildcards_and_nothing_else(pattern: str, value: str) -> None:
    assert covers({"a": (pattern,)}, {"a": (value,)}) is reference(pattern, value)


@given(st.text(min_size=1, max_size=12))
def test_the_exact_pattern_of_a_value_matches_it(value: str) -> None:
    assert covers({"a": (exactly(value),)}, {"a": (value,)})


@given(st.text("ab*?", min_size=1, max_size=6), st.text("ab*?", min_size=1, max_size=6))
def test_the_exact_pattern_of_a_value_matches_nothing_longer(value: str, other: str) -> None:
    assume(len(other) != len(value))
    assert not covers({"a": (exactly(value),)}, {"a": (other,)})


def test_a_hostile_value_takes_no_time() -> None:
    assert not covers({"a": ("*a" * 100 + "*b",)}, {"a": ("a" * 50_000,)})


def test_a_preview_counts_what_would_have_been_covered() -> None:
    past: list[Facets] = [NEWS, {**NEWS, "folder": ("Work",)}, NEWS, {}]
    assert preview(past, PATTERNS) == 2
    assert preview([], PATTERNS) == 0


# Writing


async def test_a_written_grant_is_found_again(grants: Grants, audit: ToldAudit) -> None:
    grant = await written(grants)
    assert (grant.person, grant.tool, grant.patterns, grant.words) == (ADA, "mail.move", PATTERNS, "Archive news")
    assert (grant.left, grant.used, grant.until, grant.created, grant.revoked) == (10, 0, LATER, NOW, None)
    assert await grants.get(ADA, grant.id) == grant
    assert await grants.of(ADA, NOW) == [grant]
    assert await grants.covering(ADA, "mail.move", NEWS, 2, NOW) == grant
    [entry] = audit.told
    assert (entry.event, entry.person, entry.own, entry.actor, entry.tool) == (
        "grant-written",
        ADA,
        True,
        "UADA",
        "mail.move",
    )


async def test_a_grant_too_wide_is_not_written(grants: Grants) -> None:
    too_wide: list[tuple[Patterns, int, datetime, str]] = [
        (PATTERNS, 0, LATER, "count"),
        (PATTERNS, -5, LATER, "count"),
        (PATTERNS, 10_001, LATER, "count"),
        (PATTERNS, 1, NOW, "until"),
        (PATTERNS, 1, NOW + LONGEST + timedelta(seconds=1), "until"),
        ({}, 1, LATER, "patterns"),
        ({"a": ("*",), "b": ("*",)}, 1, LATER, "patterns.a"),
        ({"a": ("**",)}, 1, LATER, "patterns.a"),
        ({"a": ("?*",)}, 1, LATER, "patterns.a"),
        ({"a": ("*@*.*",)}, 1, LATER, "patterns.a"),
        ({"a": ("x", "*")}, 1, LATER, "patterns.a"),
        ({"a": (), "b": ("*",)}, 1, LATER, "patterns.a"),
        ({"a": ("x",), "b": (" ",)}, 1, LATER, "patterns.b"),
        ({"a": ("x",), "b": ("x" * (LONGEST_PATTERN + 1),)}, 1, LATER, "patterns.b"),
        ({"a": ("x",), "b": ("x",) * (MOST_PATTERNS + 1)}, 1, LATER, "patterns.b"),
    ]
    for patterns, count, until, field in too_wide:
        with pytest.raises(PersonMends) as refused:
            await written(grants, patterns, count=count, until=until)
        assert refused.value.field == field
        assert refused.value.mend
    assert await grants.of(ADA, NOW) == []


async def test_the_widest_grants_are_written(grants: Grants) -> None:
    for count, until in [(1, NOW + LONGEST), (10_000, NOW + timedelta(seconds=1))]:
        assert (await written(grants, {"a": ("*",), "b": ("x*", "y"), "c": ()}, count=count, until=until)).left == count


async def test_the_same_request_writes_one_grant(
    database: Database, grants: Grants, audit: ToldAudit, other_replica: tuple[Database, Grants]
) -> None:
    both = [grants, other_replica[1]] * 3
    one, *others = await asyncio.gather(*(written(replica, key="press 1") for replica in both))
    assert all(other == one for other in others)
    assert await used(database, grants, one, 4)
    assert (await written(grants, key="press 1")).left == 6
    assert len(await grants.of(ADA, NOW)) == 1
    assert (await written(grants, key="press 1", person=BEN)).id != one.id


async def test_nothing_of_it_stands_in_the_clear(database: Database, vault: Vault, grants: Grants) -> None:
    grant = await written(grants)
    async with database.read() as session:
        row = await session.get_one(GrantRow, grant.id)
    clear = [repr(getattr(row, column.key)) for column in GrantRow.__table__.columns]
    assert not re.search("news|INBOX|mail|UADA", " ".join(clear))


@pytest.mark.parametrize("moved", [{"owner": BEN}, {"id": "f" * 32}])
async def test_a_row_under_another_name_does_not_open(
    database: Database, vault: Vault, grants: Grants, moved: dict[str, str | Person]
) -> None:
    await written(grants)
    values = {name: vault.pseudonym(to.owner) if isinstance(to, Person) else to for name, to in moved.items()}
    async with database.write() as session:
        await session.execute(update(GrantRow).values(values))
    with pytest.raises(RowMismatch):
        await grants.of(BEN if "owner" in moved else ADA, NOW)


async def test_a_row_moved_to_another_tool_covers_nothing(database: Database, grants: Grants) -> None:
    await written(grants)
    other = await written(grants, tool="mail.delete", person=BEN)
    async with database.write() as session:
        deleting = select(GrantRow.tool).where(GrantRow.id == other.id).scalar_subquery()
        await session.execute(update(GrantRow).values(tool=deleting))
    assert await grants.covering(ADA, "mail.delete", NEWS, 1, NOW) is None


# Finding


async def test_only_ones_own_living_grant_of_the_tool_with_enough_left_covers(
    database: Database, grants: Grants
) -> None:
    grant = await written(grants, count=3)
    assert await grants.covering(ADA, "mail.move", NEWS, 3, NOW) == grant
    assert await grants.covering(ADA, "mail.move", NEWS, 4, NOW) is None
    assert await grants.covering(BEN, "mail.move", NEWS, 1, NOW) is None
    assert await grants.covering(ADA, "mail.flag", NEWS, 1, NOW) is None
    assert await grants.covering(ADA, "mail.move", {**NEWS, "folder": ("Work",)}, 1, NOW) is None
    assert await grants.covering(ADA, "mail.move", NEWS, 1, LATER) is None
    assert await used(database, grants, grant, 3)
    assert await grants.covering(ADA, "mail.move", NEWS, 0, NOW) is None
    await grants.revoke(ADA, (again := await written(grants)).id, NOW, "UADA")
    assert await grants.covering(ADA, "mail.move", NEWS, 1, NOW) is None
    assert again.lives(NOW)


async def test_the_narrowest_covers_then_the_oldest(grants: Grants) -> None:
    order = [
        await written(grants, {"mails.sender": ("?@news.example",), "folder": ("INBOX",)}),
        await written(grants, PATTERNS),
        await written(grants, PATTERNS, now=NOW + timedelta(seconds=1)),
        await written(grants, {"mails.sender": ("*@*.example",), "folder": ("INBOX",)}, now=NOW - timedelta(days=2)),
        await written(grants, {"mails.sender": ("*@news.example",), "folder": ("*",)}, now=NOW - timedelta(days=1)),
    ]
    for grant in order:
        assert await grants.covering(ADA, "mail.move", NEWS, 1, NOW) == grant
        assert await grants.revoke(ADA, grant.id, NOW, "UADA")


async def test_the_living_are_listed_first(database: Database, grants: Grants) -> None:
    ages = [timedelta(minutes=minute) for minute in range(4)]
    emptied, revoked, older, newer = [await written(grants, count=1, now=NOW + age) for age in ages]
    over = await written(grants, until=NOW + timedelta(hours=1), now=NOW + timedelta(minutes=30))
    assert await used(database, grants, emptied, 1)
    await grants.revoke(ADA, revoked.id, NOW, "UADA")
    found = await grants.of(ADA, NOW + timedelta(hours=2))
    assert [grant.id for grant in found] == [grant.id for grant in (newer, older, over, revoked, emptied)]


# Using


async def test_using_takes_from_what_is_left(database: Database, grants: Grants) -> None:
    grant = await written(grants, count=5)
    assert await used(database, grants, grant, 3)
    assert not await used(database, grants, grant, 3)
    assert await used(database, grants, grant, 0)  # a call that counts nothing is one
    assert await used(database, grants, grant, 1)
    assert not await used(database, grants, grant, -7)
    now = await grants.get(ADA, grant.id)
    assert now
    assert (now.left, now.used) == (0, 5)
    assert not now.lives(NOW)


async def test_what_was_taken_may_be_done_while_the_grant_stands(database: Database, grants: Grants) -> None:
    grant = await written(grants, count=1)
    assert await used(database, grants, grant, 1)
    assert await lives(database, grants, grant)
    assert await lives(database, grants, grant, LATER - timedelta(seconds=1))
    assert not await lives(database, grants, grant, LATER)
    assert await grants.revoke(ADA, grant.id, NOW, "UADA")
    assert not await lives(database, grants, grant)


async def test_an_ended_grant_gives_nothing(database: Database, grants: Grants) -> None:
    revoked, over = await written(grants), await written(grants, until=NOW + timedelta(hours=1))
    await grants.revoke(ADA, revoked.id, NOW, "UADA")
    assert not await used(database, grants, revoked, 1)
    assert not await used(database, grants, over, 1, NOW + timedelta(hours=1))
    async with database.write() as session:
        assert not await grants.use(session, "unheard of", 1, NOW)


async def test_a_transaction_that_fails_takes_nothing(database: Database, grants: Grants) -> None:
    grant = await written(grants, count=1)

    async def failing() -> None:
        async with database.write() as session:
            assert await grants.use(session, grant.id, 1, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert await used(database, grants, grant, 1)


async def test_what_was_not_done_is_given_back_and_no_more(database: Database, grants: Grants) -> None:
    grant = await written(grants, count=5)
    assert await used(database, grants, grant, 4)
    for items, left in [(3, 4), (3, 4), (0, 4), (-4, 4), (1, 5), (1, 5)]:
        async with database.write() as session:
            await grants.give_back(session, grant.id, items)
        now = await grants.get(ADA, grant.id)
        assert now
        assert (now.left, now.used) == (left, 5 - left)


async def test_of_many_at_the_last_item_one_wins(
    database: Database, grants: Grants, other_replica: tuple[Database, Grants]
) -> None:
    for _ in range(10):
        grant = await written(grants, count=1)
        replicas = [(database, grants), other_replica] * 4
        won = await asyncio.gather(*(used(base, here, grant, 1) for base, here in replicas))
        assert won.count(True) == 1


async def test_a_second_user_waits_for_the_first_to_commit(database: Database, grants: Grants) -> None:
    grant = await written(grants, count=1)
    async with AsyncExitStack() as first:
        session = await first.enter_async_context(database.write())
        assert await grants.use(session, grant.id, 1, NOW)
        second = asyncio.create_task(used(database, grants, grant, 1))
        assert not (await asyncio.wait([second], timeout=0.2))[0]
    assert await second is False


async def test_a_revocation_waits_for_an_effect_being_claimed(database: Database, grants: Grants) -> None:
    grant = await written(grants)
    async with AsyncExitStack() as claim:
        session = await claim.enter_async_context(database.write())
        assert await grants.living(session, grant.id, NOW)
        revoking = asyncio.create_task(grants.revoke(ADA, grant.id, NOW, "UADA"))
        assert not (await asyncio.wait([revoking], timeout=0.2))[0]
    assert await revoking
    assert not await lives(database, grants, grant)


# Ending


async def test_only_the_owner_revokes_and_once(grants: Grants, audit: ToldAudit) -> None:
    grant = await written(grants)
    assert not await grants.revoke(BEN, grant.id, NOW, "UBEN")
    assert await grants.revoke(ADA, grant.id, NOW, "UADA")
    assert not await grants.revoke(ADA, grant.id, LATER, "UADA")
    [now] = await grants.of(ADA, NOW)
    assert now.revoked == NOW
    assert audit.events == ["grant-written", "grant-revoked"]
    assert await grants.get(BEN, grant.id) is None


async def test_what_ended_long_ago_is_forgotten(grants: Grants) -> None:
    over, revoked = await written(grants, until=NOW + timedelta(hours=1)), await written(grants)
    await grants.revoke(ADA, revoked.id, NOW, "UADA")
    kept = await written(grants)
    assert await grants.purge(NOW) == 0
    assert await grants.purge(NOW + timedelta(hours=2)) == 2
    assert await grants.of(ADA, NOW) == [kept]
    assert await grants.get(ADA, over.id) is None
