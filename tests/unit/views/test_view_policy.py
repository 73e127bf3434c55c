"""The policy in words: everything that holds is said, whoever decides is named, hostile texts stay texts."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_checked import hostile_line, read, skeleton, sound_message

from bot.contracts.policy import ASKER, Ceiling, Deciders, Judgement, Policy, Rule
from bot.contracts.tools import Effect
from bot.views.policy import (
    Judged,
    built_in_text,
    ceilings,
    deciders_line,
    deciders_text,
    judged,
    judged_text,
    lasting,
    policy,
    rule_text,
)

ADA = "U01ADA00001"


def shown(policy_: Policy) -> str:
    return read(sound_message(policy(policy_)))


def test_without_rules_what_always_holds_is_told() -> None:
    assert shown(Policy()).split("\n") == [
        "What MeshClaw may do here",
        "“Never” beats “asks first”, “asks first” beats “at once”, and what is unknown counts as the worst. No "
        "rule lets an effect happen by itself: a person approves it, or has allowed the like of it for a while.",
        "Always so",
        "Never: a tool nobody offers, or one that cannot tell what it would do",
        "At once: reading",
        "Asks the person themselves: fetching, changing their own things, sending, deploying to dev, development, "
        "local, preview, staging, test and testing",
        "Asks an admin: changing who may see or do something, deleting or spending, of what is not their own",
        "Asks an admin who is not the person who asks: deploying to production or to a place not named here, and "
        "whatever does not declare its effect",
        "Rules of this workspace, version built-in",
        "none besides those above",
        "Clocks",
        "A card waits 24 hours for its decision; expired is denied.",
        "A reminder comes 2 hours before that, never between 20:00 and 08:00.",
        "What was approved has to begin within 1 hour.",
        "What is sent waits 30 seconds in the outbox, where it can be called back.",
        "Ceilings: the most at a time",
        "fetching from outside: 50 on one card, 200 an hour, 1,000 a day",
        "changing one's own things: 2,000 on one card, 10,000 an hour, 30,000 a day",
        "sending: 20 on one card, 60 an hour, 200 a day",
        "changing who may see or do something: 10 on one card, 20 an hour, 60 a day",
        "deleting: 50 on one card, 100 an hour, 300 a day",
        "spending: 1 on one card, 5 an hour, 10 a day",
        "deploying: 5 on one card, 20 an hour, 60 a day",
    ]


WHOLE = Rule(
    "press",
    "ask",
    effects=frozenset((Effect.SEND, Effect.DELETE)),
    tools=("mail.*",),
    facets={"to": ("*@a.example", "b?")},
    people=(ADA,),
    channels=("C01GENERAL1", ""),
    environments=("prod*",),
    why="Read twice.",
    deciders=Deciders(
        False, ("U01BEN00001",), ("S01PRESS001",), admins=True, another=True, count=2, channel="C01PRESS001"
    ),
    critical=True,
    grants=False,
)


def test_a_rule_says_all_it_holds() -> None:
    assert rule_text(WHOLE) == (
        "press — asks first: sending and deleting with mail.* where to is *@a.example or b? in environment prod* "
        "for U01ADA00001 asked in C01GENERAL1 or direct messages; who decides: U01BEN00001, S01PRESS001 or an admin; "
        "2 of them; not the person who asks; shown in C01PRESS001; with a code from the authenticator app; "
        "each time anew. Read twice."
    )


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule("freeze", "deny"), "freeze — never: everything"),
        (Rule("docs", "allow", effects=frozenset((Effect.READ,))), "docs — at once: reading"),
        (
            Rule("two", "ask", deciders=Deciders(asker=False, count=2)),
            "two — asks first: everything; who decides: as always; 2 of them",
        ),
        (
            Rule("alone", "ask", alone=True, deciders=ASKER),
            "alone — asks first: everything; who decides: the person who asks; another person is not needed",
        ),
    ],
)
def test_a_short_rule_reads_well(rule: Rule, text: str) -> None:
    assert rule_text(rule) == text
    assert text.partition(" — ")[2] in shown(Policy(rules=(rule,)))


def test_whom_a_rule_names_is_named_in_slacks_own_way() -> None:
    blocks = str(policy(Policy(rules=(WHOLE,))).blocks)
    for element in (
        {"type": "user", "user_id": ADA},
        {"type": "usergroup", "usergroup_id": "S01PRESS001"},
        {"type": "channel", "channel_id": "C01PRESS001"},
    ):
        assert str(element) in blocks


def test_people_and_quiet_hours_are_told_where_there_are_any() -> None:
    given = Policy(admins=(ADA,), admin_groups=("S01OPS00001",), break_glass=(ADA,), break_glass_channel="C01OPS00001")
    lines = [line for line in shown(given).split("\n") if "@" in line]
    assert lines[0].startswith(f"Admins besides Slack's own: @{ADA} or ")
    assert lines[1].startswith(f"May break the glass: @{ADA}, for 15 minutes, told in ")
    assert "never between" not in shown(replace(given, quiet=(time(9), time(9))))


@pytest.mark.parametrize("amount", [3, 40, 400])
def test_what_a_message_cannot_hold_is_counted(amount: int) -> None:
    rules = tuple(replace(WHOLE, name=f"rule number {number}", why="Because. " * 30) for number in range(amount))
    text = shown(Policy(rules=rules))
    named = text.count("rule number ")
    more = f"and {amount - named} more rules" if amount - named != 1 else "and 1 more rule"
    assert named == amount or more in text
    assert named >= min(amount, 3)


def element_texts(deciders: Deciders) -> str:
    return "".join(
        element.get("text") or f"@{element.get('user_id') or element.get('usergroup_id')}"
        for element in deciders_line(deciders, ADA)
    )


@pytest.mark.parametrize(
    ("deciders", "line", "text"),
    [
        (ASKER, f"only @{ADA}", f"only {ADA}"),
        (Deciders(channel="C1"), f"only @{ADA}", f"only {ADA}"),
        (Deciders(asker=False, admins=True), "an admin", "an admin"),
        (Deciders(asker=False, admins=True, another=True), f"an admin; not @{ADA}", f"an admin; not {ADA}"),
        (Deciders(True, ("UBEN",)), f"@{ADA} or @UBEN", f"{ADA} or UBEN"),
        (Deciders(True, (ADA, "UBEN")), f"@{ADA} or @UBEN", f"{ADA} or UBEN"),
        (Deciders(True, (ADA, "UBEN"), another=True), f"@UBEN; not @{ADA}", f"UBEN; not {ADA}"),
        (
            Deciders(False, ("UBEN", "UCHEN"), ("S1",), count=2),
            "@UBEN, @UCHEN or @S1; 2 of them",
            "UBEN, UCHEN or S1; 2 of them",
        ),
        (
            Deciders(False, tuple(f"U{number:03}" for number in range(30))),
            "@U000, @U001, @U002, @U003 or one of 26 more",
            "U000, U001, U002, U003 or one of 26 more",
        ),
        (Deciders(asker=False), "nobody", "nobody"),
    ],
)
def test_who_may_decide_is_said(deciders: Deciders, line: str, text: str) -> None:
    assert element_texts(deciders) == line
    assert deciders_text(deciders, ADA) == text


def test_without_a_person_the_one_who_asks_is_meant() -> None:
    assert deciders_text(ASKER) == "only the person who asks"
    assert deciders_text(Deciders(False, admins=True, another=True)) == "an admin; not the person who asks"


def test_a_judged_call_says_what_would_happen_and_why() -> None:
    found = Judgement("ask", "It deploys.", "two", Deciders(False, ("UBEN",), channel="C1"), critical=True)
    message = sound_message(judged(Judged("github.deploy", found, ADA)))
    assert read(message).split("\n")[:4] == [
        "github.deploy — MeshClaw would ask first.",
        "Why: It deploys.",
        "Rule: two",
        "Who decides: @UBEN",
    ]
    assert judged_text(Judged("github.deploy", found, ADA)) == [
        "MeshClaw would ask first.",
        "Why: It deploys.",
        "Rule: two",
        "Who decides: UBEN",
        "Shown in: C1",
        "Critical: approving takes a code from the authenticator app",
        "Always allow: no, it is asked each time anew",
    ]
    assert "Always allow: the person may" in judged_text(Judged("x", Judgement("ask", "", "", grantable=True), ADA))[-1]


@pytest.mark.parametrize("verdict", ["allow", "deny"])
def test_where_nothing_is_decided_nobody_is_named(verdict: Any) -> None:
    lines = judged_text(Judged("mail.move", Judgement(verdict, "Reading changes nothing.", "built-in: read"), ADA))
    assert len(lines) == 3
    assert ("at once" in lines[0]) is (verdict == "allow")


def test_the_built_in_rules_are_told_as_plain_text_too() -> None:
    assert all(line in shown(Policy()) for line in built_in_text(Policy()))
    assert "deploying to staging" not in " ".join(built_in_text(Policy(safe=frozenset())))


def test_a_ceiling_that_is_none_is_not_told() -> None:
    assert ceilings(Policy(ceilings={Effect.SEND: Ceiling(5, None, 1_000), Effect.OWN: Ceiling()})) == [
        "sending: 5 on one card, 1,000 a day"
    ]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(minutes=5), "5 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(days=1), "24 hours"),
        (timedelta(days=2), "2 days"),
        (timedelta(hours=36), "36 hours"),
    ],
)
def test_spans_are_told_in_whole_units(span: timedelta, words: str) -> None:
    assert lasting(span) == words


@given(hostile_line, hostile_line, hostile_line)
def test_no_text_can_break_a_message_or_fake_one(tool: str, why: str, name: str) -> None:
    found = Judgement("ask", why, name, Deciders(False, ("UBEN",)), critical=True)
    message = sound_message(judged(Judged(tool, found, ADA)))
    assert skeleton(message.blocks) == skeleton(judged(Judged("tool", replace(found, why="w", rule="r"), ADA)).blocks)
    rule = replace(WHOLE, name=name, why=why, tools=(tool,), facets={tool: (why, name)}, environments=(name,))
    plainly = replace(WHOLE, name="n", why=why and "w", tools=("t",), facets={"t": ("w", "n")}, environments=("n",))
    rules = sound_message(policy(Policy(version=name, rules=(rule,), safe=frozenset((why,)))))
    assert skeleton(rules.blocks) == skeleton(policy(Policy(rules=(plainly,))).blocks)


_ids = st.lists(st.sampled_from(["UADA", "UBEN", "UCHEN", "UDANA", "UEVE", "UFAY", ADA]), unique=True).map(tuple)


@given(st.builds(Deciders, st.booleans(), _ids, st.sampled_from([(), ("S1",)]), st.booleans(), st.booleans()))
def test_whoever_has_to_be_another_is_never_named_as_one_who_may(deciders: Deciders) -> None:
    elements = deciders_line(deciders, ADA)
    if deciders.another:
        assert elements[-1] == {"type": "user", "user_id": ADA}
        assert {"type": "user", "user_id": ADA} not in elements[:-1]
    assert elements
