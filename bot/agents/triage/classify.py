"""One mail, one verdict: the person's rules, the thread, headers, what is known of the sender, the learner, or a pass.

Pure: the same mail, mind and moment give the same verdict. Text of a mail is only ever weighed, never obeyed.
"""

from datetime import date, datetime

from bot.agents.triage import bulk, lures
from bot.agents.triage.deadlines import day_of, said
from bot.agents.triage.language import asked
from bot.agents.triage.learner import softmax
from bot.agents.triage.mind import Mind, hashed
from bot.agents.triage.prior import prior
from bot.agents.triage.signals import Signals, features, read
from bot.agents.triage.trust import Sign
from bot.agents.triage.verdict import LEARNED, Bucket, DecidedBy, Verdict
from bot.contracts.mail import Mail

STRONG = 5.0
"""Points against a mail from which it is called junk; a single sign never reaches it."""
GRAVE = 3.0
"""Points from which nothing else is believed of a mail, and the person is asked to look."""
SURE = {
    Bucket.NEEDS_REPLY: 0.5,
    Bucket.NEEDS_ACTION: 0.5,
    Bucket.FYI: 0.55,
    Bucket.NEWSLETTER: 0.9,
    Bucket.NOTIFICATION: 0.9,
    Bucket.JUNK: 0.9,
}
"""Below this probability the learner passes. Lower where being wrong only shows a mail that need not be shown."""
_DECISIVE = 3.0
_WORTH_SAYING = 1.0
_ALIKE = 0.6
_WANTS = frozenset({Bucket.NEEDS_REPLY, Bucket.NEEDS_ACTION})
_MOST_REASONS = 4


def classify(mail: Mail, mind: Mind, now: datetime) -> Verdict:
    """Decide where a mail belongs. Never raises; the time it takes is bounded whatever the mail."""
    seen = read(mail, mind)
    case = _Case(mail, mind, seen, now)
    return (
        case.by_rule() or case.by_danger() or case.by_thread() or case.by_corrections() or case.by_header()
        or case.by_learner()
    )  # fmt: skip


