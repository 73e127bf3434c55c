"""Plans at rest: the calls, sealed, under a digest of their own. Never changed: an edit makes a new plan."""

from datetime import datetime

from bot.contracts.errors import PersonMends
from bot.contracts.json import Json
from bot.contracts.tools import Call, Plan
from bot.store.database import Database
from bot.store.models import PlanRow
from bot.store.sealing import Vault


class Refused(PersonMends):
    """A click that decides nothing: the card is somebody else's, older, or decided already."""


class Plans:
    """Writes plans and reads them back, checked against their digest."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def id_of(self, card_id: str, key: str) -> str:
        """The id of the plan a request with this key makes for a card."""
        return self._vault.pseudonym(f"plan:{card_id}:{key}")

    def row(self, owner: str, card_id: str, key: str, calls: tuple[Call, ...], now: datetime) -> PlanRow:
        """A new plan, for the caller's writing session to add."""
        plan_id = self.id_of(card_id, key)
        kept: Json = [{"tool": call.tool, "args": call.args} for call in calls]
        return PlanRow(
            id=plan_id,
            card=card_id,
            owner=owner,
            digest=Plan("", calls).digest(),
            body=self._vault.seal(kept, table="plans", owner=owner, row=plan_id),
            created_at=now,
        )

    def opened(self, row: PlanRow) -> tuple[Call, ...]:
        """The calls of a row. Raises Refused when they do not match its digest."""
        kept = self._vault.open(row.body, table="plans", owner=row.owner, row=row.id)
        calls = tuple(Call(entry["tool"], entry["args"]) for entry in kept)
        if Plan("", calls).digest() != row.digest:
            raise Refused("This plan does not match its digest.", "Run the command again, and tell your admin.")
        return calls

    async def calls(self, plan_id: str) -> tuple[Call, ...]:
        """The calls of any plan. Raises Refused for one that is unknown or does not match its digest."""
        async with self._database.read() as session:
            row = await session.get(PlanRow, plan_id)
        if row is None:
            raise Refused("This card is not known here.", "Run the command again.")
        return self.opened(row)
