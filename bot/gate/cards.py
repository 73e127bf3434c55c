"""Cards at rest: one row each through all its life, from the question to the receipt.

Its buttons carry the id of the plan they show: a click on an older drawing names an older plan and is refused. Every
change of state is one compare-and-set (`change`); which there are, and when, `lifecycle.py` says.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.slack import Posted
from bot.contracts.tools import Call, Plan
from bot.gate.audit import Audit, Entry
from bot.gate.card import ENDED, Approval, Card, Proposal, Said, Terms
from bot.gate.plans import Plans, Refused
from bot.store.database import Database
from bot.store.models import ActionRow, ApprovalRow, CardRow, PlanRow
from bot.store.sealing import Vault


class Cards:
    """All cards of the installation."""

    def __init__(self, database: Database, vault: Vault, audit: Audit) -> None:
        self.database = database
        self.audit = audit
        self.plans = Plans(database, vault)
        self._vault = vault

    # Making

    def id_of(self, key: str, number: int = 0) -> str:
        """The id of a card made under this key: the same plan of the same request has the same."""
        return self._vault.pseudonym(f"card:{key}:{number}")

    async def made(self, key: str) -> Sequence[Card]:
        """The cards made under this key before, in order."""
        found: list[Card] = []
        while (card := await self.find(self.id_of(key, len(found)))) is not None:
            found.append(card)
        return found

    async def add(
        self,
        session: AsyncSession,
        card_id: str,
        person: Person,
        agent: str,
        plan: Plan,
        proposal: Proposal,
        **more: Any,
    ) -> None:
        """Write a plan and its card within the caller's session. `more`: further columns (conversation, times)."""
        owner, now = self.owner(person), more["created_at"]
        row = self.plans.row(owner, card_id, "first", proposal.calls, now)
        card = CardRow(
            id=card_id,
            owner=owner,
            agent=agent,
            topic=self.topic(agent, plan.topic),
            state=proposal.state,
            plan=row.id,
            needs=proposal.needs,
            body=self._body(card_id, person, plan, proposal.terms),
            changed_at=now,
            **more,
        )
        session.add_all([row, card])
        entry = Entry(
            event="proposed" if proposal.terms.asks else "granted",
            person=person,
            own=proposal.terms.own,
            agent=agent,
            plan=row.id,
            digest=row.digest,
            preview=plan.title,
            provenance=plan.sources,
            policy=more["policy"],
            decision=proposal.terms.rule,
        )
        await self.audit.append(session, entry)

    async def supersede(
        self, session: AsyncSession, person: Person, agent: str, topic: str, now: datetime
    ) -> list[str]:
        """A newer plan takes the place of those on its topic that still wait; their ids."""
        if not topic:
            return []
        kept = self.topic(agent, topic)
        older = await session.execute(
            update(CardRow)
            .where(CardRow.owner == self.owner(person), CardRow.topic == kept, CardRow.state == "pending")
            .values(state="superseded", version=CardRow.version + 1, changed_at=now, decided_at=now)
            .returning(CardRow.id, CardRow.plan, CardRow.body)
        )
        rows = older.all()
        for row in rows:
            own = self._about(row.body, self.owner(person), row.id)["terms"]["own"]
            await self.audit.append(session, Entry("superseded", person, own, agent=agent, plan=row.plan))
        return [row.id for row in rows]

    async def exists(self, session: AsyncSession, card_id: str) -> bool:
        return await session.get(CardRow, card_id) is not None

    async def waiting(self, session: AsyncSession, conversation: str) -> int:
        """How many cards wait in a conversation."""
        query = select(func.count()).where(CardRow.conversation == conversation, CardRow.state == "pending")
        return int(await session.scalar(query) or 0)

    # Reading

    async def find(self, card_id: str) -> Card | None:
        found = await self._many(select(CardRow).where(CardRow.id == card_id))
        return found[0] if found else None

    async def get(self, card_id: str) -> Card:
        """Raises Refused when there is no such card."""
        card = await self.find(card_id)
        if card is None:
            raise Refused("This card is not known here.", "Run the command again.")
        return card

    async def by_plan(self, plan_id: str) -> Card:
        """The card a button belongs to, whatever plan it stands for now. Raises Refused."""
        found = await self._many(select(CardRow).join(PlanRow, PlanRow.card == CardRow.id).where(PlanRow.id == plan_id))
        if not found:
            raise Refused("This card is not known here.", "Run the command again.")
        return found[0]

    async def current(self, plan_id: str) -> Card:
        """The card, if its buttons still carry this plan. Raises Refused."""
        card = await self.by_plan(plan_id)
        if card.plan_id != plan_id:
            raise Refused("This card has changed since.", "Look at it again and decide what it shows now.")
        return card

    async def pending(self, person: Person) -> Sequence[Card]:
        """What was made for this person and waits."""
        mine = select(CardRow).where(CardRow.owner == self.owner(person), CardRow.state == "pending")
        return await self._many(mine.order_by(CardRow.created_at))

    async def in_state(self, *states: str, **before: datetime) -> Sequence[Card]:
        """Up to 50 cards in these states, of which each column named in `before` lies before that time."""
        query = select(CardRow).where(CardRow.state.in_(states))
        for column, at in before.items():
            query = query.where(getattr(CardRow, column) < at)
        return await self._many(query.order_by(CardRow.changed_at).limit(50))

    async def standing(self, person: Person, *states: str) -> Sequence[Card]:
        """A person's cards in these states."""
        return await self._many(select(CardRow).where(CardRow.owner == self.owner(person), CardRow.state.in_(states)))

    async def stale(self, before: datetime) -> Sequence[Card]:
        """Cards whose drawing in Slack is older than they are, untouched since `before`."""
        return await self._many(
            select(CardRow).where(CardRow.shown < CardRow.version, CardRow.changed_at < before).limit(50)
        )

    async def to_remind(self, expiring: datetime) -> Sequence[Card]:
        """Waiting cards that expire before that time, and of which nobody was reminded."""
        due = (CardRow.state == "pending", CardRow.expires_at < expiring, CardRow.reminded_at.is_(None))
        return await self._many(select(CardRow).where(*due).limit(50))

    async def first_calls(self, card: Card) -> tuple[Call, ...]:
        """What was proposed at first, before anything was left out or changed."""
        return await self.plans.calls(self.plans.id_of(card.id, "first"))

    async def decided_by(self, card_id: str, column: Any) -> str | None:
        """The key of the request that set a column such as `CardRow.decided_key`."""
        async with self.database.read() as session:
            key: str | None = await session.scalar(select(column).where(CardRow.id == card_id))
            return key

    # Changing

    async def change(
        self,
        card: Card,
        *,
        expected: str | tuple[str, ...],
        values: dict[str, Any],
        entry: Entry,
        plan: str | None = None,
        alive_at: datetime | None = None,
        plan_row: PlanRow | None = None,
        session: AsyncSession | None = None,
    ) -> bool:
        """The one compare-and-set: true when the card was in an expected state (and plan, and time)."""
        states = (expected,) if isinstance(expected, str) else expected
        statement = update(CardRow).where(CardRow.id == card.id, CardRow.state.in_(states))
        if plan:
            statement = statement.where(CardRow.plan == plan)
        if alive_at:
            statement = statement.where(CardRow.expires_at > alive_at)
        statement = statement.values({"changed_at": datetime.now(UTC), **values, "version": CardRow.version + 1})
        if session is None:
            async with self.database.write() as own:
                return await self._changed(own, statement, entry, plan_row)
        return await self._changed(session, statement, entry, plan_row)

    async def drawn(self, card: Card, posted: Posted) -> None:
        """Remember which version Slack shows, and where."""
        async with self.database.write() as session:
            await session.execute(
                update(CardRow)
                .where(CardRow.id == card.id, CardRow.shown < card.version)
                .values(shown=card.version, channel=posted.channel, ts=posted.ts)
            )

    async def reminded(self, card: Card, now: datetime) -> bool:
        """Whether it is ours to remind of this card: once, by one replica."""
        first = update(CardRow).where(CardRow.id == card.id, CardRow.reminded_at.is_(None)).values(reminded_at=now)
        async with self.database.write() as session:
            return (await session.execute(first.returning(CardRow.id))).first() is not None

    async def purge(self, before: datetime) -> Sequence[str]:
        """Delete cards that came to their end before that time, with their plans and ledger; their ids."""
        async with self.database.write() as session:
            gone = delete(CardRow).where(CardRow.state.in_(ENDED), CardRow.changed_at < before).returning(CardRow.id)
            ids = list(await session.scalars(gone))
            plans = select(PlanRow.id).where(PlanRow.card.in_(ids))
            await session.execute(delete(ActionRow).where(ActionRow.plan.in_(plans)))
            await session.execute(delete(PlanRow).where(PlanRow.card.in_(ids)))
            await session.execute(delete(ApprovalRow).where(ApprovalRow.card.in_(ids)))
        return ids

    # Names and seals

    def owner(self, person: Person) -> str:
        return self._vault.pseudonym(person.owner)

    def topic(self, agent: str, topic: str) -> str:
        return self._vault.pseudonym(f"topic:{agent}:{topic}") if topic else ""

    def said(self, card: Card, **changes: Any) -> bytes:
        """The sealed column `said` with these changes."""
        now: dict[str, Json] = asdict(replace(card.said, **changes))
        return self._vault.seal(now, table="cards.said", owner=self.owner(card.person), row=card.id)

    def body(self, card: Card, terms: Terms) -> bytes:
        """The sealed column `body` on other terms."""
        return self._body(card.id, card.person, card.plan, terms)

    def _body(self, card_id: str, person: Person, plan: Plan, terms: Terms) -> bytes:
        about: dict[str, Json] = {
            "team": person.team,
            "user": person.user,
            "title": plan.title,
            "sources": plan.sources,
            "note": plan.note,
            "extra": plan.extra,
            "terms": asdict(terms),
        }
        return self._vault.seal(about, table="cards", owner=self.owner(person), row=card_id)

    def approval(self, card: Card, user: Person, how: str, key: str, now: datetime) -> ApprovalRow:
        """One person's approval of the plan the card stands for, for a writing session to add."""
        decider = self.owner(user)
        row = self._vault.pseudonym(f"approval:{card.plan_id}:{user.owner}")
        kept: dict[str, Json] = {"user": user.user, "how": how}
        body = self._vault.seal(kept, table="approvals", owner=decider, row=row)
        return ApprovalRow(id=row, card=card.id, plan=card.plan_id, decider=decider, key=key, body=body, at=now)

    async def _changed(self, session: AsyncSession, statement: Any, entry: Entry, plan_row: PlanRow | None) -> bool:
        hit = (await session.execute(statement.returning(CardRow.id))).first() is not None
        if hit:
            if plan_row:
                session.add(plan_row)
            await self.audit.append(session, entry)
        return hit

    async def _many(self, query: Select[CardRow]) -> list[Card]:
        async with self.database.read() as session:
            rows = list((await session.scalars(query)).unique())
            if not rows:
                return []
            ids = [row.plan for row in rows]
            plans = {row.id: row for row in await session.scalars(select(PlanRow).where(PlanRow.id.in_(ids)))}
            given = select(ApprovalRow).where(ApprovalRow.plan.in_(ids)).order_by(ApprovalRow.at)
            approvals = list(await session.scalars(given))
        return [self._card(row, plans[row.plan], [one for one in approvals if one.plan == row.plan]) for row in rows]

    def _card(self, row: CardRow, plan_row: PlanRow, approvals: Sequence[ApprovalRow]) -> Card:
        about = self._about(row.body, row.owner, row.id)
        said = self._vault.open(row.said, table="cards.said", owner=row.owner, row=row.id) if row.said else {}
        return Card(
            id=row.id,
            person=Person(about["team"], about["user"]),
            agent=row.agent,
            conversation=row.conversation,
            state=row.state,
            plan=Plan(about["title"], self.plans.opened(plan_row), about["sources"], about["note"], about["extra"]),
            plan_id=row.plan,
            undo_id=row.undo_plan,
            terms=Terms.from_json(about["terms"]),
            needs=row.needs,
            policy=row.policy,
            posted=Posted(row.channel, row.ts) if row.channel and row.ts else None,
            version=row.version,
            created=row.created_at,
            expires=row.expires_at,
            decided=row.decided_at,
            changed=row.changed_at,
            execute_by=row.execute_by,
            hold_until=row.hold_until,
            said=Said(**said),
            approvals=tuple(self._approval(one) for one in approvals),
        )

    def _about(self, body: bytes, owner: str, card_id: str) -> Any:
        return self._vault.open(body, table="cards", owner=owner, row=card_id)

    def _approval(self, row: ApprovalRow) -> Approval:
        kept = self._vault.open(row.body, table="approvals", owner=row.decider, row=row.id)
        return Approval(kept["user"], kept["how"], row.at)
