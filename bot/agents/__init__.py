"""The agents: one Markdown file each, found by scanning; a package beside it where an agent has skill of its own."""

import importlib
from collections.abc import Mapping
from pathlib import Path

from bot.agents.description import read_description
from bot.contracts.agents import Agent


def discover() -> Mapping[str, Agent]:
    """Every built-in agent by name. An agent's package offers `agent(description) -> Agent`.

    Raises OperatorMends for an agent file that does not hold."""
    found: dict[str, Agent] = {}
    for file in sorted(Path(__file__).parent.glob("*/agent.md")):
        description = read_description(file)
        package = importlib.import_module(f"{__name__}.{file.parent.name}")
        found[description.name] = package.agent(description)
    return found
