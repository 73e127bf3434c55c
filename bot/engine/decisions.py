"""Cards in Slack and what is decided on them: approve, turn down, narrow, undo, expire."""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.contracts.errors import OperatorMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Posted, Slack, SlackAway, View
from bot.contracts.tools import Call, CallView, Plan, ToolBox
from bot.engine.posts import Posts
from bot.gate.cards import TIME_TO_UNDO, Card, Cards, Refused
from bot.gate.ledger import Entered, Ledger, inverses
from bot.gate.policy import effect_of, judge, why
from bot.store.documents import Documents
from bot.views import card as card_views
from bot.views import choice, listing
from bot.views import receipt as receipt_views
from bot.views.paging import read_value
from bot.views.values import CallResult, CardState, CardValue, ChoiceValue, ListingValue, ReceiptValue

_REDRAW_AFTER = 1.0  # seconds between drawings of a card while its calls run


@dataclass(frozen=True, slots=True)
class Decided:
    """A card whose story came to an end, for the agent that proposed it."""

    card: Card
    results: Sequence[Entered]


class Decisions:
    """Everything a button of a card can ask for."""

    def __init__(
        self, cards: Cards, ledger: Ledger, tools: ToolBox, slack: Slack, posts: Posts, documents: Documents
    ) -> None:
        self._cards = cards
        self._ledger = ledger
        self._tools = tools
        self._slack = slack
        self._posts = posts
        self._documents = documents

    async def propose(self, request: Request, plan: Plan) -> None:
        """Write the plan and show its card. A plan with a call nobody offers, or with wrong arguments, raises."""
        for call in plan.calls:
            tool = self._tools.get(call.tool)
            if tool is None or judge(tool) == "deny":
                raise Refused("This plan holds an action that is not available.", "Run the command again.")
            tool.check(call.args)
        older = await self._cards.pending(request.person)
        card = await self._cards.propose(request.person, request.agent, request.key, plan, datetime.now(UTC))
        for other in older:
            if other.agent == request.agent and other.id != card.id:
                await self.draw(await self._cards.by_plan(other.plan_id))
        await self.draw(card)

    async def approve(self, request: Request) -> Decided:
        card = await self._decide(request, approve=True)
        return await self._carry_out(card)

    async def turn_down(self, request: Request) -> Decided:
        card = await self._decide(request, approve=False)
        await self.draw(card)
        return Decided(card, ())

    async def narrow(self, request: Request) -> None:
        """Leave out what the person unticked: `args["unticked"]`, lists of item indexes by call."""
        plan_id = str(request.args["plan"])
        plan = Plan("", await self._cards.calls(plan_id))
        calls = self._without(plan.calls, _unticked(request.args.get("unticked"), plan))
        card = await self._cards.narrow(plan_id, request.person, request.key, calls, datetime.now(UTC))
        await self.draw(card)

    async def undo(self, request: Request) -> Decided:
        plan_id = str(request.args["plan"])
        entered = await self._ledger.entered(plan_id)
        calls = inverses(entered)
        card = await self._cards.take_back(plan_id, request.person, request.key, calls, datetime.now(UTC))
        return await self._carry_out(card)

    async def carry_on(self, request: Request) -> Decided | None:
        """Go on with an approved plan, or an undo, that an error of ours stopped halfway."""
        card = await self._cards.get(str(request.args["card"]))
        return await self._carry_out(card) if card.state in ("running", "undoing") else None

    async def halted(self, before: datetime) -> Sequence[Card]:
        """Cards that have been running, untouched, since before that time."""
        return await self._cards.halted(before)

    async def sweep(self, before: datetime) -> None:
        """Expire what nobody decided, and draw again what a crash left undrawn since `before`."""
        expired = await self._cards.expire(datetime.now(UTC))
        for card in (*expired, *await self._cards.stale(before)):
            with suppress(OperatorMends):  # a card nobody can be shown keeps no other from being drawn
                await self.draw(card)

    async def pending_titles(self, person: Person) -> list[str]:
        """What waits for this person's decision, for their App Home."""
        return [card.plan.title for card in await self._cards.pending(person)]

    async def purge(self, before: datetime) -> None:
        """Forget cards that were settled before that time, with all that belongs to them but the audit."""
        for card_id in await self._cards.purge(before):
            await self._posts.forget(f"card:{card_id}")

    async def draw(self, card: Card, entered: Sequence[Entered] | None = None) -> None:
        """Bring the card's message in Slack up to date."""
        profile = await self._slack.profile(card.person)
        message = await self._message(card, profile.tz, entered)
        channel = card.posted.channel if card.posted else await self._slack.direct(card.person)
        posted = await self._posts.put(f"card:{card.id}", channel, message)
        await self._cards.drawn(card, posted)

    async def listing(self, person: Person, value: str) -> View:
        """The modal with every call in full. `value`: `plan` or `plan:page`."""
        target = read_value(value)
        card = await self._cards.by_plan(target.id)
        if card.person != person:
            raise Refused("This card belongs to somebody else.")
        calls = tuple(self._views(await self._cards.calls(target.id)))
        done = {one.index: one.outcome for one in await self._ledger.entered(target.id)}
        outcomes = tuple(done.get(index) for index in range(len(calls))) if done else ()
        return listing.listing(ListingValue(target.id, card.plan.title, calls, target.page, outcomes))

    async def choice(self, person: Person, value: str) -> View:
        """The modal for leaving things out. `value`: `plan` or `plan:page`; `plan:call:page` for one call's items."""
        target = read_value(value)
        known = await self._choice_value(person, target.id)
        focus = target.numbers[0] if len(target.numbers) > 1 else None
        return choice.choice(replace(known, focus=focus, page=target.page))

    async def keep_choice(self, person: Person, view: JsonObject) -> tuple[str, list[list[int]]]:
        """Remember the ticks of the choice modal; the plan and what is unticked so far, by call."""
        metadata = str(view.get("private_metadata") or "{}")
        plan_id = str(json.loads(metadata).get("card_id"))
        value = await self._choice_value(person, plan_id)
        unticked = choice.read_choice(_state(view), metadata, value)
        kept = [sorted(left_out) for left_out in unticked]
        await self._documents.save(person, "gate", f"choice:{plan_id}", kept)
        return plan_id, kept

    async def _choice_value(self, person: Person, plan_id: str) -> ChoiceValue:
        card = await self._cards.owned(plan_id, person)
        if card.state != "pending":
            raise Refused("This card was decided already.")
        kept = await self._documents.load(person, "gate", f"choice:{plan_id}")
        unticked = tuple(frozenset(left_out) for left_out in _unticked(kept, card.plan))
        return ChoiceValue(plan_id, card.plan.title, tuple(self._views(card.plan.calls)), unticked)

    async def _decide(self, request: Request, *, approve: bool) -> Card:
        args = request.args
        posted = Posted(request.channel, str(args["ts"])) if request.channel and args.get("ts") else None
        return await self._cards.decide(
            str(args["plan"]), request.person, request.key, approve=approve, posted=posted, now=datetime.now(UTC)
        )

    async def _carry_out(self, card: Card) -> Decided:
        """Execute the plan the card stands approved for, showing progress; safe to run again."""
        undoing = card.undo_id is not None
        plan_id = card.undo_id or card.plan_id
        if card.state in ("running", "undoing"):
            await self._show(card)
            drawn = time.monotonic()
            so_far: list[Entered] = []
            async for one in self._ledger.execute(card, plan_id):
                so_far.append(one)
                if time.monotonic() - drawn > _REDRAW_AFTER:
                    await self._show(card, so_far)
                    drawn = time.monotonic()
            card = await self._cards.settle(card, undone=undoing)
        await self.draw(card)
        return Decided(card, await self._ledger.entered(plan_id))

    async def _show(self, card: Card, so_far: Sequence[Entered] | None = None) -> None:
        """Draw while the calls run: a sign of progress, on which no effect depends."""
        with suppress(SlackAway, OperatorMends):
            await self.draw(card, so_far)

    async def _message(self, card: Card, tz: str, entered: Sequence[Entered] | None) -> Message:
        if card.state == "pending":
            return card_views.card(await self._card_value(card, tz))
        done = await self._ledger.entered(card.plan_id)
        back: Sequence[Entered] = ()
        back_calls: tuple[Call, ...] = ()
        if card.undo_id:
            back_calls = await self._cards.calls(card.undo_id)
            back = entered if entered is not None else await self._ledger.entered(card.undo_id)
        elif entered is not None:
            done = entered
        undoable = card.state == "settled" and bool(inverses(done)) and not _undo_over(card)
        return receipt_views.receipt(
            ReceiptValue(
                card_id=card.plan_id,
                title=card.plan.title,
                state=_state_of(card),
                results=tuple(self._results(card.plan.calls, done)),
                by="" if card.state in ("expired", "superseded") else card.person.user,
                at=card.decided,
                tz=tz,
                undoable=undoable,
                undo_by=card.person.user if card.undo_id else "",
                undo_at=card.changed if card.undo_id else None,
                undo_results=tuple(self._results(back_calls, back)),
            )
        )

    async def _card_value(self, card: Card, tz: str) -> CardValue:
        first = self._views(await self._cards.first_calls(card))
        now = self._views(card.plan.calls)
        effects = {effect_of(self._tools.get(call.tool)) for call in card.plan.calls}
        return CardValue(
            card_id=card.plan_id,
            title=card.plan.title,
            calls=tuple(now),
            why=why(effects),
            sources=card.plan.sources,
            note=card.plan.note,
            approvers="Only you can decide this.",
            expires=card.expires,
            tz=tz,
            skipped=sum(len(view.items) for view in first) - sum(len(view.items) for view in now),
        )

    def _without(self, calls: Sequence[Call], unticked: Sequence[Sequence[int]]) -> list[Call]:
        """The calls without the items left out; a call with nothing left is left out whole."""
        kept: list[Call] = []
        for call, left_out in zip(calls, unticked, strict=True):
            tool = self._tools.get(call.tool)
            args = tool.without(call.args, left_out) if tool and left_out else call.args
            if args is not None:
                kept.append(Call(call.tool, args))
        return kept

    def _views(self, calls: Sequence[Call]) -> list[CallView]:
        return [self._view(call) for call in calls]

    def _view(self, call: Call) -> CallView:
        tool = self._tools.get(call.tool)
        if tool is None:
            return CallView("Unavailable", call.tool, "", (), reversible=False)
        return tool.describe(call.args)

    def _results(self, calls: Sequence[Call], entered: Sequence[Entered]) -> list[CallResult]:
        outcomes = {one.index: one.outcome for one in entered}
        return [CallResult(self._view(call), outcomes.get(index)) for index, call in enumerate(calls)]


def _unticked(kept: Any, plan: Plan) -> list[list[int]]:
    """What is left out, by call; nothing where it does not fit the plan."""
    if isinstance(kept, list) and len(kept) == len(plan.calls):
        return [list(left_out) for left_out in kept]
    return [[] for _ in plan.calls]


def _state(view: JsonObject) -> Any:
    state = view.get("state")
    return state.get("values", {}) if isinstance(state, dict) else {}


def _state_of(card: Card) -> CardState:
    state: CardState = card.state  # type: ignore[assignment]
    return state


def _undo_over(card: Card) -> bool:
    return card.decided is not None and datetime.now(UTC) > card.decided + TIME_TO_UNDO
