"""Opening a connection for changes: one account, the one that was shown, and back."""

import pytest
from told import ToldAudit
from world import ADA, BEN

from bot.contracts.connectors import Connection
from bot.contracts.errors import PersonMends
from bot.contracts.json import Json, JsonObject
from bot.contracts.people import Person
from bot.contracts.tools import Effect, ToolContext
from bot.gate.modes import Modes
from bot.gate.widening import WidenTool
from bot.store.database import Database
from bot.store.sealing import Vault

ACCOUNT = "ada@example.com"
WIDEN: JsonObject = {"connection": "mail", "account": ACCOUNT, "to": "ask"}
CONTEXT = ToolContext(ADA, "plan/0")


class Accounts:
    """Ada has one, at the mail server."""

    def __init__(self) -> None:
        self.labels: dict[tuple[Person, str], str] = {(ADA, "mail"): ACCOUNT}

    async def get(self, person: Person, connector: str) -> Connection | None:
        label = self.labels.get((person, connector))
        return Connection(label, {}, {}) if label else None


@pytest.fixture
def audit(database: Database, vault: Vault) -> ToldAudit:
    return ToldAudit(database, vault)


@pytest.fixture
def modes(database: Database, vault: Vault, audit: ToldAudit) -> Modes:
    return Modes(database, vault, audit)


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
def tool(modes: Modes, accounts: Accounts) -> WidenTool:
    return WidenTool(modes, accounts, {"mail": "Mail", "github": "GitHub"})


async def test_it_opens_and_its_inverse_closes(tool: WidenTool, modes: Modes, audit: ToldAudit) -> None:
    outcome = await tool.perform(CONTEXT, WIDEN)
    assert (outcome.state, outcome.count) == ("done", 1)
    assert await modes.connection_mode(ADA, "mail") == "ask"
    assert [await modes.connection_mode(*other) for other in ((ADA, "github"), (BEN, "mail"))] == ["read-only"] * 2
    assert [(entry.event, entry.actor, entry.decision) for entry in audit.told] == [
        ("mode", "UADA", "connection mail: ask")
    ]
    assert outcome.inverse
    assert outcome.inverse.tool == tool.name
    tool.check(outcome.inverse.args)
    back = await tool.perform(CONTEXT, outcome.inverse.args)
    assert (back.state, back.inverse) == ("done", None)
    assert await modes.connection_mode(ADA, "mail") == "read-only"


async def test_it_is_for_the_account_that_was_shown(tool: WidenTool, modes: Modes, accounts: Accounts) -> None:
    for label in ("boss@example.com", ""):
        accounts.labels[ADA, "mail"] = label
        outcome = await tool.perform(CONTEXT, WIDEN)
        assert (outcome.state, outcome.inverse) == ("failed", None)
    assert (await tool.perform(ToolContext(BEN, "plan/0"), WIDEN)).state == "failed"
    assert [await modes.connection_mode(person, "mail") for person in (ADA, BEN)] == ["read-only"] * 2


async def test_what_was_open_already_is_not_taken_back(tool: WidenTool, audit: ToldAudit) -> None:
    await tool.perform(CONTEXT, WIDEN)
    again = await tool.perform(CONTEXT, WIDEN)
    assert (again.state, again.inverse) == ("done", None)
    assert len(audit.told) == 1


async def test_looking_back(tool: WidenTool) -> None:
    before = await tool.look_back(CONTEXT, WIDEN)
    assert before
    assert before.rest
    assert (before.rest.args, before.settled.count) == (WIDEN, 0)
    done = await tool.perform(CONTEXT, WIDEN)
    after = await tool.look_back(CONTEXT, WIDEN)
    assert after
    assert (after.settled, after.rest) == (done, None)


def test_it_says_what_it_does(tool: WidenTool) -> None:
    view = tool.describe(WIDEN)
    assert (view.verb, view.subject, view.items) == ("Allow changes to", f"Mail: {ACCOUNT}", ())
    assert (view.own, view.reversible, tool.effect) == (True, True, Effect.ACCESS)
    assert tool.describe({**WIDEN, "to": "read-only"}).verb != view.verb
    assert tool.facets(WIDEN) == {"connection": ("mail",), "account": (ACCOUNT,), "to": ("ask",)}


def test_it_takes_no_other_arguments(tool: WidenTool) -> None:
    changes: list[dict[str, Json]] = [{"to": "all"}, {"to": True}, {"connection": "bank"}, {"account": ""}, {"more": 1}]
    without: list[JsonObject] = [{name: WIDEN[name] for name in WIDEN if name != missing} for missing in WIDEN]
    tool.check(WIDEN)
    for args in [*({**WIDEN, **change} for change in changes), *without]:
        with pytest.raises(PersonMends):
            tool.check(args)
