"""One run of an agent, as the runtime makes it: streamed, with tools, its texts as they came."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.models import Catalogue, Chain


@dataclass
class Ran:
    """`texts`: the pieces, in the order they came."""

    output: str = ""
    usage: Any = None
    texts: list[str] = field(default_factory=list)


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def run(
    catalogue: Catalogue,
    said: str,
    chain: Chain | None = None,
    tools: Sequence[Callable[..., Any]] = (add,),
    *,
    streamed: bool = True,
) -> Ran:
    """Raises what the model's failure means."""
    await catalogue.ready()
    from pydantic_ai import Agent
    from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

    agent = Agent(instructions="You are the triage agent.", tools=list(tools))
    ran = Ran()
    try:
        async with agent.iter(said, model=catalogue.model(chain)) as running:
            async for node in running:
                if not (streamed and Agent.is_model_request_node(node)):
                    continue
                async with node.stream(running.ctx) as events:
                    async for event in events:
                        if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                            ran.texts.append(event.part.content)
                        elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                            ran.texts.append(event.delta.content_delta)
    except Exception as error:
        raise catalogue.failure(error, chain) from None
    assert running.result
    ran.output, ran.usage = running.result.output, running.usage
    return ran
