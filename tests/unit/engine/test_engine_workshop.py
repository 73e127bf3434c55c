"""The workshop: who reviews, who is told, what fires, and which words are taken."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_fake import FakeSlack, member
from sqlalchemy import select, update
from world import ADA, BEN, CY, DOT

from bot.agents.files import read_agent
from bot.agents.library import Kept, Library
from bot.agents.talk.parts import Definition
from bot.contracts.errors import PersonMends
from bot.contracts.people import Person, Profile
from bot.contracts.policy import Policy
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Posted
from bot.contracts.tools import Effect, Offer
from bot.engine.commands import ASK, BEGIN, Commands, Free, Open, Run
from bot.engine.entitlement import Entitlement
from bot.engine.posts import Posts
from bot.engine.visible import OwnAgents
from bot.engine.workshop import USAGE, Workshop, WorkshopParts
from bot.gate.audit import Audit
from bot.gate.overrides import Overrides
from bot.gate.stops import Stops
from bot.models import Catalogue, ModelSettings
from bot.store.database import Database, database_url
from bot.store.documents import Documents
from bot.store.models import AgentRow
from bot.store.sealing import Vault

NOW = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Named:
    name: str
    effect: Effect

    def offer(self) -> Offer | None:
        return None if self.name == "box.hidden" else Offer(self.name, self.name, {})


class Box:
    """Tools that do nothing but stand there."""

    def __init__(self) -> None:
        self.there = {"box.read": Effect.READ, "box.send": Effect.SEND, "box.hidden": Effect.READ}

    def get(self, name: str) -> Any:
        return Named(name, self.there[name]) if name in self.there else None

    def names(self) -> list[str]:
        return sorted(self.there)


class Zones(FakeSlack):
    """Everybody is in Berlin, until they move."""

    tz = "Europe/Berlin"

    async def profile(self, person: Person) -> Profile:
        return Profile(person.user.title(), self.tz, "en-GB")


@dataclass
class Bench:
    """The workshop with what it stands on, and what it asked to be done."""

    workshop: Workshop
    own: OwnAgents
    slack: Zones
    database: Database
    stops: Stops
    box: Box
    folder: Path
    asked: dict[str, Request] = field(default_factory=dict)
    _clicks: int = 0

    @property
    def library(self) -> Library:
        return self.own.library

    async def enqueue(self, request: Request) -> bool:
        known = request.key in self.asked
        self.asked[request.key] = request
        return not known

    async def work(self) -> None:
        """Do what was asked of the workshop itself, twice over, as a crash makes it."""
        while of_ours := [request for request in self.asked.values() if request.agent == "agents"]:
            for request in of_ours:
                del self.asked[request.key]
                await self.workshop.act(request)
                await self.workshop.act(request)

    async def press(self, person: Person, action: str, value: str, at: Posted | None = None) -> None:
        self._clicks += 1
        args: Any = {"value": value, **({"channel": at.channel, "ts": at.ts} if at else {})}
        channel = at.channel if at else f"D{person.user}"
        await self.workshop.act(Request(f"click {self._clicks}", person, "agents", action, args, channel))
        await self.work()

    async def save(self, person: Person = BEN, text: str = "", **fields: str) -> Any:
        """Save it by the form of a new one, or, as a file, over the one of its name."""
        if not text:
            given = {"name": "day", "description": "The day", "instructions": "Write.", "schedule": "", **fields}
            state: Any = {name: {"value": {"value": value}} for name, value in given.items()}
            return await self.workshop.submit(person, state, '{"new":true}')
        kept = await self.library.find(person, read_agent(text, tools=None).name)
        version, known = (str(kept.version), kept.id) if kept and kept.owner == person else ("null", "")
        state = {"part:0": {"value": {"value": text}}, "more": {"value": {"value": None}}}
        said = await self.workshop.submit(person, state, f'{{"id":"{known}","version":{version}}}')
        await self.work()
        return said

    async def kept(self, person: Person = BEN) -> Kept:
        (kept,) = await self.library.mine(person)
        return kept

    def shown(self, person: Person) -> dict[Posted, str]:
        """What stands in somebody's direct messages: all letters of it."""
        own = f"D{person.user}"
        return {at: str(message.blocks) for at, message in self.slack.messages.items() if at.channel == own}

    def button(self, person: Person, action: str) -> tuple[Posted, str]:
        """The newest message with that button, and what the button carries."""
        for at, message in reversed(self.slack.messages.items()):
            for block in message.blocks if at.channel == f"D{person.user}" else ():
                for element in block.get("elements", ()):
                    if element.get("action_id") == action:
                        return at, element["value"]
        raise AssertionError(f"no {action} for {person.user}")


