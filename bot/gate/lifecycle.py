"""What may become of a card, and when: each step one compare-and-set, so that of two at once one wins.

```
pending ─approve─▶ holding ─outbox over─▶ running ─all calls have an outcome─▶ settled ─undo─▶ undoing ─▶ undone
   │                  └─ call back ─▶ called_back │  ▲
   ├─ deny ─▶ denied                              │  └─ go on ─┐
   ├─ nobody in time ─▶ expired                   ├─ stop, ceiling ─▶ paused ─ leave ─▶ settled
   └─ a newer plan ─▶ superseded                  ├─ too late ─▶ lapsed
                                                  └─ who approved may not any more ─▶ withdrawn
```
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from bot.contracts.people import Person
from bot.contracts.tools import Call
from bot.gate.audit import Entry
from bot.gate.card import ACTIVE, TIME_TO_UNDO, Card, Terms
from bot.gate.cards import Cards
from bot.gate.plans import Refused
from bot.store.models import ApprovalRow, CardRow

_UNDOABLE = ("settled", "lapsed", "withdrawn")


class Lifecycle:
    """The steps of cards. Whether somebody is entitled to take one is asked before (`bot/engine/entitlement.py`).

    Every method returns the card as it stands afterwards, and raises Refused, in words, for a step that cannot be
    taken any more. The same request asked again finds its step taken."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards

    async def approve(
        self, plan_id: str, user: Person, how: str, key: str, *, now: datetime, execute_within: timedelta
    ) -> Card:
        """Count this person's approval; with enough of them the plan may run, or waits in the outbox first."""
        card = await self._cards.current(plan_id)
        async with self._cards.database.write() as session:
            row = await session.get(CardRow, card.id, with_for_update=True)
            open_now = row is not None and (row.state, row.plan) == ("pending", plan_id) and row.expires_at > now
            approval = self._cards.approval(card, user, how, key, now)
            known = await session.get(ApprovalRow, approval.id)
            if open_now and known is None:
                session.add(approval)
                given = select(func.count()).where(ApprovalRow.plan == plan_id, ApprovalRow.id != approval.id)
                enough = how == "break-glass" or 1 + int(await session.scalar(given) or 0) >= card.needs
                values = self._approved(card, key, now, execute_within) if enough else {}
                entry = self._entry("approved", card, user.user, decision=f"{card.terms.rule} ({how})", key=key)
                await self._cards.change(
                    card, expected="pending", plan=plan_id, values=values, entry=entry, session=session
                )
        after = await self._cards.get(card.id)
        if not open_now and (known is None or known.key != key):
            raise too_late(after, now)
        if known is not None and known.key != key:
            raise Refused("You have approved this already.", "It waits for somebody else.")
        return after

    async def deny(self, plan_id: str, user: Person, key: str, reason: str, *, now: datetime) -> Card:
        """Turn the plan down; the reason goes back to the agent."""
        card = await self._cards.current(plan_id)
        changed = await self._cards.change(
            card,
            expected="pending",
            plan=plan_id,
            alive_at=now,
            values={
                "state": "denied",
                "decided_key": key,
                "decided_at": now,
                "said": self._cards.said(card, by=user.user, reason=reason),
            },
            entry=self._entry("denied", card, user.user, decision=reason, key=key),
        )
        return await self._after(card, changed, key, now)

    async def replace_plan(
        self,
        plan_id: str,
        user: Person,
        key: str,
        calls: Sequence[Call],
        event: str,
        *,
        now: datetime,
        terms: Terms | None = None,
    ) -> Card:
        """Put another plan, with a digest of its own, in the place of the pending one: what was approved of the old
        one counts no more. `event`: narrowed or edited; `terms`: those of the new plan, where they may differ."""
        if not calls:
            raise Refused("Nothing is ticked.", "Tick something, or press Not now on the card.")
        card = await self._cards.by_plan(plan_id)
        row = self._cards.plans.row(self._cards.owner(card.person), card.id, key, tuple(calls), now)
        if card.plan_id == row.id:
            return card
        entry = self._entry(event, card, user.user, plan=row.id, digest=row.digest, key=key)
        values: dict[str, Any] = {"plan": row.id}
        if terms is not None:
            values |= {"body": self._cards.body(card, terms), "needs": terms.deciders.count}
        changed = await self._cards.change(
            card, expected="pending", plan=plan_id, alive_at=now, values=values, entry=entry, plan_row=row
        )
        after = await self._cards.get(card.id)
        if not changed:
            raise too_late(after, now)
        return after

    async def release(self, card: Card, now: datetime) -> Card:
        """The outbox is over: the plan may run. It counts as begun when it was approved, so that a stop said meanwhile
        holds."""
        if card.hold_until and card.hold_until <= now:
            values = {"state": "running", "hold_until": None, "changed_at": card.changed}
            await self._step(card, "holding", values, "released")
        return await self._cards.get(card.id)

    async def call_back(self, plan_id: str, user: Person, key: str, *, now: datetime) -> Card:
        """Take an approved plan out of the outbox: nothing of it was done."""
        card = await self._cards.current(plan_id)
        values = {"state": "called_back", "decided_key": key, "decided_at": now}
        values["said"] = self._cards.said(card, by=user.user)
        changed = await self._step(card, "holding", values, "called-back", user.user)
        return await self._after(card, changed, key, now)

    async def pause(self, card: Card, why: str, *, at_ceiling: bool = False) -> Card:
        """Rest before the next call, for a reason its person is shown."""
        said = self._cards.said(card, pause=why, at_ceiling=at_ceiling)
        await self._step(card, (*ACTIVE, "holding"), {"state": "paused", "said": said}, "paused", decision=why)
        return await self._cards.get(card.id)

    async def go_on(
        self, plan_id: str, user: Person, *, now: datetime, execute_within: timedelta, key: str = ""
    ) -> Card:
        """Take a paused plan up again, past the ceiling if it rested at one."""
        card = await self._cards.current(plan_id)
        if key and await self._cards.decided_by(card.id, CardRow.decided_key) == key:
            return card  # it has gone on already, and may rest again by now
        values = {
            "state": "undoing" if card.undo_id else "running",
            "decided_key": key,
            "execute_by": now + execute_within,
            "hold_until": None,
            "said": self._cards.said(card, pause="", waived=card.said.waived or card.said.at_ceiling),
        }
        changed = await self._step(card, "paused", values, "went-on", user.user)
        return await self._settled_by(card, changed, ACTIVE, now)

    async def leave(self, plan_id: str, user: Person, *, now: datetime) -> Card:
        """End a paused plan where it rests."""
        card = await self._cards.current(plan_id)
        values = {"state": "undone" if card.undo_id else "settled", "said": self._cards.said(card, pause="")}
        changed = await self._step(card, "paused", values, "left", user.user)
        return await self._settled_by(card, changed, ("settled", "undone"), now)

    async def settle(self, card: Card) -> Card:
        """All calls have an outcome: running → settled, or undoing → undone."""
        state = "undone" if card.undo_id else "settled"
        await self._step(card, "undoing" if card.undo_id else "running", {"state": state}, state)
        return await self._cards.get(card.id)

    async def lapse(self, card: Card) -> Card:
        """Approved, and not carried out in time: what was not begun is not done any more."""
        await self._step(card, (*ACTIVE, "holding", "paused"), {"state": "lapsed"}, "lapsed")
        return await self._cards.get(card.id)

    async def withdraw(self, card: Card, why: str) -> Card:
        """Whoever approved it may not do so any more: what was not begun is not done."""
        values = {"state": "withdrawn", "said": self._cards.said(card, pause=why)}
        await self._step(card, ("running", "holding", "paused"), values, "withdrawn", decision=why)
        return await self._cards.get(card.id)

    async def expire(self, card: Card, now: datetime) -> bool:
        """Nobody decided in time, which is a no."""
        values = {"state": "expired", "decided_at": now}
        return await self._step(card, "pending", values, "expired")

    async def take_back(
        self, plan_id: str, user: Person, key: str, calls: Sequence[Call], *, now: datetime, execute_within: timedelta
    ) -> Card:
        """Begin the undo with the inverse calls."""
        card = await self._cards.current(plan_id)
        if card.undo_id and await self._cards.decided_by(card.id, CardRow.undone_key) == key:
            return card
        if card.state not in _UNDOABLE or not calls:
            raise too_late(card, now) if card.state not in _UNDOABLE else Refused("There is nothing to take back.")
        if card.decided and now > card.decided + TIME_TO_UNDO:
            raise Refused("This can be undone for seven days only.", "Things are where the receipt says.")
        row = self._cards.plans.row(self._cards.owner(card.person), card.id, f"undo:{key}", tuple(calls), now)
        values = {
            "state": "undoing",
            "undo_plan": row.id,
            "undone_key": key,
            "execute_by": now + execute_within,
            "said": self._cards.said(card, by=user.user),
        }
        entry = self._entry("undo", card, user.user, plan=row.id, digest=row.digest, key=key)
        changed = await self._cards.change(
            card, expected=_UNDOABLE, plan=plan_id, values=values, entry=entry, plan_row=row
        )
        after = await self._cards.get(card.id)
        if not changed:
            raise too_late(after, now)
        return after

    def _approved(self, card: Card, key: str, now: datetime, execute_within: timedelta) -> dict[str, Any]:
        """What an approved card becomes: it runs, or is held where it can still be called back."""
        outbox = timedelta(seconds=card.terms.outbox)
        return {
            "state": "holding" if outbox else "running",
            "decided_key": key,
            "decided_at": now,
            "execute_by": now + outbox + execute_within,
            "hold_until": now + outbox if outbox else None,
        }

    async def _step(
        self,
        card: Card,
        expected: str | tuple[str, ...],
        values: dict[str, Any],
        event: str,
        user: str = "",
        decision: str = "",
    ) -> bool:
        entry = self._entry(event, card, user, decision=decision, plan=card.undo_id or card.plan_id)
        return await self._cards.change(card, expected=expected, values=values, entry=entry)

    async def _after(self, card: Card, changed: bool, key: str, now: datetime) -> Card:
        after = await self._cards.get(card.id)
        if changed or await self._cards.decided_by(card.id, CardRow.decided_key) == key:
            return after
        raise too_late(after, now)

    async def _settled_by(self, card: Card, changed: bool, states: Sequence[str], now: datetime) -> Card:
        after = await self._cards.get(card.id)
        if changed or after.state in states:
            return after
        raise too_late(after, now)

    def _entry(self, event: str, card: Card, user: str, **more: str) -> Entry:
        said = {"plan": card.plan_id, "digest": card.plan.digest(), **more}
        return Entry(
            event, card.person, card.terms.own, user, card.agent, preview=card.plan.title, policy=card.policy, **said
        )


def too_late(card: Card, now: datetime) -> Refused:
    """Why a click came too late, in words."""
    if card.state == "expired" or (card.state == "pending" and card.expires <= now):
        return Refused("This card has expired: nobody decided in time, so nothing was done.", "Run the command again.")
    if card.state == "pending":
        return Refused("This card has changed since.", "Look at it again and decide what it shows now.")
    return Refused(_SINCE.get(card.state, "This card was decided already."))


_SINCE = {
    "holding": "This was approved already and goes out shortly.",
    "running": "This was approved already and is being carried out.",
    "paused": "This was approved already and rests: press Go on or Leave the rest.",
    "settled": "This was approved already.",
    "denied": "This was turned down already.",
    "called_back": "This was called back: nothing was done.",
    "lapsed": "This was approved, but not carried out in time. What was not begun is not done any more.",
    "withdrawn": "This was withdrawn: who approved it may not do so any more.",
    "superseded": "A newer card has taken the place of this one.",
    "undoing": "This is being undone already.",
    "undone": "This was undone already.",
}
