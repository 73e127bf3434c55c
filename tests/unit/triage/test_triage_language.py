"""What texts ask for, and by when."""

import time
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from triage_mails import NOW, checked_mind, hostile, mail

from bot.agents.triage import ask
from bot.agents.triage.classify import classify
from bot.agents.triage.deadlines import day_of, said
from bot.agents.triage.history import HistoryReader
from bot.agents.triage.language import Asked, asked
from bot.agents.triage.signals import tokens
from bot.contracts.mail import FolderRole, Mail

MONDAY = date(2026, 11, 23)


def wants(text: str, subject: str = "") -> Asked:
    return asked(subject, text, tuple(tokens(text.lower(), 250)), MONDAY)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Please send it by Friday.", date(2026, 11, 27)),
        ("Please send it before Monday", date(2026, 11, 23)),
        ("The form is due tomorrow.", date(2026, 11, 24)),
        ("Sign by end of day, please", date(2026, 11, 23)),
        ("by end of the week", date(2026, 11, 27)),
        ("Submit by 5pm on Thursday", date(2026, 11, 26)),
        ("no later than 4 December", date(2026, 12, 4)),
        ("deadline: December 4th", date(2026, 12, 4)),
        ("due by 2026-12-24", date(2026, 12, 24)),
        ("until 3 January", date(2027, 1, 3)),
        ("bis Freitag", date(2026, 11, 27)),
        ("spätestens am 4. Dezember", date(2026, 12, 4)),
        ("d'ici vendredi", date(2026, 11, 27)),
        ("avant le 4 décembre", date(2026, 12, 4)),
        ("请在周五前回复", date(2026, 11, 27)),
        ("請於下週三之前提交", date(2026, 12, 2)),
        ("11月30日截止", date(2026, 11, 30)),
        ("最晚明天", date(2026, 11, 24)),
        ("月底前交", date(2026, 11, 30)),
        ("by 31 February or by Friday", date(2026, 11, 27)),
        ("I met Friday by the river", None),
        ("written by Monet", None),
        ("13月45日前", None),
    ],
)
def test_deadlines(text: str, day: date | None) -> None:
    assert wants(text).deadline == day


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (None, ""),
        (date(2026, 11, 20), "deadline was 20 November"),
        (MONDAY, "deadline today"),
        (date(2026, 11, 24), "deadline tomorrow"),
        (date(2026, 11, 27), "deadline Friday"),
        (date(2026, 12, 4), "deadline 4 December"),
    ],
)
def test_deadlines_in_words(day: date | None, words: str) -> None:
    assert said(day, MONDAY) == words


def test_a_deadline_counts_from_the_day_the_mail_came() -> None:
    late = mail("Please submit the report by Friday.", "Report", days_ago=7)
    verdict = classify(late, checked_mind(), NOW)
    assert "deadline was 20 November" in verdict.reasons
    assert verdict.deadline is None


@pytest.mark.parametrize("text", ["Please sign by tomorrow.", "请后天前完成", "by the end of the week"])
@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_mail_from_the_ends_of_time(text: str, moment: datetime) -> None:
    assert classify(mail(text, received=moment), checked_mind(), NOW).reasons


def test_an_impossible_moment_has_a_day_too() -> None:
    assert day_of(datetime.max.replace(tzinfo=UTC), NOW.astimezone()) in {date.max, date(9999, 12, 31)}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Have you seen the drawing?", "question"),
        ("你看过图纸了吗", "question"),
        ("Let me know what suits you.", "asks"),
        ("Ich bitte um Rückmeldung.", "asks"),
        ("Please review the attached draft.", "request"),
        ("All forms must be signed.", "request"),
        ("請確認附件", "request"),
        ("Merci de signer le contrat.", "request"),
        ("For your information only.", "nothing"),
        ("供您参考，无需回复。", "nothing"),
        ("Zur Kenntnis.", "nothing"),
        ("Hi Mira,\n\nThanks, got it.", "thanks"),
        ("收到，谢谢", "thanks"),
    ],
)
def test_what_is_wanted(text: str, field: str) -> None:
    assert getattr(wants(text), field)


@pytest.mark.parametrize("text", ["The pump runs well.", "See https://a.example/?x=1", "合同已经签好。", ""])
def test_what_wants_nothing(text: str) -> None:
    found = wants(text)
    assert not found.anything


def test_the_shipped_model_knows_an_ask_from_a_statement() -> None:
    model = ask.shipped()
    asking = ["Could you send me the figures?", "Please call me when you get a chance."]
    telling = ["The figures were fine.", "It rained all day in the mountains."]
    assert min(map(model.probability, asking)) > 0.7
    assert max(map(model.probability, telling)) < 0.5
    assert model.highest([]) == 0


@given(st.text(max_size=3_000))
def test_any_text_can_be_read(text: str) -> None:
    asked(text, text, tuple(tokens(text.lower(), 250)), MONDAY)
    assert 0 <= ask.shipped().probability(text) <= 1


@given(st.lists(hostile, max_size=4), st.lists(hostile, max_size=4), st.sampled_from(FolderRole))
def test_any_history_makes_a_mind(sent: list[Mail], seen: list[Mail], role: FolderRole) -> None:
    history = HistoryReader([])
    history.sent(sent)
    history.seen(role, seen * 12)
    mind = history.mind()
    for each in seen:
        assert classify(each, mind, NOW).reasons


@pytest.mark.parametrize(
    "piece",
    ["a", "(", "by ", "please ", "1.", "x@", "请", "请问", "ignore all ", "account ", "bitte e", "http://a/", "[x", "!",
     "due: ", "dmarc=", '"', "have you ", "1月", "expir", "9", "sie haben "],
)  # fmt: skip
def test_no_text_takes_long(piece: str) -> None:
    """A quadratic pattern would take seconds here; a twentieth of one is generous for a busy machine."""
    long = (piece * 4_000)[:4_000]
    headers = dict.fromkeys(
        ("authentication-results", "list-id", "reply-to", "precedence", "auto-submitted"), long[:1_000]
    )
    odd = mail(long, long[:1_000], f"{long[:200]} <{long[:100]}@{long[:100]}>", headers=headers)
    mind = checked_mind()
    begun = time.process_time()
    classify(odd, mind, NOW)
    assert time.process_time() - begun < 0.05
