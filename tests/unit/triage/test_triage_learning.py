"""Learning: from the person's acts alone, capped, taken back exactly, kept as JSON."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from triage_mails import ME, NOW, checked_mind, mail, passed

from bot.agents.triage.classify import classify
from bot.agents.triage.learner import Learner
from bot.agents.triage.mind import LEARNED_PER_DAY, Mind
from bot.agents.triage.rules import Rule
from bot.agents.triage.teach import CORRECTION, learn, unlearn
from bot.agents.triage.verdict import LEARNED, Bucket
from bot.contracts.json import canonical

DAY = date(2026, 11, 23)
FEATURES = st.lists(st.text("abcdefgh", min_size=1, max_size=4), min_size=1, max_size=60, unique=True).map(tuple)
LESSONS = st.lists(st.tuples(FEATURES, st.sampled_from(LEARNED)), max_size=12)


def taught(lessons: list[tuple[tuple[str, ...], Bucket]]) -> Learner:
    learner = Learner()
    for features, bucket in lessons:
        learner.learn(features, bucket, 1.0)
    return learner


@given(LESSONS, FEATURES, st.sampled_from(LEARNED), st.floats(0.1, 8))
def test_learning_never_makes_the_right_bucket_less_likely(
    lessons: list[tuple[tuple[str, ...], Bucket]], features: tuple[str, ...], bucket: Bucket, weight: float
) -> None:
    learner, place = taught(lessons), LEARNED.index(bucket)
    before = learner.probabilities(features)[place]
    learner.learn(features, bucket, weight)
    assert learner.probabilities(features)[place] >= before - 1e-9


@given(LESSONS, FEATURES, st.sampled_from(LEARNED))
def test_what_was_just_learned_can_be_taken_back_exactly(
    lessons: list[tuple[tuple[str, ...], Bucket]], features: tuple[str, ...], bucket: Bucket
) -> None:
    learner = taught(lessons)
    before = learner.probabilities(features)
    known = (features, bucket) in lessons
    learner.learn(features, bucket, 4.0)
    assert learner.unlearn(features, bucket)
    assert known or learner.probabilities(features) == pytest.approx(before, abs=1e-6)
    assert not learner.unlearn(features, bucket)


def test_one_correction_is_enough() -> None:
    mind = Mind.empty([ME])
    letter = mail("The minutes of the garden meeting are on the shelf.", "Minutes", "A <a@club.example>")
    other = [
        mail(f"The {word} of the harbour is on the map.", f"{word}", uid=word) for word in ("tide", "wind", "light")
    ]
    for each in other:
        assert learn(mind, classify(each, mind, NOW).features, each.sender.address, Bucket.FYI, weight=1, day=DAY)
    verdict = classify(letter, mind, NOW)
    assert verdict.bucket is Bucket.FYI
    learn(mind, verdict.features, "a@club.example", Bucket.NEEDS_ACTION, weight=CORRECTION, day=DAY)
    after = classify(letter, mind, NOW)
    assert after.bucket is Bucket.NEEDS_ACTION
    assert after.confidence >= 0.9
    assert "like mail you dealt with this way" in after.reasons
    unlearn(mind, verdict.features, "a@club.example", Bucket.NEEDS_ACTION, weight=CORRECTION, day=DAY)
    assert classify(letter, mind, NOW).bucket is Bucket.FYI


def test_a_correction_of_bulk_mail_holds_for_the_next_one() -> None:
    mind = Mind.empty([ME])
    headers = {"list-unsubscribe": "<https://shop.example/u>", "precedence": "bulk"}
    first = mail("New lamps.", "Weekly lamps", "Shop <news@shop.example>", headers=headers)
    verdict = classify(first, mind, NOW)
    assert verdict.bucket is Bucket.NEWSLETTER
    assert learn(mind, verdict.features, "news@shop.example", Bucket.JUNK, weight=CORRECTION, day=DAY)
    second = mail("More lamps.", "Weekly lamps again", "Shop <news@shop.example>", uid="2", headers=headers)
    after = classify(second, mind, NOW)
    assert (after.bucket, after.decided_by) == (Bucket.JUNK, "sender")


def test_a_correction_takes_a_suspicion_of_the_text_back() -> None:
    mind = checked_mind()
    pitch = mail("Worth a quick chat? Book a demo.", "Demo", "P <p@vendor.example>", headers=passed("vendor.example"))
    verdict = classify(pitch, mind, NOW)
    assert verdict.bucket is Bucket.TO_CHECK
    learn(mind, verdict.features, "p@vendor.example", Bucket.NEEDS_REPLY, weight=CORRECTION, day=DAY)
    assert classify(pitch, mind, NOW).bucket is Bucket.NEEDS_REPLY


def test_a_sender_teaches_only_so_much_a_day() -> None:
    mind = Mind.empty([ME])
    done = [
        learn(mind, ("f:x@a.example", f"w{n}"), "x@a.example", Bucket.FYI, weight=1, day=DAY)
        for n in range(LEARNED_PER_DAY + 5)
    ]
    assert done == [True] * LEARNED_PER_DAY + [False] * 5
    assert learn(mind, ("w",), "y@a.example", Bucket.FYI, weight=1, day=DAY)
    assert learn(mind, ("w",), "x@a.example", Bucket.FYI, weight=1, day=DAY + timedelta(1))
    assert unlearn(mind, ("f:x@a.example", "w0"), "x@a.example", Bucket.FYI, weight=1, day=DAY)
    assert learn(mind, ("w9",), "x@a.example", Bucket.FYI, weight=1, day=DAY)


def test_to_check_is_nothing_to_learn() -> None:
    assert not learn(Mind.empty(), ("a",), "x@a.example", Bucket.TO_CHECK, weight=4, day=DAY)


def test_what_a_forger_sent_teaches_nothing_about_the_sender() -> None:
    mind = checked_mind()
    forged = mail("Hello", "Hi")
    features = classify(forged, mind, NOW).features
    learn(mind, features, "jon@harbour.example", Bucket.JUNK, weight=CORRECTION, day=DAY)
    assert not mind.senders.get("jon@harbour.example").filed
    real = mail("Could you come?", "Visit", headers=passed("harbour.example"))
    assert classify(real, mind, NOW).bucket is Bucket.NEEDS_REPLY


def busy_mind() -> Mind:
    mind = checked_mind()
    mind.rules = (Rule.parse("domain garden.example → newsletter"),)
    for n in range(12):
        words = tuple(f"word{n}_{k}" for k in range(60))
        learn(mind, words, f"p{n}@people.example", LEARNED[n % 6], weight=1, day=DAY)
    return mind


def test_a_mind_survives_json() -> None:
    mind = busy_mind()
    saved = json.loads(canonical(mind.to_json()))
    again = Mind.from_json(saved)
    asks = mail("Could you come on Tuesday?", "Visit", headers=passed("harbour.example"))
    assert canonical(again.to_json()) == canonical(mind.to_json())
    assert classify(asks, again, NOW).bucket == classify(asks, mind, NOW).bucket
    assert classify(asks, again, NOW).reasons == classify(asks, mind, NOW).reasons


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_part_is_dropped_and_the_rest_kept(data: st.DataObject) -> None:
    saved = json.loads(canonical(SAVED))
    part = data.draw(st.sampled_from(sorted(saved)))
    junk = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
    saved[part] = data.draw(junk)
    mind = Mind.from_json(saved)
    assert classify(mail("Could you come?", "Visit"), mind, NOW).reasons
    if part != "rules":
        assert len(mind.rules) == 1
    json.dumps(mind.to_json())


SAVED = busy_mind().to_json()


@pytest.mark.parametrize("nothing", [None, 3, "x", [], {}])
def test_no_mind_is_an_empty_one(nothing: None) -> None:
    assert Mind.from_json(nothing).to_json() == Mind.empty().to_json()


def test_a_busy_persons_mind_is_small() -> None:
    mind = Mind.empty([ME])
    for n in range(9_000):
        mind.wrote(f"<{n}@mail.example>", (f"<a{n}@mail.example>",), f"<r{n}@mail.example>", NOW)
        known = mind.senders.of(f"person.number{n}@company{n % 700}.example")
        known.seen, known.recent, known.written, known.name = 20, "0101010101", 3, f"Person Number {n}"
    for n in range(900):
        mind.learner.learn(tuple(f"word{(n * 37 + k * k) % 40_000}" for k in range(250)), LEARNED[n % 6], 1.0)
    assert len(canonical(mind.to_json())) < 1_000_000
