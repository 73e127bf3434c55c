"""The cold start: what a mailbox tells about its owner before they pressed a single button."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.agents.triage import bulk, trust
from bot.agents.triage.mind import Mind, hashed
from bot.agents.triage.prior import prior
from bot.agents.triage.senders import RECENT
from bot.agents.triage.signals import Signals, features, read
from bot.agents.triage.teach import GUESSED, HISTORY
from bot.agents.triage.verdict import Bucket
from bot.contracts.mail import FolderRole, Mail

LESSONS = 1_500
"""Mails learned from, at most; the newest of each kind come first."""
FEWEST_LESSONS = 40
"""With fewer, chance would speak louder than habit."""
_SETTLED = timedelta(days=3)
_ROLES = frozenset({FolderRole.INBOX, FolderRole.ARCHIVE, FolderRole.OTHER, FolderRole.JUNK})


@dataclass(frozen=True, slots=True)
class _Met:
    """What is kept of a mail that was seen."""

    sender: str
    name: str
    server: str
    passed: bool
    answered: bool
    role: FolderRole
    when: float


class HistoryReader:
    """Takes the folders of a mailbox in batches, the Sent folder first, and makes a mind of them.

    Sent mail may come without its text. Seen mail teaches senders either way, and the learner if it has text.
    """

    def __init__(self, owner_addresses: Iterable[str]) -> None:
        self._mind = Mind.empty(owner_addresses)
        self._met: list[_Met] = []
        self._lessons: dict[Bucket | None, list[Mail]] = {}
        self._written: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._from: dict[str, int] = {}

    def sent(self, batch: Sequence[Mail]) -> None:
        """Mails from the Sent folder: whom the person writes to, and what they answered."""
        for mail in batch:
            self._from[mail.sender.address] = self._from.get(mail.sender.address, 0) + 1
            cited = (mail.in_reply_to,) if mail.in_reply_to else mail.references[-1:]
            root = mail.references[0] if mail.references else (mail.in_reply_to or mail.message_id)
            if mail.message_id:
                self._mind.wrote(mail.message_id, cited, root, mail.received)
            for to in (*mail.to, *mail.cc)[:20]:
                self._written[to.address] = self._written.get(to.address, 0) + 1
                if to.name:
                    self._names.setdefault(to.address, to.name)

    def seen(self, role: FolderRole, batch: Sequence[Mail]) -> None:
        """Mails of any other folder; Trash and Drafts tell nothing and are passed over."""
        if role not in _ROLES:
            return
        for mail in batch:
            answered = "\\Answered" in mail.flags or hashed(mail.message_id) in self._mind.answered
            results = mail.headers.get("authentication-results", "")
            address = mail.sender.address if len(mail.senders) == 1 else ""
            self._met.append(
                _Met(
                    address,
                    mail.sender.name,
                    trust.server_of(results) if results else "",
                    bool(results) and trust.judge(results, address) == "pass",
                    answered,
                    role,
                    mail.received.timestamp(),
                )
            )
            bucket = _lesson(mail, role, answered)
            if mail.text:
                kept = self._lessons.setdefault(bucket, [])
                if len(kept) < LESSONS // 4:
                    kept.append(mail)

    def mind(self) -> Mind:
        """All that was read, as a mind."""
        mind = self._mind
        if not mind.owner and self._from:
            mind.owner = frozenset({max(self._from, key=lambda address: self._from[address])} - {""})
        for met in self._met:
            if met.role is not FolderRole.JUNK:
                mind.checked += 1
                if met.server:
                    mind.servers[met.server] = mind.servers.get(met.server, 0) + 1
        if len(mind.servers) > 20:
            mind.servers = dict(sorted(mind.servers.items(), key=lambda item: -item[1])[:20])
        self._remember_senders(mind)
        mind.stale()
        self._teach(mind)
        mind.stale()
        return mind

    def _remember_senders(self, mind: Mind) -> None:
        trusted = mind.server
        for address, count in self._written.items():
            if address not in mind.owner:
                known = mind.senders.of(address)
                known.written = count
                known.name = self._names.get(address, "")[:60]
        for met in sorted(self._met, key=lambda each: each.when):
            if not met.sender or (trusted and not (met.passed and met.server in trusted)):
                continue
            known = mind.senders.of(met.sender)
            known.seen += 1
            known.name = met.name[:60] or known.name
            known.junked += met.role is FolderRole.JUNK
            known.archived += met.role is FolderRole.ARCHIVE
            if met.role is not FolderRole.JUNK:
                known.recent = (known.recent + "01"[met.answered])[-RECENT:]
        mind.senders.prune()

    def _teach(self, mind: Mind) -> None:
        """Oldest first, the kinds mixed as they came."""
        lessons = [(mail, bucket) for bucket, mails in self._lessons.items() for mail in mails]
        if len(lessons) < FEWEST_LESSONS:
            return
        lessons.sort(key=lambda lesson: lesson[0].received)
        settled = lessons[-1][0].received.timestamp() - _SETTLED.total_seconds()
        for mail, bucket in lessons:
            seen, weight = read(mail, mind), HISTORY
            if bucket is None:
                if mail.received.timestamp() > settled:
                    continue
                bucket = _unanswered(mail, seen)
                weight = GUESSED
            if mind.allow(f"{seen.address}·", mail.received.date()):
                mind.learner.learn(features(mail, seen), bucket, weight)
        mind.learner.acts.clear()
        mind.taught.clear()


def _lesson(mail: Mail, role: FolderRole, answered: bool) -> Bucket | None:
    """What the place of a mail says about it, if that is clear."""
    if role is FolderRole.JUNK:
        return Bucket.JUNK
    if answered:
        return Bucket.NEEDS_REPLY
    if "\\Flagged" in mail.flags:
        return Bucket.NEEDS_ACTION
    return None


def _unanswered(mail: Mail, seen: Signals) -> Bucket:
    """What a mail was that nobody answered or marked in days."""
    news, notice = bulk.points(mail, seen)
    if bulk.is_bulk(mail, seen, news, notice):
        return Bucket.NEWSLETTER if news > notice else Bucket.NOTIFICATION
    before = prior(mail, seen, (), mail.received)
    return max((Bucket.FYI, Bucket.NEEDS_ACTION), key=lambda bucket: before.scores[bucket])
