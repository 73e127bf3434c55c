"""The online learner: multinomial logistic regression over string features, in plain Python.

Each feature counts once and weighs 1/√n, steps are AdaGrad's (Duchi, Hazan, Singer, JMLR 2011), and every act of the
person can be taken back: the gradient of each recent act is kept, so `unlearn` walks the same step backwards.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence

from bot.agents.triage.verdict import LEARNED, Bucket
from bot.contracts.json import Json

STEP = 1.0
"""How far one step may carry a weight. Chosen among a few values on a public spam corpus (`bench/learner.py`)."""
PRIOR = 0.01
"""Squared gradient every feature starts with: keeps the first step of a rare word from being a leap."""
MAX_FEATURES = 8_000
MAX_ACTS = 300
_CLASSES = range(len(LEARNED))
_INDEX: dict[Bucket, int] = {bucket: place for place, bucket in enumerate(LEARNED)}

Row = list[float]


def softmax(scores: Sequence[float]) -> list[float]:
    """Probabilities of the scores; any finite scores are safe."""
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


class Learner:
    """One weight per feature and bucket. `weights[feature]` has a place for each of `LEARNED`."""

    __slots__ = ("acts", "spent", "weights")

    def __init__(self) -> None:
        self.weights: dict[str, Row] = {}
        self.spent: dict[str, float] = {}
        self.acts: dict[str, list[Row]] = {}

    def scores(self, features: Sequence[str]) -> list[float]:
        """The score of each of `LEARNED`, in order; nothing known gives zeros."""
        rows = [row for row in map(self.weights.get, features) if row]
        if not rows:
            return [0.0] * len(LEARNED)
        scale = 1 / math.sqrt(len(features))
        return [scale * sum(column) for column in zip(*rows, strict=True)]

    def probabilities(self, features: Sequence[str]) -> list[float]:
        """The probability of each of `LEARNED`, in order."""
        return softmax(self.scores(features))

    def learn(self, features: Sequence[str], bucket: Bucket, weight: float) -> None:
        """Step towards `bucket`, remembered so that it can be taken back.

        A weight up to 1 is one step of that length. A greater one is walked in steps of 1, at most two for each
        unit, until the bucket leads by `weight + 2`: a correction must be seen to work, and no more.
        """
        margin = weight + 2 if weight > 1 else 0.0
        gradients: list[Row] = []
        for _ in range(round(2 * weight) if weight > 1 else 1):
            scores = self.scores(features)
            if margin and _lead(scores, bucket) >= margin:
                break
            gradients.append(_gradient(scores, bucket, min(weight, 1.0), margin))
            self._move(features, gradients[-1], 1.0)
        if len(self.acts) >= MAX_ACTS:
            del self.acts[next(iter(self.acts))]
        self.acts[_act(features, bucket)] = gradients
        if len(self.weights) > MAX_FEATURES + MAX_FEATURES // 8:
            self._prune()

    def unlearn(self, features: Sequence[str], bucket: Bucket) -> bool:
        """Take one act back; False when it was never learned or is too long ago. Exact if nothing came between."""
        gradients = self.acts.pop(_act(features, bucket), None)
        if gradients is None:
            return False
        for gradient in reversed(gradients):
            self._move(features, gradient, -1.0)
        return True

    def _move(self, features: Sequence[str], gradient: Row, direction: float) -> None:
        """Walk the gradient (`direction` 1) or walk it back (-1); the squares it spent go with it."""
        if not features:
            return
        share = 1 / math.sqrt(len(features))
        square = sum(slope * slope for slope in gradient) * share * share
        for feature in features:
            row = self.weights.setdefault(feature, [0.0] * len(LEARNED))
            spent = self.spent.get(feature, 0.0)
            after = spent + square if direction > 0 else spent
            self.spent[feature] = after if direction > 0 else max(0.0, spent - square)
            pace = direction * STEP * share / math.sqrt(PRIOR + after)
            for k in _CLASSES:
                row[k] -= pace * gradient[k]

    def _prune(self) -> None:
        """Keep the features that say most."""
        loud = sorted(self.weights, key=lambda feature: -max(map(abs, self.weights[feature])))
        for feature in loud[MAX_FEATURES:]:
            del self.weights[feature]
            self.spent.pop(feature, None)

    def to_json(self) -> Json:
        """Weights to three places; features whose weights round to nothing are left out."""
        rows: dict[str, Json] = {}
        for feature, row in self.weights.items():
            kept = [round(1000 * weight) for weight in row]
            if any(kept):
                rows[feature] = [*kept, round(1000 * self.spent.get(feature, 0.0))]
        return {
            "rows": rows,
            "acts": {act: [slope for gradient in steps for slope in gradient] for act, steps in self.acts.items()},
        }

    @classmethod
    def from_json(cls, value: Json) -> "Learner":
        """What `to_json` gave; rows that are damaged are dropped."""
        learner = cls()
        if not isinstance(value, Mapping):
            return learner
        for feature, row in _entries(value.get("rows"), len(LEARNED) + 1):
            learner.weights[feature] = [weight / 1000 for weight in row[:-1]]
            learner.spent[feature] = max(0.0, row[-1] / 1000)
        for act, slopes in _entries(value.get("acts"), None):
            if len(slopes) % len(LEARNED) == 0:
                learner.acts[act] = [slopes[at : at + len(LEARNED)] for at in range(0, len(slopes), len(LEARNED))]
        return learner


def _entries(table: Json, width: int | None) -> Iterable[tuple[str, Row]]:
    """The rows of a saved table that are what they should be: `width` finite numbers (None: any) of a sane size."""
    if not isinstance(table, Mapping):
        return
    for name, row in table.items():
        if not isinstance(name, str) or not isinstance(row, Sequence) or isinstance(row, str):
            continue
        numbers = [float(n) for n in row if isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e6]
        if numbers and len(numbers) == (width or len(row)):
            yield name, numbers


def _gradient(scores: Sequence[float], bucket: Bucket, weight: float, margin: float) -> Row:
    """The slope of the loss, as if the bucket were `margin` behind where it is."""
    wanted = _INDEX[bucket]
    found = softmax([score - margin * (k == wanted) for k, score in enumerate(scores)])
    return [round(weight * (found[k] - (k == wanted)), 4) for k in _CLASSES]


def _lead(scores: Sequence[float], bucket: Bucket) -> float:
    """How far the bucket is ahead of the next best."""
    place = _INDEX[bucket]
    return scores[place] - max(score for k, score in enumerate(scores) if k != place)


def _act(features: Sequence[str], bucket: Bucket) -> str:
    joined = "\n".join((bucket, *sorted(features)))
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()
