"""Does a sentence ask its reader for something? A small shipped model of words and short phrases.

The weights in `ask_model.json` were learned from public sentences (see NOTICE) by `bench/train_ask_model.py`.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[?!]")
MAX_WORDS = 40
SHORTEST = 12
"""Characters of the shortest sentence that is looked at: greetings ask for nothing."""
SCALE = 100
"""Weights are saved as whole hundredths."""


def phrases(sentence: str) -> set[str]:
    """The words of a sentence (at most 40), and its phrases of two and three words; `^` marks the beginning."""
    words = ["^", *_WORD.findall(sentence.lower().replace("’", "'"))[:MAX_WORDS]]
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    triples = [f"{pair} {third}" for pair, third in zip(pairs, words[2:], strict=False)]
    return {*words, *pairs, *triples}


class AskModel:
    """Logistic regression over phrases, each counted once and divided by the root of their number."""

    def __init__(self, bias: float, weights: Mapping[str, float]) -> None:
        self.bias = bias
        self.weights = weights

    def probability(self, sentence: str) -> float:
        """How likely the sentence asks its reader for something, 0..1."""
        found = phrases(sentence)
        weights = self.weights
        score = sum([weights[phrase] for phrase in found if phrase in weights])
        return 1 / (1 + math.exp(-(self.bias + score / math.sqrt(len(found)))))

    def highest(self, sentences: Iterable[str]) -> float:
        """The probability of the most asking sentence; 0 when there is none."""
        return max((self.probability(each) for each in sentences if len(each) >= SHORTEST), default=0.0)


@cache
def shipped() -> AskModel:
    """The model that comes with MeshClaw."""
    value = json.loads(Path(__file__).with_name("ask_model.json").read_text("utf-8"))
    return AskModel(value["bias"] / SCALE, {phrase: weight / SCALE for phrase, weight in value["weights"].items()})
