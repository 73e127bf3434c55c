"""One finished run of triage, kept as a sealed document: what was shown, and what can be learned from the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.agents.triage.sorting import Sorted
from bot.contracts.json import Json
from bot.contracts.slack import Posted
from bot.contracts.tools import Call
from bot.views.triage import BUCKETS, NEEDING, TriageRow, TriageSummary


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the learner needs when the person answers: of the mails on the card and of those shown."""

    sender: str
    bucket: str
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """`rows`: the mails that need the person, in order; `lessons` by uid; `calls`: what is proposed."""

    id: str
    folder: str
    total: int
    counts: Mapping[str, int]
    rows: tuple[TriageRow, ...]
    uids: tuple[str, ...]
    since_text: str
    seconds: float
    notes: tuple[str, ...]
    dry_run: bool
    calls: tuple[Call, ...]
    lessons: Mapping[str, Lesson]
    tz: str = "UTC"
    learned: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    """uid → bucket and weight learned by a correction or an approval, and not taken back."""
    posted: Posted | None = None

    def summary(self, now: datetime, *, shown: int | None = 10) -> TriageSummary:
        """The value of the summary message, or of the modal with all rows (`shown=None`)."""
        rows = self.rows[:shown]
        return TriageSummary(
            run_id=self.id,
            folder=self.folder,
            total=self.total,
            counts=self.counts,
            rows=rows,
            more=sum(row.bucket in NEEDING for row in self.rows[len(rows) :]),
            hidden=len(self.rows) - len(rows),
            since_text=self.since_text,
            tz=self.tz,
            now=now,
            seconds=self.seconds,
            notes=self.notes,
            dry_run=self.dry_run,
        )

    def corrected(self, index: int, bucket: str) -> "Run":
        """With one row put into another bucket by the person."""
        row = self.rows[index]
        counts = dict(self.counts)
        counts[row.bucket] = counts.get(row.bucket, 0) - 1
        counts[bucket] = counts.get(bucket, 0) + 1
        now = replace(row, bucket=bucket, bucket_label=BUCKETS[bucket], corrected=True)
        return replace(self, counts=counts, rows=(*self.rows[:index], now, *self.rows[index + 1 :]))

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "folder": self.folder,
            "total": self.total,
            "counts": dict(self.counts),
            "rows": [_row_json(row) for row in self.rows],
            "uids": list(self.uids),
            "since_text": self.since_text,
            "seconds": self.seconds,
            "notes": list(self.notes),
            "dry_run": self.dry_run,
            "calls": [{"tool": call.tool, "args": call.args} for call in self.calls],
            "lessons": {uid: [each.sender, each.bucket, list(each.features)] for uid, each in self.lessons.items()},
            "tz": self.tz,
            "learned": {uid: list(act) for uid, act in self.learned.items()},
            "posted": [self.posted.channel, self.posted.ts] if self.posted else None,
        }

    @classmethod
    def from_json(cls, kept: Any) -> "Run":
        return cls(
            id=kept["id"],
            folder=kept["folder"],
            total=kept["total"],
            counts=kept["counts"],
            rows=tuple(_row(row) for row in kept["rows"]),
            uids=tuple(kept["uids"]),
            since_text=kept["since_text"],
            seconds=kept["seconds"],
            notes=tuple(kept["notes"]),
            dry_run=kept["dry_run"],
            calls=tuple(Call(call["tool"], call["args"]) for call in kept["calls"]),
            lessons={uid: Lesson(one[0], one[1], tuple(one[2])) for uid, one in kept["lessons"].items()},
            tz=kept["tz"],
            learned={uid: (bucket, weight) for uid, (bucket, weight) in kept["learned"].items()},
            posted=Posted(*kept["posted"]) if kept["posted"] else None,
        )


def rows(run_id: str, mails: Sequence[Sorted]) -> tuple[TriageRow, ...]:
    """The shown lines of the mails that need the person."""
    return tuple(
        TriageRow(
            item_id=f"{run_id}:{index}",
            sender=mail.sender,
            subject=mail.subject,
            received=mail.received,
            bucket=mail.verdict.bucket.value,
            bucket_label=BUCKETS[mail.verdict.bucket.value],
            reasons=mail.verdict.reasons,
        )
        for index, mail in enumerate(mails)
    )


def lessons(mails: Sequence[Sorted]) -> dict[str, Lesson]:
    """What can be learned from, by uid: the few of each sender whose features were kept."""
    return {
        mail.ref.uid: Lesson(mail.address, mail.verdict.bucket.value, mail.features) for mail in mails if mail.features
    }


def _row_json(row: TriageRow) -> Json:
    received = row.received.isoformat()
    return [row.item_id, row.sender, row.subject, received, row.bucket, list(row.reasons), row.corrected]


def _row(kept: Any) -> TriageRow:
    item_id, sender, subject, received, bucket, reasons, corrected = kept
    label = BUCKETS[bucket]
    return TriageRow(
        item_id, sender, subject, datetime.fromisoformat(received), bucket, label, tuple(reasons), corrected
    )
