"""One turn of the model: it is asked, reads with tools, is asked again, until it answers or wants something done.

Everything a request to the model gave is written down before anything follows from it, so that after a crash no
finished request is paid for again.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic_ai import Agent, AgentRun, DeferredToolRequests, DeferredToolResults
from pydantic_ai.exceptions import UsageLimitExceeded
from pydantic_ai.messages import (
    FunctionToolCallEvent,
    FunctionToolResultEvent,
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
    repair_messages,
)
from pydantic_ai.usage import UsageLimits

from bot.agents.talk import prompts
from bot.agents.talk.conversation import Conversation, Counted
from bot.agents.talk.parts import NO_CEILING, Definition, Talking
from bot.agents.talk.showing import Showing
from bot.agents.talk.toolset import Toolset
from bot.contracts.agents import Turn
from bot.contracts.errors import BudgetReached
from bot.contracts.tools import Call, Reading
from bot.contracts.usage import Month, Spent
from bot.models import Chain, ModelName, cost, name_of
from bot.usage.budgets import judge

MOST_TIME = timedelta(minutes=10)
"""For one message of a person, all requests and readings together."""

_MOST_TOOLS = 60
_DETAILS = 200
_AROUND = 1_500
"""Tokens of instructions and tools in a request, about."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The model said all it has to say; `text` is its last words."""

    text: str


@dataclass(frozen=True, slots=True)
class Wants:
    """The model wants these calls made, by the ids it gave them."""

    calls: tuple[tuple[str, Call], ...]


@dataclass(frozen=True, slots=True)
class Exhausted:
    """It took all the steps it may take for one message."""


Ended = Answered | Wants | Exhausted


class Thinking:
    """The model's side of a conversation, in one turn."""

    def __init__(
        self,
        talking: Talking,
        turn: Turn,
        definition: Definition,
        talk: Conversation,
        showing: Showing,
        save: Callable[[], Awaitable[None]],
        judge_audience: Callable[[], Awaitable[None]],
    ) -> None:
        self._talking = talking
        self._turn = turn
        self._definition = definition
        self._talk = talk
        self._showing = showing
        self._save = save
        self._judge_audience = judge_audience
        self._tools = Toolset(turn, self._learned, only_reads=talk.turned_down)
        self._chain = chain(talking, definition, talk)

    async def run(self) -> Ended:
        """Ask until it ends. What the model last wanted, and is now decided, is told to it first. Raises what
        `Catalogue.failure` understands, BudgetReached, Stopped."""
        talking, talk = self._talking, self._talk
        await talking.catalogue.ready()
        agent = await self._agent()
        results = DeferredToolResults(calls={call.id: call.result for call in talk.wanted}) if talk.wanted else None
        left = max(1, self._definition.most_asks - talk.asks)
        limits = UsageLimits(request_limit=left, tool_calls_limit=_MOST_TOOLS)
        try:
            async with agent.iter(
                message_history=opened(talk.history), deferred_tool_results=results, usage_limits=limits
            ) as run:
                async for node in run:
                    if Agent.is_model_request_node(node):
                        await self._ask(run, node)
                    elif Agent.is_call_tools_node(node):
                        await self._use_tools(run, node)
                talk.history = plain(run.all_messages())
                result = run.result
        except UsageLimitExceeded:
            return Exhausted()
        output = result.output if result else ""
        if isinstance(output, DeferredToolRequests):
            return Wants(tuple((part.tool_call_id, self._tools.planned[part.tool_call_id]) for part in output.calls))
        return Answered(output)

    async def _agent(self) -> "Agent[None, str | DeferredToolRequests]":
        turn = self._turn
        told = prompts.instructions(
            self._definition.name, self._definition.instructions, await turn.profile(), turn.now
        )
        return Agent(
            self._talking.catalogue.model(self._chain),
            output_type=[str, DeferredToolRequests],
            instructions=told,
            toolsets=[self._tools],
            retries=3,
        )

    async def _ask(self, run: "AgentRun[None, Any]", node: Any) -> None:
        """One request to the model, shown as it comes, and written down once it is whole."""
        talk = self._talk
        decided = bool(talk.wanted)
        talk.history, talk.wanted = plain([*run.all_messages(), node.request]), []
        key = f"{self._turn.conversation}:{talk.asked}"
        await self._judge_audience()
        if decided:  # what was merely read is read again after a crash
            await self._save()
        await self._check_budget()
        async with node.stream(run.ctx) as stream:
            async for event in stream:
                if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                    await self._showing.text(event.part.content)
                elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                    await self._showing.text(event.delta.content_delta)
        await self._showing.paragraph()
        response = run.all_messages()[-1]
        talk.history = plain(run.all_messages())
        talk.asks, talk.asked = talk.asks + 1, talk.asked + 1
        if isinstance(response, ModelResponse):
            spent = counted(key, response, self._chain)
            talk.unrecorded.append(spent)
            talk.served = spent.model
            talk.used += spent.input_tokens + spent.output_tokens
            talk.cost += spent.cost or 0
        await self._save()
        await record(self._talking, self._turn, talk, self._definition)
        if isinstance(response, ModelResponse) and response.finish_reason in ("length", None):
            await self._showing.note("_The answer was cut off here._")

    async def _check_budget(self) -> None:
        """Raises BudgetReached."""
        talk, one = self._talk, self._definition
        if one.per_message != NO_CEILING:
            month = Month(talk.asks, talk.used, talk.cost, past=talk.past)
            verdict = judge(month, one.per_message, await self._upcoming())
            if verdict.state == "over":
                used = f"{verdict.used} of the {verdict.of} that {one.name} may take for one message are used."
                raise BudgetReached(used, "You can let it go on a little further.", past="message")
        check = self._talking.meter.check
        if said := await check(self._turn.person, self._upcoming, agent=one.budgeted, most=one.per_month):
            await self._showing.note(said)

    async def _upcoming(self) -> int:
        """Tokens of the next request, about: the history, and as much again of tools and instructions as is usual."""
        words = json.dumps(self._talk.history, ensure_ascii=False)
        return (await self._talking.counter.count(words)).tokens + _AROUND

    async def _use_tools(self, run: "AgentRun[None, Any]", node: Any) -> None:
        """Each reading is a step that is shown; in a dry run, so is what it wants done, which is not done."""
        async with node.stream(run.ctx) as events:
            async for event in events:
                if isinstance(event, FunctionToolCallEvent) and self._tools.reads(event.part.tool_name):
                    title = self._tools.title(event.part.tool_name)
                    await self._showing.step(event.part.tool_call_id, title, "in_progress", _details(event.part))
                elif isinstance(event, FunctionToolCallEvent) and self._talk.dry:
                    title = f"Would ask for: {self._tools.title(event.part.tool_name)}"
                    await self._showing.step(event.part.tool_call_id, title, "complete", _details(event.part))
                elif isinstance(event, FunctionToolResultEvent) and self._tools.reads(event.part.tool_name or ""):
                    title = self._tools.title(event.part.tool_name or "")
                    well = isinstance(event.part, ToolReturnPart) and event.part.outcome == "success"
                    await self._showing.step(event.part.tool_call_id, title, "complete" if well else "error")

    async def _learned(self, reading: Reading) -> None:
        self._talk.read(reading)


