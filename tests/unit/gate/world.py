"""A small world for the ledger: marks that tools set and unset, counted each time, so that a second effect shows."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.tools import Call, CallView, Effect, Outcome, Tool, ToolContext, Unfinished

ADA, BEN = Person("T1", "UADA"), Person("T1", "UBEN")


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
class MarkTool:
    """Marks things one by one. It can look back at what it marked, unless it is `blind`."""

    world: World
    name: str = "box.mark"
    effect: Effect | None = Effect.OWN
    blind: bool = False
    looked: int = 0
    looking_back: Callable[[], Awaitable[None]] = nothing

    def check(self, args: JsonObject) -> None:
        if not isinstance(args.get("things"), list):
            raise PersonMends("Things are missing.")

    def describe(self, args: JsonObject) -> CallView:
        return CallView("Mark", "things", "box", tuple(_things(args)), reversible=True)

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        rest = [thing for index, thing in enumerate(_things(args)) if index not in left_out]
        return {"things": rest} if rest else None

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        self.world.people.add(context.person)
        things = _things(args)
        for thing in things:
            await self.world.mark(thing)
        return Outcome("done", count=len(things), inverse=Call("box.unmark", {"things": things}))

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        self.looked += 1
        await self.looking_back()
        if self.blind:
            return None
        things = _things(args)
        marked = [thing for thing in things if self.world.effects[thing]]
        rest = [thing for thing in things if not self.world.effects[thing]]
        inverse = Call("box.unmark", {"things": marked}) if marked else None
        return Unfinished(
            Outcome("done", count=len(marked), inverse=inverse),
            Call(self.name, {"things": rest}) if rest else None,
        )


class Box:
    """The tools by name."""

    def __init__(self, *tools: Tool) -> None:
        self._tools = {tool.name: tool for tool in tools}

    def get(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def names(self) -> Sequence[str]:
        return sorted(self._tools)


def _things(args: JsonObject) -> list[str]:
    things = args["things"]
    assert isinstance(things, list)
    return [str(thing) for thing in things]
