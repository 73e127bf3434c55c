"""The policy: deny beats ask beats allow, the unknown is the worst, an error denies, and nothing but reading and
fetching from named places runs unasked, whatever a file says."""

from dataclasses import dataclass, field, replace
from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.errors import PersonMends
from bot.contracts.people import Member, Person
from bot.contracts.tools import WORST, CallView, Effect
from bot.gate.policy import (
    ASKER,
    Asked,
    Ceiling,
    Deciders,
    Judgement,
    Policy,
    Rule,
    asked,
    effect_of,
    groups_named,
    in_quiet_hours,
    is_admin,
    is_asker_alone,
    judge,
    may_decide,
    over_ceiling,
    parse_check,
    unmatched,
    worst,
)

PRODUCTION = Deciders(asker=False, admins=True, another=True)
ADMINS = Deciders(asker=False, admins=True)
BEN = Deciders(asker=False, people=("UBEN",))
NO_RULES = Policy()


@dataclass
class Declared:
    """A tool as far as the policy looks at it."""

    effect: Effect | None = Effect.OWN
    name: str = "box.mark"
    view: Any = field(default_factory=lambda: CallView("Mark", "things", "box", ("a", "b"), reversible=True))
    found: Any = field(default_factory=lambda: {"to": ("a@x.example",)})

    def describe(self, args: Any) -> Any:
        if isinstance(self.view, Exception):
            raise self.view
        return self.view

    def facets(self, args: Any) -> Any:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def seen(tool: Declared | None, **more: Any) -> Asked:
    return asked(tool, "box.mark", {}, **{"person": "UADA", **more})  # type: ignore[arg-type]


def call(effect: Effect = Effect.SEND, **more: Any) -> Asked:
    given: dict[str, Any] = {"tool": "box.mark", "known": True, "effect": effect, "facets": {}, "person": "UADA"}
    return Asked(**{**given, **more})


def rule(then: str = "ask", name: str = "a rule", **more: Any) -> Rule:
    return Rule(name, then, **more)  # type: ignore[arg-type]


def judged(given: Asked, *rules: Rule, **more: Any) -> Judgement:
    return judge(Policy(rules=rules, **more), given)


# What a call is


def test_a_call_is_told_by_its_tool() -> None:
    view = CallView("Ship", "api", "", ("a", "b", "c"), reversible=False, environment="staging", own=True)
    found = seen(Declared(Effect.DEPLOY, view=view), channel="C1")
    assert found == Asked(
        "box.mark", True, Effect.DEPLOY, {"to": ("a@x.example",)}, "UADA", "C1", "staging", own=True, items=3
    )


def test_a_call_without_items_is_one_thing() -> None:
    assert seen(Declared(view=CallView("Ship", "api", "", (), reversible=False))).items == 1


@pytest.mark.parametrize(
    "tool",
    [
        None,
        Declared(view=ValueError("no")),
        Declared(found=RecursionError()),
        Declared(found={"to": "a@x.example"}),
        Declared(found={"to": (1,)}),
        Declared(found=None),
        Declared(view=None),
    ],
)
def test_a_tool_that_cannot_tell_is_unknown_and_denied(tool: Declared | None) -> None:
    found = seen(tool)
    assert not found.known
    assert found.effect is WORST
    assert judge(NO_RULES, found).verdict == "deny"


@pytest.mark.parametrize("effect", [None, "wobble", "read", 3])
def test_what_is_no_declared_effect_counts_as_the_worst(effect: Any) -> None:
    """Say, of a connector that was never type-checked."""
    assert effect_of(Declared(effect)) is WORST  # type: ignore[arg-type]
    found = judge(NO_RULES, seen(Declared(effect)))
    assert (found.verdict, found.deciders) == ("ask", PRODUCTION)


def test_the_worst_is_the_last_in_the_order() -> None:
    assert next(iter(Effect)) is Effect.READ
    assert list(Effect)[-1] is WORST
    assert effect_of(None) is WORST


