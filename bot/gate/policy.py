"""What a call needs before it may run. Pure: values in, a judgement out.

Deny beats ask beats allow. Whatever is unknown or undeclared counts as the worst, and whatever goes wrong here denies.
No rule lets an effect run by itself: of those only a person's decision or grant does, and both are for exactly what
they name. Rules come from `policy_file.py`, and from the strict ones below, which always hold.

Of several rules that meet a call, each makes it only stricter: the most people asked for, another person where any
asks for one. Who they are says the rule that is listed first. A rule that a call meets in part, such as by one
recipient of three, may replace the asker as the one who decides, never the admins.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import time
from fnmatch import fnmatchcase

from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Member, Person
from bot.contracts.policy import ASKER, CEILINGS, Ceiling, Deciders, Judgement, Policy, Rule, Verdict
from bot.contracts.tools import WORST, Effect, Facets, Tool

__all__ = ["ASKER", "CEILINGS", "Asked", "Ceiling", "Deciders", "Judgement", "Policy", "Rule", "Verdict", "asked",
           "covers", "effect_of", "groups_named", "in_quiet_hours", "is_admin", "is_asker_alone", "judge", "may_allow",
           "may_decide", "over_ceiling", "parse_check", "unmatched", "worst"]  # fmt: skip

NOBODY = Deciders(asker=False)
BUILT_IN = "built-in"
"""What the names of the strict rules below begin with."""

_PRODUCTION = "production"
_ADMINS = Deciders(asker=False, admins=True)
_SHARED = frozenset((Effect.ACCESS, Effect.DELETE, Effect.SPEND))
_GRANTABLE = frozenset((Effect.FETCH, Effect.OWN, Effect.SEND))
_VERDICTS: Sequence[Verdict] = ("allow", "ask", "deny")
_WHY: Mapping[Effect, str] = {
    Effect.READ: "it reads only",
    Effect.FETCH: "it fetches something from outside",
    Effect.OWN: "it changes your own things",
    Effect.SEND: "it sends something to other people",
    Effect.ACCESS: "it changes who may see or do something",
    Effect.DELETE: "it deletes something",
    Effect.SPEND: "it spends money",
    Effect.DEPLOY: "it changes what runs in production, or its effect is not known",
}
_COUNTED = {
    Effect.FETCH: ("address", "addresses"),
    Effect.SEND: ("message", "messages"),
    Effect.SPEND: ("purchase", "purchases"),
    Effect.DEPLOY: ("deployment", "deployments"),
}
_CURLY = str.maketrans("“”„‟’‘", '""""\'\'')


@dataclass(frozen=True, slots=True)
class Asked:
    """One call as policy sees it.

    `known`: somebody offers this tool; `effect`: as declared, else the worst; `person`: user id of who asks;
    `channel`: where they asked, empty in direct messages; `items`: how many things it touches; `environment` and
    `own` as in `CallView`."""

    tool: str
    known: bool
    effect: Effect
    facets: Facets
    person: str
    channel: str = ""
    environment: str = ""
    own: bool = False
    items: int = 1


def effect_of(tool: Tool | None) -> Effect:
    """The tool's declared effect; the worst for a tool that is unknown, declares none, or none that is one."""
    return tool.effect if tool is not None and isinstance(tool.effect, Effect) else WORST


def asked(tool: Tool | None, name: str, args: JsonObject, *, person: str, channel: str = "") -> Asked:
    """A call as its tool tells it. A tool that cannot tell what the call does is as good as unknown."""
    if tool is not None:
        with suppress(Exception):
            view = tool.describe(args)
            facets = {facet: _texts(values) for facet, values in tool.facets(args).items()}
            items = max(1, len(view.items))
            effect, own = effect_of(tool), view.own is True
            return Asked(name, True, effect, facets, person, channel, view.environment, own, items)
    return Asked(name, False, WORST, {}, person, channel)


