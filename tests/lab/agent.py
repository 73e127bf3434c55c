"""An agent that does whatever a test wrote: with it a test plays a model that is wholly in an attacker's hands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from bot.contracts.agents import Description, Proposed, Store, Turn
from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.slack import Message, View
from bot.contracts.tools import Plan

Script = Callable[[Turn], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Back:
    """What came back for one plan: what became of it, or the error that met it. `during`: `run`, `decided`…"""

    script: str
    during: str
    plan: Plan
    proposed: Proposed | None = None
    error: BaseException | None = None


@dataclass
class ScriptedAgent:
    """`/meshclaw lab NAME` runs `scripts[NAME]`; when a plan of that script is decided or undone, `decided[NAME]` or
    `undone[NAME]` follows, if there is one. Plans belong to the script that proposed them, whatever they are titled.

    `declared`: the tools its file names. `back` holds what came back for every plan; `ended` counts the scripts and
    sequels that came to their end, by (name, action)."""

    declared: tuple[str, ...]
    scripts: dict[str, Script] = field(default_factory=dict)
    decided: dict[str, Script] = field(default_factory=dict)
    undone: dict[str, Script] = field(default_factory=dict)
    back: list[Back] = field(default_factory=list)
    ended: dict[tuple[str, str], int] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def description(self) -> Description:
        return Description(
            name="lab",
            description="Plays what a test wrote",
            pointer="The answer comes in your direct messages.",
            usage=(("/meshclaw lab NAME", "play that script"),),
            tools=self.declared,
            instructions="",
        )

    def parse(self, text: str) -> JsonObject:
        if text not in self.scripts:
            raise PersonMends(f"There is no script “{text}”.", "Register it first.")
        return {"script": text}

    def help(self) -> Message:
        return Message("Plays what a test wrote.")

    @property
    def actions(self) -> Mapping[str, Callable[[Turn], Awaitable[None]]]:
        return {"run": self._run, "decided": self._decided, "undone": self._undone}

    async def view(self, name: str, person: Person, args: JsonObject, store: Store) -> View:
        raise PersonMends("There is nothing to show.")

    def backs(self, script: str) -> Sequence[Back]:
        """What came back for the plans of one script, in order."""
        return [one for one in self.back if one.script == script]

    async def until_ended(self, script: str, during: str = "run", times: int = 1, seconds: float = 20.0) -> None:
        """Wait until a script, or its sequel, came to its end that often. AssertionError when it does not."""
        try:
            async with asyncio.timeout(seconds):
                while self.ended.get((script, during), 0) < times:
                    news = self._news
                    await news.wait()
        except TimeoutError:
            so_far = self.ended.get((script, during), 0)
            raise AssertionError(f"{script} ({during}) ended {so_far} times of {times} in {seconds:.0f} s") from None

    async def _run(self, turn: Turn) -> None:
        name = str(turn.request.args["script"])
        await self._play(name, "run", self.scripts.get(name), turn)

    async def _decided(self, turn: Turn) -> None:
        name = _script_of(turn)
        await self._play(name, "decided", self.decided.get(name), turn)

    async def _undone(self, turn: Turn) -> None:
        name = _script_of(turn)
        await self._play(name, "undone", self.undone.get(name), turn)

    async def _play(self, name: str, during: str, script: Script | None, turn: Turn) -> None:
        try:
            if script is not None:
                await script(cast(Turn, _Watched(turn, self, name, during)))
        finally:
            self.ended[name, during] = self.ended.get((name, during), 0) + 1
            self._news.set()
            self._news = asyncio.Event()


class _Watched:
    """A turn whose proposals are written down, with what came back for them."""

    def __init__(self, turn: Turn, agent: ScriptedAgent, script: str, during: str) -> None:
        self._turn = turn
        self._agent = agent
        self._script = script
        self._during = during

    def __getattr__(self, name: str) -> Any:
        return getattr(self._turn, name)

    async def propose(self, plan: Plan) -> Proposed:
        marked = Plan(
            plan.title, plan.calls, plan.sources, plan.note, {**plan.extra, "script": self._script}, plan.topic
        )
        try:
            proposed = await self._turn.propose(marked)
        except BaseException as error:
            self._agent.back.append(Back(self._script, self._during, plan, error=error))
            raise
        self._agent.back.append(Back(self._script, self._during, plan, proposed))
        return proposed


def _script_of(turn: Turn) -> str:
    extra = turn.request.args.get("extra")
    return str(extra.get("script", "")) if isinstance(extra, Mapping) else ""
