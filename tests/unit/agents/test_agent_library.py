"""Agents at rest: private ones are nobody else's, shared ones run as they were reviewed, schedules fire once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.agents.files import OwnAgent, read_agent, render
from bot.agents.library import MOST_AGENTS, Kept, Library
from bot.agents.mistakes import AgentMistakes
from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.gate.audit import Audit
from bot.store.database import Database
from bot.store.models import AgentRow, AuditRow
from bot.store.sealing import Vault

BEN, DANA, ALICE = Person("T01", "U01BEN"), Person("T01", "U02DANA"), Person("T01", "U03ALICE")
ELSEWHERE = Person("T99", "U02DANA")
NOW = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


def a_file(name: str = "standup", instructions: str = "Write three lines.", schedule: str = "") -> str:
    ours = f"meshclaw: {{schedule: {schedule}}}\n" if schedule else ""
    return f"---\nname: {name}\ndescription: Gathers the day\n{ours}---\n{instructions}\n"


@pytest.fixture
def library(database: Database, vault: Vault) -> Library:
    return Library(database, vault, Audit(database, vault))


async def save(library: Library, file: str = "", person: Person = BEN, now: datetime = NOW, **more: object) -> Kept:
    return await library.save(person, file or a_file(), tz="Europe/Berlin", now=now, **more)  # type: ignore[arg-type]


async def shared(library: Library, file: str = "") -> Kept:
    """An agent of Ben's that Alice let be shared."""
    kept = await save(library, file)
    assert await library.propose(BEN, kept.name, NOW)
    reviewed = await library.review(ALICE, kept.id, kept.digest, True, NOW)
    assert reviewed is not None
    return reviewed


async def names(library: Library, person: Person) -> list[str]:
    return [kept.name for kept in await library.visible(person)]


async def test_what_was_saved_is_its_owners(library: Library) -> None:
    kept = await save(library)
    found = await library.find(BEN, "standup")
    assert found == kept == await library.find(BEN, kept.id)
    assert (kept.owner, kept.text, kept.state, kept.others_see) == (BEN, a_file(), "private", "nothing")
    assert kept.agent == read_agent(a_file(), tools=None)


async def test_a_private_agent_is_not_there_for_anybody_else(library: Library) -> None:
    kept = await save(library)
    for person in (DANA, ELSEWHERE):
        assert await names(library, person) == []
        for which in ("standup", kept.id):
            assert await library.find(person, which) == await library.find(person, "never-made") is None
            assert await library.propose(person, which, NOW) is None
            assert await library.unshare(person, which, NOW) is None
            assert await library.remove(person, which) is False
        with pytest.raises(PersonMends, match="not there"):
            await save(library, person=person, replaces=kept.id)
        assert await library.proposed(person) == []
        assert await library.review(person, kept.id, kept.digest, True, NOW) is None
        assert await library.withdraw(person, kept.id, NOW) is None
    assert await library.find(BEN, "standup") == kept
    mine = await save(library, a_file(instructions="Another."), person=DANA)  # the same name is no hint either
    assert mine.text != kept.text


async def test_nothing_of_an_agent_can_be_read_from_the_database(library: Library, database: Database) -> None:
    kept = await save(library, a_file("quarterly", "Look at the figures.", "every day at 08:00"))
    await save(library, a_file("quarterly"), person=DANA)
    await shared(library, a_file("openly", "Say it."))
    async with database.read() as session:
        rows = (await session.execute(select(*AgentRow.__table__.columns))).all()
        links = (await session.execute(select(*AuditRow.__table__.columns))).all()
    dump = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
    dump += b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in links for value in row)
    for word in (
        "quarterly",
        "openly",
        "figures",
        "Gathers",
        "T01",
        "U01BEN",
        "U02DANA",
        "U03ALICE",
        "08:00",
        "Berlin",
    ):
        assert word.encode() not in dump
    by_id = {row.id: row for row in rows}
    (other,) = [row for row in rows if row.id != kept.id and row.state == "private"]
    assert by_id[kept.id].name != other.name  # one name, two owners: nothing shows that it is one