@pytest.fixture
async def bench(migrated_sqlite: Path, tmp_path: Path, vault: Vault) -> AsyncIterator[Bench]:
    file = tmp_path / "test.db"
    shutil.copy(migrated_sqlite, file)
    database = Database(database_url(f"sqlite:///{file}", tmp_path))
    slack, policy, box, audit = Zones(), Policy(), Box(), Audit(database, vault)
    slack.members = {ADA.user: member(ADA.user, admin=True), CY.user: member(CY.user, admin=True)}
    own = OwnAgents(Library(database, vault, audit), tmp_path / "agents", Catalogue(ModelSettings()))
    own.tools, own.built_in = box, {ASK: Definition(ASK, "Answers", "Help.", ("*",))}
    stops = Stops(database, vault, audit)
    parts = WorkshopParts(
        own=own,
        policy=policy,
        slack=slack,
        posts=Posts(database, slack),
        documents=Documents(database, vault),
        entitlement=Entitlement(policy, slack, Overrides(database, vault, audit)),
        stops=stops,
        enqueue=lambda request: found.enqueue(request),
        pointer="At work.",
    )
    workshop = Workshop(parts)
    workshop.reserve(["triage", "ask", "agents", "run"])
    found = Bench(workshop, own, slack, database, stops, box, tmp_path / "agents")
    yield found
    await database.close()


def a_file(told: str = "Write.", more: str = "", tools: str = "[box.read]", name: str = "day") -> str:
    return f"---\nname: {name}\ndescription: The day\ntools: {tools}\n{more}---\n{told}\n"


async def share(bench: Bench) -> None:
    await bench.press(BEN, "share", (await bench.kept()).id)


# What is typed


def test_what_is_typed_after_agents() -> None:
    commands = Commands({}, (), USAGE)
    assert commands.understand("agents new") == Open("agents.new", "")
    assert commands.understand("agents NEW ---\nname: x\n---\ny") == Open("agents.new", "---\nname: x\n---\ny")
    assert commands.understand("agents Standup") == Open("agents.show", "standup")


@pytest.mark.parametrize("name", ["triage", "ask", "agents", "run", "new", "of-all"])
async def test_no_agent_takes_a_word_that_is_taken(bench: Bench, name: str) -> None:
    bench.folder.mkdir()
    (bench.folder / "one.md").write_text(a_file(name="of-all"))
    assert "taken" in (await bench.save(name=name))["name"]
    assert await bench.library.mine(BEN) == []


async def test_a_mistake_stands_at_its_input(bench: Bench) -> None:
    told = await bench.save(schedule="now and then", instructions=" ")
    assert set(told) == {"schedule", "instructions"}
    told = await bench.save(text=a_file(tools="[box.raed]"))
    assert "Line 4, tools" in told["part:0"]
    assert "Did you mean box.read?" in told["part:0"]
    assert "there is no tool" in (await bench.save(text=a_file(tools="[box.hidden]")))["part:0"].lower()
    assert await bench.library.mine(BEN) == []


async def test_a_name_of_ones_own_that_is_taken_is_said_at_the_name(bench: Bench) -> None:
    assert isinstance(await bench.save(), Message)
    assert isinstance(await bench.save(), Message), "a repeated delivery is no second one"
    assert "already" in (await bench.save(instructions="Another."))["name"]


async def test_guests_see_nothing(bench: Bench) -> None:
    bench.slack.members[DOT.user] = member(DOT.user, guest=True)
    for wish in (bench.workshop.answer(DOT), bench.workshop.view("new", DOT, "new"), bench.save(DOT)):
        with pytest.raises(PersonMends, match="members of this workspace"):
            await wish


# Finding


async def test_the_nearest_name_is_one_that_the_person_sees(bench: Bench) -> None:
    await bench.save(name="standup")
    with pytest.raises(PersonMends) as mine:
        await bench.own.find(BEN, "standap")
    assert mine.value.mend == "Did you mean standup?"
    with pytest.raises(PersonMends) as other:
        await bench.own.find(DOT, "standup")
    assert "standup" not in other.value.mend
    with pytest.raises(PersonMends) as by_id:
        await bench.own.find(DOT, (await bench.kept()).id)
    with pytest.raises(PersonMends) as nothing:
        await bench.own.find(DOT, "0" * 32)
    assert (by_id.value.message, by_id.value.mend) == (nothing.value.message, nothing.value.mend)


