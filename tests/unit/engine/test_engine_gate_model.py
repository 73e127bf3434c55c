"""Approvals, grants, stops, ceilings and undo together against a simple model of them, whatever people press whenever,
whoever leaves, and wherever the process dies."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar
from unittest.mock import patch

from desk import Desk
from gate_model import CEILINGS, ENDED, HOUR, OUTBOX, Card, Died, Doing, Grant, Model
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from world import ADA, BEN, CY, DOT, World, fresh_sqlite

import bot.engine.decisions
import bot.engine.entitlement
import bot.engine.proposals
import bot.gate.cards
import bot.gate.ledger
import bot.gate.permits
from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.policy import Deciders, Policy, Rule
from bot.contracts.requests import Request
from bot.contracts.tools import Call
from bot.engine.drawing import Drawing
from bot.store.sealing import Vault

DECIDERS = (BEN, CY, DOT)
TWO = Deciders(asker=False, people=tuple(user.user for user in DECIDERS), count=2)
POLICY = Policy(rules=(Rule("two", "ask", tools=("box.send",), deciders=TWO),), ceilings=CEILINGS)
CLOCKED: tuple[ModuleType, ...] = (
    bot.engine.decisions,
    bot.engine.entitlement,
    bot.engine.proposals,
    bot.gate.cards,
    bot.gate.ledger,
    bot.gate.permits,
)
THREAD = ("C1", "1.0")
people = st.sampled_from([ADA, BEN])
anybody = st.sampled_from([ADA, BEN, CY, DOT])
number = st.integers(0, 20)


class Clock(datetime):
    """Tells what the machine says."""

    at: ClassVar[datetime]

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.at


class Undrawn(Drawing):
    """Nobody looks at these cards."""

    async def draw(self, card: object, entered: object = None) -> None:
        pass


class GateMachine(RuleBasedStateMachine):
    """What people press, on whatever drawing, whenever; and a clock that only tests move."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.database = fresh_sqlite(self.folder)
        self.runner = asyncio.Runner()
        self.world = World()
        self.desk = Desk(self.database, Vault(b"k" * 32), self.world, policy=POLICY, draws=Undrawn)
        send: Any = self.desk.tools.get("box.send")
        send.blind = True
        self.model = Model(DECIDERS, datetime(2026, 3, 1, tzinfo=UTC))
        self.plans: dict[str, list[str]] = {}
        self.presses: list[tuple[str, str, str, Person, str]] = []
        self.touched: Card | None = None
        self.count = 0
        self.clocks = [patch.object(module, "datetime", Clock) for module in CLOCKED]
        for clock in self.clocks:
            clock.start()
        Clock.at = self.model.now

    def teardown(self) -> None:
        try:
            for card in self.model.cards.values():
                self._agrees(card)
            assert self.run(self.desk.audit.verify()) is None
        finally:
            self.run(self.database.close())
            self.runner.close()
            for clock in self.clocks:
                clock.stop()
            shutil.rmtree(self.folder)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def next(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def pick(self, which: int, *states: str) -> Card | None:
        """One of the cards in these states, the newest most often."""
        found = [card for card in self.model.cards.values() if card.state in states or not states]
        self.touched = found[-1 - which % len(found)] if found else None
        return self.touched

    def has(self, *states: str) -> bool:
        return any(card.state in states for card in self.model.cards.values())

    @initialize(count=st.integers(2, 6), thread=st.booleans(), dies=st.integers(0, 3))
    def begin(self, count: int, thread: bool, dies: int) -> None:
        """In the middle of things: one card died halfway, one is in the outbox, one runs by a grant, one lacks an
        approval, and one waits."""
        self.grant(ADA, count, 48)
        for shape in ("nn", "s", "aa"):
            self.propose(ADA, thread, list(shape))
        own, send, *_ = self.model.cards.values()
        self.act("approve", own, ADA, 1, dies)
        for user in (BEN, DOT):
            self.act("approve", send, user, 1)
        self.propose(ADA, thread, ["s", "n"])
        *_, half, _ = self.model.cards.values()
        self.act("approve", half, CY, 1)

    # Proposing

    @rule(person=people, thread=st.booleans(), shape=st.lists(st.sampled_from("na"), min_size=1, max_size=3))
    def propose_own(self, person: Person, thread: bool, shape: list[str]) -> None:
        self.propose(person, thread, shape)

    @rule(person=people, thread=st.booleans(), shape=st.lists(st.sampled_from("anss"), min_size=1, max_size=3))
    def propose(self, person: Person, thread: bool, shape: list[str]) -> None:
        """`a` is what a grant may cover, one thing; `n` what none does, two; `s` a send that two others approve."""
        channel, ts = THREAD if thread else (None, None)
        request = Request(self.next("r"), person, "test", "run", channel=channel, thread_ts=ts, received=self.model.now)
        place = self.desk.proposals.conversation(request)
        calls = [
            Doing("box.send" if kind == "s" else "box.mark", tuple(self.next(kind) for _ in range(1 + (kind == "n"))))
            for kind in shape
        ]
        known = len(self.desk.made)
        with suppress(MeshClawError):
            self.run(self.desk.propose(*map(_call, calls), request=request))
        made = self.desk.made[known:]
        expected = self.model.propose(person, place, calls)
        assert [tuple(map(_read, card.plan.calls)) for card in made] == [
            tuple((call.tool, call.things) for call in card.calls) for card in expected
        ]
        for card, real in zip(expected, made, strict=True):
            card.id, card.plan = real.id, real.plan_id
            self.model.cards[card.id], self.plans[card.id] = card, [card.plan]

    # Pressing

    def press(
        self, action: str, card: Card, plan: str, user: Person, key: str, dies: int | None = None, **args: Any
    ) -> bool:
        """Press; True when it was taken. `dies`: after so many effects the process does."""
        left = dies

        async def before(thing: str) -> None:
            nonlocal left
            if left is not None:
                if left == 0:
                    raise asyncio.CancelledError
                left -= 1

        async def pressing() -> bool:
            self.world.before = before
            try:
                given = {"card": card.id} if action == "carry_on" else {"plan": plan, **args}
                await self.desk.decisions.actions[action](Request(key, user, "gate", action, given))
            except asyncio.CancelledError:
                self.desk.sit_down(POLICY, self.next("life "))
            except MeshClawError:
                return False
            return True

        return bool(self.run(pressing()))

    def act(self, action: str, card: Card | None, user: Person, drawing: int, dies: int | None = None) -> None:
        if card is None:
            return
        plans = self.plans[card.id]
        plan = plans[0] if drawing == 0 else plans[-1]
        self._act(action, card, plan, user, self.next("k"), dies)

    def _act(self, action: str, card: Card, plan: str, user: Person, key: str, dies: int | None) -> None:
        self.touched = card
        taken = self.press(action, card, plan, user, key, dies)
        self.model.most = dies
        try:
            expected = getattr(self.model, action)(card, plan, user, key)
        except Died:
            expected = True
        self.model.most = None
        assert taken is expected, (action, card, user)
        if taken:
            self.presses.append((action, card.id, plan, user, key))

    @precondition(lambda self: self.has("pending"))
    @rule(which=number, waits=st.integers(0, 3), dies=st.sampled_from([None, None, 0, 1, 2]))
    def approve(self, which: int, waits: int, dies: int | None) -> None:
        """Whoever has to, all of them; and mostly what was approved is waited for."""
        card = self.pick(which, "pending")
        assert card
        for user in (BEN, DOT) if card.shared else (card.person,):
            self.act("approve", card, user, 1, dies)
        if waits and card.state == "holding":
            self._carry_on(card, dies)

    @rule(which=number, user=anybody, drawing=number, dies=st.sampled_from([None, 1]))
    def anybody_approves(self, which: int, user: Person, drawing: int, dies: int | None) -> None:
        self.act("approve", self.pick(which), user, drawing, dies)

    @rule(which=number, user=anybody, action=st.sampled_from(["deny", "call_back", "leave", "go_on"]), drawing=number)
    def decide(self, which: int, user: Person, action: str, drawing: int) -> None:
        self.act(action, self.pick(which), user, drawing)

    @precondition(lambda self: self.has("paused"))
    @rule(which=number, action=st.sampled_from(["leave", "go_on", "go_on"]), dies=st.sampled_from([None, None, 1]))
    def wake(self, which: int, action: str, dies: int | None) -> None:
        if card := self.pick(which, "paused"):
            self.act(action, card, BEN if card.shared else card.person, 1, dies if action == "go_on" else None)

    @precondition(lambda self: self.has("settled", "lapsed", "withdrawn"))
    @rule(which=number, user=anybody, mine=st.integers(0, 3), dies=st.sampled_from([None, None, 0, 1]))
    def undo(self, which: int, user: Person, mine: int, dies: int | None) -> None:
        card = self.pick(which, "settled", "lapsed", "withdrawn")
        if card and not card.undone_key:
            self.act("undo", card, card.person if mine else user, 1, dies)

    @precondition(lambda self: self.presses)
    @rule(which=number)
    def press_comes_again(self, which: int) -> None:
        """Redelivered: it finds its own step, and takes no other."""
        action, card, plan, user, key = self.presses[-1 - which % len(self.presses)]
        self._act(action, self.model.cards[card], plan, user, key, None)

    @precondition(lambda self: self.has("pending"))
    @rule(which=number, user=anybody, edits=st.booleans(), mine=st.integers(0, 3), drawing=number)
    def change(self, which: int, user: Person, edits: bool, mine: int, drawing: int) -> None:
        """Leave out the first thing, or type others into the first call."""
        card = self.pick(which, "pending")
        assert card
        who, first = card.person if mine else user, card.calls[0]
        plan = self.plans[card.id][0 if drawing == 0 else -1]
        if edits:
            typed = tuple(self.next(first.things[0][0]) for _ in first.things)
            calls = [Doing(first.tool, typed), *card.calls[1:]]
            args: dict[str, Any] = {"index": 0, "values": {"things": " ".join(typed)}}
        else:
            kept = [Doing(first.tool, first.things[1:])] if first.things[1:] else []
            calls = [*kept, *card.calls[1:]]
            args = {"unticked": [[0], *([] for _ in card.calls[1:])]}
        taken = self.press("edit" if edits else "choose", card, plan, who, self.next("k"), **args)
        assert taken is self.model.change(card, plan, who, calls)
        if taken:
            card.plan = self.run(self.desk.cards.get(card.id)).plan_id
            self.plans[card.id].append(card.plan)

    @precondition(lambda self: self.has("running", "undoing", "holding"))
    @rule(which=number, dies=st.sampled_from([None, None, 0, 1]))
    def carry_on(self, which: int, dies: int | None) -> None:
        card = self.pick(which, "running", "undoing", "holding")
        assert card
        self._carry_on(card, dies)

    def _carry_on(self, card: Card, dies: int | None) -> None:
        """A little later, when an outbox is over."""
        self._pass(OUTBOX)
        self.press("carry_on", card, "", card.person, self.next("k"), dies)
        self.model.most = dies
        with suppress(Died):
            self.model.carry(card)
        self.model.most = None

    # What holds

    @precondition(lambda self: self.has("running", "holding", "undoing"))
    @rule(kind=st.sampled_from(["person", "place", "place", "all"]), which=number)
    def stop(self, kind: str, which: int) -> None:
        """Somebody says stop to what goes on."""
        card, stops, now = self.pick(which, "running", "holding", "undoing"), self.desk.stops, self.model.now
        assert card
        if kind == "person":
            self.run(stops.stop_person(card.person, card.person.user, now))
            self.model.stopped.add(card.person)
        elif kind == "place":
            self.run(stops.stop_conversation(ADA, card.place, "UADA", now))
            self.model.places[card.place] = now
        else:
            self.run(stops.stop_all(DOT, now))
            self.model.stopped_all = True

    @precondition(lambda self: self.model.stopped or self.model.stopped_all)
    @rule()
    def resume(self) -> None:
        for person in sorted(self.model.stopped, key=str):
            self.run(self.desk.stops.resume_person(person, person.user, self.model.now))
        if self.model.stopped_all:
            self.run(self.desk.stops.resume_all(DOT, self.model.now))
        self.model.stopped, self.model.stopped_all = set(), False

    @rule(person=people, count=st.integers(1, 6), hours=st.sampled_from([1, 48]))
    def grant(self, person: Person, count: int, hours: int) -> None:
        now = self.model.now
        if any(one.person == person and one.lives(now) for one in self.model.grants.values()):
            return
        until = now + hours * HOUR
        grant = self.run(
            self.desk.grants.write(
                person, "box.mark", {"things": ("a*",)}, count=count, until=until, words="w", now=now, actor=person.user
            )
        )
        self.model.grants[grant.id] = Grant(person, until, count)

    @precondition(lambda self: any(not grant.revoked for grant in self.model.grants.values()))
    @rule(which=number)
    def revoke(self, which: int) -> None:
        grant_id = list(self.model.grants)[which % len(self.model.grants)]
        grant = self.model.grants[grant_id]
        revoked = self.run(self.desk.grants.revoke(grant.person, grant_id, self.model.now, grant.person.user))
        assert revoked is not grant.revoked
        grant.revoked = True

    @rule(user=anybody)
    def leaves_or_comes_back(self, user: Person) -> None:
        if self.model.gone:
            del self.desk.slack.members[self.model.gone.pop().user]
        else:
            self.model.gone.add(user)
            self.desk.slack.leaves(user.user)

    @rule(by=st.sampled_from([timedelta(minutes=30), timedelta(minutes=30), HOUR, HOUR, 24 * HOUR, timedelta(days=7)]))
    def time_goes_by(self, by: timedelta) -> None:
        self._pass(by)

    def _pass(self, by: timedelta) -> None:
        self.model.now = Clock.at = self.model.now + by

    @precondition(lambda self: self.model.overdue())
    @rule()
    def sweep(self) -> None:
        async def sweeping() -> list[str]:
            now = self.model.now
            return [one.card.id async for one in self.desk.decisions.sweep(now, now - 99 * HOUR)]

        told = self.run(sweeping())
        ended = {card.id for card in self.model.cards.values() if card.state in ENDED}
        self.model.sweep()
        assert not self.model.overdue()
        now_ended = {card.id for card in self.model.cards.values() if card.state in ENDED}
        assert now_ended - ended <= set(told) <= now_ended

    # The promises

    @invariant()
    def nothing_was_done_but_what_was_allowed(self) -> None:
        assert self.world.effects == self.model.effects
        assert all(times == 1 for times in self.world.effects.values())

    @invariant()
    @precondition(lambda self: self.model.cards)
    def the_card_is_as_the_model_says(self) -> None:
        self._agrees(self.touched or next(iter(self.model.cards.values())))

    def _agrees(self, card: Card) -> None:
        async def look() -> tuple[Any, dict[int, str]]:
            real = await self.desk.cards.get(card.id)
            entered = await self.desk.ledger.entered(real.undo_id or real.plan_id)
            return real, {one.index: one.outcome.state if one.outcome else "open" for one in entered}

        real, outcomes = self.run(look())
        assert (real.state, real.plan_id, {one.user for one in real.approvals}) == (
            card.state,
            card.plan,
            {user.user for user in card.approvals},
        )
        assert [_read(call) for call in real.plan.calls] == [(call.tool, call.things) for call in card.calls]
        assert outcomes == {index: call.state for index, call in enumerate(card.doing) if call.state != "new"}
        assert card.state not in ENDED or "open" not in outcomes.values()
        if card.grant:
            grant = self.run(self.desk.grants.get(card.person, card.grant))
            assert grant.left == self.model.grants[card.grant].left


def _call(doing: Doing) -> Call:
    return Call(doing.tool, {"things": list(doing.things)})


def _read(call: Call) -> tuple[str, tuple[str, ...]]:
    things: Any = call.args["things"]
    return call.tool, tuple(things)


TestGate = GateMachine.TestCase
TestGate.settings = settings(settings(), max_examples=settings().max_examples // 7, stateful_step_count=25)
