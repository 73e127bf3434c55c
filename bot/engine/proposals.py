"""From a plan to its cards: what the policy denies is refused, what a grant covers runs, the rest is asked on one card.

One card for a plan; several only where different people have to decide its parts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.agents import Proposed
from bot.contracts.errors import NeedsCard, Stopped
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.secrets import redacted
from bot.contracts.tools import Call, Effect, Plan, ToolBox
from bot.engine.entitlement import Entitlement
from bot.gate.card import MOST_PENDING, Card, Proposal, Terms
from bot.gate.cards import Cards
from bot.gate.ceilings import Ceilings
from bot.gate.grants import Grants
from bot.gate.modes import Modes
from bot.gate.plans import Refused
from bot.gate.policy import (
    Asked,
    Deciders,
    Judgement,
    Policy,
    asked,
    effect_of,
    is_asker_alone,
    judge,
    over_ceiling,
    worst,
)
from bot.gate.stops import Standing, Stops
from bot.store.sealing import Vault

READ_ONLY = "This is read-only: MeshClaw looks and does not touch. /meshclaw mode and the App Home change it."


@dataclass(slots=True)
class _Sorted:
    """A plan's calls by what becomes of them; each keeps its judgement."""

    denied: list[str] = field(default_factory=list)
    allowed: list[tuple[Call, Judgement]] = field(default_factory=list)
    granted: dict[str, list[tuple[Call, Judgement, int]]] = field(default_factory=dict)
    asking: dict[tuple[Deciders, bool], list[tuple[Call, Judgement]]] = field(default_factory=dict)


