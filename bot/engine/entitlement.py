"""Who may decide, by what Slack says of them at this moment: asked at the click, and again when the plan runs."""

from collections.abc import Iterable
from datetime import UTC, datetime

from bot.contracts.people import Member, Person
from bot.contracts.slack import Slack
from bot.gate.card import Approval, Card
from bot.gate.overrides import Overrides
from bot.gate.plans import Refused
from bot.gate.policy import Deciders, Policy, groups_named, is_admin, is_asker_alone, may_decide

_MOST_SHOWN_TO = 10


class Entitlement:
    """Answers from Slack's live word, never from what was known before. All methods raise SlackAway."""

    def __init__(self, policy: Policy, slack: Slack, overrides: Overrides) -> None:
        self._policy = policy
        self._slack = slack
        self._overrides = overrides

    async def to_approve(self, card: Card, user: Person) -> bool:
        """May this person approve the card? True: only because they broke the glass. Raises Refused, saying why."""
        reason = await self._reason(card, user)
        if reason is None:
            return False
        alone = is_asker_alone(card.terms.deciders)
        if not alone and await self._broke_the_glass(user):
            return True
        if alone and user != card.person:
            raise Refused("This card belongs to somebody else.", "Only the person it was made for can decide it.")
        raise Refused(reason, "" if alone else "The card says who can.")

    async def to_end(self, card: Card, user: Person) -> None:
        """May this person turn down, call back, pause or take back? Whoever asked may, and whoever may approve. Raises
        Refused."""
        if user == card.person:
            if not (await self._slack.member(user.user)).active:
                raise Refused("This account is not active in Slack.")
            return
        await self.to_approve(card, user)

    async def to_change(self, card: Card, user: Person) -> None:
        """May this person put another plan in the place of this one? Whoever asked alone: the others approve what
        somebody else asked for, or they do not. Raises Refused."""
        if user != card.person:
            raise Refused("This card belongs to somebody else.", "Only the person it was made for can change it.")

    async def lost(self, card: Card) -> str | None:
        """Why what was approved may not run any more: somebody who approved it could not approve it now."""
        if not card.terms.asks:
            return None if (await self._slack.member(card.person.user)).active else "Its person is not active in Slack."
        for approval in card.approvals:
            if await self._still(card, approval) is not None:
                return "Somebody who approved this may not do so any more."
        return None

    async def shown_to(self, deciders: Deciders, asker: Person) -> tuple[str, ...]:
        """Where a card goes besides its person: the channel the policy names, else those who may decide, at most ten
        of them. User and channel ids."""
        if is_asker_alone(deciders):
            return ()
        if deciders.channel:
            return (deciders.channel,)
        people = dict.fromkeys(deciders.people)
        for group in groups_named(self._policy, deciders):
            people |= dict.fromkeys(sorted(await self._slack.group(group)))
        if deciders.admins:
            people |= dict.fromkeys((*self._policy.admins, *sorted(await self._slack.admins())))
        return tuple(user for user in people if user != asker.user)[:_MOST_SHOWN_TO]

    async def is_admin(self, user: Person) -> bool:
        member = await self._slack.member(user.user)
        return is_admin(self._policy, member, await self._memberships(member, self._policy.admin_groups))

    async def _still(self, card: Card, approval: Approval) -> str | None:
        user = Person(card.person.team, approval.user)
        if approval.how != "break-glass":
            return await self._reason(card, user)
        member = await self._slack.member(user.user)
        return None if member.active and user.user in self._policy.break_glass else "no longer"

    async def _reason(self, card: Card, user: Person) -> str | None:
        if user.team != card.person.team:  # ids of users are told apart within one workspace only
            return "Somebody of another workspace cannot decide this."
        member = await self._slack.member(user.user)
        deciders = card.terms.deciders
        groups = groups_named(self._policy, deciders)
        return may_decide(deciders, card.person, member, await self._memberships(member, groups), self._policy)

    async def _memberships(self, member: Member, groups: Iterable[str]) -> frozenset[str]:
        """Which of these user groups somebody is in."""
        return frozenset([group for group in groups if member.user in await self._slack.group(group)])

    async def _broke_the_glass(self, user: Person) -> bool:
        return (
            user.user in self._policy.break_glass
            and await self._overrides.current(user, datetime.now(UTC)) is not None
            and (await self._slack.member(user.user)).active
        )
