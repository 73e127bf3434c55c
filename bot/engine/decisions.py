"""What is decided on cards: approve, turn down, narrow, edit, call back, go on, undo; and how plans are carried out."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.contracts.agents import Proposed
from bot.contracts.errors import OperatorMends
from bot.contracts.requests import Request
from bot.contracts.slack import Posted, SlackAway
from bot.contracts.tools import Call, Plan, ToolBox
from bot.engine.drawing import Drawing
from bot.engine.entitlement import Entitlement
from bot.engine.notify import Notices
from bot.engine.proposals import Proposals
from bot.engine.records import Records
from bot.gate.card import ACTIVE, ENDED, Card, Terms
from bot.gate.cards import Cards
from bot.gate.ledger import Entered, Ledger, inverses
from bot.gate.lifecycle import Lifecycle
from bot.gate.permits import Halted
from bot.gate.plans import Refused
from bot.gate.policy import Policy

_REDRAW_AFTER = 1.0  # seconds between drawings of a card while its calls run
_LEFT = "Left as it was."


@dataclass(frozen=True, slots=True)
class Decided:
    """A card whose story came to an end, for the agent that proposed it."""

    card: Card
    results: Sequence[Entered]


class Decisions:
    """Everything a button of a card can ask for. `at`, set by the engine, lets something happen at a given time."""

    def __init__(
        self,
        cards: Cards,
        ledger: Ledger,
        tools: ToolBox,
        policy: Policy,
        entitlement: Entitlement,
        proposals: Proposals,
        drawing: Drawing,
        notices: Notices,
        records: Records,
    ) -> None:
        self._cards = cards
        self._steps = Lifecycle(cards)
        self._ledger = ledger
        self._tools = tools
        self._policy = policy
        self._entitlement = entitlement
        self._proposals = proposals
        self._drawing = drawing
        self._notices = notices
        self._records = records
        self.at: Callable[[datetime, Card], None] = lambda when, card: None

    @property
    def actions(self) -> Mapping[str, Callable[[Request], Awaitable[Decided | None]]]:
        """What a request to the gate may ask for, by its action."""
        return {
            "approve": self.approve,
            "deny": self.turn_down,
            "undo": self.undo,
            "choose": self.narrow,
            "edit": self.edit,
            "call_back": self.call_back,
            "go_on": self.go_on,
            "leave": self.leave,
            "carry_on": self.carry_on,
        }

    async def propose(self, request: Request, plan: Plan) -> tuple[Proposed, Sequence[Card]]:
        """Write the cards of a plan and show them; what became of it, and the cards that run without being asked.
        Raises Stopped, and Refused for what follows a denial."""
        if request.action == "decided" and request.args.get("state") in ("denied", "expired", "called_back"):
            raise Refused("This was turned down, so nothing more is proposed for it.", "Ask anew if it is wanted.")
        proposed, cards, running = await self._proposals.propose(request, plan)
        for card in cards:
            await self._drawing.draw(card)
        return proposed, running

    async def approve(self, request: Request) -> Decided | None:
        card = await self._clicked(request)
        await self._check_running(card)
        how = "code" if request.args.get("how") == "code" else "button"
        if card.terms.critical and how != "code":
            raise Refused("This needs a code from your authenticator app.", "Press Approve… on the card.")
        if changed := self._proposals.changed(card):
            raise Refused(changed, "Turn this card down, and ask anew.")
        if await self._entitlement.to_approve(card, request.person):
            how = "break-glass"
        now = datetime.now(UTC)
        within = self._policy.execute_within
        card = await self._steps.approve(card.plan_id, request.person, how, request.key, now=now, execute_within=within)
        if how == "break-glass":
            await self._notices.glass_used(request, card)
        if card.state == "pending":
            await self._drawing.draw(card)
            return None
        return await self._carry_out(card)

    async def turn_down(self, request: Request) -> Decided:
        card = await self._clicked(request)
        await self._entitlement.to_end(card, request.person)
        reason = str(request.args.get("reason") or "")
        card = await self._steps.deny(card.plan_id, request.person, request.key, reason, now=datetime.now(UTC))
        await self._drawing.draw(card)
        return Decided(card, ())

    async def narrow(self, request: Request) -> None:
        """Leave out what the person unticked: `args["unticked"]`, lists of item indexes by call."""
        plan_id = str(request.args["plan"])
        calls = await self._cards.plans.calls(plan_id)
        left = self._without(calls, unticked(request.args.get("unticked"), calls))
        await self._replace(request, plan_id, left, "narrowed")

    async def edit(self, request: Request) -> None:
        """Put what was typed into one call: `args["index"]`, `args["values"]`. The card is shown again."""
        plan_id, index = str(request.args["plan"]), int(str(request.args["index"]))
        calls = list(await self._cards.plans.calls(plan_id))
        calls[index] = self.edited(calls[index], request.args["values"])
        terms = await self._proposals.terms(await self._cards.by_plan(plan_id), calls)
        await self._replace(request, plan_id, calls, "edited", terms)

    def edited(self, call: Call, values: Any) -> Call:
        """A call with what was typed into its fields. Raises PersonMends with the field to correct."""
        tool = self._tools.get(call.tool)
        if tool is None or not isinstance(values, Mapping):
            raise Refused("This cannot be changed any more.", "Run the command again.")
        args = tool.edited(call.args, {str(name): str(value) for name, value in values.items()})
        tool.check(args)
        return Call(call.tool, args)

    async def undo(self, request: Request) -> Decided | None:
        """Take back what was done: at once where it is the person's alone to decide, else on a card of its own."""
        card = await self._clicked(request)
        await self._entitlement.to_end(card, request.person)
        await self._check_running(card)
        calls = inverses(await self._ledger.entered(card.plan_id))
        if not self._proposals.theirs_alone(card.person, calls):
            if request.person != card.person:  # whoever asks for it may not be who approves it
                raise Refused("Others have to decide this.", "Only the person who asked for it can ask to undo it.")
            plan = Plan(f"Undo: {card.plan.title}"[:150], tuple(calls), note="It takes back what the receipt lists.")
            _, running = await self.propose(request, plan)
            for one in running:
                self.at(datetime.now(UTC), one)
            return None
        card = await self._steps.take_back(
            card.plan_id,
            request.person,
            request.key,
            calls,
            now=datetime.now(UTC),
            execute_within=self._policy.execute_within,
        )
        return await self._carry_out(card)

    async def call_back(self, request: Request) -> Decided:
        card = await self._clicked(request)
        await self._entitlement.to_end(card, request.person)
        card = await self._steps.call_back(card.plan_id, request.person, request.key, now=datetime.now(UTC))
        return await self._ended(card)

    async def go_on(self, request: Request) -> Decided | None:
        """Take up a paused plan again: that is a decision too, so it takes somebody who may approve it."""
        card = await self._clicked(request)
        await self._check_running(card)
        if card.terms.asks:
            await self._entitlement.to_approve(card, request.person)
        else:
            await self._entitlement.to_end(card, request.person)
        within = self._policy.execute_within
        now = datetime.now(UTC)
        card = await self._steps.go_on(card.plan_id, request.person, now=now, execute_within=within, key=request.key)
        return await self._carry_out(card)

    async def leave(self, request: Request) -> Decided:
        """End a paused plan where it rests."""
        card = await self._clicked(request)
        await self._entitlement.to_end(card, request.person)
        if card.state == "paused":
            await self._ledger.resolve(card, card.undo_id or card.plan_id, _LEFT)
        return await self._ended(await self._steps.leave(card.plan_id, request.person, now=datetime.now(UTC)))

    async def carry_on(self, request: Request) -> Decided | None:
        """Begin, or go on with, what stands approved: out of the outbox, by a grant, or stopped halfway by an error."""
        card = await self._cards.get(str(request.args["card"]))
        if card.state in ENDED:  # by the same request, before a crash: what follows from the end may be missing
            return await self._ended(card)
        return await self._carry_out(card) if card.state in (*ACTIVE, "holding") else None

    async def due(self, now: datetime, halted_before: datetime) -> Sequence[Card]:
        """Cards that should have been carried on with: whose outbox is over, and those untouched for too long."""
        held = await self._cards.in_state("holding", hold_until=now)
        return [*held, *await self._cards.in_state(*ACTIVE, changed_at=halted_before)]

    async def sweep(self, now: datetime, undrawn_before: datetime) -> AsyncIterator[Decided]:
        """Expire what nobody decided, let lapse what rests too long, remind, and draw again what a crash left
        undrawn. Yields what ended before it is drawn: after a crash in between it is told again."""
        ended = []
        for card in await self._cards.in_state("pending", expires_at=now):
            if await self._steps.expire(card, now):
                ended.append(await self._cards.get(card.id))
        for card in await self._cards.in_state("paused", changed_at=now - self._policy.decide_within):
            await self._ledger.resolve(card, card.undo_id or card.plan_id, _LEFT)
            ended.append(await self._steps.lapse(card))
        for card in (*ended, *await self._cards.stale(undrawn_before)):
            if card.state in ENDED and card.state != "superseded":
                yield await self._ended(card, draw=False)
            with suppress(OperatorMends):  # a card nobody can be shown keeps no other from being drawn
                await self._drawing.draw(card)
        await self._notices.remind(now)

    async def purge(self, before: datetime) -> None:
        """Forget cards that were settled before that time, with all that belongs to them but the audit."""
        for card_id in await self._cards.purge(before):
            await self._drawing.forget(card_id)

    async def _clicked(self, request: Request) -> Card:
        """The card a click is about. Raises Refused for an older drawing, and for a copy of it elsewhere."""
        card = await self._cards.current(str(request.args["plan"]))
        ts = request.args.get("ts")
        if request.channel and ts and not await self._drawing.stands_at(card, Posted(request.channel, str(ts))):
            raise Refused("This is a copy of the card.", "Decide on the card itself.")
        return card

    async def _check_running(self, card: Card) -> None:
        """Raises Stopped while a stop holds."""
        await self._proposals.check_not_stopped(card.person, card.conversation, datetime.now(UTC))

    async def _replace(
        self, request: Request, plan_id: str, calls: Sequence[Call], event: str, terms: Terms | None = None
    ) -> None:
        card = await self._cards.by_plan(plan_id)
        await self._entitlement.to_change(card, request.person)
        now = datetime.now(UTC)
        await self._drawing.draw(
            await self._steps.replace_plan(plan_id, request.person, request.key, calls, event, now=now, terms=terms)
        )

    async def _carry_out(self, card: Card) -> Decided | None:
        """Execute the plan the card stands approved for, showing progress; safe to run again. None while it is not
        over: in the outbox, or paused."""
        if card.state == "holding":
            card = await self._steps.release(card, datetime.now(UTC))
        if card.state == "holding" and card.hold_until:
            await self._drawing.draw(card)
            self.at(card.hold_until, card)
            return None
        plan_id = card.undo_id or card.plan_id
        if card.state in ACTIVE:
            await self._show(card)
            try:
                await self._run(card, plan_id)
                card = await self._steps.settle(card)
            except Halted as halted:
                card = await self._halt(card, plan_id, halted)
        if card.state not in ENDED:
            await self._drawing.draw(card)
            return None
        return await self._ended(card)

    async def _run(self, card: Card, plan_id: str) -> None:
        """Raises Halted."""
        if card.state == "running" and (why := self._proposals.changed(card) or await self._entitlement.lost(card)):
            raise Halted("withdrawn", why)
        drawn = time.monotonic()
        so_far: list[Entered] = []
        async for one in self._ledger.execute(card, plan_id):
            so_far.append(one)
            if time.monotonic() - drawn > _REDRAW_AFTER:
                await self._show(card, so_far)
                drawn = time.monotonic()

    async def _halt(self, card: Card, plan_id: str, halted: Halted) -> Card:
        if halted.becomes == "paused":
            return await self._steps.pause(card, halted.why, at_ceiling=halted.at_ceiling)
        await self._ledger.resolve(card, plan_id, halted.why)
        if halted.becomes == "withdrawn":
            return await self._steps.withdraw(card, halted.why)
        return await self._steps.lapse(card)

    async def _ended(self, card: Card, *, draw: bool = True) -> Decided:
        """A card came to an end: its receipt, and what is kept of it."""
        entered = await self._ledger.entered(card.undo_id or card.plan_id)
        if not card.undo_id and card.state != "expired":
            await self._records.keep(card, entered)
        if draw:
            await self._drawing.draw(card)
        return Decided(card, entered)

    async def _show(self, card: Card, so_far: Sequence[Entered] | None = None) -> None:
        """Draw while the calls run: a sign of progress, on which no effect depends."""
        with suppress(SlackAway, OperatorMends):
            await self._drawing.draw(card, so_far)

    def _without(self, calls: Sequence[Call], left_out: Sequence[Sequence[int]]) -> list[Call]:
        """The calls without the items left out; a call with nothing left is left out whole."""
        kept: list[Call] = []
        for call, indexes in zip(calls, left_out, strict=True):
            tool = self._tools.get(call.tool)
            args = tool.without(call.args, indexes) if tool and indexes else call.args
            if args is not None:
                kept.append(Call(call.tool, args))
        return kept


def unticked(kept: Any, calls: Sequence[Call]) -> list[list[int]]:
    """What is left out, by call; nothing where it does not fit the plan."""
    if isinstance(kept, list) and len(kept) == len(calls):
        return [list(left_out) for left_out in kept]
    return [[] for _ in calls]