class _Case:
    """One mail on its way through the stages; each returns a verdict or passes."""

    __slots__ = ("_features", "mail", "mind", "now", "seen", "signs")

    def __init__(self, mail: Mail, mind: Mind, seen: Signals, now: datetime) -> None:
        self.mail, self.mind, self.seen, self.now = mail, mind, seen, now
        self.signs = self._signs()
        self._features: tuple[str, ...] = ()

    def features(self) -> tuple[str, ...]:
        self._features = self._features or features(self.mail, self.seen)
        return self._features

    def _signs(self) -> list[Sign]:
        """What speaks against the mail. What a text says is not held against senders the person writes to or once
        sorted as welcome."""
        seen, found = self.seen, list(self.seen.signs)
        leaning = seen.known.leaning()
        welcome = seen.known.corresponds or (leaning is not None and leaning[0] is not Bucket.JUNK)
        friend = seen.verified and (welcome or seen.own or seen.domain in self.mind.domains)
        if not friend:
            lured = lures.signs(self.mail.subject, self.mail.text, seen.words)
            share = 0.4 if seen.auth in {"pass", "unknown"} and "list-unsubscribe" in self.mail.headers else 1.0
            found.extend((share * points, says) for points, says in lured)
            if lured and seen.known.new and not seen.bulk:
                found.append((0.5, "first mail from this sender"))
        return sorted(found, reverse=True)

    def verdict(
        self, bucket: Bucket, confidence: float, by: DecidedBy, reasons: list[str], until: date | None = None
    ) -> Verdict:
        told = tuple(dict.fromkeys(reason for reason in reasons if reason))[:_MOST_REASONS]
        return Verdict(bucket, round(min(1.0, max(0.0, confidence)), 3), told, by, until, self.features)

    def by_rule(self) -> Verdict | None:
        """The person's own rules; one that names a sender does not hold for a mail that only claims to be theirs."""
        for rule in self.mind.rules:
            if rule.matches(self.mail) and (self.seen.verified or not rule.names_sender or rule.bucket is Bucket.JUNK):
                return self.verdict(rule.bucket, 1.0, "rule", [f"your rule: {rule.words()}"])
        return None

    def by_danger(self) -> Verdict | None:
        """Signs of forgery and fraud: many make it junk, a grave one makes it something to look at."""
        if "\\Answered" in self.mail.flags:
            return None
        points = sum(each for each, _ in self.signs)
        reasons = [says for _, says in self.signs]
        if points >= STRONG and len(self.signs) > 1:
            return self.verdict(Bucket.JUNK, min(0.99, 0.6 + points / 20), "header", reasons)
        if points >= GRAVE:
            likely = self.mind.learner.probabilities(self.features())[LEARNED.index(Bucket.JUNK)]
            if likely >= SURE[Bucket.JUNK]:
                return self.verdict(Bucket.JUNK, likely, "learner", [*reasons, "like mail you have in Junk"])
            return self.verdict(Bucket.TO_CHECK, min(0.9, points / 6), "header", reasons)
        return None

    def by_thread(self) -> Verdict | None:
        """Threads the person has dealt with, and their own mail."""
        mail, mind = self.mail, self.mind
        if "\\Answered" in mail.flags or (mail.message_id and hashed(mail.message_id) in mind.answered):
            return self.verdict(Bucket.FYI, 0.97, "thread", ["you answered this mail"])
        if self.seen.own and self.seen.verified:
            return self.verdict(Bucket.FYI, 0.9, "thread", ["you wrote it yourself"])
        if self.seen.in_thread and mind.threads:
            root = mail.references[0] if mail.references else mail.in_reply_to
            if mind.threads.get(hashed(root), 0) > mail.received.timestamp():
                return self.verdict(Bucket.FYI, 0.9, "thread", ["you wrote last in this thread"])
        return None

    def by_corrections(self) -> Verdict | None:
        """Where the person put what this machine or list sent before; people are never sorted by that alone."""
        seen = self.seen
        leaning = seen.known.leaning()
        if not leaning or leaning[1] < _DECISIVE or not (seen.bulk or seen.automatic or seen.machine or seen.no_reply):
            return None
        bucket, weight = leaning
        likely = self.mind.learner.probabilities(self.features())[LEARNED.index(bucket)]
        if likely < 0.3:
            return None
        told = f"you sorted mail from {seen.address} like this before"
        return self.verdict(bucket, max(likely, min(0.98, 0.85 + weight / 100)), "sender", [told])

    def by_header(self) -> Verdict | None:
        """Invitations, and mail that nobody wrote to the person alone."""
        mail, seen = self.mail, self.seen
        if mail.calendar:
            return self._invitation()
        news, notice = bulk.points(mail, seen)
        if not bulk.is_bulk(mail, seen, news, notice):
            return None
        if bulk.is_answering_machine(mail):
            return self.verdict(Bucket.NOTIFICATION, 0.95, "header", ["automatic answer"])
        if notice >= news:
            task = self._task(mail)
            if task:
                return task
        bucket = Bucket.NEWSLETTER if news > notice else Bucket.NOTIFICATION
        confidence = 0.7 + 0.08 * abs(news - notice)
        return self.verdict(bucket, min(0.98, confidence), "header", bulk.reasons(mail, seen, bucket))

    def _invitation(self) -> Verdict:
        answer = bulk.calendar_answer(self.mail.subject)
        if answer:
            bucket = Bucket.FYI if answer == bulk.CANCELLED else Bucket.NOTIFICATION
            return self.verdict(bucket, 0.9, "header", [answer])
        return self.verdict(Bucket.NEEDS_ACTION, 0.93, "header", ["invitation waiting for your answer"])

    def _task(self, mail: Mail) -> Verdict | None:
        """A machine that hands the person something to do: it says so plainly and is no advertisement."""
        handed = bulk.hands_over(mail)
        if not handed and (self.seen.one_click or not bulk.owes(mail)):
            return None
        wants = asked(mail.subject, mail.text, self.seen.words, day_of(mail.received, self.now))
        if wants.nothing or not (handed or (wants.request and wants.deadline)):
            return None
        reasons = [said(wants.deadline, self.now.date()), "waits for something from you"]
        return self.verdict(Bucket.NEEDS_ACTION, 0.8, "header", reasons, self._ahead(wants.deadline))

    def _ahead(self, deadline: date | None) -> date | None:
        """A deadline that is not past."""
        return deadline if deadline and deadline >= self.now.date() else None

    def by_learner(self) -> Verdict:
        """What was learned on top of what is believed from the start; a pass when that is not enough."""
        before = prior(self.mail, self.seen, self.signs, self.now)
        learned = self.mind.learner.scores(self.features())
        found = softmax([start + score for start, score in zip(before.row, learned, strict=True)])
        place = max(range(len(found)), key=found.__getitem__)
        bucket, confidence = LEARNED[place], found[place]
        warned = [says for points, says in self.signs if points >= _WORTH_SAYING or bucket is Bucket.JUNK]
        reasons = list(before.reasons[bucket])
        if softmax(learned)[place] >= _ALIKE:
            reasons.append("like mail you dealt with this way")
        until = self._ahead(before.asked.deadline)
        if confidence < SURE[bucket] or (self.seen.auth in {"weak", "fail"} and bucket in _WANTS):
            doubt = f"looks most like {bucket.value.replace('_', ' ')}, but not clearly"
            return self.verdict(Bucket.TO_CHECK, confidence, "abstain", [*warned[:2], doubt, *reasons], until)
        by: DecidedBy = "sender" if bucket is Bucket.NEEDS_REPLY and self.seen.known.answered >= 3 else "learner"
        return self.verdict(bucket, confidence, by, [*warned, *reasons] or ["nothing in it asks for you"], until)
