"""A plan's calls in groups, and their outcomes in numbers: what card, receipt, choice and listing have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.contracts.tools import THINGS, CallView, Noun, Outcome
from bot.views.values import CallResult
from bot.views.words import count, listed, number

_PREPOSITIONS = frozenset("to in into on at from for with by of as".split())
_MOVING = frozenset("deploy release promote publish ship push roll send post invite add move copy".split())
"""Verbs that go somewhere: to production, where others happen in it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that read as one on a card: same verb, same group. `where` when all go the same way, else empty."""

    verb: str
    name: str
    where: str
    indexes: tuple[int, ...]

    @property
    def title(self) -> str:
        """`Archive · Newsletters`."""
        return f"{self.verb} · {self.name}" if self.name else self.verb


def size(call: CallView) -> int:
    """How many things a call touches; a call that lists none is one thing itself."""
    return max(1, len(call.items))


def total(calls: Iterable[CallView]) -> int:
    return sum(size(call) for call in calls)


def grouped(calls: Sequence[CallView]) -> list[Group]:
    """Groups in the order of their first call; every call is in exactly one."""
    found: dict[tuple[str, str], list[int]] = {}
    for index, call in enumerate(calls):
        found.setdefault((call.verb, call.group), []).append(index)
    groups = []
    for (verb, name), indexes in found.items():
        ways = {calls[index].where for index in indexes}
        groups.append(Group(verb, name, ways.pop() if len(ways) == 1 else "", tuple(indexes)))
    return groups


def things_of(calls: Iterable[CallView]) -> Noun:
    """What is counted: the calls' own noun when they agree on one."""
    nouns = {call.things for call in calls}
    return nouns.pop() if len(nouns) == 1 else THINGS


def subjects_of(calls: Iterable[CallView]) -> Noun | None:
    """What calls are about, when all of them say the same."""
    nouns = {call.subjects for call in calls}
    return nouns.pop() if len(nouns) == 1 else None


def measure(calls: Sequence[CallView]) -> str:
    """`64 mails from 12 senders`; `3 messages` where nobody counts what they are about."""
    amount, subjects = count(total(calls), things_of(calls)), subjects_of(calls)
    return f"{amount} from {count(len({call.subject for call in calls}), subjects)}" if subjects else amount


def phrase(call: CallView) -> str:
    """The call as one reads it aloud: `Deploy acme/api to production`."""
    words = f"{call.verb} {call.subject}".strip()
    where = call.where.strip()
    if where:
        leads_on = where.partition(" ")[0].lower() in _PREPOSITIONS
        words += (
            f" {where}" if leads_on else f" {_towards(call)} {where}" if where == call.environment else f", {where}"
        )
    if call.environment and call.environment.lower() not in where.lower():
        words += f" {_towards(call)} {call.environment}"
    return words


def bare(calls: Sequence[CallView]) -> CallView | None:
    """The one call of a plan or group that lists nothing: counting it would say nothing, so it is told in words."""
    return calls[0] if len(calls) == 1 and not calls[0].items else None


def amount_of(calls: Sequence[CallView]) -> str:
    """What a plan is, in one breath: the one call in words, or how many things."""
    one = bare(calls)
    return phrase(one) if one else measure(calls)


def by_verb(calls: Sequence[CallView]) -> str:
    """`archive 120 mails and file 23 mails`, the verbs as their tools named them."""
    found: dict[str, list[CallView]] = {}
    for call in calls:
        found.setdefault(call.verb, []).append(call)
    return listed([_verb_words(verb, same) for verb, same in found.items()])


def _verb_words(verb: str, calls: Sequence[CallView]) -> str:
    one = bare(calls)
    words = phrase(one) if one else f"{verb} {count(total(calls), things_of(calls))}"
    return f"{words[:1].lower()}{words[1:]}"


def _towards(call: CallView) -> str:
    return "to" if call.verb.partition(" ")[0].lower() in _MOVING else "in"


@dataclass(frozen=True, slots=True)
class Tally:
    """Outcomes in numbers; they always add up to `whole`. `waiting`: not begun."""

    done: int = 0
    gone: int = 0
    unknown: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def whole(self) -> int:
        return self.done + self.gone + self.unknown + self.failed + self.waiting

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.done + other.done,
            self.gone + other.gone,
            self.unknown + other.unknown,
            self.failed + other.failed,
            self.waiting + other.waiting,
        )


def tally(call: CallView, outcome: Outcome | None) -> Tally:
    """How one call ended. What no number of the outcome covers is unknown if the outcome is, else not done."""
    whole = size(call)
    if outcome is None:
        return Tally(waiting=whole)
    gone = _part(outcome.gone, whole)
    unknown = _part(outcome.unknown, whole - gone)
    done = _part(outcome.count, whole - gone - unknown)
    rest = whole - gone - unknown - done
    if outcome.state == "unknown":
        return Tally(done=done, gone=gone, unknown=unknown + rest)
    if outcome.state == "done" and not call.items and outcome.count == 0:
        return Tally(done=rest, gone=gone, unknown=unknown)
    return Tally(done=done, gone=gone, unknown=unknown, failed=rest)


def tallied(results: Iterable[CallResult]) -> Tally:
    return sum((tally(result.view, result.outcome) for result in results), Tally())


def told(sums: Tally, done: str = "done") -> str:
    """`all done`, or `61 done, 3 were already gone, 2 unknown`: every number that is not zero, so that they add up; of
    one thing just how it ended."""
    if sums.done and sums.done == sums.whole:
        return done if sums.done == 1 else f"all {done}"
    if sums.whole == 1:
        return (
            "was already gone"
            if sums.gone
            else "unknown"
            if sums.unknown
            else f"not {done}"
            if sums.failed
            else "not begun"
        )
    parts = [f"{number(sums.done)} {done}"] if sums.done else []
    if sums.gone:
        parts.append(f"{number(sums.gone)} {'was' if sums.gone == 1 else 'were'} already gone")
    if sums.failed:
        parts.append(f"{number(sums.failed)} not {done}")
    if sums.unknown:
        parts.append(f"{number(sums.unknown)} unknown")
    if sums.waiting:
        parts.append(f"{number(sums.waiting)} not begun")
    return ", ".join(parts) or f"nothing {done}"


def look_in(where: str) -> str:
    """`look in INBOX and Archive` out of `INBOX → Archive`."""
    return f"look in {listed([place.strip() for place in where.split('→')])}" if where else "look there yourself"


def _part(amount: int, most: int) -> int:
    return max(0, min(amount, most))
