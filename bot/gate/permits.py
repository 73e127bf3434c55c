"""May this call run, now? Asked before each one, in the transaction that writes its intent."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.errors import MeshClawError
from bot.contracts.tools import Effect
from bot.gate.card import Card
from bot.gate.ceilings import Ceilings
from bot.gate.grants import Grants
from bot.gate.modes import Modes
from bot.gate.plans import Refused
from bot.gate.policy import Policy, over_ceiling
from bot.gate.stops import Stops
from bot.store.models import ActionRow, ApprovalRow, CardRow


class Halted(MeshClawError):
    """A call that may not run, or not now; what its card `becomes`, and `why`, in words for its person. `at_ceiling`:
    it would pass a ceiling, which its person may go past."""

    def __init__(
        self, becomes: Literal["paused", "lapsed", "withdrawn"], why: str, *, at_ceiling: bool = False
    ) -> None:
        super().__init__(why)
        self.becomes = becomes
        self.why = why
        self.at_ceiling = at_ceiling


class Permits:
    """Everything that has to hold for an approved call at the moment it begins."""

    def __init__(
        self,
        policy: Policy,
        grants: Grants,
        stops: Stops,
        modes: Modes,
        ceilings: Ceilings,
        connectors: Collection[str],
    ) -> None:
        self._policy = policy
        self._grants = grants
        self._stops = stops
        self._modes = modes
        self._ceilings = ceilings
        self._connectors = connectors

    async def halted(
        self, session: AsyncSession, card: Card, plan_id: str, tool: str, effect: Effect, items: int
    ) -> Halted | None:
        """Why the next call of this plan may not run now; None when it may. Raises Refused when nobody has approved
        this plan."""
        row = await session.get(CardRow, card.id)
        if row is None or (row.state, plan_id) not in {("running", row.plan), ("undoing", row.undo_plan)}:
            raise Refused("Nobody has approved this.", "Decide on the card first.")
        now = datetime.now(UTC)
        if row.state == "running":
            await self._approved(session, card, row)
        await self._stops.hold_off(session)
        stop = await self._stops.holding(session, card.person, card.conversation, row.changed_at)
        if stop is not None:
            return Halted("paused", "Somebody said stop.")
        if row.execute_by and row.execute_by <= now:
            return Halted("lapsed", "There was no time left to carry this out.")
        if row.state == "undoing":
            return None
        if not await self._modes.open_tools(card.person, card.conversation, {tool: effect}, self._connectors, session):
            return Halted("paused", "This was made read-only after it was approved.")
        if card.terms.grant and not await self._grants.living(session, card.terms.grant, now):
            return Halted("withdrawn", "The standing permission it ran by was taken back.")
        passed = None if card.said.waived else await self._ceiling(session, card, plan_id, effect, items, now)
        return Halted("paused", passed, at_ceiling=True) if passed else None

    async def _approved(self, session: AsyncSession, card: Card, row: CardRow) -> None:
        """Counted anew: as many different people as it takes, or one by break-glass, approved exactly this plan."""
        if not card.terms.asks:
            return
        given = select(func.count()).where(ApprovalRow.plan == row.plan)
        loud = any(one.how == "break-glass" for one in card.approvals)
        if int(await session.scalar(given) or 0) < (1 if loud else row.needs):
            raise Refused("Not enough people have approved this.", "Decide on the card first.")

    async def _ceiling(
        self, session: AsyncSession, card: Card, plan_id: str, effect: Effect, items: int, now: datetime
    ) -> str | None:
        """Which ceiling this call would pass, in words."""
        done = select(func.sum(ActionRow.items)).where(
            ActionRow.plan == plan_id, ActionRow.effect == effect.value, ActionRow.state != "failed"
        )
        on_card = int(await session.scalar(done) or 0)
        in_hour, in_day = await self._ceilings.spent(card.person, effect, now, session)
        return over_ceiling(self._policy, effect, on_card=on_card, in_hour=in_hour, in_day=in_day, more=items)
