"""All that is learned about one person, as one document."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.agents.triage.domains import organisation, shared, skeleton
from bot.agents.triage.learner import Learner
from bot.agents.triage.rules import Rule
from bot.agents.triage.senders import Senders
from bot.contracts.json import Json

MAX_IDS = 5_000
MAX_RULES = 200
LEARNED_PER_DAY = 3
"""Mails of one sender that may teach on one day: nobody moves the learner by writing a lot."""
_LOG = 1_500
_ENOUGH = 5


@dataclass(slots=True)
class Mind:
    """What triage knows of one person.

    `owner`: their addresses. `sent`: hashed ids of mails they wrote; `answered`: of mails they answered;
    `threads`: hashed id of a thread's first mail → when the person last wrote in it (seconds since 1970).
    `servers`: who signed the Authentication-Results found on top of their mail, and how often, `checked` of how many.
    `taught`: mails learned per sender and day, for the cap.
    """

    owner: frozenset[str] = frozenset()
    senders: Senders = field(default_factory=Senders)
    learner: Learner = field(default_factory=Learner)
    rules: tuple[Rule, ...] = ()
    sent: dict[str, None] = field(default_factory=dict)
    answered: dict[str, None] = field(default_factory=dict)
    threads: dict[str, int] = field(default_factory=dict)
    servers: dict[str, int] = field(default_factory=dict)
    checked: int = 0
    taught: dict[str, int] = field(default_factory=dict)
    _domains: frozenset[str] | None = field(default=None, repr=False, compare=False)
    _skeletons: dict[str, str] | None = field(default=None, repr=False, compare=False)
    _names: dict[str, frozenset[str]] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def empty(cls, owner: Iterable[str] = ()) -> "Mind":
        return cls(owner=frozenset(address.lower() for address in owner))

    @property
    def domains(self) -> frozenset[str]:
        """The person's own organisations' domains; a public mail provider's is nobody's own."""
        if self._domains is None:
            found = {organisation(address.rpartition("@")[2]) for address in self.owner}
            self._domains = frozenset(domain for domain in found if domain and not shared(domain))
        return self._domains

    @property
    def server(self) -> frozenset[str]:
        """Who may be believed about Authentication-Results: whoever signs most of this mailbox's mail. Empty where
        the receiving server adds none, so a header in a single mail never vouches for its own sender."""
        if self.checked < _ENOUGH:
            return frozenset()
        return frozenset(name for name, count in self.servers.items() if count * 2 >= self.checked)

    @property
    def skeletons(self) -> Mapping[str, str]:
        """How the domains the person deals with look to a hasty eye → the real domain."""
        if self._skeletons is None:
            near = {organisation(a.rpartition("@")[2]) for a, known in self.senders.items() if known.corresponds}
            real = {domain for domain in near | self.domains if domain and not shared(domain)}
            self._skeletons = {skeleton(domain): domain for domain in sorted(real)}
        return self._skeletons

    @property
    def names(self) -> Mapping[str, frozenset[str]]:
        """Names of people the person corresponds with → their addresses."""
        if self._names is None:
            found: dict[str, set[str]] = {}
            for address, known in self.senders.items():
                name = plain_name(known.name)
                if known.corresponds and " " in name:
                    found.setdefault(name, set()).add(address)
            self._names = {name: frozenset(addresses) for name, addresses in found.items()}
        return self._names

    def stale(self) -> None:
        """Forget what was worked out from senders and addresses, after they changed."""
        self._domains = self._skeletons = self._names = None

    def allow(self, sender: str, day: date) -> bool:
        """Count one more mail of this sender as learned on `day`; False when there were enough."""
        key = f"{day.toordinal()} {sender}"
        if self.taught.get(key, 0) >= LEARNED_PER_DAY:
            return False
        self.taught[key] = self.taught.get(key, 0) + 1
        if len(self.taught) > _LOG:
            newest = sorted(self.taught, key=lambda each: int(each.partition(" ")[0]))[-_LOG // 2 :]
            self.taught = {each: self.taught[each] for each in newest}
        return True

    def give_back(self, sender: str, day: date) -> None:
        """The opposite of `allow`."""
        key = f"{day.toordinal()} {sender}"
        count = self.taught.pop(key, 0)
        if count > 1:
            self.taught[key] = count - 1

    def wrote(self, message_id: str, cites: Sequence[str], root: str, when: datetime) -> None:
        """The person sent a mail: its id, the ids it answers, and the first id of its thread."""
        _keep(self.sent, hashed(message_id))
        for cited in cites:
            _keep(self.answered, hashed(cited))
        if root:
            key, moment = hashed(root), int(when.timestamp())
            self.threads[key] = max(moment, self.threads.pop(key, 0))
            if len(self.threads) > MAX_IDS:
                del self.threads[next(iter(self.threads))]

    def to_json(self) -> Json:
        """JSON-safe, under 1 MB for a busy person."""
        return {
            "owner": sorted(self.owner),
            "senders": self.senders.to_json(),
            "learner": self.learner.to_json(),
            "rules": [rule.to_json() for rule in self.rules],
            "sent": " ".join(self.sent),
            "answered": " ".join(self.answered),
            "threads": dict(self.threads),
            "servers": dict(self.servers),
            "checked": self.checked,
            "taught": dict(self.taught),
        }

    @classmethod
    def from_json(cls, value: Json) -> "Mind":
        """What `to_json` gave. A damaged part is dropped, the rest is kept."""
        if not isinstance(value, Mapping):
            return cls()
        owner, rules, checked = value.get("owner"), value.get("rules"), value.get("checked")
        return cls(
            owner=frozenset(each for each in _list(owner) if isinstance(each, str)),
            senders=Senders.from_json(value.get("senders")),
            learner=Learner.from_json(value.get("learner")),
            rules=tuple(rule for rule in map(Rule.from_json, _list(rules)) if rule)[:MAX_RULES],
            sent=_ids(value.get("sent")),
            answered=_ids(value.get("answered")),
            threads=_counts(value.get("threads")),
            servers=_counts(value.get("servers")),
            checked=checked if isinstance(checked, int) and checked > 0 else 0,
            taught={key: n for key, n in _counts(value.get("taught")).items() if key.partition(" ")[0].isdecimal()},
        )


def hashed(message_id: str) -> str:
    """A Message-ID as twelve letters: enough to recognise, nothing to read."""
    return hashlib.blake2b(message_id.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def plain_name(name: str) -> str:
    """A display name for comparing: lower case, single spaces, no marks."""
    return " ".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())


def _keep(ids: dict[str, None], key: str) -> None:
    ids.pop(key, None)
    ids[key] = None
    if len(ids) > MAX_IDS:
        del ids[next(iter(ids))]


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _ids(value: Json) -> dict[str, None]:
    return dict.fromkeys(value.split()[-MAX_IDS:]) if isinstance(value, str) else {}


def _counts(value: Json) -> dict[str, int]:
    if not isinstance(value, Mapping):
        return {}
    return {
        key: count
        for key, count in value.items()
        if isinstance(key, str) and isinstance(count, int) and not isinstance(count, bool) and count >= 0
    }