# What holds without a file


@pytest.mark.parametrize("effect", list(Effect))
def test_reading_runs_and_every_other_effect_is_asked(effect: Effect) -> None:
    assert judged(call(effect)).verdict == ("allow" if effect is Effect.READ else "ask")


@pytest.mark.parametrize(
    ("given", "deciders", "grantable"),
    [
        (call(Effect.FETCH), ASKER, True),
        (call(Effect.OWN), ASKER, True),
        (call(Effect.SEND), ASKER, True),
        (call(Effect.ACCESS), ADMINS, False),
        (call(Effect.DELETE), ADMINS, False),
        (call(Effect.SPEND), ADMINS, False),
        (call(Effect.ACCESS, own=True), ASKER, False),
        (call(Effect.DELETE, own=True), ASKER, False),
        (call(Effect.SPEND, own=True), ASKER, False),
        (call(Effect.DEPLOY, environment="staging"), ASKER, True),
        (call(Effect.DEPLOY, environment="production"), PRODUCTION, False),
        (call(Effect.DEPLOY, environment=""), PRODUCTION, False),
        (call(Effect.DEPLOY, environment="Staging"), PRODUCTION, False),
        (call(Effect.DEPLOY, environment="production", own=True), PRODUCTION, False),
    ],
)
def test_who_decides_and_what_can_be_granted(given: Asked, deciders: Deciders, grantable: bool) -> None:
    found = judged(given)
    assert (found.deciders, found.grantable, found.critical) == (deciders, grantable, False)


def test_the_file_says_what_is_safe() -> None:
    assert judged(call(Effect.DEPLOY, environment="staging"), safe=frozenset()).deciders == PRODUCTION
    assert judged(call(Effect.DEPLOY, environment="lab"), safe=frozenset(("lab",))).deciders == ASKER


def test_every_effect_has_a_sentence_of_its_own() -> None:
    sentences = {judged(call(effect)).why for effect in Effect}
    sentences.add(judged(call(Effect.DEPLOY, environment="staging")).why)
    assert len(sentences) == len(Effect) + 1
    assert judged(call(Effect.OWN)).why == "MeshClaw asks because it changes your own things."


# Rules


def test_deny_beats_ask_beats_allow_wherever_they_stand() -> None:
    rules = [rule("allow", "yes"), rule("ask", "ask"), rule("deny", "no", why="Not this week.")]
    for order in (rules, rules[::-1]):
        found = judged(call(Effect.READ), *order)
        assert (found.verdict, found.rule, found.why) == ("deny", "no", "Not this week.")
        assert judged(call(Effect.READ), *[one for one in order if one.name != "no"]).verdict == "ask"


def test_a_rule_may_ask_even_for_reading() -> None:
    found = judged(call(Effect.READ), rule("ask", "quiet week"))
    assert (found.verdict, found.rule, found.why, found.grantable) == (
        "ask", "quiet week", "The rule “quiet week” asks for it.", False,
    )  # fmt: skip


def test_the_card_says_the_words_of_a_rule_that_has_some() -> None:
    found = judged(call(), rule("ask", "silent"), rule("ask", "spoken", why="The press reads this."))
    assert (found.rule, found.why) == ("spoken", "The press reads this.")


@pytest.mark.parametrize("effect", [effect for effect in Effect if effect not in (Effect.READ, Effect.FETCH)])
def test_no_rule_allows_an_effect(effect: Effect) -> None:
    open_door = rule("allow", facets={"to": ("*@x.example",)}, deciders=ASKER, alone=True)
    given = call(effect, facets={"to": ("a@x.example",)})
    assert judged(given, open_door) == judged(given)


