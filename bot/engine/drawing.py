"""Cards and receipts in Slack: what a card is now, brought up to date wherever it stands."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from bot.contracts.errors import OperatorMends
from bot.contracts.people import Person
from bot.contracts.slack import Message, Posted, Slack
from bot.contracts.tools import Call, CallView, ToolBox
from bot.engine.posts import Posts
from bot.gate.card import TIME_TO_UNDO, Card
from bot.gate.cards import Cards
from bot.gate.grants import Grants
from bot.gate.ledger import Entered, Ledger, inverses
from bot.gate.policy import Policy, asked, judge
from bot.views import card as card_views
from bot.views import receipt as receipt_views
from bot.views.policy import deciders_line
from bot.views.values import Approval, CallResult, CardState, CardValue, GrantLine, How, ReceiptValue

_UNDOABLE = ("settled", "lapsed", "withdrawn")
_log = structlog.get_logger("engine.drawing")


class Drawing:
    """Draws cards: one message for the person, and one in each further place a card is shown in."""

    def __init__(
        self, cards: Cards, ledger: Ledger, tools: ToolBox, slack: Slack, posts: Posts, grants: Grants, policy: Policy
    ) -> None:
        self._cards = cards
        self._ledger = ledger
        self._tools = tools
        self._slack = slack
        self._posts = posts
        self._grants = grants
        self._policy = policy

    async def draw(self, card: Card, entered: Sequence[Entered] | None = None) -> None:
        """Bring the card's messages up to date. `entered`: how far its calls have come, where the caller knows."""
        for number, place in enumerate(card.terms.shown_to):  # keys name nobody: they stand in the clear
            try:
                await self._draw_for(card, f"card:{card.id}:{number}", place, entered)
            except OperatorMends as error:  # one place that is closed to us keeps no other from being drawn
                _log.warning("card not shown", where=place[:1], error=type(error).__name__)
        posted = await self._put(card, f"card:{card.id}", card.person, entered, card.posted)
        await self._cards.drawn(card, posted)

    async def stands_at(self, card: Card, posted: Posted) -> bool:
        """Whether that message is one of the card's own, and no copy of it."""
        return await self._posts.stands(f"card:{card.id}", posted)

    async def forget(self, card_id: str) -> None:
        await self._posts.forget(f"card:{card_id}")

    def views(self, calls: Sequence[Call]) -> list[CallView]:
        """The calls in words."""
        return [self._view(call) for call in calls]

    def editable(self, calls: Sequence[Call]) -> bool:
        """Whether anything of these calls may be changed before they are approved."""
        return any(tool.fields(call.args) for call in calls if (tool := self._tools.get(call.tool)))

    def grantable(self, card: Card) -> list[int]:
        """The calls of a card whose like its person may allow for a while, by index."""
        if not card.terms.asks:
            return []
        found = []
        for index, call in enumerate(card.plan.calls):
            seen = asked(self._tools.get(call.tool), call.tool, call.args, person=card.person.user)
            if judge(self._policy, seen).grantable:
                found.append(index)
        return found

    async def _draw_for(self, card: Card, key: str, place: str, entered: Sequence[Entered] | None) -> None:
        """`place`: id of a user or a channel."""
        if place[:1] in ("U", "W"):
            await self._put(card, key, Person(card.person.team, place), entered, None)
        else:
            await self._posts.put(key, place, await self._message(card, None, entered))

    async def _put(
        self, card: Card, key: str, viewer: Person, entered: Sequence[Entered] | None, posted: Posted | None
    ) -> Posted:
        channel = posted.channel if posted else await self._slack.direct(viewer)
        thread = card.terms.thread if channel == card.terms.asked_in and viewer == card.person else ""
        return await self._posts.put(key, channel, await self._message(card, viewer, entered), thread or None)

    async def _message(self, card: Card, viewer: Person | None, entered: Sequence[Entered] | None) -> Message:
        tz = (await self._slack.profile(viewer or card.person)).tz
        if card.state == "pending":
            return card_views.card(await self._card_value(card, viewer, tz))
        return receipt_views.receipt(await self._receipt_value(card, viewer, tz, entered))

    async def _card_value(self, card: Card, viewer: Person | None, tz: str) -> CardValue:
        first = self.views(await self._cards.first_calls(card))
        now = self.views(card.plan.calls)
        terms, mine = card.terms, viewer == card.person
        environments = sorted({view.environment for view in now if view.environment})
        return CardValue(
            card_id=card.plan_id,
            title=card.plan.title,
            calls=tuple(now),
            why=terms.why,
            sources=card.plan.sources,
            note=card.plan.note,
            approvers=tuple(deciders_line(terms.deciders, card.person.user)),
            expires=card.expires,
            tz=tz,
            skipped=max(0, sum(len(view.items) for view in first) - sum(len(view.items) for view in now)),
            choosable=mine and (len(now) > 1 or any(len(view.items) > 1 for view in now)),
            editable=mine and self.editable(card.plan.calls),
            deciding=not (mine and terms.deciders.another),
            asker="" if mine else card.person.user,
            approved_by=tuple(one.user for one in card.approvals),
            needs=card.needs,
            environment=", ".join(environments),
            critical=terms.critical,
            outbox=int(terms.outbox),
        )

    async def _receipt_value(
        self, card: Card, viewer: Person | None, tz: str, entered: Sequence[Entered] | None
    ) -> ReceiptValue:
        done = await self._ledger.entered(card.plan_id)
        back: Sequence[Entered] = ()
        back_calls: Sequence[Call] = ()
        if card.undo_id:
            back_calls = await self._cards.plans.calls(card.undo_id)
            back = entered if entered is not None else await self._ledger.entered(card.undo_id)
        elif entered is not None:
            done = entered
        mine = viewer == card.person
        taken_back = bool(card.undo_id) or card.state == "called_back"
        whole = len(done) == len(card.plan.calls) and all(one.outcome and one.outcome.state == "done" for one in done)
        state: CardState = card.state  # type: ignore[assignment]  # the states of bot/gate/lifecycle.py
        return ReceiptValue(
            card_id=card.plan_id,
            title=card.plan.title,
            state=state,
            results=tuple(self._results(card.plan.calls, done)),
            by=card.said.by if card.state == "denied" else "",
            at=card.decided,
            tz=tz,
            undoable=card.state in _UNDOABLE and bool(inverses(done)) and not _undo_over(card),
            undo_by=card.said.by if taken_back else "",
            undo_at=card.changed if taken_back else None,
            undo_results=tuple(self._results(back_calls, back)),
            reason=card.said.reason if card.state == "denied" else card.said.pause,
            approvals=tuple(_approval(one.user, one.at, one.how) for one in card.approvals),
            goes_out=card.hold_until if card.state == "holding" else None,
            granted=await self._granted(card),
            grantable=mine and card.state == "settled" and whole and bool(self.grantable(card)),
            asker="" if mine else card.person.user,
        )

    async def _granted(self, card: Card) -> tuple[GrantLine, ...]:
        grant = await self._grants.get(card.person, card.terms.grant) if card.terms.grant else None
        return (GrantLine(grant.id, grant.words, grant.left, grant.until),) if grant else ()

    def _view(self, call: Call) -> CallView:
        tool = self._tools.get(call.tool)
        if tool is None:
            return CallView("Unavailable", call.tool, "", (), reversible=False)
        return tool.describe(call.args)

    def _results(self, calls: Sequence[Call], entered: Sequence[Entered]) -> list[CallResult]:
        outcomes = {one.index: one.outcome for one in entered}
        return [CallResult(self._view(call), outcomes.get(index)) for index, call in enumerate(calls)]


def _approval(user: str, at: datetime, how: str) -> Approval:
    known: dict[str, How] = {"code": "code", "break-glass": "break-glass"}
    return Approval(user, at, known.get(how, "button"))


def _undo_over(card: Card) -> bool:
    return card.decided is not None and datetime.now(UTC) > card.decided + TIME_TO_UNDO
