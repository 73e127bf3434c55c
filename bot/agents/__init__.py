"""The agents: one Markdown file each, found by scanning; a package beside it where an agent has skill of its own. One
without such a package is talked to: a model works by its file."""

import importlib
from collections.abc import Mapping
from pathlib import Path

from bot.agents.description import read_description
from bot.agents.talk.agent import TalkAgent
from bot.agents.talk.parts import Talking
from bot.contracts.agents import Agent, Description


def described() -> Mapping[str, tuple[Description, bool]]:
    """Every built-in agent's description, and whether it has skill of its own, by name. Raises OperatorMends for an
    agent file that does not hold."""
    found: dict[str, tuple[Description, bool]] = {}
    for file in sorted(Path(__file__).parent.glob("*/agent.md")):
        description = read_description(file)
        found[description.name] = description, (file.parent / "__init__.py").is_file()
    return found


def discover(talking: Talking) -> Mapping[str, Agent]:
    """Every built-in agent by name. The package of one with skill of its own offers `agent(description) -> Agent`.

    Raises OperatorMends for an agent file that does not hold."""
    found: dict[str, Agent] = {}
    for name, (description, skilled) in described().items():
        if skilled:
            found[name] = importlib.import_module(f"{__name__}.{name}").agent(description)
        else:
            found[name] = TalkAgent(description, talking)
    return found