def test_fetching_is_allowed_from_named_places_only() -> None:
    docs = rule("allow", facets={"url": ("https://docs.example/*",)})
    fine = call(Effect.FETCH, facets={"url": ("https://docs.example/a",)})
    assert judged(fine, docs).verdict == "allow"
    for facets in (
        {"url": ("https://docs.example.evil.example/a",)},
        {"url": ("https://docs.example/a", "https://evil.example/")},
        {"url": ("HTTPS://DOCS.EXAMPLE/a",)},
        {"url": ()},
        {},
    ):
        assert judged(call(Effect.FETCH, facets=facets), docs).verdict == "ask"
    for anywhere in (rule("allow"), rule("allow", facets={"url": ("*",)}), rule("allow", facets={"url": ("?*", "a*")})):
        assert judged(fine, anywhere).verdict == "ask"


def test_a_verdict_nobody_knows_denies() -> None:
    assert judged(call(Effect.READ), rule("maybe")).verdict == "deny"


CONDITIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"effects": frozenset((Effect.SEND,))}, {"effect": Effect.OWN}),
    ({"tools": ("box.*", "mail.*")}, {"tool": "boxes.mark"}),
    ({"people": ("UADA",)}, {"person": "UBEN"}),
    ({"channels": ("C1",)}, {"channel": ""}),
    ({"environments": ("lab-?",)}, {"environment": "lab-12"}),
    ({"facets": {"to": ("*@x.example",)}}, {"facets": {"to": ("a@y.example",)}}),
    ({"facets": {"to": ("*@x.example",), "cc": ("*",)}}, {"facets": {"to": ("a@x.example",)}}),
]


@pytest.mark.parametrize(("conditions", "other"), CONDITIONS)
def test_a_rule_speaks_of_what_meets_all_its_conditions(conditions: dict[str, Any], other: dict[str, Any]) -> None:
    given = call(channel="C1", environment="lab-1", facets={"to": ("a@x.example",), "cc": ("b",)})
    assert judged(given, rule("deny", **conditions)).verdict == "deny"
    assert judged(replace(given, **other), rule("deny", **conditions)).verdict == "ask"


def test_direct_messages_are_an_empty_channel() -> None:
    assert judged(call(), rule("deny", channels=("",))).verdict == "deny"
    assert judged(call(channel="C1"), rule("deny", channels=("",))).verdict == "ask"


def test_one_value_more_leads_past_no_denial() -> None:
    no_press = rule("deny", facets={"to": ("*@press.example",)})
    for to in (("A@PRESS.example",), ("friend@x.example", "a@press.example")):
        assert judged(call(facets={"to": to}), no_press).verdict == "deny"


def test_a_deploy_to_nowhere_known_is_one_to_production() -> None:
    freeze = rule("deny", environments=("production",))
    for environment in ("production", "Production", "", "prod-eu"):
        assert judged(call(Effect.DEPLOY, environment=environment), freeze).verdict == "deny"
    for other in (call(Effect.DEPLOY, environment="staging"), call(Effect.SEND, environment="")):
        assert judged(other, freeze).verdict == "ask"


def test_brackets_in_a_pattern_are_brackets() -> None:
    ticket = rule("deny", facets={"title": ("[a-z]*",)})
    assert judged(call(facets={"title": ("[a-z] in a title",)}), ticket).verdict == "deny"
    assert judged(call(facets={"title": ("b",)}), ticket).verdict == "ask"


def test_a_pattern_made_to_be_slow_is_not() -> None:
    slow = rule("deny", facets={"to": ("*a" * 30 + "b",)})
    assert judged(call(facets={"to": ("a" * 5_000,)}), slow).verdict == "ask"


# Who decides


def test_a_rule_names_who_decides() -> None:
    there = Deciders(asker=False, people=("UBEN",), groups=("S1",), channel="C1", count=2)
    found = judged(call(), rule(deciders=there))
    assert (found.deciders, found.grantable) == (there, False)


def test_what_others_may_decide_too_is_not_for_the_person_to_grant() -> None:
    assert not judged(call(), rule(deciders=replace(BEN, asker=True))).grantable


