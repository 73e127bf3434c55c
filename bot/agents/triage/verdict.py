"""What triage says about one mail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal


class Bucket(StrEnum):
    """Where a mail belongs. `to_check` is no bucket a person would choose: it says that triage would not guess."""

    NEEDS_REPLY = "needs_reply"
    NEEDS_ACTION = "needs_action"
    FYI = "fyi"
    NEWSLETTER = "newsletter"
    NOTIFICATION = "notification"
    JUNK = "junk"
    TO_CHECK = "to_check"


LEARNED: tuple[Bucket, ...] = tuple(bucket for bucket in Bucket if bucket is not Bucket.TO_CHECK)
"""The buckets the learner knows, in the order of its weights."""

DecidedBy = Literal["rule", "thread", "header", "sender", "learner", "abstain"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bucket with its reasons.

    `confidence`: 0..1. `reasons`: at least one, in words for the person, most telling first; they may hold text from
    outside (never a body), so they are escaped before they are shown. `deadline`: the day the mail names, if any.
    `telling` works out the features, which few verdicts are asked for.
    """

    bucket: Bucket
    confidence: float
    reasons: tuple[str, ...]
    decided_by: DecidedBy
    deadline: date | None = None
    telling: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False, compare=False)

    @property
    def features(self) -> tuple[str, ...]:
        """What the learner needs to learn from the person's answer; kept sealed, they are words of the mail."""
        return self.telling()
