"""The policy as values: rules, who decides, ceilings, clocks. `bot/gate/policy.py` says what follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Literal

from bot.contracts.tools import WORST, Effect

Verdict = Literal["allow", "ask", "deny"]


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who may decide a card. `asker`: the person it was made for; `people`, `groups`: ids of users and of Slack user
    groups; `admins`: whoever administers the workspace or is an admin by the policy; `another`: never the asker;
    `count`: how many different people have to approve; `channel`: where the card is shown to them, else each is
    written to directly."""

    asker: bool = True
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    admins: bool = False
    another: bool = False
    count: int = 1
    channel: str = ""


ASKER = Deciders()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the file: it meets a call when every condition that is given is met. `tools`, `environments` and
    `facets` are patterns (`*`, `?`); of a facet with several values, such as the recipients of a message, an `allow`
    has to match every one, while `ask` and `deny` are met by any. `channels`: ids; an empty one means direct messages.

    `deciders`: None leaves the usual ones, and so does one that names nobody, but for its `another`, `count` and
    `channel`. `alone`: the rule says outright that production needs no other person than the one who asks."""

    name: str
    then: Verdict
    effects: frozenset[Effect] = frozenset()
    tools: tuple[str, ...] = ()
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    why: str = ""
    deciders: Deciders | None = None
    critical: bool = False
    grants: bool = True
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most things of one effect: on one card, in an hour, in a day; None is no limit."""

    card: int | None = None
    hour: int | None = None
    day: int | None = None


CEILINGS: Mapping[Effect, Ceiling] = {
    Effect.FETCH: Ceiling(50, 200, 1_000),
    Effect.OWN: Ceiling(2_000, 10_000, 30_000),
    Effect.SEND: Ceiling(20, 60, 200),
    Effect.ACCESS: Ceiling(10, 20, 60),
    Effect.DELETE: Ceiling(50, 100, 300),
    Effect.SPEND: Ceiling(1, 5, 10),
    Effect.DEPLOY: Ceiling(5, 20, 60),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole policy. `version`: short digest of the file, `built-in` without one. `admins`, `admin_groups`: user and
    group ids that count as admins besides Slack's own. `safe`: environments that are not production. `quiet`: from
    and to, in the person's own time, when nobody is reminded. `break_glass`: user ids who may use it, for that long,
    told in that channel. `audit_file`, `audit_channel`: where the head of the audit chain is kept outside."""

    version: str = "built-in"
    rules: tuple[Rule, ...] = ()
    ceilings: Mapping[Effect, Ceiling] = field(default_factory=lambda: CEILINGS)
    decide_within: timedelta = timedelta(hours=24)
    execute_within: timedelta = timedelta(hours=1)
    remind_before: timedelta = timedelta(hours=2)
    outbox: timedelta = timedelta(seconds=30)
    quiet: tuple[time, time] = (time(20), time(8))
    safe: frozenset[str] = frozenset(("staging", "test", "testing", "dev", "development", "preview", "local"))
    admins: tuple[str, ...] = ()
    admin_groups: tuple[str, ...] = ()
    break_glass: tuple[str, ...] = ()
    break_glass_for: timedelta = timedelta(minutes=15)
    break_glass_channel: str = ""
    audit_file: str = ""
    audit_channel: str = ""
    audit_every: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a call needs. `why`: one sentence for the person; `rule`: the name of the rule that decided; `deciders`:
    who may approve; `critical`: a code from the decider's authenticator app is needed too; `grantable`: the person
    may allow the like of it for a while; `effect`: what it was judged as."""

    verdict: Verdict
    why: str
    rule: str
    deciders: Deciders = ASKER
    critical: bool = False
    grantable: bool = False
    effect: Effect = WORST
