"""Modes: rows that take tools out of the turn."""

import asyncio
import itertools
from datetime import UTC, datetime
from typing import cast

import pytest
from sqlalchemy import select, update
from told import ToldAudit
from world import ADA, BEN

from bot.contracts.tools import Effect
from bot.gate.modes import Mode, Modes, PersonModes
from bot.store.database import Database
from bot.store.models import ModeRow
from bot.store.sealing import Vault

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE, THERE = "a" * 32, "b" * 32
TOOLS = {f"{word}.{effect}": effect for word in ("mail", "github", "gate", "mailer") for effect in Effect}
READING = {name for name, effect in TOOLS.items() if effect is Effect.READ}
CONNECTORS = ["mail", "github"]
MODES: list[Mode] = ["read-only", "ask"]


@pytest.fixture
def audit(database: Database, vault: Vault) -> ToldAudit:
    return ToldAudit(database, vault)


@pytest.fixture
def modes(database: Database, vault: Vault, audit: ToldAudit) -> Modes:
    return Modes(database, vault, audit)


async def test_what_was_never_set(modes: Modes) -> None:
    assert await modes.person_mode(ADA) == "ask"
    assert await modes.conversation_mode(ADA, HERE) == "ask"
    assert await modes.connection_mode(ADA, "mail") == "read-only"
    assert await modes.all_of(ADA) == PersonModes()
    left = await modes.open_tools(ADA, HERE, TOOLS, CONNECTORS)
    assert left == READING | {name for name in TOOLS if name.startswith(("gate.", "mailer."))}


async def test_each_mode_is_its_owners_and_its_subjects(modes: Modes) -> None:
    await modes.set_person(ADA, "read-only", "UADA", NOW)
    await modes.set_conversation(BEN, HERE, "read-only", "UBEN", NOW)
    await modes.set_connection(BEN, "mail", "ask", "UBEN", NOW)
    assert [await modes.person_mode(person) for person in (ADA, BEN)] == ["read-only", "ask"]
    assert [await modes.conversation_mode(person, HERE) for person in (ADA, BEN)] == ["ask", "read-only"]
    assert await modes.conversation_mode(BEN, THERE) == "ask"
    assert [await modes.connection_mode(person, "mail") for person in (ADA, BEN)] == ["read-only", "ask"]
    assert await modes.connection_mode(BEN, "github") == "read-only"


async def test_the_tools_that_remain(database: Database, modes: Modes) -> None:
    for person, conversation, mail, github in itertools.product(MODES, repeat=4):
        await modes.set_person(ADA, person, "UADA", NOW)
        await modes.set_conversation(ADA, HERE, conversation, "UADA", NOW)
        await modes.set_connection(ADA, "mail", mail, "UADA", NOW)
        await modes.set_connection(ADA, "github", github, "UADA", NOW)
        words = {"gate": "ask", "mailer": "ask", "mail": mail, "github": github}
        own = {name for name in TOOLS if person == "ask" and words[name.split(".")[0]] == "ask"}
        here = READING | (own if conversation == "ask" else set())
        assert await modes.open_tools(ADA, HERE, TOOLS, CONNECTORS) == here
        async with database.write() as session:
            assert await modes.open_tools(ADA, HERE, TOOLS, CONNECTORS, session) == here
        for elsewhere in (THERE, ""):
            assert await modes.open_tools(ADA, elsewhere, TOOLS, CONNECTORS) == READING | own


async def test_an_unreadable_mode_lets_nothing_be_done(database: Database, modes: Modes) -> None:
    await modes.set_person(ADA, cast(Mode, "ask"), "UADA", NOW)
    async with database.write() as session:
        await session.execute(update(ModeRow).values(mode="Ask"))
    assert await modes.person_mode(ADA) == "read-only"
    assert await modes.open_tools(ADA, "", TOOLS, CONNECTORS) == READING


async def test_several_set_it_at_once(database: Database, modes: Modes) -> None:
    await asyncio.gather(*(modes.set_person(ADA, mode, "UADA", NOW) for mode in MODES * 4))
    assert await modes.person_mode(ADA) in MODES
    async with database.read() as session:
        assert len((await session.scalars(select(ModeRow))).all()) == 1


async def test_all_of_a_person(modes: Modes) -> None:
    await modes.set_person(ADA, "read-only", "UADA", NOW)
    await modes.set_conversation(ADA, HERE, "read-only", "UADA", NOW)
    await modes.set_conversation(ADA, THERE, "ask", "UADA", NOW)
    await modes.set_connection(ADA, "mail", "ask", "UADA", NOW)
    await modes.set_connection(ADA, "github", "read-only", "UADA", NOW)
    assert await modes.all_of(ADA) == PersonModes("read-only", {"github": "read-only", "mail": "ask"}, 1)
    assert await modes.all_of(BEN) == PersonModes()


async def test_each_change_is_in_the_audit(modes: Modes, audit: ToldAudit) -> None:
    await modes.set_person(ADA, "read-only", "UADA", NOW)
    await modes.set_connection(ADA, "mail", "ask", "UBEN", NOW)
    told = [(entry.event, entry.person, entry.own, entry.actor, entry.decision) for entry in audit.told]
    assert told == [
        ("mode", ADA, True, "UADA", "person: read-only"),
        ("mode", ADA, False, "UBEN", "connection mail: ask"),
    ]


async def test_a_conversation_goes_by_its_pseudonym(modes: Modes) -> None:
    with pytest.raises(ValueError, match="pseudonym"):
        await modes.set_conversation(ADA, "C1/17.5", "read-only", "UADA", NOW)
    with pytest.raises(ValueError, match="pseudonym"):
        await modes.open_tools(ADA, "C1/17.5", TOOLS, CONNECTORS)
