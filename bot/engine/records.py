"""What a person approved lately, sealed to them: what a standing permission would have covered is told from it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.tools import Facets, ToolBox
from bot.gate.card import Card
from bot.gate.grants import Grants
from bot.gate.ledger import Entered
from bot.store.database import Database
from bot.store.documents import Documents

KEPT = timedelta(days=30)
_SPACE, _PREFIX = "gate", "calls:"


class Records:
    """One document per card that was carried out; forgotten after 30 days."""

    def __init__(self, database: Database, documents: Documents, grants: Grants, tools: ToolBox) -> None:
        self._database = database
        self._documents = documents
        self._grants = grants
        self._tools = tools

    async def keep(self, card: Card, entered: Sequence[Entered]) -> None:
        """Note what was done of a card, once; a grant gets back what it gave for things that were not touched."""
        touched = {one.index: _touched(one) for one in entered}
        kept: list[Json] = []
        unused = 0
        for index, call in enumerate(card.plan.calls):
            tool = self._tools.get(call.tool)
            items = max(1, len(tool.describe(call.args).items)) if tool else 1
            certain = touched.get(index, 0)
            unused += 0 if certain is None else max(0, items - certain)
            if tool and card.terms.asks and certain != 0:
                kept.append({"tool": call.tool, "items": items, "facets": dict(tool.facets(call.args))})
        async with self._database.write() as session:
            first = await self._documents.add(session, card.person, _SPACE, f"{_PREFIX}{card.id}", kept)
            if first and card.terms.grant and unused:
                await self._grants.give_back(session, card.terms.grant, unused)

    async def approved(self, person: Person, tool: str) -> list[Facets]:
        """The facets of every call of this tool that was approved and done within 30 days."""
        found: list[Facets] = []
        for document in await self._documents.every(person, _SPACE, _PREFIX):
            found += [_facets(call["facets"]) for call in _calls(document) if call["tool"] == tool]
        return found


def _touched(entered: Entered) -> int | None:
    """How many things a call touched, or may have; None: all it was for."""
    outcome = entered.outcome
    if outcome is None or outcome.state != "failed":
        return 0 if outcome is None else None
    return outcome.count + outcome.unknown


def _calls(document: Any) -> list[dict[str, Any]]:
    return list(document) if isinstance(document, list) else []


def _facets(kept: Any) -> Facets:
    return {str(name): tuple(str(value) for value in values) for name, values in kept.items()}