class Proposals:
    """Turns plans into cards. `connectors`: those that people connect accounts of."""

    def __init__(
        self,
        cards: Cards,
        tools: ToolBox,
        policy: Policy,
        grants: Grants,
        modes: Modes,
        stops: Stops,
        ceilings: Ceilings,
        entitlement: Entitlement,
        vault: Vault,
        connectors: Collection[str],
    ) -> None:
        self._cards = cards
        self._tools = tools
        self._policy = policy
        self._grants = grants
        self._modes = modes
        self._stops = stops
        self._ceilings = ceilings
        self._entitlement = entitlement
        self._vault = vault
        self._connectors = connectors

    def conversation(self, request: Request) -> str:
        """The pseudonym its cards and stops go by."""
        return self._vault.pseudonym(f"conversation:{request.conversation}")

    async def check_stopped(self, request: Request) -> None:
        """Raises Stopped when somebody said stop to what this request is part of."""
        began = request.received or datetime.now(UTC)
        await self.check_not_stopped(request.person, self.conversation(request), began)

    async def check_not_stopped(self, person: Person, conversation: str, began: datetime) -> None:
        """The same for work of that person, in that conversation (a pseudonym), begun then."""
        if stop := await self._stops.standing(person, conversation, began):
            raise _stopped(stop)

    async def open_tools(self, request: Request, tools: Collection[str]) -> frozenset[str]:
        """Of these tools, those the modes of person, conversation and connection leave at this moment."""
        effects = {name: _effect(self._tools, name) for name in tools if self._tools.get(name)}
        return await self._modes.open_tools(request.person, self.conversation(request), effects, self._connectors)

    def changed(self, card: Card) -> str | None:
        """Why a card does not stand as it was made: the policy, as it is now, says something else of its calls."""
        for call in card.plan.calls:
            judgement = self._judged(card.person, card.terms.asked_in, call)
            if judgement.verdict == "deny":
                return judgement.why
            if card.terms.grant:
                same = judgement.grantable
            elif card.terms.allowed:
                same = judgement.verdict == "allow"
            else:
                proven = card.terms.critical or not judgement.critical
                same = proven and judgement.deciders == card.terms.deciders
            if not same:
                return "The rules for this have changed since it was asked."
        return None

    async def terms(self, card: Card, calls: Sequence[Call]) -> Terms:
        """The terms on which other calls may take the place of a card's. Raises Refused for what may not."""
        judged = [(call, self._judged(card.person, card.terms.asked_in, call)) for call in calls]
        for _, judgement in judged:
            if judgement.verdict == "deny":
                raise Refused(judgement.why, "What you typed is not allowed here.")
        deciders = {judgement.deciders for _, judgement in judged}
        if len(deciders) > 1:
            raise Refused("Different people would have to decide parts of this.", "Ask for them one by one.")
        shown_to = await self._entitlement.shown_to(deciders.pop(), card.person)
        terms = self._terms(card.terms.asked_in, judged, shown_to=shown_to, thread=card.terms.thread)
        return replace(terms, shown_to=tuple(dict.fromkeys((*card.terms.shown_to, *shown_to))))

    def theirs_alone(self, person: Person, calls: Sequence[Call]) -> bool:
        """Whether nobody but that person has to be asked about these calls, and no code is needed."""
        judged = [self._judged(person, "", call) for call in calls]
        return all(one.verdict != "deny" and not one.critical and is_asker_alone(one.deciders) for one in judged)

    def check_reading(self, request: Request, call: Call) -> None:
        """Raises Refused where a rule denies this reading, NeedsCard where one asks for it."""
        judgement = self._judged(request.person, request.channel or "", call)
        if judgement.verdict == "ask":
            raise NeedsCard(judgement.why)
        if judgement.verdict == "deny":
            raise Refused(judgement.why)

    def _judged(self, person: Person, channel: str, call: Call) -> Judgement:
        seen = asked(self._tools.get(call.tool), call.tool, call.args, person=person.user, channel=channel)
        return judge(self._policy, seen)

    async def propose(self, request: Request, plan: Plan) -> tuple[Proposed, Sequence[Card], Sequence[Card]]:
        """Write the cards of a plan; what became of it, its cards (older ones it replaced come last), and those that
        run at once. The same plan of the same request finds the cards it made. Raises Stopped, Refused."""
        key = f"{request.key}:{plan.digest()}"
        made = await self._cards.made(key)
        if made:
            return _proposed(made), made, [card for card in made if not card.terms.asks]
        await self.check_stopped(request)
        found = await self._sorted(request, plan)
        if not (found.asking or found.granted or found.allowed):
            return Proposed(denied=tuple(found.denied)), (), ()
        older = await self._write(request, plan, key, found)
        made = await self._cards.made(key)
        replaced = [await self._cards.get(card_id) for card_id in older]
        return _proposed(made), [*made, *replaced], [card for card in made if not card.terms.asks]

    async def _sorted(self, request: Request, plan: Plan) -> _Sorted:
        found = _Sorted()
        left = await self.open_tools(request, {call.tool for call in plan.calls})
        reserved: dict[str, int] = {}
        passed: dict[Effect, int] = {}
        for call in plan.calls:
            tool = self._tools.get(call.tool)
            if tool is not None:
                tool.check(call.args)
            seen = asked(tool, call.tool, call.args, person=request.person.user, channel=request.channel or "")
            judgement = judge(self._policy, seen)
            if judgement.verdict == "deny":
                found.denied.append(judgement.why)
            elif self._hides(call):
                found.denied.append("Something in it reads like a secret. No card shows one, and so none is sent.")
            elif call.tool not in left:
                found.denied.append(READ_ONLY)
            elif judgement.verdict == "allow":
                found.allowed.append((call, judgement))
            elif grant := await self._covering(request.person, seen, judgement, reserved, passed):
                found.granted.setdefault(grant, []).append((call, judgement, seen.items))
            else:
                found.asking.setdefault((judgement.deciders, judgement.critical), []).append((call, judgement))
        return found

    def _hides(self, call: Call) -> bool:
        """Whether a card would mask, as a secret, part of what this does to others: nobody could approve what they do
        not see, and no secret is to leave. A person's own mails may be called anything."""
        tool = self._tools.get(call.tool)
        if tool is None or effect_of(tool) in (Effect.READ, Effect.OWN):
            return False
        view = tool.describe(call.args)
        shown = (view.verb, view.subject, view.where, view.environment, view.group, *view.items)
        return any(redacted(text) != text for text in shown)

    async def _covering(
        self, person: Person, seen: Asked, judgement: Judgement, reserved: dict[str, int], passed: dict[Effect, int]
    ) -> str | None:
        """A grant that covers this call as well as what this plan has reserved of it already, below every ceiling."""
        if not judgement.grantable:
            return None
        now = datetime.now(UTC)
        grant = await self._grants.covering(person, seen.tool, seen.facets, seen.items, now)
        if grant is None or grant.left < reserved.get(grant.id, 0) + seen.items:
            return None
        in_hour, in_day = await self._ceilings.spent(person, seen.effect, now)
        more = passed.get(seen.effect, 0) + seen.items
        if over_ceiling(self._policy, seen.effect, on_card=0, in_hour=in_hour, in_day=in_day, more=more):
            return None
        reserved[grant.id] = reserved.get(grant.id, 0) + seen.items
        passed[seen.effect] = more
        return grant.id

    async def _write(self, request: Request, plan: Plan, key: str, found: _Sorted) -> list[str]:
        """All cards of the plan in one transaction; the ids of those it replaces."""
        now = datetime.now(UTC)
        conversation = self.conversation(request)
        shown_to = {
            deciders: await self._entitlement.shown_to(deciders, request.person) for deciders, _ in found.asking
        }
        async with self._cards.database.write() as session:
            if await self._cards.exists(session, self._cards.id_of(key)):
                return []
            began = request.received or now
            if stop := await self._stops.holding(session, request.person, conversation, began):
                raise _stopped(stop)
            older = await self._cards.supersede(session, request.person, request.agent, plan.topic, now)
            running = await self._running(session, request, found, now)
            proposals = [*running, *self._asking(request, found, shown_to)]
            first = replace(proposals[0].terms, denied=tuple(dict.fromkeys(found.denied)))
            proposals[0] = replace(proposals[0], terms=first)
            waiting = sum(proposal.terms.asks for proposal in proposals)
            if waiting and await self._cards.waiting(session, conversation) + waiting > MOST_PENDING:
                raise Refused(
                    f"{MOST_PENDING} cards wait for a decision here already.", "Decide one of them, then ask again."
                )
            for number, proposal in enumerate(proposals):
                times = self._times(proposal, now)
                named = {"conversation": conversation, "policy": self._policy.version, **times}
                card_id = self._cards.id_of(key, number)
                await self._cards.add(session, card_id, request.person, request.agent, plan, proposal, **named)
        return older

    def _times(self, proposal: Proposal, now: datetime) -> dict[str, datetime | None]:
        """The clocks of a new card: time to decide; or, where nobody is asked, time in the outbox and to execute."""
        times: dict[str, datetime | None] = {"created_at": now, "expires_at": now + self._policy.decide_within}
        if not proposal.terms.asks:
            outbox = timedelta(seconds=proposal.terms.outbox)
            times |= {"decided_at": now, "execute_by": now + outbox + self._policy.execute_within}
            times["hold_until"] = now + outbox if outbox else None
        return times

    async def _running(self, session: AsyncSession, request: Request, found: _Sorted, now: datetime) -> list[Proposal]:
        """What runs without being asked: by a grant, whose use is counted here, or by a rule for reading."""
        proposals = []
        asked_in, thread = _where(request)
        for grant, several in found.granted.items():
            items = sum(items for _, _, items in several)
            calls = [(call, judgement) for call, judgement, _ in several]
            if await self._grants.use(session, grant, items, now):
                terms = self._terms(asked_in, calls, grant=grant, thread=thread)
                state = "holding" if terms.outbox else "running"
                proposals.append(Proposal(tuple(call for call, _ in calls), terms, state=state))
            else:  # somebody else was quicker: then it is asked
                for call, judgement in calls:
                    found.asking.setdefault((judgement.deciders, judgement.critical), []).append((call, judgement))
        if found.allowed:
            terms = self._terms(asked_in, found.allowed, allowed=found.allowed[0][1].rule, thread=thread)
            proposals.append(Proposal(tuple(call for call, _ in found.allowed), terms, state="running"))
        return proposals

    def _asking(self, request: Request, found: _Sorted, shown_to: Mapping[Deciders, tuple[str, ...]]) -> list[Proposal]:
        asked_in, thread = _where(request)
        return [
            Proposal(
                tuple(call for call, _ in several),
                self._terms(asked_in, several, shown_to=shown_to.get(deciders, ()), thread=thread),
                needs=deciders.count,
            )
            for (deciders, _), several in found.asking.items()
        ]

    def _terms(self, asked_in: str, several: Sequence[tuple[Call, Judgement]], **more: Any) -> Terms:
        """`more`: further fields of the terms (`thread`, `grant`, `allowed`, `shown_to`)."""
        strictest = worst(judgement for _, judgement in several)
        deciders = several[0][1].deciders
        sends = any(_effect(self._tools, call.tool) is Effect.SEND for call, _ in several)
        return Terms(
            why=strictest.why,
            rule=strictest.rule,
            deciders=deciders,
            critical=any(judgement.critical for _, judgement in several),
            own=all(self._own(call) for call, _ in several),
            outbox=self._policy.outbox.total_seconds() if sends else 0.0,
            asked_in=asked_in,
            **more,
        )

    def _own(self, call: Call) -> bool:
        tool = self._tools.get(call.tool)
        if tool is None:
            return False
        return (
            _effect(self._tools, call.tool) in (Effect.READ, Effect.FETCH, Effect.OWN) or tool.describe(call.args).own
        )


def _where(request: Request) -> tuple[str, str]:
    """The channel and the thread something is asked in."""
    return request.channel or "", request.thread_ts or ""


def _effect(tools: ToolBox, name: str) -> Effect:
    return effect_of(tools.get(name))


def _stopped(stop: Standing) -> Stopped:
    if stop.scope == "all":
        return Stopped("MeshClaw is stopped for everybody.", "An admin can let it go on: /meshclaw resume all")
    if stop.scope == "person":
        return Stopped("You have stopped MeshClaw.", "Let it go on with: /meshclaw resume")
    return Stopped("Stopped.", "Nothing more is done here until you ask anew.")


def _proposed(made: Sequence[Card]) -> Proposed:
    return Proposed(
        waiting=sum(len(card.plan.calls) for card in made if card.terms.asks),
        granted=sum(len(card.plan.calls) for card in made if not card.terms.asks),
        denied=made[0].terms.denied,
        cards={card.id: tuple(call.digest() for call in card.plan.calls) for card in made},
    )