def judge(policy: Policy, asked: Asked) -> Judgement:
    """What this call needs. Never raises."""
    try:
        return _judged(policy, asked)
    except Exception:  # whatever it was, nothing may come of it
        return Judgement(
            "deny", "The policy could not be applied to this, so the answer is no.", _named("error"), NOBODY
        )


def worst(judgements: Iterable[Judgement]) -> Judgement:
    """The strictest, whose sentence stands for a whole plan; of a plan of nothing, a denial. It does not speak for the
    deciders of the others."""
    denial = Judgement("deny", "There is nothing here to decide.", _named("nothing"), NOBODY)
    return max(judgements, key=_strictness, default=denial)


def covers(patterns: Mapping[str, tuple[str, ...]], facets: Facets) -> bool:
    """Every value of every facet named matches one of its patterns; a facet the call does not have covers nothing."""
    return all(
        bool(facets.get(name)) and all(_like(value, given) for value in facets[name])
        for name, given in patterns.items()
    )


def may_allow(rule: Rule, effect: Effect) -> bool:
    """Whether an `allow` may speak of this effect at all: reading, and fetching from where it names."""
    if effect is Effect.READ:
        return True
    return effect is Effect.FETCH and any(
        given and all(pattern.strip("*?") for pattern in given) for given in rule.facets.values()
    )


def may_decide(deciders: Deciders, asker: Person, member: Member, groups: frozenset[str], policy: Policy) -> str | None:
    """None when this member may decide what `asker` asked for, else why not, in words for them. `groups`: ids of the
    user groups they are in, of those `groups_named` tells."""
    if not member.active or member.bot:
        return "Only a person with an active account here can decide."
    if member.team != asker.team:
        return "Somebody of another workspace cannot decide this."
    is_asker = member.user == asker.user
    if is_asker_alone(deciders):
        return None if is_asker else "Only the person it was made for can decide this."
    if member.guest:
        return "A guest cannot decide this."
    if deciders.another and is_asker:
        return "Another person than the one who asked has to decide this."
    named = (deciders.asker and is_asker) or member.user in deciders.people or bool(groups & {*deciders.groups})
    if named or (deciders.admins and is_admin(policy, member, groups)):
        return None
    return "You are not among those who may decide this."


def is_admin(policy: Policy, member: Member, groups: frozenset[str]) -> bool:
    """Whether they administer the workspace, or are an admin by the policy. `groups`: ids of those they are in."""
    if not member.active or member.bot or member.guest:
        return False
    return member.admin or member.user in policy.admins or bool(groups & {*policy.admin_groups})


def is_asker_alone(deciders: Deciders) -> bool:
    """Whether nobody decides but the person it was made for."""
    return replace(deciders, channel="") == ASKER


def groups_named(policy: Policy, deciders: Deciders) -> tuple[str, ...]:
    """The user groups whose members have to be known before `may_decide` is asked."""
    return tuple(dict.fromkeys((*deciders.groups, *(policy.admin_groups if deciders.admins else ()))))


def over_ceiling(policy: Policy, effect: Effect, *, on_card: int, in_hour: int, in_day: int, more: int) -> str | None:
    """The ceiling that so many `more` things would pass, in words; None when they pass none. `on_card`, `in_hour`,
    `in_day`: things that count already."""
    ceiling = policy.ceilings.get(effect, Ceiling())
    for most, so_far, span in (
        (ceiling.card, on_card, "on one card"),
        (ceiling.hour, in_hour, "an hour"),
        (ceiling.day, in_day, "a day"),
    ):
        if most is not None and more > 0 and so_far + more > most:
            one, many = _COUNTED.get(effect, ("thing", "things"))
            return f"the ceiling of {most:,} {one if most == 1 else many} {span}"
    return None


def in_quiet_hours(policy: Policy, local: time) -> bool:
    """Whether nobody is reminded now. `local`: the time where the person is. From and to alike is never."""
    begin, end = policy.quiet
    return begin <= local < end if begin <= end else local >= begin or local < end