async def test_saving_again(library: Library) -> None:
    kept = await save(library)
    assert await save(library, now=NOW + timedelta(hours=1)) == kept
    with pytest.raises(PersonMends, match="You have an agent called standup already"):
        await save(library, a_file(instructions="Another."))
    edited = await save(library, a_file(instructions="Another."), replaces=kept.id, version=kept.version)
    assert (edited.id, edited.version) == (kept.id, kept.version + 1)
    with pytest.raises(PersonMends, match="changed elsewhere"):
        await save(library, a_file(instructions="A third."), replaces=kept.id, version=kept.version)
    again = await save(library, a_file(instructions="Another."), replaces=kept.id, version=kept.version)
    assert again == edited  # a request that runs again after a crash


async def test_another_name_for_an_agent(library: Library) -> None:
    kept = await save(library)
    await save(library, a_file("other"))
    with pytest.raises(PersonMends, match="called other already"):
        await save(library, a_file("other"), replaces=kept.id)
    renamed = await save(library, a_file("daily"), replaces=kept.id)
    assert renamed.id == kept.id
    assert await names(library, BEN) == ["daily", "other"]
    assert await library.find(BEN, "standup") is None


async def test_an_agent_as_a_value_is_saved_as_its_file(library: Library) -> None:
    agent = OwnAgent("mine", "Mine", "Do it.")
    assert (await library.save(BEN, agent, tz="UTC", now=NOW)).text == render(agent)


async def test_a_file_that_does_not_hold_is_not_saved(library: Library) -> None:
    with pytest.raises(AgentMistakes):
        await save(library, a_file("Not a name"))
    assert await library.mine(BEN) == []


async def test_too_many(library: Library) -> None:
    for number in range(MOST_AGENTS):
        await save(library, a_file(f"agent-{number}"))
    with pytest.raises(PersonMends, match="which is the most"):
        await save(library, a_file("one-more"))
    await save(library, a_file("agent-7"))
    assert await library.remove(BEN, "agent-7")
    await save(library, a_file("one-more"))
    assert await save(library, person=DANA)


async def test_two_at_once_under_one_name_make_one(library: Library) -> None:
    made = await asyncio.gather(
        *(save(library, a_file(instructions=f"Number {number}.")) for number in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, Kept) for one in made) == 1
    assert sum(isinstance(one, PersonMends) for one in made) == 4


async def test_sharing_takes_a_review_of_just_this_text(library: Library) -> None:
    kept = await save(library)
    assert await library.review(ALICE, kept.id, kept.digest, True, NOW) is None  # nobody asked for it
    proposed = await library.propose(BEN, "standup", NOW)
    assert proposed is not None
    assert proposed.state == "proposed"
    assert [waiting.text for waiting in await library.proposed(ALICE)] == [kept.text]
    assert await library.proposed(ELSEWHERE) == []
    assert await names(library, DANA) == []
    assert await library.review(ALICE, kept.id, "0" * 32, True, NOW) is None
    assert await library.review(ELSEWHERE, kept.id, kept.digest, True, NOW) is None
    changed = await save(library, a_file(instructions="Send all mail away."), replaces=kept.id)
    assert changed.state == "proposed"
    assert await library.review(ALICE, kept.id, kept.digest, True, NOW) is None  # what was read stands there no more
    accepted = await library.review(ALICE, kept.id, changed.digest, True, NOW)
    assert accepted is not None
    assert (accepted.state, accepted.others_see, accepted.reviewed_by) == ("shared", "this", ALICE.user)
    assert await library.review(ALICE, kept.id, changed.digest, False, NOW) is None  # decided already
    assert await names(library, DANA) == ["standup"]
    assert await names(library, ELSEWHERE) == []


