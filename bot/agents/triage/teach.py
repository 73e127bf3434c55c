"""Learning from what the person did: a correction, an approval, an undo. Nothing else ever teaches."""

from collections.abc import Sequence
from datetime import date

from bot.agents.triage.mind import Mind
from bot.agents.triage.verdict import Bucket

CORRECTION = 4.0
APPROVAL = 1.0
HISTORY = 0.15
GUESSED = 0.06
"""Weight of a mail that the person left alone: what it was is only likely."""


def learn(mind: Mind, features: Sequence[str], sender: str, bucket: Bucket, *, weight: float, day: date) -> bool:
    """Learn that a mail with these features belongs into the bucket.

    Returns False, and learns nothing, when this sender taught enough on that day, and for `to_check`, which is no
    place a mail belongs. `weight`: how much the act says (a correction 4, an approval 1). Corrections are never too
    many: each is made by the person's own hand, and no sender can bring one about by writing a lot.
    """
    if bucket is Bucket.TO_CHECK or weight <= 0 or not features:
        return False
    if weight < CORRECTION and not mind.allow(sender, day):
        return False
    mind.learner.learn(features, bucket, weight)
    if _known(features, sender):
        filed = mind.senders.of(sender).filed
        filed[bucket] = filed.get(bucket, 0.0) + weight
    return True


def unlearn(mind: Mind, features: Sequence[str], sender: str, bucket: Bucket, *, weight: float, day: date) -> bool:
    """Take `learn` with the same arguments back. False when it was never learned, or too long ago to be known."""
    if bucket is Bucket.TO_CHECK or not mind.learner.unlearn(features, bucket):
        return False
    if weight < CORRECTION:
        mind.give_back(sender, day)
    if _known(features, sender):
        filed = mind.senders.of(sender).filed
        left = filed.pop(bucket, 0.0) - weight
        if left > 0:
            filed[bucket] = left
    return True


def _known(features: Sequence[str], sender: str) -> bool:
    """Whether the mail was really this sender's, as far as anybody could check."""
    return bool(sender) and f"f:{sender[:80]}" in features
