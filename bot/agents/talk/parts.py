"""What talking agents are made of: who they are, which models there are, and who keeps count."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.contracts.agents import Description
from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.contracts.usage import Spent
from bot.models import Catalogue, Counter

SPACE = "talk"
"""The room of the documents of all conversations."""


@dataclass(frozen=True, slots=True)
class Definition:
    """An agent that can be talked to. `tools`: names, or beginnings as `mail.*`; `model`: names in the order in which
    they are tried, empty for the installation's; `most_asks`: requests to the model for one message of the person."""

    name: str
    description: str
    instructions: str
    tools: tuple[str, ...]
    model: tuple[str, ...] = ()
    most_asks: int = 12


class Agents(Protocol):
    """The agents people wrote themselves, as far as this person may see them."""

    async def find(self, person: Person, name: str) -> Definition:
        """Raises PersonMends, with the nearest name there is."""


class Meter(Protocol):
    """Keeps count for each person, and says when enough is enough."""

    async def check(self, person: Person, tokens: int, *, key: str) -> str:
        """Before a request of about so many tokens: what to tell the person, mostly nothing. Raises BudgetReached."""

    async def record(self, person: Person, key: str, spent: Spent) -> None:
        """Count a finished request, once per `key`."""

    async def go_on(self, person: Person, key: str) -> None:
        """The person wants to go on past a ceiling of their own with what goes by this key."""


class Unmetered:
    """A Meter that counts nothing: for tests, and where nothing costs anything."""

    async def check(self, person: Person, tokens: int, *, key: str) -> str:
        return ""

    async def record(self, person: Person, key: str, spent: Spent) -> None:
        return None

    async def go_on(self, person: Person, key: str) -> None:
        return None


class NoOthers:
    """Agents, where nobody wrote any."""

    async def find(self, person: Person, name: str) -> Definition:
        raise PersonMends(f"There is no agent called {name[:40]}.", "See those there are: /meshclaw agents")


@dataclass(frozen=True, slots=True)
class Talking:
    """What all talking agents share. `built_in`: those that ship with MeshClaw, by name."""

    catalogue: Catalogue
    counter: Counter
    meter: Meter
    agents: Agents
    built_in: Mapping[str, Definition] = field(default_factory=dict)

    async def definition(self, person: Person, name: str) -> Definition:
        """Raises PersonMends."""
        known = self.built_in.get(name)
        return known if known is not None else await self.agents.find(person, name)


def definition_of(description: Description) -> Definition:
    one = description
    return Definition(one.name, one.description, one.instructions, one.tools)
