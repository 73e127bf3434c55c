"""What is believed of a mail before anything was learned: a score for each bucket, from what the text asks for and
where the person stands in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.agents.triage import ask
from bot.agents.triage.deadlines import day_of, said
from bot.agents.triage.language import Asked, asked
from bot.agents.triage.lures import ADVERTISING
from bot.agents.triage.signals import Signals
from bot.agents.triage.trust import UNVERIFIED, Sign
from bot.agents.triage.verdict import LEARNED, Bucket
from bot.contracts.mail import Mail

LIKELY = 0.7
"""From this probability on the shipped model is believed that something is asked."""
_START = {
    Bucket.NEEDS_REPLY: -0.4,
    Bucket.NEEDS_ACTION: -0.8,
    Bucket.FYI: 0.3,
    Bucket.NEWSLETTER: -2.5,
    Bucket.NOTIFICATION: -2.5,
    Bucket.JUNK: -3.0,
}


@dataclass(slots=True)
class Prior:
    """Scores by bucket, and the reasons gathered on the way, most telling first."""

    asked: Asked
    asking: float
    scores: dict[Bucket, float]
    reasons: dict[Bucket, list[str]]

    def add(self, bucket: Bucket, score: float, reason: str = "") -> None:
        self.scores[bucket] += score
        if reason:
            self.reasons[bucket].append(reason)

    def want(self, score: float, reason: str = "") -> None:
        """For or against both buckets that want something of the person."""
        self.add(Bucket.NEEDS_REPLY, score, reason)
        self.add(Bucket.NEEDS_ACTION, score, reason)

    @property
    def row(self) -> list[float]:
        """In the learner's order."""
        return [self.scores[bucket] for bucket in LEARNED]


def prior(mail: Mail, seen: Signals, signs: Sequence[Sign], now: datetime) -> Prior:
    """Read what a mail written by a person wants. `signs`: what speaks against it."""
    wants = asked(mail.subject, mail.text, seen.words, day_of(mail.received, now))
    asking = 0.0 if wants.anything else ask.shipped().highest(wants.sentences)
    found = Prior(wants, asking, dict(_START), {bucket: [] for bucket in LEARNED})
    _from_text(found, now.date())
    _from_place(found, seen)
    _from_sender(found, seen)
    if "\\Flagged" in mail.flags:
        found.want(0.8, "you flagged it")
    _from_signs(found, seen, signs)
    return found


def _from_text(found: Prior, today: date) -> None:
    wants, asking = found.asked, found.asking
    until = said(wants.deadline, today)
    if wants.question:
        found.add(Bucket.NEEDS_REPLY, 2.0, "asks a question")
    if wants.asks:
        found.add(Bucket.NEEDS_REPLY, 1.4, "" if wants.question else "asks you to answer")
        if wants.deadline and not wants.question:
            found.add(Bucket.NEEDS_ACTION, 0.8)
    if wants.request:
        found.add(Bucket.NEEDS_ACTION, 1.5, "asks you to do something")
        found.add(Bucket.NEEDS_REPLY, 0.3)
        if not wants.question and not wants.asks:
            found.add(Bucket.NEEDS_ACTION, 1.0)
    if wants.deadline:
        found.add(Bucket.NEEDS_ACTION, 1.4 if wants.request or not wants.question else 0.4, until)
        found.reasons[Bucket.NEEDS_REPLY].append(until)
    if asking > LIKELY and not wants.anything:
        found.add(Bucket.NEEDS_REPLY, 0.3 if wants.deadline else 1.0, "sounds like it asks for something")
        found.add(Bucket.NEEDS_ACTION, 1.6 if wants.deadline else 0.6, "sounds like it asks for something")
    if wants.nothing:
        found.add(Bucket.FYI, 2.4, "says that nothing is needed from you")
        found.want(-0.8)
    if wants.thanks and not wants.question:
        found.add(Bucket.FYI, 1.2, "thanks or confirms")
    if not wants.anything:
        found.add(Bucket.FYI, 2.0 if asking <= LIKELY else 0.6, "asks nothing of you")


def _from_place(found: Prior, seen: Signals) -> None:
    if seen.place == "alone":
        found.add(Bucket.NEEDS_REPLY, 0.4, "sent to you alone")
    elif seen.place == "cc":
        found.add(Bucket.FYI, 1.2, "you are only in copy")
        found.want(-0.6)
    elif seen.place == "elsewhere":
        found.add(Bucket.FYI, 0.8, "not addressed to you by name")
    if seen.people > 5:
        found.add(Bucket.FYI, 0.5, f"sent to {seen.people} people")
        found.add(Bucket.NEEDS_REPLY, -0.5)
    if seen.answers_me:
        found.add(Bucket.NEEDS_REPLY, 0.4, "answers your mail")
    if seen.discussion and not seen.answers_me and seen.place in {"cc", "elsewhere", "unsaid"}:
        found.add(Bucket.FYI, 1.5, "discussion on a mailing list")
        found.want(-1.1)


def _from_sender(found: Prior, seen: Signals) -> None:
    known = seen.known
    if known.answered:
        trust = min(1.0, len(known.recent) / 4)
        words = f"you answered {known.answered} of their last {len(known.recent)}"
        found.add(Bucket.NEEDS_REPLY, 1.4 * (known.reply_rate - 0.25) * trust, words)
        found.reasons[Bucket.NEEDS_ACTION].append(words)
    elif known.written:
        found.reasons[Bucket.NEEDS_REPLY].append("you have written to them")
    elif len(known.recent) >= 4:
        found.add(Bucket.FYI, 0.8, f"you answered none of their last {len(known.recent)}")
        found.add(Bucket.NEEDS_REPLY, -0.5)
    if known.new:
        for bucket in (Bucket.NEEDS_REPLY, Bucket.NEEDS_ACTION, Bucket.FYI):
            found.reasons[bucket].append("first mail from this sender" if seen.verified else UNVERIFIED)


def _from_signs(found: Prior, seen: Signals, signs: Sequence[Sign]) -> None:
    """Who could not be verified, or writes like an advertisement, hardly wants anything of the person's."""
    found.add(Bucket.JUNK, 1.3 * sum(points for points, _ in signs))
    if seen.auth in {"weak", "fail"}:
        found.want(-1.0)
    if any(says == ADVERTISING for _, says in signs):
        found.want(-1.5)