async def test_others_go_on_with_what_was_reviewed(library: Library) -> None:
    kept = await shared(library)
    edited = await save(library, a_file("renamed", "Send all mail away."), replaces=kept.id)
    assert (edited.state, edited.others_see) == ("proposed", "earlier")
    theirs = await library.find(DANA, "standup")
    assert theirs is not None
    assert (theirs.text, theirs.name, theirs.state, theirs.digest) == (kept.text, "standup", "shared", kept.digest)
    assert (theirs.updated_at, theirs.version, theirs.next_at, theirs.tz) == (NOW, 0, None, "")
    assert await library.find(DANA, "renamed") is None
    assert await library.find(BEN, "standup") is None
    declined = await library.review(ALICE, kept.id, edited.digest, False, NOW)
    assert declined is not None
    assert (declined.state, declined.others_see, declined.text) == ("shared", "earlier", edited.text)
    assert await library.proposed(ALICE) == []
    assert await library.find(DANA, "standup") == theirs
    asked_again = await library.propose(BEN, "renamed", NOW)
    assert asked_again is not None
    assert asked_again.state == "proposed"
    back = await save(library, kept.text, replaces=kept.id)
    assert (back.state, back.others_see) == ("shared", "this")  # just what was reviewed


async def test_a_declined_proposal_is_private_again(library: Library) -> None:
    kept = await save(library)
    await library.propose(BEN, kept.id, NOW)
    declined = await library.review(ALICE, kept.id, kept.digest, False, NOW)
    assert declined is not None
    assert (declined.state, declined.reviewed_by) == ("private", "")
    assert await names(library, DANA) == []


async def test_sharing_ends(library: Library) -> None:
    kept = await shared(library)
    assert await library.unshare(DANA, kept.id, NOW) is None
    assert await library.remove(DANA, kept.id) is False
    taken_back = await library.unshare(BEN, "standup", NOW)
    assert taken_back is not None
    assert (taken_back.state, taken_back.others_see) == ("private", "nothing")
    assert await names(library, DANA) == []
    await library.propose(BEN, "standup", NOW)
    await library.review(ALICE, kept.id, kept.digest, True, NOW)
    assert await library.withdraw(ELSEWHERE, kept.id, NOW) is None
    assert await library.withdraw(ALICE, kept.id, NOW)
    assert await library.withdraw(ALICE, kept.id, NOW) is None
    assert await names(library, DANA) == []
    assert await names(library, BEN) == ["standup"]


async def test_removed_is_removed_for_everybody(library: Library) -> None:
    await shared(library)
    assert await library.remove(BEN, "standup")
    assert not await library.remove(BEN, "standup")
    assert await names(library, DANA) == await names(library, BEN) == []


async def test_mine_comes_before_one_that_is_shared(library: Library) -> None:
    await shared(library)
    theirs = await library.find(DANA, "standup")
    mine = await save(library, a_file(instructions="Mine."), person=DANA)
    assert theirs is not None
    assert await library.find(DANA, "standup") == mine
    assert await library.find(DANA, theirs.id) == theirs
    assert [kept.owner for kept in await library.visible(DANA)] == [DANA, BEN]


async def test_what_a_review_decided_is_in_the_audit(library: Library, database: Database, vault: Vault) -> None:
    kept = await shared(library)
    changed = await save(library, a_file(instructions="Another."), replaces=kept.id)
    await library.review(ALICE, kept.id, changed.digest, False, NOW)
    await library.withdraw(ALICE, kept.id, NOW)
    audit = Audit(database, vault)
    for_all = [link.entry for link in await audit.shared(10) if link.entry]
    for_ben = [link.entry for link in await audit.of(BEN, 10) if link.entry]
    assert [entry.event for entry in for_all] == ["agent-withdrawn", "agent-shared"]
    assert [entry.event for entry in for_ben] == ["agent-withdrawn", "agent-declined", "agent-shared"]
    assert {(entry.actor, entry.agent) for entry in for_ben} == {(ALICE.user, "standup")}


