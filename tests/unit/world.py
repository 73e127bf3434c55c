"""A small world for the gate: marks that tools set and take off, counted each time, so that a second effect shows; and
the gate itself over it, without Slack."""

import asyncio
import itertools
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from bot.contracts.errors import PersonMends
from bot.contracts.forms import FormField
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.policy import Policy
from bot.contracts.tools import Call, CallView, Effect, Facets, Outcome, Plan, Tool, ToolContext, Unfinished
from bot.gate.audit import Audit
from bot.gate.card import Card, Proposal, Terms
from bot.gate.cards import Cards
from bot.gate.ceilings import Ceilings
from bot.gate.grants import Grants
from bot.gate.ledger import Entered, Ledger
from bot.gate.lifecycle import Lifecycle
from bot.gate.modes import Modes
from bot.gate.permits import Permits
from bot.gate.stops import Stops
from bot.store.database import Database, database_url
from bot.store.sealing import Vault

ADA, BEN, CY, DOT = (Person("T1", user) for user in ("UADA", "UBEN", "UCY", "UDOT"))
HERE, THERE = "a" * 32, "b" * 32
"""Two conversations, by their pseudonyms."""

HOUR = timedelta(hours=1)
_keys = itertools.count(1)


def new_key() -> str:
    return f"key {next(_keys)}"


async def nothing() -> None:
    await asyncio.sleep(0)


@dataclass
class World:
    """`effects`: how often each thing was marked; `people`: for whom a tool ran."""

    effects: Counter[str] = field(default_factory=Counter)
    people: set[Person] = field(default_factory=set)
    before: Callable[[str], Awaitable[None]] | None = None
    """Called before each single effect: where a test waits, or lets things fail."""

    async def mark(self, thing: str) -> None:
        await (self.before(thing) if self.before else nothing())
        self.effects[thing] += 1
        await nothing()


@dataclass
class MarkTool(Tool):
    """Marks things one by one. It can look back at what it marked, unless it is `blind`. What it does is taken back by
    the tool named in `inverse`; `sign` goes before every thing it marks."""

    world: World
    name: str = "box.mark"
    effect: Effect | None = Effect.OWN
    blind: bool = False
    looked: int = 0
    looking_back: Callable[[], Awaitable[None]] = nothing
    environment: str = ""
    inverse: str = "box.unmark"
    sign: str = ""

    def check(self, args: JsonObject) -> None:
        if not isinstance(args.get("things"), list):
            raise PersonMends("Things are missing.")

    def describe(self, args: JsonObject) -> CallView:
        return CallView("Mark", "things", "box", tuple(_things(args)), reversible=True, environment=self.environment)

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        rest = [thing for index, thing in enumerate(_things(args)) if index not in left_out]
        return {"things": rest} if rest else None

    def facets(self, args: JsonObject) -> Facets:
        return {"things": tuple(_things(args))}

    def fields(self, args: JsonObject) -> Sequence[FormField]:
        return (FormField("things", "Things", initial=" ".join(_things(args))),)

    def edited(self, args: JsonObject, values: Mapping[str, str]) -> JsonObject:
        return {"things": list(values["things"].split())}

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        self.world.people.add(context.person)
        things = _things(args)
        for thing in things:
            await self.world.mark(self.sign + thing)
        return Outcome("done", count=len(things), inverse=Call(self.inverse, {"things": things}))

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        self.looked += 1
        await self.looking_back()
        if self.blind:
            return None
        things = _things(args)
        marked = [thing for thing in things if self.world.effects[self.sign + thing]]
        rest = [thing for thing in things if not self.world.effects[self.sign + thing]]
        inverse = Call(self.inverse, {"things": marked}) if marked else None
        return Unfinished(
            Outcome("done", count=len(marked), inverse=inverse),
            Call(self.name, {"things": rest}) if rest else None,
        )


def unmark(world: World) -> MarkTool:
    """What takes marks off: each shows as a thing with a minus."""
    return MarkTool(world, name="box.unmark", inverse="box.mark", sign="-")


def mark(*things: str) -> Call:
    return Call("box.mark", {"things": list(things)})


