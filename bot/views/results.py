"""How a plan's calls ended, group by group: what was done, and whatever was not or is not known."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.contracts.tools import CallView, Noun
from bot.views.blocks import Block, batches, cost, divided, line, points, rich, run
from bot.views.calls import Group, Tally, bare, grouped, look_in, measure, phrase, subjects_of, tallied, tally, told
from bot.views.values import CallResult
from bot.views.words import number

_MOST_GROUPS = 12
_MOST_NAMES = 3
_TITLE, _SUBJECT, _WHERE, _NOTE = 100, 100, 80, 240
_PHRASE = 300


def asked(heading: str, results: Sequence[CallResult], room: int) -> list[Block]:
    """What the card had asked for, when none of it was done."""
    calls = [result.view for result in results]
    groups = grouped(calls)
    lines: list[Block] = []
    for group in groups[:_MOST_GROUPS]:
        entry = line(*_named([calls[index] for index in group.indexes], group))
        room -= cost(entry)
        if room < 0:
            break
        lines.append(entry)
    rest = [calls[index] for group in groups[len(lines) :] for index in group.indexes]
    if rest:
        lines.append(line(run(f"and {measure(rest)} more" if lines else measure(rest))))
    return [rich(line(run(heading, bold=True))), *batches(lines)] if lines else []


def ended(heading: str, results: Sequence[CallResult], room: int, done: str) -> list[Block]:
    """Group by group how it ended, below each what went wrong or is not known."""
    groups = grouped([result.view for result in results])
    parts: list[tuple[Block, list[Block], list[Trouble]]] = []
    for group in groups[:_MOST_GROUPS]:
        mine = [results[index] for index in group.indexes]
        entry = _group_line(group, mine, done)
        frame = cost(rich(points([entry]), points([], indent=1)))
        if parts and frame > room:
            break
        room -= frame
        parts.append((entry, [], _troubles(mine)))
    rest = [results[index] for group in groups[len(parts) :] for index in group.indexes]
    tail = [points([_rest_line(rest, done)])] if rest else []
    room -= cost(tail)
    left: list[Trouble] = []
    for _, lines, troubles in parts:
        for trouble in troubles:
            entry = _trouble_line(trouble, done)
            if cost(entry) + 1 <= room and not left:
                lines.append(entry)
                room -= cost(entry) + 1
            else:
                left.append(trouble)
    if left:
        tail.append(points([_untold(left, done)]))
    blocks = [rich(line(run(heading, bold=True)))]
    for first, lines, _ in parts:
        blocks += divided(points([first]), lines, indent=1)
    return [*blocks, *([rich(*tail)] if tail else [])] if parts else []


def _group_line(group: Group, results: Sequence[CallResult], done: str) -> Block:
    calls = [result.view for result in results]
    return line(*_named(calls, group), run(f": {told(tallied(results), done)}"))


def _named(calls: Sequence[CallView], group: Group) -> list[Block]:
    """`Archive · Newsletters — 4 mails from 2 senders, INBOX → Archive`; one call that lists nothing in words."""
    one = bare(calls)
    if one:
        return [run(phrase(one), limit=_PHRASE, bold=True)]
    way = [run(", "), run(group.where, limit=_WHERE)] if group.where else []
    return [run(group.title, limit=_TITLE, bold=True), run(f" — {measure(calls)}"), *way]


def _rest_line(results: Sequence[CallResult], done: str) -> Block:
    amount = measure([result.view for result in results])
    return line(run(f"and {amount} more: {told(tallied(results), done)}"))


@dataclass(frozen=True, slots=True)
class Trouble:
    """Calls that ended in the same unwelcome way. `noun`: of what they are about."""

    subjects: tuple[str, ...]
    noun: Noun | None
    sums: Tally
    where: str
    note: str


def _troubles(results: Sequence[CallResult]) -> list[Trouble]:
    """Whatever failed, is unknown or has a remark, same endings together."""
    found: dict[tuple[str, str, bool, bool], list[CallResult]] = {}
    for result in results:
        sums = tally(result.view, result.outcome)
        note = result.outcome.note if result.outcome else ""
        if sums.failed or sums.unknown or note:
            found.setdefault((result.view.where, note, bool(sums.failed), bool(sums.unknown)), []).append(result)
    return [
        Trouble(
            tuple(dict.fromkeys(result.view.subject for result in same)),
            subjects_of([result.view for result in same]),
            tallied(same),
            where,
            note,
        )
        for (where, note, _, _), same in found.items()
    ]


def _trouble_line(trouble: Trouble, done: str) -> Block:
    elements: list[Block] = []
    for position, subject in enumerate(trouble.subjects[:_MOST_NAMES]):
        elements += [*([run(", ")] if position else []), run(subject, limit=_SUBJECT, bold=True)]
    more = len(trouble.subjects) - _MOST_NAMES
    if more > 0:
        elements.append(run(f" and {number(more)} more{_noun(more, trouble.noun)}"))
    elements.append(run(f" — {told(trouble.sums, done)}"))
    if trouble.sums.unknown:
        which = "it was" if trouble.sums.unknown == 1 else "they were"
        elements += [
            run(f". {number(trouble.sums.unknown)}: nobody can tell whether {which} {done}; "),
            run(look_in(trouble.where), limit=_WHERE + 20),
        ]
    if trouble.note:
        elements += [run(". "), run(trouble.note, limit=_NOTE)]
    return line(*elements)


def _untold(troubles: Sequence[Trouble], done: str) -> Block:
    subjects = len({subject for trouble in troubles for subject in trouble.subjects})
    nouns = {trouble.noun for trouble in troubles}
    noun = _noun(subjects, nouns.pop() if len(nouns) == 1 else None)
    sums = sum((trouble.sums for trouble in troubles), Tally())
    return line(
        run(f"and {number(subjects)}{noun} more that need a look, {told(sums, done)}: all in "),
        run("Show all", italic=True),
    )


def _noun(amount: int, noun: Noun | None) -> str:
    return f" {noun.one if amount == 1 else noun.many}" if noun else ""