async def replay(talk: Conversation, showing: Showing) -> None:
    """Show again what the model had said already when this process's forerunner died."""
    for message in opened(talk.history)[talk.began :]:
        if isinstance(message, ModelResponse):
            for part in message.parts:
                if isinstance(part, TextPart):
                    await showing.text(part.content)
            await showing.paragraph()


async def record(talking: Talking, turn: Turn, talk: Conversation, definition: Definition) -> None:
    """Count what was spent and is not counted yet; what is counted twice counts once."""
    for one in talk.unrecorded:
        spent = Spent(one.model, one.input_tokens, one.output_tokens, one.cost)
        await talking.meter.record(turn.person, one.key, spent, agent=definition.budgeted)
    talk.unrecorded = []


def with_message(history: Sequence[Any], text: str) -> list[Any]:
    """The history with the person's next message. What was broken off before is closed first."""
    closed = repair_messages(opened(history))
    return plain([*closed, ModelRequest(parts=[UserPromptPart(text)])])


def chain(talking: Talking, definition: Definition, talk: Conversation) -> Chain:
    """The models to try: the person's choice for this thread, else the agent's, else the installation's."""
    if talk.model:
        return talking.catalogue.chosen(talk.model)
    if definition.model:
        return tuple(map(name_of, definition.model))
    return talking.catalogue.default


def opened(history: Sequence[Any]) -> list[ModelMessage]:
    return ModelMessagesTypeAdapter.validate_python(history)


def plain(messages: Sequence[ModelMessage]) -> list[Any]:
    """Messages as plain JSON, without the instructions, which are told anew each time."""
    found: list[Any] = ModelMessagesTypeAdapter.dump_python(list(messages), mode="json", exclude_none=True)
    for message in found:
        message.pop("instructions", None)
    return found


def _details(part: ToolCallPart) -> str:
    """What the model looks for, in a line."""
    given = part.args_as_dict() if part.args else {}
    return ", ".join(f"{name}: {value}" for name, value in given.items() if isinstance(value, str | int))[:_DETAILS]


def counted(key: str, response: ModelResponse, chain: Chain) -> Counted:
    """What a finished request came to; of the models in question, for the one that answered."""
    answered = response.model_name or ""
    served: ModelName = next((name for name in chain if answered.startswith(name.word)), chain[0])
    usage = response.usage
    return Counted(
        key=key,
        model=str(served),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=cost(served, usage),
    )