def unmatched(policy: Policy, tools: Iterable[str]) -> list[tuple[str, str]]:
    """Patterns for tools that no tool's name matches, each after the name of its rule: likely misspelt."""
    names = list(tools)
    patterns = [(rule.name, pattern) for rule in policy.rules for pattern in rule.tools]
    return [(rule, pattern) for rule, pattern in patterns if not any(_like(name, [pattern]) for name in names)]


def parse_check(text: str) -> tuple[str, JsonObject] | None:
    """What was typed after `policy`: a tool, and its arguments as JSON; None when nothing was. Raises PersonMends."""
    words = text.strip().strip("`").strip()
    if words == "check" or words.startswith("check "):
        words = words.removeprefix("check").strip()
    if not words:
        return None
    tool, typed = (*words.split(maxsplit=1), "{}")[:2]
    for json_text in (typed, typed.translate(_CURLY)):  # a phone writes quotes as it likes
        with suppress(ValueError, RecursionError):
            args = json.loads(json_text, parse_constant=_no_number)
            if isinstance(args, dict):
                return tool, args
    raise PersonMends(
        "What follows the name of the tool has to be its arguments, as one JSON object.",
        'For example: mail.move {"folder": "INBOX", "to": "Archive"}',
    )


def _judged(policy: Policy, asked: Asked) -> Judgement:
    effect = asked.effect
    if not asked.known or not isinstance(effect, Effect):
        return Judgement("deny", "No tool of this name can be used for this.", _named("unknown tool"), NOBODY)
    met = [rule for rule in policy.rules if _meets(policy, rule, asked, whole=rule.then == "allow")]
    denying = next((rule for rule in met if rule.then not in ("allow", "ask")), None)
    if denying is not None:
        return Judgement(
            "deny", denying.why or f"The rule “{denying.name}” forbids it.", denying.name, NOBODY, effect=effect
        )
    met = [rule for rule in met if rule.then == "ask" or may_allow(rule, effect)]
    asking = [rule for rule in met if rule.then == "ask"]
    if not asking and (effect is Effect.READ or met):
        why = met[0].why or f"The rule “{met[0].name}” allows it." if met else "Reading changes nothing."
        return Judgement("allow", why, met[0].name if met else _named(effect), effect=effect)
    return _question(policy, asked, met, next((rule for rule in asking if rule.why), asking[0] if asking else None))


def _question(policy: Policy, asked: Asked, met: Sequence[Rule], saying: Rule | None) -> Judgement:
    """`saying`: the rule whose words are shown, if it is one of the file."""
    deciders = _deciders(policy, asked, met)
    effect = asked.effect
    name = saying.name if saying else _named(effect)
    if not _can_be_met(deciders, asked.person):
        return Judgement("deny", "The rules for this ask for more people than they name.", name, NOBODY, effect=effect)
    critical = any(rule.critical for rule in met)
    return Judgement(
        verdict="ask",
        why=_why(policy, asked) if saying is None else saying.why or f"The rule “{saying.name}” asks for it.",
        rule=name,
        deciders=deciders,
        critical=critical,
        grantable=(
            (effect in _GRANTABLE or _is_safe(policy, asked))
            and not critical
            and is_asker_alone(deciders)
            and all(rule.grants for rule in met)
        ),
        effect=effect,
    )


def _deciders(policy: Policy, asked: Asked, met: Sequence[Rule]) -> Deciders:
    usual = _usual(policy, asked)
    whole = [rule for rule in met if _meets(policy, rule, asked, whole=True)]
    given = [rule.deciders for rule in met if rule.deciders is not None]
    replacing = [rule.deciders for rule in (met if usual == ASKER else whole) if rule.deciders is not None]
    who = next((deciders for deciders in replacing if _names_anyone(deciders)), usual)
    production = usual.another and not any(rule.alone for rule in whole)
    decided = replace(
        who,
        another=production or any(deciders.another for deciders in given),
        count=max([usual.count, *(deciders.count for deciders in given)]),
    )
    if is_asker_alone(decided) or _is_theirs(asked):  # what concerns nobody else is shown to nobody else
        return ASKER
    return replace(decided, channel=who.channel or next((one.channel for one in given if one.channel), ""))