def test_the_first_rule_that_names_somebody_wins_and_the_strictest_numbers_hold() -> None:
    rules = (
        rule("ask", "1", deciders=Deciders(asker=False, count=2)),
        rule("ask", "2", deciders=Deciders(asker=False, people=("UBEN", "UCHEN", "UDANA"))),
        rule("ask", "3", deciders=Deciders(asker=False, groups=("S1",), another=True, count=3, channel="C3")),
        rule("ask", "4", deciders=Deciders(asker=False, admins=True)),
    )
    expected = Deciders(False, ("UBEN", "UCHEN", "UDANA"), another=True, count=3, channel="C3")
    assert judged(call(), *rules).deciders == expected


def test_a_rule_that_names_nobody_leaves_the_usual_ones() -> None:
    found = judged(call(Effect.DELETE), rule(deciders=Deciders(asker=False, count=2, channel="C1")))
    assert found.deciders == replace(ADMINS, count=2, channel="C1")


def test_what_the_person_decides_alone_is_shown_to_nobody_else() -> None:
    assert judged(call(Effect.OWN), rule(deciders=Deciders(asker=False, channel="C1"))).deciders == ASKER
    assert judged(call(Effect.OWN), rule(deciders=Deciders(channel="C1"))).deciders == ASKER


def test_production_needs_another_unless_a_rule_says_outright_that_it_does_not() -> None:
    deploy = call(Effect.DEPLOY, environment="production", facets={"repo": ("api", "web")})
    asker_may = rule("ask", "1", deciders=Deciders(asker=True, admins=True))
    assert judged(deploy, asker_may).deciders == Deciders(asker=True, admins=True, another=True)
    assert judged(deploy, replace(asker_may, alone=True)).deciders == Deciders(asker=True, admins=True)
    two = rule("ask", "2", deciders=Deciders(asker=False, another=True))
    assert judged(deploy, replace(asker_may, alone=True), two).deciders.another
    in_part = replace(asker_may, alone=True, facets={"repo": ("web",)})
    assert judged(deploy, in_part).deciders == PRODUCTION


def test_a_rule_met_in_part_takes_from_the_asker_never_from_the_admins() -> None:
    to = {"to": ("a@press.example", "b@x.example")}
    press = rule(facets={"to": ("*@press.example",)}, deciders=BEN)
    assert judged(call(facets=to), press).deciders == BEN
    assert judged(call(Effect.DELETE, facets=to), press).deciders == ADMINS
    assert judged(call(Effect.DELETE, facets={"to": to["to"][:1]}), press).deciders == BEN


@pytest.mark.parametrize(
    "deciders",
    [
        Deciders(another=True),
        Deciders(count=2),
        Deciders(asker=False, people=("UBEN",), count=2),
        Deciders(asker=False, people=("UADA",), another=True),
        Deciders(asker=True, people=("UADA",), count=2),
        Deciders(asker=True, people=("UADA", "UBEN"), another=True, count=2),
    ],
)
def test_what_nobody_could_decide_is_denied_at_once(deciders: Deciders) -> None:
    assert judged(call(), rule(deciders=deciders)).verdict == "deny"


def test_a_rule_can_make_a_call_critical_or_keep_it_from_being_granted() -> None:
    assert judged(call(), rule(critical=True)).critical
    assert not judged(call(), rule(critical=True), rule(name="b")).grantable
    assert not judged(call(), rule(grants=False), rule(name="b")).grantable
    assert judged(call(), rule()).grantable


ADA = Person("T1", "UADA")


def member(user: str = "UBEN", **more: Any) -> Member:
    return Member(**{"user": user, "team": "T1", "active": True, "guest": False, "bot": False, "admin": False, **more})


OWNER = Policy(admins=("UBEN",), admin_groups=("SADM",))


