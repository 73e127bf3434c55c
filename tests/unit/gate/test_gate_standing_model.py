"""Grants and stops against simple models, under any sequence of what people, the ledger and the clock may do."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from told import ToldAudit
from world import ADA, BEN

from bot.contracts.people import Person
from bot.contracts.tools import Facets
from bot.gate.grants import Grant, Grants, Patterns
from bot.gate.stops import Stops
from bot.store.database import Database, database_url
from bot.store.sealing import Vault

T = TypeVar("T")
START = datetime(2026, 3, 1, tzinfo=UTC)
people = st.sampled_from([ADA, BEN])
tools = st.sampled_from(["mail.move", "mail.flag"])
minutes = st.sampled_from([1, 10, 60, 24 * 60])


@cache
def _migrated() -> Path:
    """An empty database, made once: a machine begins on a copy."""
    folder = Path(tempfile.mkdtemp())

    async def migrate() -> None:
        database = Database(database_url(None, folder))
        await database.migrate()
        await database.close()

    asyncio.run(migrate())
    return folder / "meshclaw.db"


class Machine(RuleBasedStateMachine):
    """A database of its own, and a clock that only tests move."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(_migrated(), self.folder / "meshclaw.db")
        self.vault = Vault(b"k" * 32)
        self.database = Database(database_url(None, self.folder))
        self.audit = ToldAudit(self.database, self.vault)
        self.now = START

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        assert self.run(self.audit.verify()) is None
        self.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.folder)


@dataclass
class Written:
    """A grant as it must be. `letters`: what its one facet may be, each a pattern; `taken`: what uses hold of it."""

    id: str
    person: Person
    tool: str
    letters: tuple[str, ...]
    count: int
    until: datetime
    created: datetime
    used: int = 0
    revoked: bool = False
    held: list[int] = field(default_factory=list)

    def stands(self, now: datetime) -> bool:
        return not self.revoked and now < self.until

    def covers(self, facets: Facets) -> bool:
        return set(facets) == {"x"} and bool(facets["x"]) and set(facets["x"]) <= set(self.letters)


class GrantsMachine(Machine):
    """People write and revoke; the ledger takes, does, gives back; time goes by. A grant never gives more things than
    it was written for, none that is not covered, and none once it has ended."""

    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.grants = Grants(self.database, self.vault, self.audit)
        self.models: dict[str, Written] = {}

    @rule(
        target=known,
        person=people,
        tool=tools,
        letters=st.sets(st.sampled_from("abc"), min_size=1),
        count=st.integers(1, 6),
        lasts=minutes,
    )
    def write(self, person: Person, tool: str, letters: set[str], count: int, lasts: int) -> str:
        patterns: Patterns = {"x": tuple(sorted(letters))}
        until = self.now + timedelta(minutes=lasts)
        work = self.grants.write(
            person, tool, patterns, count=count, until=until, words="w", now=self.now, actor=person.user
        )
        grant = self.run(work)
        self.models[grant.id] = Written(grant.id, person, tool, patterns["x"], count, until, self.now)
        return grant.id

    @rule(
        person=people,
        tool=tools,
        values=st.lists(st.sampled_from("abc"), max_size=3),
        more=st.sampled_from([False, False, True]),
        items=st.integers(0, 4),
        fails=st.sampled_from([False, False, False, True]),
    )
    def take(self, person: Person, tool: str, values: list[str], more: bool, items: int, fails: bool) -> None:
        """As a proposal does: find a grant, take from it, and stand by that unless the transaction fails."""
        facets: Facets = {"x": tuple(values)} | ({"y": ("1",)} if more else {})
        grant = self.run(self.grants.covering(person, tool, facets, items, self.now))
        fitting = [
            model
            for model in self.models.values()
            if (model.person, model.tool) == (person, tool)
            and model.stands(self.now)
            and model.count - model.used >= max(items, 1)
            and model.covers(facets)
        ]
        assert (grant is not None) is bool(fitting)
        if grant is None:
            return
        narrowest = min(fitting, key=lambda model: (len(model.letters), model.created, model.id))
        assert grant.id == narrowest.id
        assert self.run(self._use(grant.id, items, fails))
        if not fails:
            narrowest.used += max(items, 1)
            narrowest.held.append(max(items, 1))

    @rule(grant=known, items=st.integers(-2, 7), fails=st.booleans())
    def take_from_this(self, grant: str, items: int, fails: bool) -> None:
        """Without having looked: the row decides."""
        model = self.models[grant]
        fits = model.stands(self.now) and model.count - model.used >= max(items, 1)
        assert self.run(self._use(grant, items, fails)) is fits
        if fits and not fails:
            model.used += max(items, 1)
            model.held.append(max(items, 1))

    async def _use(self, grant_id: str, items: int, fails: bool) -> bool:
        try:
            async with self.database.write() as session:
                taken = await self.grants.use(session, grant_id, items, self.now)
                if fails:
                    raise InterruptedError
        except InterruptedError:
            pass
        return taken

    @rule(grant=known, touched=st.integers(0, 3))
    def do(self, grant: str, touched: int) -> None:
        """As the ledger does: look whether it may, and give back what was not touched."""
        model = self.models[grant]

        async def carry_out(untouched: int) -> bool:
            async with self.database.write() as session:
                may = await self.grants.living(session, grant, self.now)
                await self.grants.give_back(session, grant, untouched)
                return may

        held = model.held.pop() if model.held else 0
        untouched = max(held - touched, 0)
        assert self.run(carry_out(untouched)) is model.stands(self.now)
        model.used -= untouched

    @rule(grant=known, person=people, mostly_owner=st.integers(0, 3))
    def revoke(self, grant: str, person: Person, mostly_owner: int) -> None:
        model = self.models[grant]
        who = model.person if mostly_owner else person
        revoked = self.run(self.grants.revoke(who, grant, self.now, who.user))
        assert revoked is (who == model.person and not model.revoked)
        model.revoked |= revoked

    @rule(by=minutes)
    def time_goes_by(self, by: int) -> None:
        self.now += timedelta(minutes=by)

    @invariant()
    def is_as_the_model_says(self) -> None:
        for person in (ADA, BEN):
            found = self.run(self.grants.of(person, self.now))
            mine = [model for model in self.models.values() if model.person == person]
            assert {grant.id for grant in found} == {model.id for model in mine}
            lives = [grant.lives(self.now) for grant in found]
            assert lives == sorted(lives, reverse=True)
            for grant in found:
                self._agrees(grant, self.models[grant.id])

    def _agrees(self, grant: Grant, model: Written) -> None:
        assert (grant.left, grant.used) == (model.count - model.used, model.used)
        assert grant.left >= 0
        assert (grant.revoked is not None) is model.revoked
        assert grant.lives(self.now) is (model.stands(self.now) and model.used < model.count)


