"""The policy, whatever its rules and whatever the call: what no rule can ever bring about."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.people import Member, Person
from bot.contracts.tools import Effect
from bot.gate.policy import ASKER, NOBODY, Asked, Deciders, Policy, Rule, covers, is_asker_alone, judge, may_decide

_ids = st.sampled_from(["UADA", "UBEN", "UCHEN"])
_values = st.sampled_from(["a@x.example", "b@y.example", "A@X.EXAMPLE", "[", "", "*"])
_patterns = st.lists(st.sampled_from(["*", "*@x.example", "a*", "?", "b@y.example", "["]), max_size=2).map(tuple)
_environments = st.sampled_from(["", "staging", "production", "prod-eu"])
_deciders = st.builds(
    Deciders,
    asker=st.booleans(),
    people=st.lists(_ids, max_size=3, unique=True).map(tuple),
    groups=st.sampled_from([(), ("S1",)]),
    admins=st.booleans(),
    another=st.booleans(),
    count=st.integers(1, 3),
    channel=st.sampled_from(["", "C1"]),
)
_narrow = st.builds(
    Rule,
    name=st.text(max_size=5),
    then=st.sampled_from(["ask", "allow", "deny"]),
    effects=st.frozensets(st.sampled_from(list(Effect)), min_size=3),
    tools=st.sampled_from([(), ("box.*",)]),
    facets=st.dictionaries(st.sampled_from(["to", "url"]), _patterns, max_size=2),
    people=st.sampled_from([(), ("UADA",)]),
    channels=st.sampled_from([(), ("",)]),
    environments=st.sampled_from([(), ("production",), ("*",)]),
    deciders=st.none() | _deciders,
    critical=st.booleans(),
    grants=st.booleans(),
    alone=st.booleans(),
)
_wide = st.builds(Rule, name=st.text(max_size=5), then=st.just("ask"), deciders=_deciders)
_open = st.builds(Rule, name=st.text(max_size=5), then=st.just("allow"), deciders=st.none() | _deciders)
_rules = st.one_of(_wide, _wide, _open, _narrow)
_calls = st.builds(
    Asked,
    tool=st.sampled_from(["box.mark", "box.mark", "mail.move"]),
    known=st.sampled_from([True, True, True, False]),
    effect=st.sampled_from(list(Effect)),
    facets=st.dictionaries(st.sampled_from(["to", "url"]), st.lists(_values, max_size=3).map(tuple)),
    person=_ids,
    channel=st.sampled_from(["", "C1"]),
    environment=_environments,
    own=st.booleans(),
    items=st.integers(1, 5),
)
_policies = st.lists(_rules, max_size=2).map(lambda rules: Policy(rules=tuple(rules)))
_NOBODY_LEFT = "ask for more people than they name"


def _member(user: str, *, admin: bool = False) -> Member:
    return Member(user, "T1", active=True, guest=False, bot=False, admin=admin)


def with_rule(policy: Policy, added: Rule, at: int) -> Policy:
    at = min(at, len(policy.rules))
    return replace(policy, rules=(*policy.rules[:at], added, *policy.rules[at:]))


@given(_policies, _calls)
def test_an_effect_is_never_allowed(policy: Policy, given: Asked) -> None:
    if judge(policy, given).verdict == "allow":
        assert given.effect in (Effect.READ, Effect.FETCH)


@given(_policies, _calls)
def test_an_unknown_tool_is_always_denied(policy: Policy, given: Asked) -> None:
    assert judge(policy, replace(given, known=False)).verdict == "deny"


@given(_policies, _calls, _rules, st.integers(0, 5))
def test_one_more_denial_never_loosens(policy: Policy, given: Asked, added: Rule, at: int) -> None:
    before, after = judge(policy, given), judge(with_rule(policy, replace(added, then="deny"), at), given)
    assert after == before or after.verdict == "deny"


@given(_policies, _calls, _rules, st.integers(0, 5))
def test_one_more_question_never_loosens(policy: Policy, given: Asked, added: Rule, at: int) -> None:
    """But for who decides, which the rule listed first says."""
    before, after = judge(policy, given), judge(with_rule(policy, replace(added, then="ask"), at), given)
    if before.verdict == "ask":
        assert after.verdict != "allow"
        assert after.verdict == "deny" or after.critical or not before.critical
        assert before.grantable or before.deciders != after.deciders or not after.grantable
    elif before.verdict == "deny" and _NOBODY_LEFT not in before.why:
        assert after.verdict == "deny"


@given(_policies, _calls, _rules, st.integers(0, 5))
def test_no_rule_lowers_how_many_or_drops_the_other_person(policy: Policy, given: Asked, added: Rule, at: int) -> None:
    """But for one that says outright that production needs nobody else."""
    before, after = judge(policy, given), judge(with_rule(policy, replace(added, alone=False), at), given)
    if before.verdict == after.verdict == "ask":
        assert after.deciders.count >= before.deciders.count
        assert after.deciders.another or not before.deciders.another


@given(st.lists(_wide, min_size=2, max_size=3), _calls)
def test_of_several_rules_the_highest_numbers_hold(rules: list[Rule], given: Asked) -> None:
    found = judge(Policy(rules=tuple(rules)), given)
    if found.verdict == "ask" and not _is_theirs(given):
        asked_for = [rule.deciders for rule in rules if rule.deciders]
        assert found.deciders.count == max(one.count for one in asked_for)
        assert found.deciders.another or not any(one.another for one in asked_for)


@given(_policies, _calls)
def test_what_is_a_persons_own_nobody_else_decides_or_is_shown(policy: Policy, given: Asked) -> None:
    if _is_theirs(given):
        assert judge(policy, given).deciders in (ASKER, NOBODY)


def _is_theirs(given: Asked) -> bool:
    return given.effect is Effect.OWN or (given.own and given.effect is not Effect.DEPLOY)


@given(_policies, _calls)
def test_a_grant_is_never_offered_for_what_others_decide(policy: Policy, given: Asked) -> None:
    found = judge(policy, given)
    if found.grantable:
        assert found.verdict == "ask"
        assert found.deciders == ASKER
        assert not found.critical
        assert given.effect in (Effect.FETCH, Effect.OWN, Effect.SEND) or given.environment == "staging"
        assert given.effect not in (Effect.READ, Effect.ACCESS, Effect.DELETE, Effect.SPEND)


@given(_policies, _calls)
def test_what_is_asked_somebody_can_decide(policy: Policy, given: Asked) -> None:
    found = judge(policy, given)
    if found.verdict == "ask":
        deciders = found.deciders
        people = {*deciders.people, *([given.person] if deciders.asker else [])}
        everybody = [_member(user) for user in people] + [_member(f"UADM{number}", admin=True) for number in range(3)]
        everybody += [_member(f"UGRP{number}") for number in range(3)]
        entitled = [
            one
            for one in everybody
            if may_decide(
                deciders,
                Person("T1", given.person),
                one,
                frozenset(("S1",) if one.user.startswith("UGRP") else ()),
                policy,
            )
            is None
        ]
        assert len(entitled) >= deciders.count


@given(_policies, _calls)
def test_who_else_may_decide_is_never_shown_what_the_person_decides_alone(policy: Policy, given: Asked) -> None:
    deciders = judge(policy, given).deciders
    assert deciders == ASKER or not is_asker_alone(deciders)


_junk = st.none() | st.integers() | st.text(max_size=3) | st.binary(max_size=2) | st.just(object())
_junk_calls = st.builds(Asked, *[_junk] * 9) | st.builds(Asked, st.just("t"), st.just(True), _junk, _junk, _junk)


@given(_policies, _junk_calls | _junk)
def test_a_call_of_junk_is_denied_and_never_raises(policy: Policy, given: Any) -> None:
    assert judge(policy, given).verdict == "deny"


@given(_calls, st.lists(_rules), _junk, st.integers(0, 3))
def test_a_policy_of_junk_denies_and_never_raises(given: Asked, rules: list[Any], junk: Any, at: int) -> None:
    assert judge(Policy(rules=(*rules[:at], junk, *rules[at:])), given).verdict == "deny"
    assert judge(junk, given).verdict == "deny"
    if given.effect is Effect.DEPLOY:
        assert judge(Policy(safe=object()), given).verdict == "deny"  # type: ignore[arg-type]


@given(_calls, st.sampled_from(["effects", "tools", "facets", "people", "deciders"]))
def test_a_rule_of_junk_denies_and_never_raises(given: Asked, name: str) -> None:
    junk = replace(Rule("r", "ask"), **{name: object()})  # type: ignore[arg-type]
    assert judge(Policy(rules=(junk,)), given).verdict == "deny"


@given(st.dictionaries(st.sampled_from(["to", "url"]), _patterns), st.dictionaries(st.just("to"), st.tuples(_values)))
def test_what_covers_a_call_covers_every_value(
    patterns: Mapping[str, tuple[str, ...]], facets: Mapping[str, tuple[str, ...]]
) -> None:
    if covers(patterns, facets):
        assert all(facets.get(name) for name in patterns)
        stranger = {name: (*values, "stranger@z.example") for name, values in facets.items()}
        assert covers(patterns, stranger) == all("*" in given for given in patterns.values())
