"""What is kept about one person: sealed JSON documents, and their accounts at outside services."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.connectors import Connection
from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.store.database import Database
from bot.store.models import ConnectionRow, DocumentRow
from bot.store.sealing import Vault

_INSTALLATION = Person("", "")


class Documents:
    """JSON documents by (person, space, name). A space is an agent's name, or `gate`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def load(self, person: Person, space: str, name: str) -> Json:
        """The document, or None when there is none. Raises RowMismatch when it was tampered with."""
        owner = self._vault.pseudonym(person.owner)
        async with self._database.read() as session:
            row = await session.get(DocumentRow, (owner, space, name))
        if row is None:
            return None
        document: Json = self._vault.open(row.body, table="documents", owner=owner, row=f"{space}/{name}")
        return document

    async def has(self, person: Person, space: str, name: str) -> bool:
        """Whether there is such a document: not opened, so that it is quick however long it is."""
        owner = self._vault.pseudonym(person.owner)
        query = select(DocumentRow.name).where(
            DocumentRow.owner == owner, DocumentRow.space == space, DocumentRow.name == name
        )
        async with self._database.read() as session:
            return await session.scalar(query) is not None

    async def every(self, person: Person, space: str, prefix: str) -> list[Json]:
        """The documents whose names start with `prefix`, by name."""
        owner = self._vault.pseudonym(person.owner)
        named = DocumentRow.name.startswith(prefix, autoescape=True)
        query = select(DocumentRow).where(DocumentRow.owner == owner, DocumentRow.space == space, named)
        async with self._database.read() as session:
            rows = list(await session.scalars(query.order_by(DocumentRow.name)))
        return [self._vault.open(row.body, table="documents", owner=owner, row=f"{space}/{row.name}") for row in rows]

    async def save(self, person: Person, space: str, name: str, value: Json) -> None:
        owner = self._vault.pseudonym(person.owner)
        body = self._vault.seal(value, table="documents", owner=owner, row=f"{space}/{name}")
        await _put(self._database, DocumentRow, {"owner": owner, "space": space, "name": name}, body)

    async def add(self, session: AsyncSession, person: Person, space: str, name: str, value: Json) -> bool:
        """Save a document that is not there yet, within the caller's writing session; False, and nothing is changed,
        when it is."""
        owner = self._vault.pseudonym(person.owner)
        body = self._vault.seal(value, table="documents", owner=owner, row=f"{space}/{name}")
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        row = {"owner": owner, "space": space, "name": name, "body": body, "updated_at": datetime.now(UTC)}
        new = insert(DocumentRow).values(row).on_conflict_do_nothing().returning(DocumentRow.name)
        return (await session.execute(new)).first() is not None

    async def prove_key(self) -> None:
        """Seal a word on first start, and open it on every later one. Raises OperatorMends when the key is another."""
        if await self.load(_INSTALLATION, "key", "proof") is None:
            await self.save(_INSTALLATION, "key", "proof", True)

    async def purge(self, space: str, prefix: str, before: datetime) -> int:
        """Delete documents not touched since `before` whose names start with `prefix`; their number."""
        async with self._database.write() as session:
            gone = await session.execute(
                delete(DocumentRow)
                .where(
                    DocumentRow.space == space,
                    DocumentRow.name.startswith(prefix, autoescape=True),
                    DocumentRow.updated_at < before,
                )
                .returning(DocumentRow.name)
            )
            return len(gone.all())


class ConnectionStore:
    """The accounts people connected; the secrets in them open only for their owner's row."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def get(self, person: Person, connector: str) -> Connection | None:
        owner = self._vault.pseudonym(person.owner)
        async with self._database.read() as session:
            row = await session.get(ConnectionRow, (owner, connector))
        if row is None:
            return None
        kept: dict[str, Any] = self._vault.open(row.body, table="connections", owner=owner, row=connector)
        return Connection(label=kept["label"], settings=kept["settings"], secrets=kept["secrets"])

    async def put(self, person: Person, connector: str, connection: Connection) -> None:
        """Save the account, replacing an earlier one."""
        owner = self._vault.pseudonym(person.owner)
        kept: Json = {"label": connection.label, "settings": connection.settings, "secrets": connection.secrets}
        body = self._vault.seal(kept, table="connections", owner=owner, row=connector)
        await _put(self._database, ConnectionRow, {"owner": owner, "connector": connector}, body)

    async def kept(self, connector: str, name: str) -> Json:
        return await Documents(self._database, self._vault).load(_INSTALLATION, f"connector:{connector}", name)

    async def keep(self, connector: str, name: str, value: Json) -> None:
        await Documents(self._database, self._vault).save(_INSTALLATION, f"connector:{connector}", name, value)

    async def names(self, person: Person) -> Sequence[str]:
        """The connectors this person has an account at."""
        owner = self._vault.pseudonym(person.owner)
        async with self._database.read() as session:
            rows = await session.scalars(select(ConnectionRow.connector).where(ConnectionRow.owner == owner))
            return sorted(rows)


async def _put(
    database: Database, table: type[DocumentRow] | type[ConnectionRow], name: dict[str, str], body: bytes
) -> None:
    """Insert the row with this primary key, or replace its body: one statement, so that two at once both succeed."""
    insert = sqlite_insert if database.is_sqlite else postgresql_insert
    kept = {"body": body, "updated_at": datetime.now(UTC)}
    statement = insert(table).values({**name, **kept}).on_conflict_do_update(index_elements=list(name), set_=kept)
    async with database.write() as session:
        await session.execute(statement)
