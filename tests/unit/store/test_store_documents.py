"""What is kept about people: never in the clear, never openable in somebody else's row."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text, update

from bot.contracts.connectors import Connection
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.tools import Call, Plan
from bot.engine.inbox import Inbox
from bot.gate.audit import Audit
from bot.gate.card import Card, Proposal, Terms
from bot.gate.cards import Cards
from bot.store.database import Database
from bot.store.documents import ConnectionStore, Documents
from bot.store.models import Base, CardRow, ConnectionRow, DocumentRow, InboxRow, PlanRow
from bot.store.sealing import RowMismatch, Vault

ADA, BEN = Person("T1", "UADA"), Person("T1", "UBEN")
SECRET = "hunter2-correct-horse"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def account(secret: str) -> Connection:
    return Connection(f"label {secret}", {"host": f"host {secret}"}, {"password": secret})


async def everything(database: Database) -> bytes:
    """All there is to read for whoever gets hold of the database: the files, or a dump of all tables."""
    if database.is_sqlite:
        assert database.url.database
        folder = Path(database.url.database).parent
        return b"".join(file.read_bytes() for file in folder.glob("*.db*"))
    found = b""
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(address) as connection:
        for table in Base.metadata.tables:
            async with connection.cursor() as cursor, cursor.copy(f"copy {table} to stdout binary") as rows:
                async for part in rows:
                    found += bytes(part)
    return found


async def test_a_document_is_kept_replaced_and_read(database: Database, vault: Vault) -> None:
    documents = Documents(database, vault)
    assert await documents.load(ADA, "triage", "model") is None
    await documents.save(ADA, "triage", "model", {"weights": [1, 2.5, "x"], "nothing": None})
    await documents.save(BEN, "triage", "model", "Ben's")
    await documents.save(ADA, "triage", "model", {"weights": []})
    assert await documents.load(ADA, "triage", "model") == {"weights": []}
    assert await documents.load(BEN, "triage", "model") == "Ben's"
    assert await documents.load(ADA, "gate", "model") is None


async def test_a_document_saved_by_several_at_once_holds_one_of_them(database: Database, vault: Vault) -> None:
    documents = Documents(database, vault)
    await asyncio.gather(*(documents.save(ADA, "gate", "choice:1", number) for number in range(12)))
    assert await documents.load(ADA, "gate", "choice:1") in range(12)


async def test_only_old_documents_of_that_name_are_purged(database: Database, vault: Vault) -> None:
    documents = Documents(database, vault)
    for name in ("choice:1", "choice:2", "choiceX", "model"):
        await documents.save(ADA, "gate", name, name)
    await documents.save(ADA, "triage", "choice:1", "of the agent")
    old = datetime.now(UTC) - timedelta(days=9)
    async with database.write() as session:
        await session.execute(update(DocumentRow).where(DocumentRow.name != "choice:2").values(updated_at=old))
    assert await documents.purge("gate", "choice:", datetime.now(UTC) - timedelta(days=2)) == 1
    left = {name: await documents.load(ADA, "gate", name) for name in ("choice:1", "choice:2", "choiceX", "model")}
    assert left == {"choice:1": None, "choice:2": "choice:2", "choiceX": "choiceX", "model": "model"}
    assert await documents.load(ADA, "triage", "choice:1") == "of the agent"


async def test_a_connection_is_kept_replaced_and_named(database: Database, vault: Vault) -> None:
    connections = ConnectionStore(database, vault)
    assert await connections.get(ADA, "mail") is None
    await connections.put(ADA, "mail", account("one"))
    await connections.put(ADA, "mail", account("two"))
    await connections.put(ADA, "code", account("three"))
    assert await connections.get(ADA, "mail") == account("two")
    assert await connections.names(ADA) == ["code", "mail"]
    assert await connections.names(BEN) == []


async def asked(cards: Cards, person: Person, key: str, plan: Plan) -> Card:
    """A card that waits for that person."""
    card_id = cards.id_of(key)
    times = {"conversation": "", "policy": "", "created_at": NOW, "expires_at": NOW}
    async with cards.database.write() as session:
        await cards.add(session, card_id, person, "triage", plan, Proposal(plan.calls, Terms()), **times)
    return await cards.get(card_id)


async def test_no_secret_and_no_person_is_in_the_clear(database: Database, vault: Vault) -> None:
    await Documents(database, vault).save(ADA, "triage", "model", {"learned": SECRET})
    await ConnectionStore(database, vault).put(ADA, "mail", account(SECRET))
    plan = Plan(SECRET, (Call("mail.move", {"subject": SECRET}),), SECRET, SECRET, {"extra": SECRET})
    await asked(Cards(database, vault, Audit(database, vault)), ADA, f"key {ADA.user}", plan)
    wish = Request(f"{ADA.user}:1", ADA, "triage", "run", {"typed": SECRET}, f"D{ADA.user}", "1.2")
    await Inbox(database, vault, "local").save(wish)
    found = await everything(database)
    assert len(found) > 1000
    assert vault.pseudonym(ADA.owner).encode() in found  # what was looked through does hold the rows
    for clear in (SECRET, ADA.user, ADA.owner):
        assert clear.encode() not in found
        assert clear.encode("utf-16-le") not in found


async def test_documents_swapped_between_people_refuse(database: Database, vault: Vault) -> None:
    documents = Documents(database, vault)
    await documents.save(ADA, "triage", "model", "Ada's")
    await documents.save(BEN, "triage", "model", "Ben's")
    await swap(database, DocumentRow, vault)
    for person in (ADA, BEN):
        with pytest.raises(RowMismatch):
            await documents.load(person, "triage", "model")


async def test_connections_swapped_between_people_refuse(database: Database, vault: Vault) -> None:
    connections = ConnectionStore(database, vault)
    await connections.put(ADA, "mail", account("a"))
    await connections.put(BEN, "mail", account("b"))
    await swap(database, ConnectionRow, vault)
    for person in (ADA, BEN):
        with pytest.raises(RowMismatch):
            await connections.get(person, "mail")


async def test_a_connection_copied_to_another_connector_refuses(database: Database, vault: Vault) -> None:
    connections = ConnectionStore(database, vault)
    await connections.put(ADA, "mail", account("a"))
    async with database.write() as session:
        await session.execute(update(ConnectionRow).values(connector="code"))
    with pytest.raises(RowMismatch):
        await connections.get(ADA, "code")


async def test_requests_swapped_between_people_refuse(database: Database, vault: Vault) -> None:
    inbox = Inbox(database, vault, "local")
    keys = []
    for person in (ADA, BEN):
        ticket = await inbox.save(Request(f"{person.user}:1", person, "triage", "run"))
        assert ticket
        keys.append(ticket.key)
    await swap(database, InboxRow, vault)
    for key in keys:
        with pytest.raises(RowMismatch):
            await inbox.load(key)


@pytest.mark.parametrize("table", [PlanRow, CardRow])
async def test_plans_and_cards_swapped_between_people_refuse(
    database: Database, vault: Vault, table: type[PlanRow] | type[CardRow]
) -> None:
    cards = Cards(database, vault, Audit(database, vault))
    proposed = []
    for person in (ADA, BEN):
        plan = Plan(f"for {person.user}", (Call("mail.move", {"mails": [person.user]}),))
        proposed.append(await asked(cards, person, person.user, plan))
    await swap(database, table, vault)
    for card in proposed:
        with pytest.raises(RowMismatch):
            await cards.get(card.id)


async def test_the_body_of_a_plan_given_to_another_plan_refuses(database: Database, vault: Vault) -> None:
    """A person's own larger plan under the id of the one they look at."""
    cards = Cards(database, vault, Audit(database, vault))
    small = await asked(cards, ADA, "small", Plan("s", (Call("mail.move", {"mails": [1]}),)))
    large = await asked(cards, ADA, "large", Plan("l", (Call("mail.move", {"mails": [1, 2]}),)))
    async with database.write() as session:
        body = select(PlanRow.body).where(PlanRow.id == large.plan_id).scalar_subquery()
        digest = select(PlanRow.digest).where(PlanRow.id == large.plan_id).scalar_subquery()
        await session.execute(update(PlanRow).where(PlanRow.id == small.plan_id).values(body=body, digest=digest))
    with pytest.raises(RowMismatch):
        await cards.plans.calls(small.plan_id)


async def swap(database: Database, table: type[Base], vault: Vault) -> None:
    """What an attacker with the database, but without the key, can do: give Ada's row to Ben and Ben's to Ada."""
    ada, ben = vault.pseudonym(ADA.owner), vault.pseudonym(BEN.owner)
    name = table.__table__.name  # type: ignore[attr-defined]
    async with database.write() as session:
        for before, after in ((ada, "in between"), (ben, ada), ("in between", ben)):
            await session.execute(
                text(f"update {name} set owner = :after where owner = :before"), {"after": after, "before": before}
            )
