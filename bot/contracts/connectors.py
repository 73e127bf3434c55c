"""What a connector is: one module or package in `connectors/`, found by scanning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.contracts.forms import FormField
from bot.contracts.json import Json, JsonObject
from bot.contracts.people import Person
from bot.contracts.tools import Tool


@dataclass(frozen=True, slots=True)
class Connection:
    """One account of one person. `label` names it to the person; `settings` may be shown; `secrets` never is."""

    label: str
    settings: JsonObject
    secrets: JsonObject


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `meshclaw doctor`: is it well, and if not, the mend. `needed`: MeshClaw cannot do without."""

    name: str
    well: bool
    says: str
    mend: str = ""
    needed: bool = True


class Connections(Protocol):
    """Where a connector finds the accounts people connected (decrypted on the way out), and what the installation
    keeps for it."""

    async def get(self, person: Person, connector: str) -> Connection | None: ...

    async def kept(self, connector: str, name: str) -> Json:
        """What the connector keeps under that name for the whole installation; None when there is nothing."""

    async def keep(self, connector: str, name: str, value: Json) -> None:
        """Keep it (sealed), in place of what was kept before."""


@runtime_checkable
class Kept(Protocol):
    """A connector whose tools depend on what the installation keeps for it."""

    async def load(self) -> None:
        """Read it, before anything runs. Starts nothing and reaches nothing."""


class Connector(Protocol):
    """One outside service. Built by the module's `connector(connections) -> Connector`."""

    name: str
    """The word of `/meshclaw connect <name>` and the prefix of its tools."""
    title: str

    def tools(self) -> Sequence[Tool]: ...

    def form(self) -> Sequence[FormField]:
        """What a person fills in to connect an account; empty: there is nothing to connect."""

    async def prove(self, values: Mapping[str, str]) -> Connection:
        """Log in with what the person typed; the connection to save. Raises PersonMends (with `field`) or TimeMends."""

    async def checks(self) -> Sequence[Check]: ...

    async def close(self) -> None: ...