def _is_theirs(asked: Asked) -> bool:
    """Whether it touches nothing but the asker's own things. A deploy is never one's own affair."""
    return asked.effect is Effect.OWN or (asked.own and asked.effect is not Effect.DEPLOY)


def _usual(policy: Policy, asked: Asked) -> Deciders:
    """Who decides when no rule says it."""
    if asked.effect is Effect.DEPLOY:
        return ASKER if _is_safe(policy, asked) else replace(_ADMINS, another=True)
    return _ADMINS if asked.effect in _SHARED and not asked.own else ASKER


def _meets(policy: Policy, rule: Rule, asked: Asked, *, whole: bool) -> bool:
    """Whether the rule speaks of this call; `whole`: of all of it, letter by letter, as what loosens has to."""
    environments = {asked.environment}
    if not whole and asked.effect is Effect.DEPLOY and not _is_safe(policy, asked):
        environments.add(_PRODUCTION)
    return (
        (not rule.effects or asked.effect in rule.effects)
        and (not rule.people or asked.person in rule.people)
        and (not rule.channels or asked.channel in rule.channels)
        and (not rule.tools or _like(asked.tool, rule.tools, exact=whole))
        and (not rule.environments or any(_like(one, rule.environments, exact=whole) for one in environments))
        and (covers(rule.facets, asked.facets) if whole else _touches(rule.facets, asked.facets))
    )


def _touches(patterns: Mapping[str, tuple[str, ...]], facets: Facets) -> bool:
    """Some value of every facet named matches: one more recipient does not lead past a rule."""
    return all(
        any(_like(value, given, exact=False) for value in facets.get(name, ())) for name, given in patterns.items()
    )


def _like(value: str, patterns: Iterable[str], *, exact: bool = True) -> bool:
    """Whether a pattern with `*` and `?` matches the whole value; unless `exact`, in small or capital letters."""
    if not exact:
        value, patterns = value.casefold(), [pattern.casefold() for pattern in patterns]
    return any(fnmatchcase(value, pattern.replace("[", "[[]")) for pattern in patterns)


def _is_safe(policy: Policy, asked: Asked) -> bool:
    return asked.effect is Effect.DEPLOY and asked.environment in policy.safe


def _names_anyone(deciders: Deciders) -> bool:
    return bool(deciders.asker or deciders.people or deciders.groups or deciders.admins)


def _can_be_met(deciders: Deciders, asker: str) -> bool:
    """Whether there can be as many deciders as it takes; nobody knows how many are in a group."""
    if deciders.groups or deciders.admins:
        return True
    people = {*deciders.people, *([asker] if deciders.asker else [])} - ({asker} if deciders.another else set())
    return len(people) >= deciders.count


def _why(policy: Policy, asked: Asked) -> str:
    if _is_safe(policy, asked):
        return f"MeshClaw asks because it changes what runs in {asked.environment}."
    return f"MeshClaw asks because {_WHY[asked.effect]}."


def _strictness(judgement: Judgement) -> tuple[int, bool, bool, int, bool, int]:
    deciders = judgement.deciders
    return (
        _VERDICTS.index(judgement.verdict),
        judgement.critical,
        deciders.another,
        deciders.count,
        not is_asker_alone(deciders),
        list(Effect).index(judgement.effect),
    )


def _named(rule: str) -> str:
    return f"{BUILT_IN}: {rule}"


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    """Raises TypeError for what is no row of texts, of which a pattern would miss something."""
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise TypeError("a facet holds texts")
    return tuple(values)


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
