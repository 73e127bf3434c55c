"""The ledger: the one place where effects happen.

A call runs only for a card a person approved, or by a grant of theirs, for exactly the arguments that card stands for,
and at most once: its intent is written before, its outcome after. Before each call it is looked at anew, in the
transaction that writes the intent, whether it still may (`permits.py`). After an interruption the tool looks back at
the world; what certainly did not happen may run then, and what nobody can tell is said to be unknown, never guessed.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.errors import MeshClawError, OutcomeUnknown, TimeMends
from bot.contracts.json import Json, JsonObject, canonical
from bot.contracts.tools import Call, CallView, Outcome, Reading, Tool, ToolBox, ToolContext, Unfinished
from bot.gate.audit import Audit, Entry
from bot.gate.card import Card
from bot.gate.cards import Cards
from bot.gate.permits import Permits
from bot.gate.plans import Refused
from bot.gate.policy import effect_of
from bot.store.database import Database
from bot.store.models import ActionRow
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
        permits: Permits,
        tools: ToolBox,
        executor: str,
        is_dead: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit
        self._cards = cards
        self._permits = permits
        self._tools = tools
        self._executor = executor
        self._is_dead = is_dead
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def execute(self, card: Card, plan_id: str) -> AsyncIterator[Entered]:
        """Carry out the calls of a plan its card stands approved for, in order; yields each with its outcome.

        Safe to run again at any time: what has an outcome is not repeated. Raises Refused when the card does not
        stand for this plan, and Halted, before a call, when that call may not run any more, or not now."""
        calls = await self._cards.plans.calls(plan_id)
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

    async def resolve(self, card: Card, plan_id: str, why: str) -> None:
        """Find out how far calls came that were begun and never ended, and do nothing more of them: `why` is told of
        what was left undone."""
        for index, call in enumerate(await self._cards.plans.calls(plan_id)):
            action_id = f"{plan_id}/{index}"
            async with self._locks.setdefault(action_id, asyncio.Lock()):
                tool = self._tools.get(call.tool)
                row = await self._claim(card, plan_id, action_id, call, tool, only_begun=True)
                if row is not None and row.outcome is None:
                    parts = await self._worked(card, action_id, call, tool, interrupted=True, halted=why)
                    await self._finish(card, plan_id, action_id, call, parts)

    async def _once(self, card: Card, plan_id: str, action_id: str, call: Call) -> tuple[Outcome, ...]:
        tool = self._tools.get(call.tool)
        row = await self._claim(card, plan_id, action_id, call, tool)
        if row is not None and (known := self._parts(row)) is not None:
            return known
        parts = await self._worked(card, action_id, call, tool, interrupted=row is not None)
        await self._finish(card, plan_id, action_id, call, parts)
        return tuple(parts)

    async def _worked(
        self, card: Card, action_id: str, call: Call, tool: Tool | None, *, interrupted: bool, halted: str = ""
    ) -> list[Outcome]:
        if tool is None:
            state: Literal["failed", "unknown"] = "unknown" if interrupted else "failed"
            return [Outcome(state, unknown=int(interrupted), note="This kind of action is not available any more.")]
        context = ToolContext(card.person, action_id)
        return await self._carry_out(tool, context, call, interrupted=interrupted, halted=halted)

    async def _claim(
        self, card: Card, plan_id: str, action_id: str, call: Call, tool: Tool | None, *, only_begun: bool = False
    ) -> ActionRow | None:
        """Write the intent, unless `only_begun` actions are wanted; the row there was, if this action was begun
        before. While another living replica is at it, this waits for its outcome. Raises Halted, Refused."""
        while True:
            try:
                async with self._database.write() as session:
                    row = await session.get(ActionRow, action_id, with_for_update=True)
                    if row is not None and row.digest != call.digest():
                        raise Refused("This plan does not match the ledger.", "Run the command again.")
                    if (row is not None and row.outcome is not None) or (row is None and only_begun):
                        return row
                    if not only_begun:
                        await self._check_permitted(session, card, plan_id, call, tool, begun=row is not None)
                    if row is None:
                        session.add(self._intent(card, plan_id, action_id, call, tool))
                        await self._audit.append(session, self._entry("intent", card, plan_id, action_id, call))
                        return None
                    if row.started_by == self._executor or await self._is_dead(row.started_by):
                        row.attempt += 1
                        row.started_by = self._executor
                        return row
            except IntegrityError:  # another replica wrote the intent between our look and our writing
                continue
            await asyncio.sleep(_OTHER_AWAITED)

    async def _check_permitted(
        self, session: AsyncSession, card: Card, plan_id: str, call: Call, tool: Tool | None, *, begun: bool
    ) -> None:
        """Looked at in the same transaction as the intent is written in; what was `begun` counts to ceilings already.
        Raises Halted, Refused."""
        effect, items = effect_of(tool), 0 if begun else _items(tool, call)
        halted = await self._permits.halted(session, card, plan_id, call.tool, effect, items)
        if halted:
            raise halted

    def _intent(self, card: Card, plan_id: str, action_id: str, call: Call, tool: Tool | None) -> ActionRow:
        return ActionRow(
            id=action_id,
            plan=plan_id,
            owner=self._cards.owner(card.person),
            tool=call.tool,
            effect=effect_of(tool).value,
            items=_items(tool, call),
            digest=call.digest(),
            state="started",
            started_by=self._executor,
            started_at=datetime.now(UTC),
        )

    def _entry(self, event: str, card: Card, plan_id: str, action_id: str, call: Call, **more: str) -> Entry:
        return Entry(
            event=event,
            person=card.person,
            own=card.terms.own,
            agent=card.agent,
            plan=plan_id,
            tool=call.tool,
            digest=call.digest(),
            preview=_words(self._tools.get(call.tool), call),
            provenance=card.plan.sources,
            policy=card.policy,
            key=action_id,
            **more,
        )

    async def _carry_out(
        self, tool: Tool, context: ToolContext, call: Call, *, interrupted: bool, halted: str = ""
    ) -> list[Outcome]:
        """Perform, and after every interruption look back, until nothing is left or nothing more can be told. What is
        `halted` is looked at only."""
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
            if halted:
                return [*parts, Outcome("failed", note=halted)]
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
        whole = combine(parts)
        state, partly = whole.state, whole.state == "failed" and whole.count > 0
        kept: Json = [part.as_json() for part in parts]
        sealed = self._vault.seal(kept, table="ledger", owner=self._cards.owner(card.person), row=action_id)
        digest = hashlib.sha256(canonical(kept)).hexdigest()
        entry = self._entry("outcome", card, plan_id, action_id, call, result=state, result_digest=digest)
        async with self._database.write() as session:
            await session.execute(
                update(ActionRow)
                .where(ActionRow.id == action_id, ActionRow.outcome.is_(None))
                .values(state="partly" if partly else state, finished_at=datetime.now(UTC), outcome=sealed)
            )
            await self._audit.append(session, entry)

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
        reading=next((part.reading for part in reversed(parts) if part.reading), None),
    )


def inverses(entered: Sequence[Entered]) -> list[Call]:
    """The calls that take a carried-out plan back, last effect first."""
    return [part.inverse for one in reversed(entered) for part in reversed(one.parts or ()) if part.inverse]


def _view(tool: Tool | None, call: Call) -> CallView | None:
    """None where nobody can tell what the call does: then it is not done either."""
    with suppress(Exception):
        return tool.describe(call.args) if tool else None
    return None


def _items(tool: Tool | None, call: Call) -> int:
    """How many things a call touches, as ceilings count them."""
    view = _view(tool, call)
    return max(1, len(view.items)) if view else 1


def _words(tool: Tool | None, call: Call) -> str:
    """A call in one line."""
    view = _view(tool, call)
    return f"{view.verb}: {view.subject}, {view.where} ({max(1, len(view.items))})" if view else call.tool


def _unknown(tool: Tool, call: Call) -> Outcome:
    return Outcome("unknown", unknown=_items(tool, call))


def _outcome(kept: dict[str, Any]) -> Outcome:
    inverse, reading = kept["inverse"], kept["reading"]
    return Outcome(
        kept["state"],
        kept["count"],
        kept["gone"],
        kept["unknown"],
        kept["note"],
        Call(inverse["tool"], inverse["args"]) if inverse else None,
        _reading(reading) if reading else None,
    )


def _reading(kept: dict[str, Any]) -> Reading:
    seen_by = kept["seen_by"]
    return Reading(kept["text"], kept["origin"], None if seen_by is None else frozenset(seen_by))
