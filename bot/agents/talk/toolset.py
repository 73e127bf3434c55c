"""Our tools as a model's: what reads runs at once, everything else is gathered for a plan. There is nothing else."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic_ai import CallDeferred, ModelRetry, RunContext, ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from bot.agents.talk import prompts
from bot.contracts.agents import Offered, Turn
from bot.contracts.errors import MeshClawError, NeedsCard, OperatorMends, PersonMends, TimeMends
from bot.contracts.tools import Call, Reading

_OBJECT = SchemaValidator(core_schema.dict_schema(keys_schema=core_schema.str_schema()))
_ATTEMPTS = 3
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")


class Toolset(AbstractToolset[None]):
    """The tools of one turn. `planned`: the calls for the plan, by the id the model gave them. `only_reads`: nothing
    else is offered, because the person has just turned something down. `learned` is told of all that is read."""

    def __init__(self, turn: Turn, learned: Callable[[Reading], Awaitable[None]], *, only_reads: bool = False) -> None:
        self._turn = turn
        self._learned = learned
        self._only_reads = only_reads
        self._names: dict[str, str] = {}
        self._offered: Mapping[str, Offered] = {}
        self._tools: dict[str, ToolsetTool[None]] = {}
        self._step = -1
        self.planned: dict[str, Call] = {}

    @property
    def id(self) -> str:
        return "meshclaw"

    def title(self, name: str) -> str:
        """What a person reads while the tool that the model calls so is at work."""
        offered = self._offered.get(self._names.get(name, ""))
        return offered.offer.title if offered else "Looking for a tool"

    def reads(self, name: str) -> bool:
        offered = self._offered.get(self._names.get(name, ""))
        return offered is not None and offered.reads

    async def get_tools(self, ctx: RunContext[None]) -> dict[str, ToolsetTool[None]]:
        """Looked at anew for every request to the model: a mode that was set meanwhile takes tools away."""
        if self._step == ctx.run_step and self._tools:
            return self._tools
        self._step, self._offered = ctx.run_step, await self._turn.offered()
        usable = {name: one for name, one in self._offered.items() if one.reads or not self._only_reads}
        self._names = {_NO_NAME.sub("_", name): name for name in usable}
        self._tools = {said: self._tool(said, usable[name]) for said, name in self._names.items()}
        return self._tools

    def _tool(self, name: str, offered: Offered) -> ToolsetTool[None]:
        effect = "" if offered.reads else " (Goes on a card; the person decides.)"
        definition = ToolDefinition(
            name=name,
            description=f"{offered.offer.description}{effect}",
            parameters_json_schema=dict(offered.offer.schema),
            sequential=False,
        )
        return ToolsetTool(toolset=self, tool_def=definition, max_retries=_ATTEMPTS, args_validator=_OBJECT)

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[None], tool: ToolsetTool[None]
    ) -> str:
        """What a reading tool read. Raises CallDeferred for what goes into the plan, ModelRetry for what is wrong."""
        known = self._names.get(name)
        if known is None or ctx.tool_call_id is None:
            raise ModelRetry("There is no such tool here any more.")
        try:
            if self.reads(name):
                try:
                    reading = await self._turn.read(known, tool_args)
                except NeedsCard:
                    pass
                else:
                    await self._learned(reading)
                    return prompts.told(reading)
            self.planned[ctx.tool_call_id] = await self._turn.call(known, tool_args)
        except PersonMends as error:
            raise ModelRetry(_words(error)) from None
        except (TimeMends, OperatorMends) as error:
            return f"This did not work: {_words(error)}"
        raise CallDeferred


def _words(error: MeshClawError) -> str:
    return f"{error.message} {error.mend}".strip()
