"""Plans and the cards that stand for them: written, decided, narrowed, expired, each by compare-and-set.

A card is one row through all its life. Its buttons carry the id of the plan they show: a click on an older drawing
names an older plan and is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.errors import PersonMends
from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.slack import Posted
from bot.contracts.tools import Call, Plan
from bot.gate.audit import Audit, Entry
from bot.store.database import Database
from bot.store.models import ActionRow, CardRow, PlanRow
from bot.store.sealing import Vault

TIME_TO_DECIDE = timedelta(hours=24)
TIME_TO_UNDO = timedelta(days=7)


class Refused(PersonMends):
    """A click that decides nothing: the card is somebody else's, older, or decided already."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it stands now. `plan_id` names the plan its buttons carry; `undo_id` the plan that takes it back."""

    id: str
    person: Person
    agent: str
    state: str
    plan: Plan
    plan_id: str
    undo_id: str | None
    posted: Posted | None
    version: int
    created: datetime
    expires: datetime
    decided: datetime | None
    changed: datetime


class Cards:
    """All cards of the installation."""

    def __init__(self, database: Database, vault: Vault, audit: Audit) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit

    async def propose(self, person: Person, agent: str, key: str, plan: Plan, now: datetime) -> Card:
        """Write the plan and its card; an earlier card of the same agent still pending is superseded. Asking again
        under the same key returns the card there is."""
        owner = self._vault.pseudonym(person.owner)
        card_id = self._vault.pseudonym(f"card:{key}")
        about: Json = {
            "team": person.team,
            "user": person.user,
            "title": plan.title,
            "sources": plan.sources,
            "note": plan.note,
            "extra": plan.extra,
        }
        async with self._database.write() as session:
            if await session.get(CardRow, card_id) is None:
                await self._supersede(session, owner, agent, now)
                plan_row = self._plan_row(owner, card_id, "first", plan.calls, now)
                row = CardRow(
                    id=card_id,
                    owner=owner,
                    agent=agent,
                    state="pending",
                    plan=plan_row.id,
                    body=self._vault.seal(about, table="cards", owner=owner, row=card_id),
                    created_at=now,
                    changed_at=now,
                    expires_at=now + TIME_TO_DECIDE,
                )
                session.add_all([plan_row, row])
                await self._audit.append(session, Entry("proposed", owner, row.plan, digest=plan_row.digest))
        return await self.get(card_id)

    async def get(self, card_id: str) -> Card:
        """Raises Refused when there is no such card."""
        return await self._one(select(CardRow).where(CardRow.id == card_id))

    async def by_plan(self, plan_id: str) -> Card:
        """The card a button belongs to, whatever plan it stands for now. Raises Refused."""
        card_id = select(PlanRow.card).where(PlanRow.id == plan_id).scalar_subquery()
        return await self._one(select(CardRow).where(CardRow.id == card_id))

    async def owned(self, plan_id: str, person: Person) -> Card:
        """The card, if its buttons still carry this plan and it is this person's. Raises Refused."""
        card = await self.by_plan(plan_id)
        if card.person != person:
            raise Refused("This card belongs to somebody else.", "Only the person it was made for can decide it.")
        if card.plan_id != plan_id:
            raise Refused("This card has changed since.", "Look at it again and decide what it shows now.")
        return card

    async def pending(self, person: Person) -> Sequence[Card]:
        owner = self._vault.pseudonym(person.owner)
        query = select(CardRow).where(CardRow.owner == owner, CardRow.state == "pending").order_by(CardRow.created_at)
        return await self._many(query)

    async def decide(
        self, plan_id: str, person: Person, key: str, *, approve: bool, posted: Posted | None, now: datetime
    ) -> Card:
        """Approve (→ running) or deny. The first decision wins; the same request asked again finds it made.

        `posted`: the message the click came from; a copy of the card elsewhere decides nothing. Raises Refused."""
        card = await self.owned(plan_id, person)
        if posted and card.posted and posted != card.posted:
            raise Refused("This is a copy of the card.", "Decide on the card itself.")
        state = "running" if approve else "denied"
        changed = await self._change(
            card,
            expected="pending",
            plan=plan_id,
            alive_at=now,
            values={"state": state, "decided_key": key, "decided_at": now},
            entry=Entry("approved" if approve else "denied", self._owner(card), plan_id, digest=card.plan.digest()),
        )
        after = await self._reload(card)
        if changed or await self._decided_by(card.id, CardRow.decided_key) == key:
            return after
        raise _too_late(after, now)

    async def narrow(self, plan_id: str, person: Person, key: str, calls: Sequence[Call], now: datetime) -> Card:
        """Put a smaller plan, with a digest of its own, in the place of the pending one. Raises Refused."""
        if not calls:
            raise Refused("Nothing is ticked.", "Tick something, or press Not now on the card.")
        card = await self.by_plan(plan_id)
        if card.person != person:
            raise Refused("This card belongs to somebody else.", "Only the person it was made for can change it.")
        row = self._plan_row(self._owner(card), card.id, key, tuple(calls), now)
        if card.plan_id == row.id:
            return card
        changed = await self._change(
            card,
            expected="pending",
            plan=plan_id,
            alive_at=now,
            values={"plan": row.id},
            entry=Entry("narrowed", self._owner(card), row.id, digest=row.digest),
            plan_row=row,
        )
        after = await self._reload(card)
        if not changed:
            raise _too_late(after, now)
        return after

    async def settle(self, card: Card, *, undone: bool = False) -> Card:
        """All calls have an outcome: running → settled, or undoing → undone."""
        before, after = ("undoing", "undone") if undone else ("running", "settled")
        plan = (card.undo_id if undone else card.plan_id) or ""
        await self._change(card, expected=before, values={"state": after}, entry=Entry(after, self._owner(card), plan))
        return await self._reload(card)

    async def take_back(self, plan_id: str, person: Person, key: str, calls: Sequence[Call], now: datetime) -> Card:
        """Begin the undo of a settled card with the inverse calls. Raises Refused."""
        card = await self.owned(plan_id, person)
        if card.undo_id and await self._decided_by(card.id, CardRow.undone_key) == key:
            return card
        if card.state != "settled" or not calls:
            raise _too_late(card, now) if card.state != "settled" else Refused("There is nothing to take back.")
        if card.decided and now > card.decided + TIME_TO_UNDO:
            raise Refused("This can be undone for seven days only.", "The mails are where the receipt says.")
        row = self._plan_row(self._owner(card), card.id, f"undo:{key}", tuple(calls), now)
        changed = await self._change(
            card,
            expected="settled",
            plan=plan_id,
            values={"state": "undoing", "undo_plan": row.id, "undone_key": key},
            entry=Entry("undo", self._owner(card), row.id, digest=row.digest),
            plan_row=row,
        )
        after = await self._reload(card)
        if not changed:
            raise _too_late(after, now)
        return after

    async def expire(self, now: datetime) -> Sequence[Card]:
        """Deny what nobody decided in time; those cards as they stand now."""
        expired = []
        for card in await self._many(select(CardRow).where(CardRow.state == "pending", CardRow.expires_at <= now)):
            values, entry = {"state": "expired", "decided_at": now}, Entry("expired", self._owner(card), card.plan_id)
            if await self._change(card, expected="pending", values=values, entry=entry):
                expired.append(await self._reload(card))
        return expired

    async def calls(self, plan_id: str) -> tuple[Call, ...]:
        """The calls of any plan, checked against its digest. Raises Refused when they do not match."""
        async with self._database.read() as session:
            row = await session.get(PlanRow, plan_id)
        if row is None:
            raise Refused("This card is not known here.", "Run the command again.")
        return self._open_plan(row)

    async def stale(self, before: datetime) -> Sequence[Card]:
        """Cards whose drawing in Slack is older than they are, untouched since `before`."""
        return await self._many(
            select(CardRow).where(CardRow.shown < CardRow.version, CardRow.changed_at < before).limit(50)
        )

    async def halted(self, before: datetime) -> Sequence[Card]:
        """Cards approved or being undone whose calls should have ended long ago."""
        active = CardRow.state.in_(("running", "undoing"))
        return await self._many(select(CardRow).where(active, CardRow.changed_at < before).limit(50))

    async def drawn(self, card: Card, posted: Posted) -> None:
        """Remember which version Slack shows, and where."""
        async with self._database.write() as session:
            await session.execute(
                update(CardRow)
                .where(CardRow.id == card.id, CardRow.shown < card.version)
                .values(shown=card.version, channel=posted.channel, ts=posted.ts)
            )

    async def first_calls(self, card: Card) -> tuple[Call, ...]:
        """What was proposed at first, before anything was left out."""
        return await self.calls(self._plan_id(card.id, "first"))

    async def purge(self, before: datetime) -> Sequence[str]:
        """Delete cards that came to their end before that time, with their plans and ledger; their ids."""
        ended = CardRow.state.in_(("settled", "denied", "expired", "superseded", "undone"))
        async with self._database.write() as session:
            gone = delete(CardRow).where(ended, CardRow.changed_at < before).returning(CardRow.id)
            ids = list(await session.scalars(gone))
            plans = select(PlanRow.id).where(PlanRow.card.in_(ids))
            await session.execute(delete(ActionRow).where(ActionRow.plan.in_(plans)))
            await session.execute(delete(PlanRow).where(PlanRow.card.in_(ids)))
        return ids

    async def _supersede(self, session: AsyncSession, owner: str, agent: str, now: datetime) -> None:
        older = await session.execute(
            update(CardRow)
            .where(CardRow.owner == owner, CardRow.agent == agent, CardRow.state == "pending")
            .values(state="superseded", version=CardRow.version + 1, changed_at=now, decided_at=now)
            .returning(CardRow.plan)
        )
        entries = [Entry("superseded", owner, plan) for plan in older.scalars()]
        if entries:
            await self._audit.append(session, *entries)

    async def _change(
        self,
        card: Card,
        *,
        expected: str,
        values: dict[str, Any],
        entry: Entry,
        plan: str | None = None,
        alive_at: datetime | None = None,
        plan_row: PlanRow | None = None,
    ) -> bool:
        """The one compare-and-set: true when the card was in the expected state (and plan, and time)."""
        statement = update(CardRow).where(CardRow.id == card.id, CardRow.state == expected)
        if plan:
            statement = statement.where(CardRow.plan == plan)
        if alive_at:
            statement = statement.where(CardRow.expires_at > alive_at)
        values = {**values, "version": CardRow.version + 1, "changed_at": datetime.now(UTC)}
        async with self._database.write() as session:
            hit = (await session.execute(statement.values(values).returning(CardRow.id))).first() is not None
            if hit:
                if plan_row:
                    session.add(plan_row)
                await self._audit.append(session, entry)
            return hit

    def _plan_row(self, owner: str, card_id: str, key: str, calls: tuple[Call, ...], now: datetime) -> PlanRow:
        plan_id = self._plan_id(card_id, key)
        kept: Json = [{"tool": call.tool, "args": call.args} for call in calls]
        return PlanRow(
            id=plan_id,
            card=card_id,
            owner=owner,
            digest=Plan("", calls).digest(),
            body=self._vault.seal(kept, table="plans", owner=owner, row=plan_id),
            created_at=now,
        )

    def _plan_id(self, card_id: str, key: str) -> str:
        return self._vault.pseudonym(f"plan:{card_id}:{key}")

    def _open_plan(self, row: PlanRow) -> tuple[Call, ...]:
        kept = self._vault.open(row.body, table="plans", owner=row.owner, row=row.id)
        calls = tuple(Call(entry["tool"], entry["args"]) for entry in kept)
        if Plan("", calls).digest() != row.digest:
            raise Refused("This plan does not match its digest.", "Run the command again, and tell your admin.")
        return calls

    async def _one(self, query: Select[CardRow]) -> Card:
        found = await self._many(query)
        if not found:
            raise Refused("This card is not known here.", "Run the command again.")
        return found[0]

    async def _reload(self, card: Card) -> Card:
        return await self.get(card.id)

    async def _many(self, query: Select[CardRow]) -> list[Card]:
        joined = query.add_columns(PlanRow).join(PlanRow, PlanRow.id == CardRow.plan)
        async with self._database.read() as session:
            return [self._card(row, plan) for row, plan in await session.execute(joined)]

    async def _decided_by(self, card_id: str, column: Any) -> str | None:
        async with self._database.read() as session:
            key: str | None = await session.scalar(select(column).where(CardRow.id == card_id))
            return key

    def _card(self, row: CardRow, plan_row: PlanRow) -> Card:
        about = self._vault.open(row.body, table="cards", owner=row.owner, row=row.id)
        plan = Plan(about["title"], self._open_plan(plan_row), about["sources"], about["note"], about["extra"])
        return Card(
            id=row.id,
            person=Person(about["team"], about["user"]),
            agent=row.agent,
            state=row.state,
            plan=plan,
            plan_id=row.plan,
            undo_id=row.undo_plan,
            posted=Posted(row.channel, row.ts) if row.channel and row.ts else None,
            version=row.version,
            created=row.created_at,
            expires=row.expires_at,
            decided=row.decided_at,
            changed=row.changed_at,
        )

    def _owner(self, card: Card) -> str:
        return self._vault.pseudonym(card.person.owner)


def _too_late(card: Card, now: datetime) -> Refused:
    """Why a decision came too late, in words."""
    said = {
        "running": "This was approved already and is being carried out.",
        "settled": "This was approved already.",
        "denied": "This was turned down already.",
        "superseded": "A newer card has taken the place of this one.",
        "undoing": "This is being undone already.",
        "undone": "This was undone already.",
    }
    if card.state == "expired" or (card.state == "pending" and card.expires <= now):
        return Refused("This card has expired: nobody decided in time, so nothing was done.", "Run the command again.")
    if card.state == "pending":
        return Refused("This card has changed since.", "Look at it again and decide what it shows now.")
    return Refused(said.get(card.state, "This card was decided already."))