@pytest.mark.parametrize(
    ("deciders", "who", "groups", "entitled"),
    [
        (ASKER, member("UADA"), (), True),
        (ASKER, member("UADA", guest=True), (), True),
        (ASKER, member("UADA", active=False), (), False),
        (ASKER, member("UADA", bot=True), (), False),
        (ASKER, member("UADA", team="T2"), (), False),
        (ASKER, member("UBEN", admin=True), ("SADM",), False),
        (BEN, member(), (), True),
        (BEN, member(guest=True), (), False),
        (BEN, member(team="T2"), (), False),
        (BEN, member(active=False), (), False),
        (BEN, member(bot=True), (), False),
        (BEN, member("UADA"), (), False),
        (BEN, member("UCHEN", admin=True), (), False),
        (replace(BEN, asker=True), member("UADA"), (), True),
        (replace(BEN, asker=True), member("UADA", guest=True), (), False),
        (replace(BEN, asker=True, another=True), member("UADA"), (), False),
        (replace(BEN, another=True, people=("UADA", "UBEN")), member("UADA"), (), False),
        (replace(BEN, another=True, people=("UADA", "UBEN")), member(), (), True),
        (Deciders(asker=False, groups=("S1",)), member("UCHEN"), ("S1",), True),
        (Deciders(asker=False, groups=("S1",)), member("UCHEN"), ("S2",), False),
        (Deciders(asker=False, groups=("S1",), another=True), member("UADA"), ("S1",), False),
        (ADMINS, member("UCHEN", admin=True), (), True),
        (ADMINS, member("UCHEN", admin=True, guest=True), (), False),
        (ADMINS, member("UCHEN"), (), False),
        (ADMINS, member("UCHEN"), ("SADM",), True),
        (ADMINS, member("UBEN"), (), True),
        (ADMINS, member("UADA", admin=True), (), True),
        (PRODUCTION, member("UADA", admin=True), (), False),
        (Deciders(asker=False), member("UADA", admin=True), (), False),
    ],
)
def test_who_may_decide(deciders: Deciders, who: Member, groups: tuple[str, ...], entitled: bool) -> None:
    reason = may_decide(deciders, ADA, who, frozenset(groups), OWNER)
    assert (reason is None) is entitled
    assert reason is None or (reason.endswith(".") and "UADA" not in reason)


def test_a_card_shown_elsewhere_is_still_its_persons_own() -> None:
    assert is_asker_alone(Deciders(channel="C1"))
    assert not any(map(is_asker_alone, (BEN, PRODUCTION, Deciders(another=True), Deciders(count=2), Deciders(False))))


def test_another_person_is_told_as_the_reason() -> None:
    assert may_decide(PRODUCTION, ADA, member("UADA", admin=True), frozenset(), OWNER) == (
        "Another person than the one who asked has to decide this."
    )


def test_the_groups_to_look_up_are_those_that_matter() -> None:
    assert groups_named(OWNER, ASKER) == ()
    assert groups_named(OWNER, Deciders(False, groups=("S1", "SADM"), admins=True)) == ("S1", "SADM")
    assert groups_named(OWNER, Deciders(False, groups=("S1",))) == ("S1",)


@pytest.mark.parametrize("wrong", ["active", "bot", "guest"])
def test_an_admin_is_a_full_active_person(wrong: str) -> None:
    ben = member("UBEN", admin=True)
    assert is_admin(OWNER, ben, frozenset(("SADM",)))
    assert not is_admin(OWNER, replace(ben, **{wrong: wrong != "active"}), frozenset(("SADM",)))


# Plans, ceilings, clocks


def test_the_strictest_judgement_speaks_for_a_plan() -> None:
    own, send, drop = (judged(call(effect)) for effect in (Effect.OWN, Effect.SEND, Effect.DELETE))
    ship = judged(call(Effect.DEPLOY))
    assert worst([own, send]) is send
    assert worst([send, own]) is send
    assert worst([drop, ship, own]) is ship
    denied = judged(call(known=False))
    assert worst([ship, denied, own]) is denied
    proved = judged(call(Effect.OWN), rule(critical=True))
    assert worst([ship, proved]) is proved
    assert worst([]).verdict == "deny"


