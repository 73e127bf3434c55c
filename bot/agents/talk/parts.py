"""What talking agents are made of: who they are, which models there are, and who keeps count."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.contracts.agents import Description
from bot.contracts.people import Person
from bot.contracts.usage import Ceiling, Spent
from bot.models import Catalogue, Counter

NO_CEILING = Ceiling()
SPACE = "talk"
"""The room of the documents of all conversations."""


@dataclass(frozen=True, slots=True)
class Definition:
    """An agent that can be talked to. `tools`: names, or beginnings as `mail.*`; `model`: names in the order in which
    they are tried, empty for the installation's; `most_asks`: requests to the model for one message of the person;
    `channels`: ids or names of those it is meant for, none: all; `per_message`, `per_month`: what it may cost its
    person."""

    name: str
    description: str
    instructions: str
    tools: tuple[str, ...]
    model: tuple[str, ...] = ()
    most_asks: int = 12
    channels: tuple[str, ...] = ()
    per_message: Ceiling = NO_CEILING
    per_month: Ceiling = NO_CEILING

    @property
    def budgeted(self) -> str:
        """Its name, if it has a budget of its own for a month."""
        return self.name if self.per_month != NO_CEILING else ""


class Agents(Protocol):
    """The agents people wrote themselves, as far as this person may see them."""

    async def find(self, person: Person, name: str) -> Definition:
        """Raises PersonMends, with the nearest name there is."""


class Meter(Protocol):
    """Keeps count for each person, and says when enough is enough."""

    async def check(
        self, person: Person, tokens: Callable[[], Awaitable[int]], *, agent: str = "", most: Ceiling = NO_CEILING
    ) -> str:
        """Before a request of about so many tokens, which are counted where a ceiling holds: what to tell the person,
        mostly nothing. `most`: of a month, for this `agent` of the person's. Raises BudgetReached."""

    async def record(self, person: Person, key: str, spent: Spent, *, agent: str = "") -> None:
        """Count a finished request, once per `key`; with `agent`, for it as well."""

    async def go_on(self, person: Person, key: str) -> None:
        """The person wants to go on past a ceiling of their own with what goes by this key."""


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
