"""Connecting an account: the form, the proof of the login, the sealed row."""

from collections.abc import Mapping, Sequence

from bot.contracts.connectors import Connector
from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.contracts.slack import Message, View
from bot.store.documents import ConnectionStore
from bot.views import forms
from bot.views.values import FormValue


class Accounts:
    """The accounts people connect at outside services."""

    def __init__(self, connectors: Mapping[str, Connector], connections: ConnectionStore) -> None:
        self._connectors = connectors
        self._connections = connections

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
        await self._connections.put(person, word, connection)
        return forms.connected(connector.title, connection.label)

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