@pytest.mark.parametrize(
    ("on_card", "in_hour", "in_day", "more", "passed"),
    [
        (0, 0, 0, 20, None),
        (0, 0, 0, 21, "the ceiling of 20 messages on one card"),
        (15, 0, 0, 6, "the ceiling of 20 messages on one card"),
        (0, 55, 60, 6, "the ceiling of 60 messages an hour"),
        (0, 40, 190, 11, "the ceiling of 200 messages a day"),
        (0, 40, 190, 10, None),
        (99, 999, 9_999, 0, None),
    ],
)
def test_a_ceiling_is_told_when_it_would_be_passed(
    on_card: int, in_hour: int, in_day: int, more: int, passed: str | None
) -> None:
    found = over_ceiling(NO_RULES, Effect.SEND, on_card=on_card, in_hour=in_hour, in_day=in_day, more=more)
    assert found == passed


def test_ceilings_know_their_noun_and_may_be_none() -> None:
    none_so_far = {"on_card": 0, "in_hour": 0, "in_day": 0}
    assert over_ceiling(NO_RULES, Effect.SPEND, **none_so_far, more=2) == "the ceiling of 1 purchase on one card"
    assert over_ceiling(NO_RULES, Effect.OWN, **none_so_far, more=2_001) == "the ceiling of 2,000 things on one card"
    assert over_ceiling(NO_RULES, Effect.READ, **none_so_far, more=10**6) is None
    unlimited = Policy(ceilings={Effect.SEND: Ceiling(card=5)})
    assert over_ceiling(unlimited, Effect.SEND, on_card=0, in_hour=10**6, in_day=10**6, more=5) is None


@pytest.mark.parametrize(
    ("span", "at", "quiet"),
    [
        ((20, 8), 23, True),
        ((20, 8), 3, True),
        ((20, 8), 20, True),
        ((20, 8), 8, False),
        ((20, 8), 12, False),
        ((1, 5), 1, True),
        ((1, 5), 5, False),
        ((1, 5), 23, False),
        ((9, 9), 9, False),
        ((9, 9), 3, False),
    ],
)
def test_quiet_hours_may_span_midnight(span: tuple[int, int], at: int, quiet: bool) -> None:
    assert in_quiet_hours(Policy(quiet=(time(span[0]), time(span[1]))), time(at)) is quiet


# Asking what would happen


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("", None),
        ("  check ", None),
        ("mail.move", ("mail.move", {})),
        ('check mail.move {"a": [1, "x y"]}', ("mail.move", {"a": [1, "x y"]})),
        ('mail.move\n{"a": 1}', ("mail.move", {"a": 1})),
        ("`mail.move {“a”: “b”}`", ("mail.move", {"a": "b"})),
        ('mail.move {"a": "“b”"}', ("mail.move", {"a": "“b”"})),
        ("checks.run {}", ("checks.run", {})),
    ],
)
def test_a_call_to_check_is_read_from_what_was_typed(text: str, call: Any) -> None:
    assert parse_check(text) == call


@pytest.mark.parametrize("typed", ["{", "[]", "3", '{"a": NaN}', "to: bob", "[" * 100_000, "{}{}", "1" * 5_000])
def test_arguments_that_are_none_are_told_so(typed: str) -> None:
    with pytest.raises(PersonMends, match="JSON object"):
        parse_check(f"mail.move {typed}")


@given(st.text())
def test_whatever_is_typed_is_read_or_told(text: str) -> None:
    try:
        found = parse_check(text)
    except PersonMends:
        return
    assert found is None or (found[0] and isinstance(found[1], dict))


def test_a_tool_nobody_offers_is_noticed_in_a_rule() -> None:
    rules = (rule("deny", "a", tools=("mail.*", "mial.move")), rule("deny", "b", tools=("box.mark",)))
    assert unmatched(Policy(rules=rules), ["mail.move"]) == [("a", "mial.move"), ("b", "box.mark")]
