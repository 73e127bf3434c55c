"""Cards against a simple model, under any sequence of what several people and the clock may do."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, precondition, rule
from sqlalchemy import select
from world import ADA, BEN

from bot.contracts.people import Person
from bot.contracts.tools import Call, Plan
from bot.gate.audit import Audit
from bot.gate.cards import TIME_TO_DECIDE, TIME_TO_UNDO, Card, Cards, Refused
from bot.store.database import Database, database_url
from bot.store.models import AuditRow
from bot.store.sealing import Vault

T = TypeVar("T")
KEY = b"k" * 32
people = st.sampled_from([ADA, BEN])
numbers = st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True)


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


@dataclass
class Model:
    """A card as it must be. `plans`: every plan it ever showed, the last being the one it shows."""

    person: Person
    agent: str
    expires: datetime
    plans: list[tuple[str, tuple[Call, ...]]]
    state: str = "pending"
    decided_by: str = ""
    decided_at: datetime | None = None
    undone_by: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    def open_at(self, now: datetime) -> bool:
        return self.state == "pending" and now < self.expires


class CardsMachine(RuleBasedStateMachine):
    """What people press, on whatever drawing, whenever."""

    known = Bundle("known")
    pressed = Bundle("pressed")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(_migrated(), self.folder / "meshclaw.db")
        self.vault = Vault(KEY)
        self.database = Database(database_url(None, self.folder))
        self.audit = Audit(self.database, self.vault)
        self.cards = Cards(self.database, self.vault, self.audit)
        self.models: dict[str, Model] = {}
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.count = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Its result, or None when it was refused."""
        try:
            return self.runner.run(work)
        except Refused:
            return None

    def key(self) -> str:
        self.count += 1
        return f"key {self.count}"

    @rule(target=known, person=people, agent=st.sampled_from("ab"), things=numbers)
    def propose(self, person: Person, agent: str, things: list[int]) -> str:
        plan = Plan("t", tuple(Call("box.mark", {"things": [thing]}) for thing in things))
        card = self.run(self.cards.propose(person, agent, self.key(), plan, self.now))
        assert card
        for model in self.models.values():
            if (model.person, model.agent, model.state) == (person, agent, "pending"):
                model.state = "superseded"
        self.models[card.id] = Model(person, agent, self.now + TIME_TO_DECIDE, [(card.plan_id, plan.calls)])
        return card.id

    @rule(
        target=pressed,
        card=known,
        person=people,
        approve=st.booleans(),
        drawing=st.integers(0, 3),
        stranger=st.integers(0, 3),
    )
    def decide(self, card: str, person: Person, approve: bool, drawing: int, stranger: int) -> Any:
        model = self.models[card]
        who = person if not stranger else model.person  # mostly the owner, so that something happens
        plan_id = model.plans[-1 - min(drawing, len(model.plans) - 1) if drawing == 3 else -1][0]
        key = self.key()
        after = self._press_decide(plan_id, who, key, approve)
        allowed = who == model.person and plan_id == model.plans[-1][0] and model.open_at(self.now)
        assert (after is not None) is allowed
        if allowed:
            model.state, model.decided_by, model.decided_at = "running" if approve else "denied", key, self.now
        return multiple((card, plan_id, who, key, approve))

    @rule(press=consumes(pressed))
    def press_comes_again(self, press: tuple[str, str, Person, str, bool]) -> None:
        """Redelivered: it finds its own decision, and makes none."""
        card, plan_id, who, key, approve = press
        after = self._press_decide(plan_id, who, key, approve)
        model = self.models[card]
        allowed = who == model.person and plan_id == model.plans[-1][0] and model.open_at(self.now)
        if allowed:  # refused before, by the clock or another drawing, and fine now
            model.state, model.decided_by, model.decided_at = "running" if approve else "denied", key, self.now
        assert (after is not None) is (model.decided_by == key)

    def _press_decide(self, plan_id: str, who: Person, key: str, approve: bool) -> Card | None:
        return self.run(self.cards.decide(plan_id, who, key, approve=approve, posted=None, now=self.now))

    @rule(card=known, person=people, older=st.booleans(), keep=st.integers(0, 4))
    def narrow(self, card: str, person: Person, older: bool, keep: int) -> None:
        model = self.models[card]
        plan_id, calls = model.plans[0 if older else -1]
        after = self.run(self.cards.narrow(plan_id, person, self.key(), calls[:keep], self.now))
        allowed = (
            person == model.person and plan_id == model.plans[-1][0] and model.open_at(self.now) and bool(calls[:keep])
        )
        assert (after is not None) is allowed
        if after:
            model.plans.append((after.plan_id, calls[:keep]))

    @rule(card=known)
    def settle(self, card: str) -> None:
        model = self.models[card]
        undoing = model.state == "undoing"
        now = self.run(self.cards.get(card))
        assert now
        self.run(self.cards.settle(now, undone=undoing))
        model.state = {"running": "settled", "undoing": "undone"}.get(model.state, model.state)

    @rule(card=known, person=people, same=st.booleans())
    def take_back(self, card: str, person: Person, same: bool) -> None:
        model = self.models[card]
        key = model.undone_by if same and model.undone_by else self.key()
        plan_id, calls = model.plans[-1]
        after = self.run(self.cards.take_back(plan_id, person, key, calls, self.now))
        again = bool(model.undone_by) and key == model.undone_by
        in_time = model.decided_at is not None and self.now <= model.decided_at + TIME_TO_UNDO
        allowed = person == model.person and (again or (model.state == "settled" and in_time))
        assert (after is not None) is allowed
        if allowed and not again:
            model.state, model.undone_by = "undoing", key

    @rule(hours=st.sampled_from([1, 23, 24, 7 * 24]))
    def time_goes_by(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def expire(self) -> None:
        expired = self.runner.run(self.cards.expire(self.now))
        due = {id for id, model in self.models.items() if model.state == "pending" and not model.open_at(self.now)}
        assert {card.id for card in expired} == due
        for id in due:
            self.models[id].state = "expired"

    @invariant()
    @precondition(lambda self: self.models)
    def is_as_the_model_says(self) -> None:
        for id, model in list(self.models.items())[-4:]:
            card = self.runner.run(self.cards.get(id))
            assert (card.state, card.person, card.plan_id) == (model.state, model.person, model.plans[-1][0])
            assert card.plan.calls == model.plans[-1][1] == self.runner.run(self.cards.calls(card.plan_id))

    def teardown(self) -> None:
        async def end() -> Counter[tuple[str, str]]:
            async with self.database.read() as session:
                rows = await session.execute(select(AuditRow.event, AuditRow.plan))
                told = Counter((row.event, row.plan) for row in rows)
            assert await self.audit.verify() is None
            await self.database.close()
            return told

        told = self.runner.run(end())
        self.runner.close()
        shutil.rmtree(self.folder)
        for model in self.models.values():
            ids = [plan_id for plan_id, _ in model.plans]
            decisions = [event for event, plan in told.elements() if plan in ids and event in ("approved", "denied")]
            expected = {"denied": ["denied"], "pending": [], "superseded": [], "expired": []}
            assert decisions == expected.get(model.state, ["approved"])


TestCards = CardsMachine.TestCase
TestCards.settings = settings(settings(), max_examples=20, stateful_step_count=30)