HERE = ["a" * 32, "b" * 32, ""]
places = st.sampled_from(HERE)


class StopsMachine(Machine):
    """People and an admin stop and resume; whatever began whenever is asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.stops = Stops(self.database, self.vault, self.audit)
        self.all = False
        self.people: set[Person] = set()
        self.places: dict[str, datetime] = {}
        self.mark = self.run(self.stops.latest())

    @rule(person=people)
    def stop_person(self, person: Person) -> None:
        self.run(self.stops.stop_person(person, person.user, self.now))
        self.people.add(person)
        self._said(True)

    @rule(person=people, place=places.filter(bool))
    def stop_conversation(self, person: Person, place: str) -> None:
        self.run(self.stops.stop_conversation(person, place, person.user, self.now))
        self.places[place] = self.now
        self._said(True)

    @rule(admin=people)
    def stop_all(self, admin: Person) -> None:
        self.run(self.stops.stop_all(admin, self.now))
        self.all = True
        self._said(True)

    @rule(person=people)
    def resume_person(self, person: Person) -> None:
        lifted = self.run(self.stops.resume_person(person, person.user, self.now))
        assert lifted is (person in self.people)
        self.people.discard(person)
        self._said(lifted)

    @rule(admin=people)
    def resume_all(self, admin: Person) -> None:
        lifted = self.run(self.stops.resume_all(admin, self.now))
        assert lifted is self.all
        self.all = False
        self._said(lifted)

    @rule(by=minutes)
    def time_goes_by(self, by: int) -> None:
        self.now += timedelta(minutes=by)

    @rule(age=st.sampled_from([0, 0, 5, 60]))
    def purge(self, age: int) -> None:
        """What began more than that many minutes ago is over, so nobody asks about it."""
        before = self.now - timedelta(minutes=age)
        self.run(self.stops.purge(before))
        self.places = {place: at for place, at in self.places.items() if at >= before}
        self.mark = self.run(self.stops.latest())

    def _said(self, changed: bool) -> None:
        mark = self.run(self.stops.latest())
        assert (mark != self.mark) is changed
        self.mark = mark

    @invariant()
    def holds_as_the_model_says(self) -> None:
        began = {self.now, *(at + offset for at in self.places.values() for offset in (timedelta(0), -BLINK, BLINK))}
        asked = [(person, place, when) for person in (ADA, BEN) for place in HERE for when in sorted(began)]

        async def seen() -> list[str]:
            async with self.database.read() as session:
                held = [await self.stops.holding(session, *work) for work in asked]
            return [standing.scope if standing else "" for standing in held]

        assert self.run(seen()) == [self._expected(*work) for work in asked]

    def _expected(self, person: Person, place: str, began: datetime) -> str:
        if self.all:
            return "all"
        if person in self.people:
            return "person"
        return "conversation" if place in self.places and began <= self.places[place] else ""


BLINK = timedelta(microseconds=1)
TestGrants = GrantsMachine.TestCase
TestGrants.settings = settings(settings(), max_examples=20, stateful_step_count=30)
TestStops = StopsMachine.TestCase
TestStops.settings = settings(settings(), max_examples=10, stateful_step_count=20)
