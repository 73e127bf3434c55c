"""The laboratory's connector: one tool of every effect, on a world that remembers everything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from bot.contracts.connectors import Check, Connection, Connections
from bot.contracts.errors import PersonMends
from bot.contracts.forms import FormField
from bot.contracts.json import Json, JsonObject
from bot.contracts.people import Person
from bot.contracts.tools import Call, CallView, Effect, Offer, Outcome, Reading, Tool, ToolContext, Unfinished
from lab.agent import ScriptedAgent
from lab.things import (
    Args,
    Deploy,
    Erase,
    Fetch,
    Forget,
    Mystery,
    Note,
    Pay,
    Read,
    Send,
    Share,
    Unshare,
    plain,
)
from lab.world import World

Before = Callable[[ToolContext, Call], Awaitable[None]]
TOOLS: Mapping[str, tuple[Effect | None, type[Args]]] = {
    "lab.read": (Effect.READ, Read),
    "lab.fetch": (Effect.FETCH, Fetch),
    "lab.note": (Effect.OWN, Note),
    "lab.forget": (Effect.OWN, Forget),
    "lab.send": (Effect.SEND, Send),
    "lab.share": (Effect.ACCESS, Share),
    "lab.unshare": (Effect.ACCESS, Unshare),
    "lab.erase": (Effect.DELETE, Erase),
    "lab.pay": (Effect.SPEND, Pay),
    "lab.deploy": (Effect.DEPLOY, Deploy),
    "lab.mystery": (None, Mystery),
}
_UNDONE_BY = {"lab.forget": "lab.note", "lab.unshare": "lab.share"}


async def nothing(context: ToolContext, call: Call) -> None:
    await asyncio.sleep(0)


@dataclass
class LabConnector:
    """`path`: where its world is kept; several processes may share one. `texts`: what there is to read, by name.
    `before` is awaited before each effect and each reading: a test waits there, or raises. `blind`: tools that cannot
    look back. `seen_by`: who else may see what there is to read."""

    path: Path
    texts: dict[str, str] = field(default_factory=dict)
    before: Before = nothing
    blind: Collection[str] = ()
    seen_by: frozenset[str] | None = None
    name: str = "lab"
    title: str = "Laboratory"

    @property
    def world(self) -> World:
        return World(self.path)

    def tools(self) -> Sequence[Tool]:
        return [LabTool(self, name, effect, model) for name, (effect, model) in TOOLS.items()]

    async def read(self, what: str) -> str:
        """Its reading side: the text of that name, empty when there is none."""
        return self.texts.get(what, "")

    def form(self) -> Sequence[FormField]:
        return ()

    async def prove(self, values: Mapping[str, str]) -> Connection:
        raise PersonMends("There is nothing to connect.")

    async def checks(self) -> Sequence[Check]:
        return ()

    async def close(self) -> None:
        await asyncio.sleep(0)


@dataclass
class LabTool(Tool):
    """One tool of the laboratory; what is done of it stands in the world under its action id."""

    lab: LabConnector
    name: str
    effect: Effect | None
    model: type[Args]

    def check(self, args: JsonObject) -> None:
        self._args(args)

    def describe(self, args: JsonObject) -> CallView:
        return self._args(args).view()

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        rest = self._args(args).without(left_out)
        return plain(rest) if rest else None

    def fields(self, args: JsonObject) -> Sequence[FormField]:
        kind = {"text": "long"}
        return [
            FormField(name, name.capitalize(), "long" if name in kind else "text", initial=str(args[name]))
            for name in self.model.editable
        ]

    def edited(self, args: JsonObject, values: Mapping[str, str]) -> JsonObject:
        changed: dict[str, Json] = {**args}
        for name in self.model.editable:
            if name in values:
                changed[name] = self._typed(name, values[name])
        return plain(self._args(changed))

    def offer(self) -> Offer | None:
        what = self.name.removeprefix("lab.")
        return Offer(f"Trying {what} in the laboratory", f"{what.capitalize()} in the laboratory.", self._schema())

    def _schema(self) -> JsonObject:
        schema: JsonObject = self.model.model_json_schema()
        return schema

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        return plain(self._args(said))

    async def read(self, context: ToolContext, args: JsonObject) -> Reading:
        self._args(args)
        await self.lab.before(context, Call(self.name, args))
        return Reading(await self.lab.read(str(args["what"])), "the laboratory", self.lab.seen_by)

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        call = Call(self.name, args)
        given = self._args(args)
        if self.effect is Effect.READ:  # leaves no trace
            return replace(_done(given), reading=await self.read(context, args))
        await self.lab.before(context, call)
        undoes = _UNDONE_BY.get(self.name)
        if undoes and not await asyncio.to_thread(self._stands, undoes, args):
            return Outcome("done", gone=1)
        await asyncio.to_thread(self.lab.world.do, context.action_id, context.person.owner, call)
        return _done(given)

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        if self.name in self.lab.blind:
            return None
        found = await asyncio.to_thread(self.lab.world.found, context.action_id)
        if found is None:
            return Unfinished(Outcome("done"), Call(self.name, args))
        return Unfinished(_done(self._args(found.call.args)), None)

    def _stands(self, made_by: str, args: JsonObject) -> bool:
        """Whether what is to be taken back was made more often than it was taken back."""
        names = set(args)
        alike = [call.tool for call in self.lab.world.effects() if {n: call.args.get(n) for n in names} == args]
        return alike.count(made_by) > alike.count(self.name)

    def _args(self, args: JsonObject) -> Args:
        try:
            return self.model.model_validate(args)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            where = str(problem["loc"][0]) if problem["loc"] else ""
            raise PersonMends(
                f"{where or 'This'} is not as it should be.", "Correct it.", field=where or None
            ) from None

    def _typed(self, name: str, value: str) -> Json:
        if self.model.model_fields[name].annotation is not int:
            return value
        try:
            return int(value)
        except ValueError:
            raise PersonMends(f"{name} is a number.", "Type digits only.", field=name) from None


def _done(args: Args) -> Outcome:
    return Outcome("done", count=max(1, len(args.view().items)), inverse=args.inverse())


@dataclass
class Lab:
    """Connector, world and agent of one laboratory; `connector_for` and `agent` are what a house is given."""

    path: Path
    connector: LabConnector = field(init=False)
    agent: ScriptedAgent = field(init=False)

    def __post_init__(self) -> None:
        self.connector = LabConnector(self.path)
        self.agent = ScriptedAgent(tuple(TOOLS))

    @property
    def world(self) -> World:
        return self.connector.world

    def connector_for(self, connections: Connections) -> LabConnector:
        return self.connector
