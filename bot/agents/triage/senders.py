"""What the person's own acts have said about each sender."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.agents.triage.verdict import LEARNED, Bucket
from bot.contracts.json import Json

MAX_SENDERS = 3_000
RECENT = 10


@dataclass(slots=True)
class Known:
    """One sender. `seen`: mails from them; `recent`: of the newest ten, oldest first, `1` answered, `0` not;
    `written`: mails the person wrote to them; `junked`, `archived`: mails of theirs the person put there;
    `filed`: weight of the person's corrections and approvals by bucket; `name`: as they last called themselves."""

    seen: int = 0
    recent: str = ""
    written: int = 0
    junked: int = 0
    archived: int = 0
    filed: dict[Bucket, float] = field(default_factory=dict)
    name: str = ""

    @property
    def answered(self) -> int:
        """How many of the newest ten were answered."""
        return self.recent.count("1")

    @property
    def reply_rate(self) -> float:
        """How likely an answer is, starting from one in five when little is known."""
        return (self.answered + 0.4) / (len(self.recent) + 2)

    @property
    def corresponds(self) -> bool:
        """Whether the person ever wrote to them."""
        return self.written > 0 or "1" in self.recent

    @property
    def new(self) -> bool:
        """Whether this is their first mail: nothing was seen of them but, maybe, the very mail in question."""
        return self.seen <= 1 and not self.written

    def leaning(self) -> tuple[Bucket, float] | None:
        """The bucket the person puts this sender in, with its weight, when they agree with themselves."""
        if not self.filed:
            return None
        bucket = max(self.filed, key=lambda each: self.filed[each])
        weight = self.filed[bucket]
        return (bucket, weight) if weight * 4 >= 3 * sum(self.filed.values()) else None

    @property
    def worth(self) -> float:
        return self.seen + 3 * self.written + 5 * self.answered + 4 * sum(self.filed.values())


NOBODY = Known()


class Senders:
    """All senders by address. Reading an unknown one gives an empty `Known`, which is not kept."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def get(self, address: str) -> Known:
        """What is known of the address; for reading only."""
        return self._known.get(address, NOBODY)

    def of(self, address: str) -> Known:
        """The entry of the address, made if need be; for writing."""
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= MAX_SENDERS + MAX_SENDERS // 8:
                self.prune()
            known = self._known[address] = Known()
        return known

    def items(self) -> Sequence[tuple[str, Known]]:
        return tuple(self._known.items())

    def __len__(self) -> int:
        return len(self._known)

    def prune(self) -> None:
        """Keep the senders that matter most to the person."""
        best = sorted(self._known.items(), key=lambda item: -item[1].worth)
        self._known = dict(best[:MAX_SENDERS])

    def to_json(self) -> Json:
        self.prune()
        return {
            address: [
                known.seen,
                known.recent,
                known.written,
                known.junked,
                known.archived,
                {bucket.value: round(weight, 2) for bucket, weight in known.filed.items()},
                known.name[:60],
            ]
            for address, known in self._known.items()
        }

    @classmethod
    def from_json(cls, value: Json) -> "Senders":
        """What `to_json` gave; damaged entries are dropped."""
        senders = cls()
        if isinstance(value, Mapping):
            for address, row in value.items():
                known = _known(row)
                if isinstance(address, str) and known:
                    senders._known[address] = known
        return senders


def _known(row: Json) -> Known | None:
    match row:
        case [int(seen), str(recent), int(written), int(junked), int(archived), {**filed}, str(name)]:
            numbers = [seen, written, junked, archived]
            if min(numbers) < 0 or set(recent) - {"0", "1"}:
                return None
            weights = {
                bucket: float(weight)
                for bucket in LEARNED
                if isinstance(weight := filed.get(bucket.value), int | float) and 0 < weight < 1e6
            }
            return Known(seen, recent[-RECENT:], written, junked, archived, weights, name[:60])
    return None
