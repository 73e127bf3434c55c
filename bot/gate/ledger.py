"""The ledger: the one place where effects happen.

A call runs only for a card a person approved, for exactly the arguments that card stood for, and at most once: its
intent is written before, its outcome after. After an interruption the tool looks back at the world; what certainly
did not happen may run then, and what nobody can tell is said to be unknown, never guessed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.errors import MeshClawError, OutcomeUnknown, TimeMends
from bot.contracts.json import Json, JsonObject
from bot.contracts.tools import Call, Outcome, Tool, ToolBox, ToolContext, Unfinished
from bot.gate.audit import Audit, Entry
from bot.gate.cards import Card, Cards, Refused
from bot.gate.policy import judge
from bot.store.database import Database
from bot.store.models import ActionRow, CardRow
from bot.store.sealing import Vault

_ATTEMPTS = 3
_LOOK_BACK_PAUSES = (1, 4, 15)  # seconds
_OTHER_AWAITED = 0.5  # seconds between looks at an action another replica is at
_log = structlog.get_logger("gate.ledger")


@dataclass(frozen=True, slots=True)
class Entered:
    """One action of the ledger: its outcome so far in parts (an interrupted call has several), None while open."""

    index: int
    parts: tuple[Outcome, ...] | None

    @property
    def outcome(self) -> Outcome | None:
        return combine(self.parts) if self.parts is not None else None


class Ledger:
    """Executes approved plans. `executor` names this process's life in the intents it writes; `is_dead` tells whether
    another such life is over."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        audit: Audit,
        cards: Cards,
        tools: ToolBox,
        executor: str,
        is_dead: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit
        self._cards = cards
        self._tools = tools
        self._executor = executor
        self._is_dead = is_dead
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def execute(self, card: Card, plan_id: str) -> AsyncIterator[Entered]:
        """Carry out the calls of a plan its card stands approved for, in order; yields each with its outcome.

        Safe to run again at any time: what has an outcome is not repeated. Raises Refused when the card does not
        stand for this plan."""
        calls = await self._cards.calls(plan_id)
        for index, call in enumerate(calls):
            action_id = f"{plan_id}/{index}"
            lock = self._locks.setdefault(action_id, asyncio.Lock())
            async with lock:
                parts = await self._once(card, plan_id, action_id, call)
            yield Entered(index, parts)

    async def entered(self, plan_id: str) -> Sequence[Entered]:
        """What the ledger holds of a plan, in order."""
        async with self._database.read() as session:
            rows = (await session.scalars(select(ActionRow).where(ActionRow.plan == plan_id))).all()
        found = [Entered(int(row.id.rsplit("/", 1)[1]), self._parts(row)) for row in rows]
        return sorted(found, key=lambda entered: entered.index)

    async def _once(self, card: Card, plan_id: str, action_id: str, call: Call) -> tuple[Outcome, ...]:
        known = await self._claim(card, plan_id, action_id, call)
        if known is not None and (parts := self._parts(known)) is not None:
            return parts
        context = ToolContext(card.person, action_id)
        tool = self._tools.get(call.tool)
        if tool is None or judge(tool) == "deny":
            outcome: list[Outcome] = [Outcome("failed", note="This kind of action is not available any more.")]
        else:
            outcome = await self._carry_out(tool, context, call, interrupted=known is not None)
        await self._finish(card, plan_id, action_id, call, outcome)
        return tuple(outcome)

    async def _claim(self, card: Card, plan_id: str, action_id: str, call: Call) -> ActionRow | None:
        """Write the intent; the row there was, if this action was begun before. While another living replica is at
        it, this waits for its outcome."""
        while True:
            try:
                async with self._database.write() as session:
                    row = await session.get(ActionRow, action_id, with_for_update=True)
                    if row is not None and row.digest != call.digest():
                        raise Refused("This plan does not match the ledger.", "Run the command again.")
                    if row is not None and row.outcome is not None:
                        return row
                    await self._check_approved(session, card, plan_id)
                    if row is None:
                        await self._write_intent(session, card, plan_id, action_id, call)
                        return None
                    if row.started_by == self._executor or await self._is_dead(row.started_by):
                        row.attempt += 1
                        row.started_by = self._executor
                        return row
            except IntegrityError:  # another replica wrote the intent between our look and our writing
                continue
            await asyncio.sleep(_OTHER_AWAITED)

    async def _check_approved(self, session: AsyncSession, card: Card, plan_id: str) -> None:
        """Looked at in the same transaction as the intent is written in. Raises Refused."""
        found = select(CardRow.state, CardRow.plan, CardRow.undo_plan).where(CardRow.id == card.id)
        now = (await session.execute(found)).first()
        if now is None or (now.state, plan_id) not in {("running", now.plan), ("undoing", now.undo_plan)}:
            raise Refused("Nobody has approved this.", "Decide on the card first.")

    async def _write_intent(self, session: AsyncSession, card: Card, plan_id: str, action_id: str, call: Call) -> None:
        owner, digest = self._vault.pseudonym(card.person.owner), call.digest()
        session.add(
            ActionRow(
                id=action_id,
                plan=plan_id,
                owner=owner,
                tool=call.tool,
                digest=digest,
                state="started",
                started_by=self._executor,
                started_at=datetime.now(UTC),
            )
        )
        await self._audit.append(session, Entry("intent", owner, plan_id, call.tool, digest))

    async def _carry_out(self, tool: Tool, context: ToolContext, call: Call, *, interrupted: bool) -> list[Outcome]:
        """Perform, and after every interruption look back, until nothing is left or nothing more can be told."""
        parts: list[Outcome] = []
        rest: Call | None = call
        for _ in range(_ATTEMPTS):
            if interrupted:
                seen = await self._look_back(tool, context, rest.args if rest else {})
                if seen is None:
                    return [*parts, _unknown(tool, rest or call)]
                if seen.settled.count or seen.settled.unknown or seen.settled.gone:
                    parts.append(seen.settled)
                rest = seen.rest
            if rest is None:
                return parts or [Outcome("done")]
            try:
                tool.check(rest.args)
                return [*parts, await tool.perform(context, rest.args)]
            except OutcomeUnknown:
                interrupted = True
            except MeshClawError as error:
                return [*parts, Outcome("failed", note=f"{error.message} {error.mend}".strip())]
            except Exception as error:
                _log.warning("effect interrupted", tool=tool.name, action=context.action_id, error=type(error).__name__)
                interrupted = True
        return [*parts, _unknown(tool, rest or call)]

    async def _look_back(self, tool: Tool, context: ToolContext, args: JsonObject) -> Unfinished | None:
        """Ask the tool how far the call came, giving an absent service a little time to come back."""
        for pause in (*_LOOK_BACK_PAUSES, None):
            try:
                return await tool.look_back(context, args)
            except TimeMends:
                if pause is None:
                    return None
                await asyncio.sleep(pause)
            except Exception as error:
                _log.warning(
                    "looking back failed", tool=tool.name, action=context.action_id, error=type(error).__name__
                )
                return None
        return None

    async def _finish(self, card: Card, plan_id: str, action_id: str, call: Call, parts: Sequence[Outcome]) -> None:
        owner = self._vault.pseudonym(card.person.owner)
        state = combine(parts).state
        kept: Json = [part.as_json() for part in parts]
        sealed = self._vault.seal(kept, table="ledger", owner=owner, row=action_id)
        async with self._database.write() as session:
            await session.execute(
                update(ActionRow)
                .where(ActionRow.id == action_id, ActionRow.outcome.is_(None))
                .values(state=state, finished_at=datetime.now(UTC), outcome=sealed)
            )
            await self._audit.append(session, Entry("outcome", owner, plan_id, call.tool, call.digest(), state))

    def _parts(self, row: ActionRow) -> tuple[Outcome, ...] | None:
        if row.outcome is None:
            return None
        kept = self._vault.open(row.outcome, table="ledger", owner=row.owner, row=row.id)
        return tuple(_outcome(part) for part in kept)