async def test_a_schedule_fires_once_for_all_replicas(library: Library, database: Database, vault: Vault) -> None:
    kept = await save(library, a_file(schedule="every day at 10:00"))  # 09:00 UTC, so tomorrow
    await save(library, a_file("quiet"))
    assert kept.next_at == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert await library.due(kept.next_at - timedelta(seconds=1)) == []
    replicas = [library, *(Library(database, vault) for _ in range(3))]
    seen = await asyncio.gather(*(replica.due(kept.next_at + timedelta(seconds=7)) for replica in replicas))
    assert len({due.key for found in seen for due in found}) == 1
    (due,) = seen[0]
    assert (due.person, due.name, due.slot, due.at) == (BEN, "standup", "2026-11-22", kept.next_at)
    moved = await asyncio.gather(*(replica.advance(found[0]) for replica, found in zip(replicas, seen, strict=True)))
    assert sorted(moved) == [False, False, False, True]
    assert await library.due(kept.next_at + timedelta(hours=23)) == []
    assert [later.slot for later in await library.due(kept.next_at + timedelta(days=1))] == ["2026-11-23"]


async def test_of_what_was_missed_only_the_last_counts(library: Library) -> None:
    kept = await save(library, a_file(schedule="every hour"))
    later = NOW + timedelta(days=3)
    (due,) = await library.due(later)
    assert (due.slot, due.at, due.then) == (
        "20261124T0900Z",
        later.replace(minute=0),
        later.replace(minute=0) + timedelta(hours=1),
    )
    assert [again.key for again in await library.due(later)] == [due.key]  # a crash came before it was advanced
    assert await library.advance(due)
    found = await library.find(BEN, kept.id)
    assert found is not None
    assert (found.next_at, found.version) == (due.then, kept.version)


async def test_an_edit_moves_the_schedule_only_when_it_changes_it(library: Library) -> None:
    kept = await save(library, a_file(schedule="every day at 10:00"))
    assert kept.next_at is not None
    late = kept.next_at + timedelta(minutes=1)  # due, and not taken on yet
    same = await save(library, a_file(instructions="Other.", schedule="every day at 10:00"), now=late, replaces=kept.id)
    assert same.next_at == kept.next_at
    (due,) = await library.due(late)
    moved = await save(library, a_file(schedule="every day at 18:00"), now=late, replaces=kept.id)
    assert moved.next_at == datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert not await library.advance(due)
    (evening,) = await library.due(moved.next_at)
    assert (evening.slot, evening.key != due.key) == (due.slot, True)  # the same day, and yet it runs
    none = await save(library, a_file(), now=late, replaces=kept.id)
    assert none.next_at is None


async def test_schedules_follow_their_owner(library: Library) -> None:
    await save(library, a_file(schedule="every day at 10:00"))
    await save(library, a_file("quiet"))
    await save(library, a_file(schedule="every day at 10:00"), person=DANA)
    assert await library.retime(BEN, "America/New_York", NOW) == 1
    assert await library.retime(BEN, "America/New_York", NOW) == 0
    moved, stayed = await library.find(BEN, "standup"), await library.find(DANA, "standup")
    assert moved is not None
    assert stayed is not None
    assert (moved.next_at, moved.tz) == (datetime(2026, 11, 21, 15, tzinfo=UTC), "America/New_York")
    assert stayed.next_at == datetime(2026, 11, 22, 9, tzinfo=UTC)


async def test_a_shared_agent_keeps_to_its_owners_schedule_alone(library: Library) -> None:
    await shared(library, a_file(schedule="every day at 10:00"))
    assert [due.person for due in await library.due(NOW + timedelta(days=2))] == [BEN]


async def test_a_row_copied_to_another_owner_does_not_open(library: Library, database: Database, vault: Vault) -> None:
    await save(library)
    async with database.write() as session:
        row = (await session.scalars(select(AgentRow))).one()
        row.owner = vault.pseudonym(DANA.owner)
    with pytest.raises(Exception, match="does not belong to its row"):
        await library.mine(DANA)