class Box:
    """The tools by name."""

    def __init__(self, *tools: Tool) -> None:
        self._tools = {tool.name: tool for tool in tools}

    def get(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def names(self) -> Sequence[str]:
        return sorted(self._tools)

    def lose(self, name: str) -> None:
        """As after a restart without the connector."""
        del self._tools[name]


def _things(args: JsonObject) -> list[str]:
    things = args["things"]
    assert isinstance(things, list)
    return [str(thing) for thing in things]


async def nobody_is_dead(executor: str) -> bool:
    return False


async def everybody_else_is_dead(executor: str) -> bool:
    return True


class Gate:
    """The gate over one database: cards, their steps, and the ledger with all it looks at before an effect."""

    def __init__(self, database: Database, vault: Vault, *tools: Tool, policy: Policy | None = None) -> None:
        self.database, self.vault, self.policy = database, vault, policy or Policy()
        self.audit = Audit(database, vault)
        self.cards = Cards(database, vault, self.audit)
        self.steps = Lifecycle(self.cards)
        self.grants = Grants(database, vault, self.audit)
        self.stops = Stops(database, vault, self.audit)
        self.modes = Modes(database, vault, self.audit)
        self.ceilings = Ceilings(database, vault)
        self.permits = Permits(self.policy, self.grants, self.stops, self.modes, self.ceilings, ("mail",))
        self.tools = Box(*tools)
        self.ledger = self.another("one")

    def another(self, executor: str, is_dead: Callable[[str], Awaitable[bool]] = everybody_else_is_dead) -> Ledger:
        """The ledger of another replica, or of another life."""
        parts = (self.database, self.vault, self.audit, self.cards, self.permits, self.tools)
        return Ledger(*parts, executor, is_dead)

    async def proposed(
        self,
        *calls: Call,
        person: Person = ADA,
        agent: str = "test",
        conversation: str = HERE,
        plan: Plan | None = None,
        key: str = "",
        now: datetime | None = None,
        **proposal: object,
    ) -> Card:
        """A card as proposals write it. `proposal`: its `terms`, how many it `needs`, the `state` it begins in."""
        plan, now = plan or Plan("t", calls), now or datetime.now(UTC)
        proposed = Proposal(plan.calls, **{"terms": Terms(), **proposal})  # type: ignore[arg-type]
        card_id = self.cards.id_of(key or new_key())
        outbox = timedelta(seconds=proposed.terms.outbox)
        times: dict[str, datetime | None] = {"created_at": now, "expires_at": now + self.policy.decide_within}
        if not proposed.terms.asks:
            times |= {"decided_at": now, "execute_by": now + outbox + self.policy.execute_within}
            times["hold_until"] = now + outbox if outbox else None
        named = {"conversation": conversation, "policy": self.policy.version, **times}
        async with self.database.write() as session:
            await self.cards.supersede(session, person, agent, plan.topic, now)
            await self.cards.add(session, card_id, person, agent, plan, proposed, **named)
        return await self.cards.get(card_id)

    async def approve(
        self,
        card: Card,
        user: Person | None = None,
        *,
        how: str = "button",
        key: str = "",
        now: datetime | None = None,
        within: timedelta = HOUR,
    ) -> Card:
        who, now = user or card.person, now or datetime.now(UTC)
        return await self.steps.approve(card.plan_id, who, how, key or new_key(), now=now, execute_within=within)

    async def approved(self, *calls: Call, person: Person = ADA, within: timedelta = HOUR, **proposal: object) -> Card:
        card = await self.proposed(*calls, person=person, **proposal)  # type: ignore[arg-type]
        return await self.approve(card, within=within)

    async def run(self, card: Card, plan_id: str | None = None, ledger: Ledger | None = None) -> list[Entered]:
        return [one async for one in (ledger or self.ledger).execute(card, plan_id or card.plan_id)]

    async def state(self, card: Card) -> str:
        return (await self.cards.get(card.id)).state

    async def events(self, person: Person = ADA) -> list[str]:
        """What the audit tells of a person, in order."""
        told = await self.audit.of(person, 1_000)
        return [one.entry.event for one in reversed(told) if one.entry]


def outcomes(entered: Sequence[Entered]) -> list[Outcome | None]:
    return [one.outcome for one in entered]


def states(entered: Sequence[Entered]) -> list[str]:
    """`open` while there is no outcome."""
    return [one.outcome.state if one.outcome else "open" for one in entered]


async def interrupted(thing: str) -> None:
    """A process that dies at an effect."""
    raise asyncio.CancelledError


async def begun(gate: Gate, card: Card, world: World, at: str) -> None:
    """Carry a card out until just before that thing is marked, and die there."""

    async def dies(thing: str) -> None:
        if thing == at:
            raise asyncio.CancelledError

    world.before = dies
    with pytest.raises(asyncio.CancelledError):
        await gate.run(card, card.undo_id or card.plan_id)
    world.before = None


@cache
def _migrated() -> Path:
    """An empty database, made once: who needs one begins on a copy."""
    folder = Path(tempfile.mkdtemp())

    async def migrate() -> None:
        database = Database(database_url(None, folder))
        await database.migrate()
        await database.close()

    asyncio.run(migrate())
    return folder / "meshclaw.db"


def fresh_sqlite(folder: Path) -> Database:
    """A migrated, empty database in that folder; call it outside of any loop first."""
    shutil.copy(_migrated(), folder / "meshclaw.db")
    return Database(database_url(None, folder))


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    shutil.copy(_migrated(), tmp_path / "meshclaw.db")
    return tmp_path


@pytest.fixture
async def sqlite(sqlite_file: Path) -> AsyncIterator[Database]:
    """Migrated and empty: for what no other database would do otherwise."""
    database = Database(database_url(None, sqlite_file))
    yield database
    await database.close()
