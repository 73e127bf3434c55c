"""What holds between cards, as a person asks for it: stop and resume, the mode, the policy, the audit, break-glass,
standing permissions, the authenticator app. Answered at once, ahead of every queue."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.contracts.policy import Policy
from bot.contracts.slack import Message, Slack, View
from bot.contracts.tools import ToolBox
from bot.engine.connect import Accounts
from bot.engine.entitlement import Entitlement
from bot.engine.notify import Notices
from bot.engine.running import Running
from bot.gate.audit import Audit
from bot.gate.cards import Cards
from bot.gate.codes import Codes
from bot.gate.grants import Grants
from bot.gate.modes import Mode, Modes
from bot.gate.overrides import Overrides
from bot.gate.policy import asked, judge, parse_check
from bot.gate.stops import Stops
from bot.views import audit as audit_views
from bot.views import notices, proof
from bot.views import policy as policy_views
from bot.views import standing as views
from bot.views.policy import deciders_line
from bot.views.values import (
    CommandHelp,
    ConnectionLine,
    EnrolValue,
    GlassLine,
    GrantLine,
    HomeValue,
    PendingLine,
    StopLine,
)

_SHOWN = 200  # links, of which those of one plan read as one
_GLASS = re.compile(r"(?:(\d{1,4})\s*(?:m|min|minutes?)?\s+)?(.*)", re.DOTALL)
_FOR_ALL = "Only an admin can do this for everybody."
_TO_READ = "Only an admin can read this."

USAGE = (
    CommandHelp(
        "stop",
        "Stops what I do for you, at once",
        (
            ("/meshclaw stop", "everything of yours rests until you resume; !stop in a thread ends that thread's work"),
            ("/meshclaw stop all", "for everybody (admins)"),
        ),
    ),
    CommandHelp(
        "resume",
        "Lets it go on",
        (("/meshclaw resume", "what you stopped goes on"), ("/meshclaw resume all", "for everybody (admins)")),
    ),
    CommandHelp(
        "mode",
        "Shows or sets what I may do for you",
        (
            ("/meshclaw mode", "show it"),
            ("/meshclaw mode read-only", "look, and touch nothing"),
            ("/meshclaw mode ask", "ask before each change"),
        ),
    ),
    CommandHelp(
        "policy",
        "Shows what is allowed here, and why",
        (
            ("/meshclaw policy", "all rules in words"),
            ("/meshclaw policy mail.move {…}", "what would happen to this call"),
        ),
    ),
    CommandHelp(
        "audit",
        "Shows what was done in your name",
        (("/meshclaw audit", "yours"), ("/meshclaw audit all", "what touched shared things (admins)")),
    ),
    CommandHelp(
        "break-glass",
        "In an emergency, lets those the policy names decide for others",
        (("/meshclaw break-glass 15 the site is down and nobody answers", "for 15 minutes, told to all admins"),),
    ),
)


@dataclass(frozen=True, slots=True)
class StandingParts:
    """What the answers are drawn from."""

    policy: Policy
    tools: ToolBox
    slack: Slack
    cards: Cards
    audit: Audit
    stops: Stops
    modes: Modes
    grants: Grants
    codes: Codes
    overrides: Overrides
    entitlement: Entitlement
    notices: Notices
    running: Running
    accounts: Accounts


class Standing:
    """Answers the words above. Each is a few quick queries: the acknowledgement waits for it."""

    def __init__(self, parts: StandingParts) -> None:
        self._parts = parts
        self._words: Mapping[str, Callable[[Person, str, str], Awaitable[Message]]] = {
            "stop": self._stop,
            "resume": self._resume,
            "mode": self._mode,
            "policy": self._policy,
            "audit": self._audit,
            "break-glass": self._break_glass,
        }

    async def answer(self, person: Person, word: str, rest: str, channel: str) -> Message:
        """Do what the word asks. Raises PersonMends."""
        return await self._words[word](person, rest.strip(), channel)

    async def stop_conversation(self, person: Person, conversation: str) -> Message:
        """End what goes on in one conversation (its pseudonym); what is asked there later runs."""
        parts = self._parts
        await parts.stops.stop_conversation(person, conversation, person.user, datetime.now(UTC))
        await parts.running.end()
        return views.stopped(person.user, lasting=False)

    async def set_mode(self, person: Person, mode: str) -> Message:
        if mode not in ("read-only", "ask"):
            raise PersonMends("There is no such mode.", "It is read-only or ask.")
        chosen: Mode = "ask" if mode == "ask" else "read-only"
        await self._parts.modes.set_person(person, chosen, person.user, datetime.now(UTC))
        return views.mode_said(chosen, changed=True)

    async def narrow_connection(self, person: Person, word: str) -> None:
        """Make a connection read-only again; that needs no card."""
        self._parts.accounts.title(word)
        await self._parts.modes.set_connection(person, word, "read-only", person.user, datetime.now(UTC))

    async def revoke(self, person: Person, grant_id: str) -> bool:
        return await self._parts.grants.revoke(person, grant_id, datetime.now(UTC), person.user)

    # The authenticator app

    async def enrolment(self, person: Person) -> View:
        """The modal that sets the app up, or takes it off where there is one."""
        if await self._parts.codes.is_enrolled(person):
            return proof.remove()
        made = await self._parts.codes.begin(person, datetime.now(UTC))
        name = (await self._parts.slack.profile(person)).name
        return proof.enrol(EnrolValue(tuple(made.secret.split()), made.uri, f"MeshClaw: {name}"))

    async def enrol(self, person: Person, code: str) -> Message:
        await self._parts.codes.confirm(person, code, datetime.now(UTC))
        return notices.said("Your authenticator app is set up. Critical approvals take a code from it from now on.")

    async def unenrol(self, person: Person, code: str) -> Message:
        await self._parts.codes.remove(person, code, datetime.now(UTC))
        return notices.said("Your authenticator app is taken off. Without one you cannot approve what is critical.")

    # The App Home

    async def home(self, person: Person, commands: tuple[CommandHelp, ...]) -> HomeValue:
        """What a person's App Home shows."""
        parts, now = self._parts, datetime.now(UTC)
        modes = await parts.modes.all_of(person)
        grants = [grant for grant in await parts.grants.of(person, now) if grant.lives(now)]
        stop = await parts.stops.standing(person, "", now)
        stops: tuple[StopLine, ...] = ()
        if stop is not None:
            everyone = stop.scope == "all"
            stops = (StopLine(stop.by, stop.at, everyone, liftable=not everyone, why=stop.reason),)
        glass = [one for one in await parts.overrides.recent(now) if one.until > now]
        return HomeValue(
            commands,
            connections=tuple(
                ConnectionLine(word, title, label, modes.connections.get(word, "read-only") if label else None)
                for word, title, label in await parts.accounts.listed(person)
            ),
            pending=tuple(
                PendingLine(
                    card.plan.title,
                    tuple(deciders_line(card.terms.deciders, person.user)) if card.terms.shown_to else (),
                    card.expires,
                )
                for card in await parts.cards.pending(person)
            ),
            grants=tuple(GrantLine(grant.id, grant.words, grant.left, grant.until) for grant in grants),
            mode=modes.person,
            enrolled=await parts.codes.is_enrolled(person),
            stops=stops,
            glass=tuple(GlassLine(one.person.user, one.reason, one.until) for one in glass),
            tz=(await parts.slack.profile(person)).tz,
        )

    async def _stop(self, person: Person, rest: str, _channel: str) -> Message:
        parts, now = self._parts, datetime.now(UTC)
        what, _, reason = rest.partition(" ")
        if what.lower() == "all":
            await self._check_admin(person)
            await parts.stops.stop_all(person, now, reason.strip())
            await parts.running.end()
            await parts.notices.stopped_all(person, reason.strip(), now)
            return views.stopped(person.user, lasting=True, everyone=True)
        await parts.stops.stop_person(person, person.user, now, rest)
        await parts.running.end()
        held = len(await parts.cards.standing(person, "running", "holding", "paused"))
        return views.stopped(person.user, lasting=True, held_cards=held)

    async def _resume(self, person: Person, rest: str, _channel: str) -> Message:
        parts, now = self._parts, datetime.now(UTC)
        if rest.lower() == "all":
            await self._check_admin(person)
            if not await parts.stops.resume_all(person, now):
                raise PersonMends("Nothing is stopped for everybody.")
            await parts.notices.resumed_all(person, now)
            return views.resumed(person.user, everyone=True)
        lifted = await parts.stops.resume_person(person, person.user, now)
        stop = await parts.stops.standing(person, "", now)
        if stop is not None and stop.scope == "all":
            raise PersonMends("MeshClaw is stopped for everybody.", "An admin can let it go on: /meshclaw resume all")
        if not lifted:
            raise PersonMends("Nothing of yours is stopped.")
        return views.resumed(person.user)

    async def _mode(self, person: Person, rest: str, _channel: str) -> Message:
        if rest:
            return await self.set_mode(
                person, rest.lower().replace("readonly", "read-only").replace("read only", "read-only")
            )
        return views.mode_said(await self._parts.modes.person_mode(person), changed=False)

    async def _policy(self, person: Person, rest: str, channel: str) -> Message:
        check = parse_check(rest)
        if check is None:
            return policy_views.policy(self._parts.policy)
        name, args = check
        tool = self._parts.tools.get(name)
        if tool is None:
            known = ", ".join(self._parts.tools.names())
            raise PersonMends(f"No tool is called “{name[:60]}”.", f"There are: {known}.")
        tool.check(args)
        judgement = judge(self._parts.policy, asked(tool, name, args, person=person.user, channel=channel))
        return policy_views.judged(policy_views.Judged(name, judgement, person.user))

    async def _audit(self, person: Person, rest: str, _channel: str) -> Message:
        tz = (await self._parts.slack.profile(person)).tz
        if rest.lower() == "all":
            await self._check_admin(person, _TO_READ)
            shared = await self._parts.audit.shared(_SHOWN)
            return audit_views.shared(shared, tz, await self._parts.audit.count_shared())
        mine = await self._parts.audit.of(person, _SHOWN)
        return audit_views.audit(mine, tz, await self._parts.audit.count_of(person))

    async def _break_glass(self, person: Person, rest: str, _channel: str) -> Message:
        parts, policy = self._parts, self._parts.policy
        if rest.lower() == "end":
            closed = await parts.overrides.close(person, datetime.now(UTC))
            return notices.said("Break-glass is over." if closed else "There was no break-glass of yours.")
        if person.user not in policy.break_glass or not (await parts.slack.member(person.user)).active:
            raise PersonMends("You are not among those who may break the glass.", "The policy names them.")
        typed = _GLASS.fullmatch(rest)
        minutes, reason = (typed[1], typed[2]) if typed else (None, rest)
        most = int(policy.break_glass_for.total_seconds() // 60)
        override = await parts.overrides.open(person, reason, min(int(minutes or most), most), datetime.now(UTC))
        await parts.notices.glass_broken(override)
        return views.glass_broken(person.user, override.reason, override.until, (await parts.slack.profile(person)).tz)

    async def _check_admin(self, person: Person, otherwise: str = _FOR_ALL) -> None:
        if not await self._parts.entitlement.is_admin(person):
            raise PersonMends(otherwise, "Ask one of them.")
