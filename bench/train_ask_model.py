"""Train the shipped "asks for something" model: `python bench/train_ask_model.py SENTENCES.tsv [MODEL.json]`.

SENTENCES: UTF-8 lines `Yes|No <tab> sentence`. Prints the five-fold accuracy of the model as it ships, that is after
everything was dropped that could give a sentence, a name or an address away; writes the weights where a second path
is given. Only words and phrases of at most three words ship, each seen in several different sentences.
"""

import collections
import json
import math
import random
import re
import sys
from pathlib import Path

from bot.agents.triage.ask import SCALE, AskModel, phrases

ROUNDS = 6
STEP = 1.0
SEEN_IN = 4
LIMIT = 0.80
_TOKEN = re.compile(r"(?<![\w@.])[A-Za-z]+(?:'[a-z]+)?(?![\w@])")

Sample = tuple[str, bool]


def read(path: Path) -> list[Sample]:
    """Sentences with their labels; the same sentence counts once."""
    lines = path.read_text("utf-8", "replace").splitlines()
    rows = (line.partition("\t") for line in lines if "\t" in line)
    return list({sentence.strip(): label == "Yes" for label, _, sentence in rows}.items())


def names(samples: list[Sample]) -> set[str]:
    """Words often written with a capital inside sentences: people, companies, places."""
    capital: collections.Counter[str] = collections.Counter()
    total: collections.Counter[str] = collections.Counter()
    for sentence, _ in samples:
        for found in list(_TOKEN.finditer(sentence))[1:]:
            word = found.group()
            total[word.lower()] += 1
            capital[word.lower()] += word[0].isupper()
    return {word for word, count in total.items() if capital[word] * 4 > count and not word.startswith("i'")} - {"i"}


def allowed(samples: list[Sample]) -> set[str]:
    """Phrases that may ship: seen in several sentences, holding no name, and never a sentence of their own."""
    seen: collections.Counter[str] = collections.Counter()
    whole: set[str] = set()
    for sentence, _ in samples:
        cut = re.sub(r"\S*(?:@|://|www\.|\$LINK|\.com)\S*", " ", sentence)
        found = phrases(cut)
        seen.update(found)
        whole.add(max(found, key=len).removeprefix("^ ") if len(found) <= 9 else "")
    hidden = names(samples)
    return {
        phrase
        for phrase, count in seen.items()
        if count >= SEEN_IN and phrase.removeprefix("^ ") not in whole and hidden.isdisjoint(phrase.split())
    }


def train(samples: list[Sample], seed: int = 7) -> AskModel:
    """AdaGrad over the samples, shuffled anew each round."""
    kept = allowed(samples)
    rows = [(tuple(phrases(s) & kept), math.sqrt(len(phrases(s))), 1.0 if label else 0.0) for s, label in samples]
    weights: dict[str, float] = collections.defaultdict(float)
    spent: dict[str, float] = collections.defaultdict(lambda: 0.1)
    order = random.Random(seed)
    bias = 0.0
    for _ in range(ROUNDS):
        order.shuffle(rows)
        for found, root, label in rows:
            score = bias + sum(weights[phrase] for phrase in found) / root
            slope = 1 / (1 + math.exp(-score)) - label
            bias -= 0.01 * slope
            for phrase in found:
                spent[phrase] += (slope / root) ** 2
                weights[phrase] -= STEP * slope / root / math.sqrt(spent[phrase])
    return AskModel(
        round(bias, 2), {phrase: round(weight, 2) for phrase, weight in weights.items() if round(weight, 2)}
    )


def five_fold(samples: list[Sample]) -> tuple[float, float]:
    """Accuracy and F1 over five folds, each tested on sentences its model never saw."""
    shuffled = samples[:]
    random.Random(11).shuffle(shuffled)
    right = hit = said = there = 0
    for fold in range(5):
        model = train([sample for place, sample in enumerate(shuffled) if place % 5 != fold])
        for sentence, label in shuffled[fold::5]:
            guess = model.probability(sentence) >= 0.5
            right += guess == label
            hit += guess and label
            said += guess
            there += label
    return right / len(shuffled), 2 * hit / (said + there)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    samples = read(Path(sys.argv[1]))
    accuracy, f1 = five_fold(samples)
    print(f"ask model, five-fold accuracy: {accuracy:.3f} (limit {LIMIT:.2f})")
    print(f"ask model, five-fold F1: {f1:.3f}")
    if len(sys.argv) > 2:
        model = train(samples)
        weights = {phrase: round(weight * SCALE) for phrase, weight in sorted(model.weights.items())}
        Path(sys.argv[2]).write_text(_file(round(model.bias * SCALE), weights), "utf-8")
        print(f"ask model, phrases: {len(weights)}")
    sys.exit(accuracy < LIMIT)


def _file(bias: int, weights: dict[str, int]) -> str:
    about = (
        "Trained on EmailIntentDataSet, Copyright (c) 2014 Parakweet Labs, Inc., Apache License 2.0, "
        "github.com/ParakweetLabs/EmailIntentDataSet. The sentences are not included; only the weights learned from "
        "them are."
    )
    return json.dumps({"about": about, "bias": bias, "weights": weights}, ensure_ascii=False, indent=0) + "\n"


if __name__ == "__main__":
    main()
