"""The person's rules: read, shown, obeyed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from triage_mails import mail

from bot.agents.triage.rules import Rule
from bot.agents.triage.verdict import Bucket
from bot.contracts.errors import PersonMends


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("from News@Shop.example → newsletter", "from news@shop.example → newsletter"),
        ("from @shop.example -> junk", "domain shop.example → junk"),
        ("domain shop.example => spam", "domain shop.example → junk"),
        ("list dev.example to fyi", "list dev.example → fyi"),
        ("subject: “invoice” is needs action", "subject invoice → needs_action"),
        ("subject 发票 → action", "subject 发票 → needs_action"),
    ],
)
def test_rules_are_read_and_shown(line: str, words: str) -> None:
    rule = Rule.parse(line)
    assert rule.words() == words
    assert Rule.parse(rule.words()) == rule
    assert Rule.from_json(rule.to_json()) == rule


@pytest.mark.parametrize(
    "line", ["", "hello", "from x → nowhere", "from nobody → junk", "subject a → junk", "domain  → fyi"]
)
def test_what_is_no_rule_is_refused_with_a_hint(line: str) -> None:
    with pytest.raises(PersonMends) as refused:
        Rule.parse(line)
    assert refused.value.mend


@given(st.text(max_size=400))
def test_any_line_is_a_rule_or_refused(line: str) -> None:
    with contextlib.suppress(PersonMends):
        assert Rule.parse(line).bucket in Bucket


@pytest.mark.parametrize(
    ("line", "matches"),
    [
        ("from jon@harbour.example → fyi", True),
        ("from on@harbour.example → fyi", False),
        ("domain harbour.example → fyi", True),
        ("domain our.example → fyi", False),
        ("domain example.com → fyi", False),
        ("list talk.club → fyi", True),
        ("subject harbour → fyi", True),
        ("subject harb → fyi", False),
        ("subject 发票 → fyi", True),
    ],
)
def test_what_a_rule_speaks_of(line: str, matches: bool) -> None:
    letter = mail(subject="The Harbour plan 的发票", headers={"list-id": "Talk <talk.club.example>"})
    assert Rule.parse(line).matches(letter) is matches


def test_a_domain_rule_holds_for_what_is_under_it() -> None:
    assert Rule.parse("domain harbour.example → fyi").matches(mail(sender="A <a@mail.harbour.example>"))


@pytest.mark.parametrize("value", [None, [], ["from", "x"], ["from", "a@b.example", "nowhere"], ["evil", "x", "fyi"]])
def test_a_damaged_rule_is_none(value: None) -> None:
    assert Rule.from_json(value) is None