async def test_ones_own_goes_before_the_installations_and_that_before_a_shared_one(bench: Bench) -> None:
    await bench.save(text=a_file("Bens."))
    await share(bench)
    await bench.press(ADA, "review.accept", bench.button(ADA, "agents.review.accept")[1])
    assert (await bench.own.find(DOT, "day")).instructions == "Bens."
    bench.folder.mkdir()
    (bench.folder / "day.md").write_text(a_file("For all."))
    bench.box.there["box.more"] = Effect.READ
    assert (await bench.own.find(DOT, "day")).instructions == "For all."
    assert (await bench.own.find(BEN, "day")).instructions == "Bens."


async def test_a_definition_is_what_the_file_says(bench: Bench) -> None:
    await bench.save(text=a_file(more="maxTurns: 3\nmcpServers: [wiki]\n", tools='["box.*"]'))
    one = await bench.own.find(BEN, "day")
    assert (one.name, one.instructions, one.most_asks) == ("day", "Write.", 3)
    assert one.tools == ("box.*", "mcp.wiki.*")
    value = bench.own.value(await bench.own.seek(BEN, "day"), BEN)
    assert (value.reads, value.asks, value.gone) == (("box.read",), ("box.send",), ("mcp.wiki.*",))


async def test_what_it_wants_to_know_is_asked_for(bench: Bench) -> None:
    inputs = (
        "meshclaw:\n  command: notes\n  inputs:\n    a: Which one?\n    b: {label: 'Since when?', optional: true}\n"
    )
    await bench.save(text=a_file(more=inputs))
    free = Message("unknown")
    for text in ("day", "notes", "Notes "):
        with pytest.raises(PersonMends, match=r"wants to know: Which one\?$"):
            await bench.workshop.called(BEN, Free(text.strip(), free))
    run = await bench.workshop.called(BEN, Free("notes the docs", free))
    assert run is not None
    assert run.args == {"text": "the docs", "as": (await bench.kept()).id}
    assert await bench.workshop.called(DOT, Free("notes the docs", free)) is None
    asked = Run(ASK, {"text": BEGIN, "as": ASK}, "")
    assert await bench.workshop.prepared(BEN, asked) == asked


# Sharing


async def test_every_admin_is_asked_and_the_first_who_decides_decides_for_all(bench: Bench) -> None:
    await bench.save(text=a_file("Write it all down."))
    await share(bench)
    assert bench.shown(BEN) == {}
    assert [len(bench.shown(admin)) for admin in (ADA, CY, DOT)] == [1, 1, 0]
    at, value = bench.button(CY, "agents.review.accept")
    assert "Write it all down." in bench.shown(CY)[at]
    await bench.press(CY, "review.accept", value, at)
    for admin in (ADA, CY, BEN):
        (told,) = bench.shown(admin).values()
        assert "is shared with everybody here" in told
        assert "agents.review" not in told
    assert (await bench.kept()).others_see == "this"


@pytest.mark.parametrize(
    "decider", [DOT, BEN, member(ADA.user, admin=True, guest=True), member(ADA.user, admin=True, active=False)]
)
async def test_nobody_decides_but_who_is_an_admin_at_that_moment(bench: Bench, decider: Any) -> None:
    await bench.save(text=a_file())
    await share(bench)
    _, value = bench.button(CY, "agents.review.accept")
    if not isinstance(decider, Person):
        bench.slack.members[ADA.user], decider = decider, ADA
    for action in ("review.accept", "review.decline"):
        with pytest.raises(PersonMends, match="Only an admin"):
            await bench.press(decider, action, value)
    with pytest.raises(PersonMends, match=r"Only an admin|members of this workspace"):
        await bench.workshop.view("review", decider, f"{value}:0")
    assert (await bench.kept()).state == "proposed"


async def test_ones_own_is_decided_by_another_admin_where_there_is_one(bench: Bench) -> None:
    await bench.save(ADA)
    await bench.press(ADA, "share", (await bench.kept(ADA)).id)
    assert bench.shown(ADA) == {}
    _, value = bench.button(CY, "agents.review.accept")
    with pytest.raises(PersonMends, match="another admin"):
        await bench.press(ADA, "review.accept", value)
    bench.slack.leaves(CY.user)
    await bench.press(ADA, "review.accept", value)
    assert (await bench.kept(ADA)).others_see == "this"


