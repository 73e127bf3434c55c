"""How well and how fast the learner sorts: `python bench/learner.py CORPUS` (or MESHCLAW_BENCH_MAIL).

CORPUS: a folder or .tar.gz with raw mails in `ham/`, `newsletter/` and `junk/`. Older mail is learned from, one pass,
as it would have come; newer mail is only sorted. The two step sizes and the choice of features were made looking at
these splits, so the figures flatter a little.
"""

import email.utils
import os
import tarfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure, at_least, unlimited
from bot.agents.triage.classify import classify
from bot.agents.triage.learner import Learner
from bot.agents.triage.mind import Mind
from bot.agents.triage.signals import features, read
from bot.agents.triage.verdict import LEARNED, Bucket
from bot.contracts.json import canonical
from bot.contracts.mail import Mail
from connectors.email.headers import split_head
from connectors.email.parse import parse_bytes

KINDS = {"ham": Bucket.FYI, "newsletter": Bucket.NEWSLETTER, "junk": Bucket.JUNK}
RIGHT, PER_SECOND = 95, 10_000
_NAMED_BY = "MESHCLAW_BENCH_MAIL"
SPLITS = (0.7, 0.8)

Example = tuple[tuple[str, ...], Bucket]


def corpus(path: Path) -> Iterator[tuple[bytes, Bucket]]:
    """Raw mails with their label, the name of their folder."""
    if path.is_dir():
        files: Iterator[tuple[str, bytes]] = (
            (file.parent.name, file.read_bytes()) for file in sorted(path.glob("*/*"))
        )
    else:
        files = _packed(path)
    return ((content, KINDS[folder]) for folder, content in files if folder in KINDS)


def _packed(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file:
                yield Path(member.name).parent.name, file.read()


def arrived(content: bytes) -> datetime:
    """When the receiving server took it: the date of the topmost Received header that has one."""
    headers, _ = split_head(content)
    stamps = [value.rpartition(b";")[2] for name, value in headers if name == "received"]
    for stamp in (*stamps, *(value for name, value in headers if name == "date")):
        try:
            found = email.utils.parsedate_to_datetime(stamp.decode("latin-1").strip())
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        except ValueError:
            continue
    return datetime.fromtimestamp(0, UTC)


def learned(examples: Sequence[Example]) -> Learner:
    learner = Learner()
    for example, bucket in examples:
        learner.learn(example, bucket, 1.0)
    return learner


def sort(learner: Learner, examples: Sequence[Example]) -> tuple[float, float, float]:
    """Share sorted right, share sorted with confidence 0.9 and more, and share right of those."""
    right = sure = surely_right = 0
    for example, bucket in examples:
        found = learner.probabilities(example)
        place = max(range(len(found)), key=found.__getitem__)
        hit = LEARNED[place] is bucket
        right += hit
        if found[place] >= 0.9:
            sure += 1
            surely_right += hit
    return right / len(examples), sure / len(examples), surely_right / max(1, sure)


def per_second(learner: Learner, examples: Sequence[Example]) -> float:
    """The best of five rounds: what else the machine does is not the learner's."""
    rounds = []
    for _ in range(5):
        begun = time.perf_counter()
        for example, _bucket in examples:
            learner.probabilities(example)
        rounds.append(time.perf_counter() - begun)
    return len(examples) / min(rounds)


def whole_per_second(mails: Sequence[Mail], mind: Mind) -> float:
    now = datetime(2002, 12, 1, tzinfo=UTC)
    begun = time.perf_counter()
    for mail in mails:
        classify(mail, mind, now)
    return len(mails) / (time.perf_counter() - begun)


async def measure() -> list[Figure]:
    """Nothing where no corpus is named."""
    named = os.environ.get(_NAMED_BY, "")
    if not named or not Path(named).exists():
        print(f"learner left out: {_NAMED_BY} names no corpus")
        return []
    raw = sorted(corpus(Path(named)), key=lambda each: arrived(each[0]))
    mails = [parse_bytes(content) for content, _ in raw]
    mind = Mind.empty()
    examples = [(features(mail, read(mail, mind)), bucket) for mail, (_, bucket) in zip(mails, raw, strict=True)]
    found: list[Figure] = []
    for share in SPLITS:
        cut = int(len(examples) * share)
        right, sure, surely = sort(learned(examples[:cut]), examples[cut:])
        name = f"learner, older {share:.0%} learned"
        found += [
            at_least(f"{name}, right", 100 * right, RIGHT, "%"),
            unlimited(f"{name}, at confidence 0.9", 100 * sure, "%"),
            unlimited(f"{name}, right of those", 100 * surely, "%"),
        ]
    begun = time.perf_counter()
    mind.learner = learned(examples)
    taken = time.perf_counter() - begun
    return [
        *found,
        at_least("learner, sorted by it alone", per_second(mind.learner, examples), PER_SECOND, "mails/s"),
        unlimited("learner, learned", len(examples) / taken, "mails/s"),
        unlimited(f"learner, saved after {len(examples)} mails", len(canonical(mind.learner.to_json())) / 1024, "KB"),
        unlimited("triage of a parsed mail, all of it", whole_per_second(mails, mind), "mails/s"),
    ]
