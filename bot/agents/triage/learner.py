"""The online learner: multinomial logistic regression over string features, in plain Python.

Each feature counts once and weighs 1/√n, steps are AdaGrad's (Duchi, Hazan, Singer, JMLR 2011), and every act of the
person can be taken back: the gradient of each recent act is kept, so `unlearn` walks the same step backwards.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence

from bot.agents.triage.verdict import LEARNED, Bucket
from bot.contracts.json import Json

STEP = 0.6
"""How far one step may carry a weight. Chosen on the older half of a public spam corpus."""
PRIOR = 0.3
"""Squared gradient every feature starts with: keeps the first step of a rare word from being a leap."""
MAX_FEATURES = 12_000
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
        self.acts: dict[str, Row] = {}

    def scores(self, features: Sequence[str], start: Sequence[float] | None = None) -> list[float]:
        """The score of each bucket; `start` is what is believed before anything was learned."""
        weights = self.weights
        rows = [weights[feature] for feature in features if feature in weights]
        if not rows:
            return list(start) if start else [0.0] * len(LEARNED)
        scale = 1 / math.sqrt(len(features))
        if start:
            return [before + scale * sum(column) for before, column in zip(start, zip(*rows, strict=True), strict=True)]
        return [scale * sum(column) for column in zip(*rows, strict=True)]

    def probabilities(self, features: Sequence[str], start: Sequence[float] | None = None) -> list[float]:
        """The probability of each of `LEARNED`, in order."""
        return softmax(self.scores(features, start))

    def learn(
        self, features: Sequence[str], bucket: Bucket, weight: float, start: Sequence[float] | None = None
    ) -> None:
        """One step towards `bucket`, remembered so that it can be taken back. `weight` > 0 scales the step."""
        gradient = self._gradient(features, bucket, weight, start)
        self._move(features, gradient, 1.0)
        if len(self.acts) >= MAX_ACTS:
            del self.acts[next(iter(self.acts))]
        self.acts[_act(features, bucket)] = gradient
        if len(self.weights) > MAX_FEATURES + MAX_FEATURES // 8:
            self._prune()

    def unlearn(self, features: Sequence[str], bucket: Bucket) -> bool:
        """Take one act back; False when it was never learned or is too long ago. Exact if nothing came between."""
        gradient = self.acts.pop(_act(features, bucket), None)
        if gradient is None:
            return False
        self._move(features, gradient, -1.0)
        return True

    def _gradient(self, features: Sequence[str], bucket: Bucket, weight: float, start: Sequence[float] | None) -> Row:
        found = self.probabilities(features, start)
        wanted = _INDEX[bucket]
        return [round(weight * (found[k] - (k == wanted)), 4) for k in _CLASSES]

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
        return {"rows": rows, "acts": {act: list(gradient) for act, gradient in self.acts.items()}}

    @classmethod
    def from_json(cls, value: Json) -> "Learner":
        """What `to_json` gave; rows that are damaged are dropped."""
        learner = cls()
        if not isinstance(value, Mapping):
            return learner
        for feature, row in _entries(value.get("rows"), len(LEARNED) + 1):
            learner.weights[feature] = [weight / 1000 for weight in row[:-1]]
            learner.spent[feature] = max(0.0, row[-1] / 1000)
        for act, gradient in _entries(value.get("acts"), len(LEARNED)):
            learner.acts[act] = gradient
        return learner


def _entries(table: Json, width: int) -> Iterable[tuple[str, Row]]:
    """The rows of a saved table that are what they should be: `width` finite numbers of a sane size."""
    if not isinstance(table, Mapping):
        return
    for name, row in table.items():
        if not isinstance(name, str) or not isinstance(row, Sequence) or isinstance(row, str) or len(row) != width:
            continue
        numbers = [float(n) for n in row if isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e6]
        if len(numbers) == width:
            yield name, numbers


def _act(features: Sequence[str], bucket: Bucket) -> str:
    joined = "\n".join((bucket, *sorted(features)))
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()