def combine(parts: Sequence[Outcome]) -> Outcome:
    """Several parts of one call as one outcome: counts add up; unknown beats failed beats done."""
    states = {part.state for part in parts}
    unknown = sum(part.unknown for part in parts)
    state: Literal["done", "failed", "unknown"] = "done"
    if unknown or "unknown" in states:
        state = "unknown"
    elif "failed" in states:
        state = "failed"
    notes = dict.fromkeys(part.note for part in parts if part.note)
    return Outcome(
        state,
        count=sum(part.count for part in parts),
        gone=sum(part.gone for part in parts),
        unknown=unknown,
        note=" ".join(notes),
    )


def inverses(entered: Sequence[Entered]) -> list[Call]:
    """The calls that take a carried-out plan back, last effect first."""
    return [part.inverse for one in reversed(entered) for part in reversed(one.parts or ()) if part.inverse]


def _unknown(tool: Tool, call: Call) -> Outcome:
    return Outcome("unknown", unknown=len(tool.describe(call.args).items))


def _outcome(kept: dict[str, Any]) -> Outcome:
    inverse = kept["inverse"]
    return Outcome(
        kept["state"],
        kept["count"],
        kept["gone"],
        kept["unknown"],
        kept["note"],
        Call(inverse["tool"], inverse["args"]) if inverse else None,
    )