async def test_a_changed_text_is_asked_for_anew_and_the_earlier_request_is_over(bench: Bench) -> None:
    await bench.save(text=a_file("First."))
    await share(bench)
    at, value = bench.button(ADA, "agents.review.accept")
    await bench.save(text=a_file("Second."))
    assert "changed, taken back or decided" in bench.shown(ADA)[at]
    assert "meanwhile" in str(await bench.workshop.view("review", ADA, f"{value}:0"))
    await bench.press(ADA, "review.accept", value, at)
    assert (await bench.kept()).others_see == "nothing"
    newer, value = bench.button(ADA, "agents.review.accept")
    assert "Second." in bench.shown(ADA)[newer]
    await bench.press(ADA, "review.accept", value, newer)
    assert (await bench.own.find(DOT, "day")).instructions == "Second."


@pytest.mark.parametrize("action", ["unshare", "remove"])
async def test_what_is_taken_back_is_not_to_be_decided_any_more(bench: Bench, action: str) -> None:
    await bench.save(text=a_file())
    await share(bench)
    at, value = bench.button(ADA, "agents.review.accept")
    await bench.press(DOT, "remove", (await bench.kept()).id)
    await bench.press(BEN, action, (await bench.kept()).id)
    assert "agents.review" not in bench.shown(ADA)[at]
    await bench.press(ADA, "review.accept", value, at)
    with pytest.raises(PersonMends):
        await bench.own.find(DOT, "day")


async def test_a_dry_run_is_of_just_this_agent(bench: Bench) -> None:
    await bench.save(text=a_file())
    await bench.press(BEN, "dryrun", (await bench.kept()).id)
    (request,) = bench.asked.values()
    assert (request.person, request.agent, request.action) == (BEN, ASK, "run")
    assert request.args == {"text": BEGIN, "as": (await bench.kept()).id, "dry": True}
    with pytest.raises(PersonMends):
        await bench.press(DOT, "dryrun", (await bench.kept()).id)


# The clock


async def make_due(bench: Bench) -> datetime:
    at = datetime.now(UTC)
    async with bench.database.write() as session:
        await session.execute(update(AgentRow).values(next_at=at - timedelta(minutes=1)))
    return at


async def test_an_occurrence_is_asked_for_under_one_key_and_then_the_next_is_waited_for(bench: Bench) -> None:
    await bench.save(schedule="every day at 09:00")
    now = await make_due(bench)
    await bench.workshop.sweep(now)
    (first,) = bench.asked
    await make_due(bench)
    await bench.workshop.sweep(now)
    assert list(bench.asked) == [first]
    request = bench.asked[first]
    assert (request.person, request.agent, request.args["as"]) == (BEN, ASK, (await bench.kept()).id)
    bench.asked.clear()
    await bench.workshop.sweep(now)
    assert bench.asked == {}
    async with bench.database.read() as session:
        assert all(at > now for at in await session.scalars(select(AgentRow.next_at)))


@pytest.mark.parametrize("gone", ["guest", "left", "stopped"])
async def test_nothing_runs_by_itself_for_who_is_not_there_to_see_it(bench: Bench, gone: str) -> None:
    await bench.save(schedule="every day at 09:00")
    now = await make_due(bench)
    if gone == "guest":
        bench.slack.members[BEN.user] = member(BEN.user, guest=True)
    elif gone == "left":
        bench.slack.leaves(BEN.user)
    else:
        await bench.stops.stop_person(BEN, BEN.user, now - timedelta(minutes=5), "")
    await bench.workshop.sweep(now)
    assert bench.asked == {}
    assert not await bench.library.due(now)


async def test_schedules_follow_their_owner_around_the_world(bench: Bench) -> None:
    await bench.save(schedule="every day at 09:00")
    before = (await bench.kept()).next_at
    bench.slack.tz = "Asia/Taipei"
    await bench.save(name="other")
    moved = {kept.name: kept for kept in await bench.library.mine(BEN)}["day"]
    assert moved.tz == "Asia/Taipei"
    assert moved.next_at != before


# The folder


async def test_the_folder_is_read_again_when_there_are_other_tools(bench: Bench) -> None:
    bench.folder.mkdir()
    (bench.folder / "a.md").write_text(a_file(name="first"))
    (bench.folder / "b.md").write_text(a_file(name="second", tools="[mcp.wiki.find]"))
    assert [one.name for one in await bench.own.visible(DOT)] == ["first"]
    bench.box.there["mcp.wiki.find"] = Effect.READ
    assert [one.name for one in await bench.own.visible(DOT)] == ["first", "second"]
