"""Connecting an account: the form, the proof of the login, the sealed row."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.contracts.connectors import Connector
from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.contracts.slack import Message, View
from bot.contracts.tools import Call, Plan
from bot.gate.modes import Modes
from bot.store.documents import ConnectionStore
from bot.views import forms
from bot.views.values import FormValue


class Accounts:
    """The accounts people connect at outside services. A new one is read-only until its owner widens it."""

    def __init__(self, connectors: Mapping[str, Connector], connections: ConnectionStore, modes: Modes) -> None:
        self._connectors = {word: each for word, each in connectors.items() if each.form()}
        self._connections = connections
        self._modes = modes

    @property
    def words(self) -> Sequence[str]:
        """What can be connected: the words after `/meshclaw connect`."""
        return sorted(self._connectors)

    def title(self, word: str) -> str:
        return self._of(word).title

    def form(self, word: str) -> View:
        """The connect modal. Raises PersonMends for an unknown word."""
        connector = self._of(word)
        intro = "MeshClaw logs in once to prove this works, then keeps it encrypted, for you alone."
        return forms.connect_form(FormValue(word, connector.title, intro, tuple(connector.form())))

    async def connect(self, person: Person, word: str, values: Mapping[str, str]) -> Message:
        """Prove the login, then save it; the message that says so. Raises PersonMends (with `field`) or TimeMends;
        nothing is saved then."""
        connector = self._of(word)
        connection = await connector.prove(values)
        known = await self._connections.get(person, word)
        if known is None or known.label != connection.label:  # another account is trusted with nothing yet
            await self._modes.set_connection(person, word, "read-only", person.user, datetime.now(UTC))
        await self._connections.put(person, word, connection)
        mode = await self._modes.connection_mode(person, word)
        return forms.connected(connector.title, connection.label, read_only=word if mode == "read-only" else "")

    async def widening(self, person: Person, word: str) -> Plan:
        """The plan that lets agents change things in an account. Raises PersonMends when there is none, or it is so."""
        connector = self._of(word)
        connection = await self._connections.get(person, word)
        if connection is None:
            raise PersonMends(f"No {connector.title.lower()} is connected.", f"Connect one: /meshclaw connect {word}")
        if await self._modes.connection_mode(person, word) == "ask":
            raise PersonMends("Changes are allowed there already; each of them waits for your button.")
        args = {"connection": word, "account": connection.label, "to": "ask"}
        return Plan(
            f"Allow changes to your {connector.title.lower()}",
            (Call("gate.widen", args),),
            note="Agents may then propose changes there. Each of them still waits for a button of its own.",
            topic=f"widen:{word}",
        )

    async def listed(self, person: Person) -> tuple[tuple[str, str, str | None], ...]:
        """For the App Home: word, title, and the label of the person's account, if any."""
        rows = []
        for word in self.words:
            connection = await self._connections.get(person, word)
            rows.append((word, self.title(word), connection.label if connection else None))
        return tuple(rows)

    def _of(self, word: str) -> Connector:
        connector = self._connectors.get(word)
        if connector is None:
            raise PersonMends(
                f"MeshClaw cannot connect “{word[:40]}”.", f"Try: /meshclaw connect {', '.join(self.words)}"
            )
        return connector
