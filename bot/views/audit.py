"""The audit as people read it: what was done in their own name, and for admins what touched shared things."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.contracts.people import Person
from bot.contracts.slack import Message
from bot.views.blocks import WHOLE, Block, cost, date, divided, header, line, person, rich, run
from bot.views.words import number, sentence

MOST = 20
"""Entries in one message; fewer where they are long."""
_SPARE = 600
_PREVIEW, _DECISION, _WORD = 240, 160, 60

_EVENTS = {
    "proposed": "Asked",
    "approved": "Approved",
    "denied": "Turned down",
    "narrowed": "Made smaller",
    "edited": "Changed before approving",
    "held": "Waiting in the outbox",
    "called-back": "Called back in time",
    "intent": "Begun",
    "outcome": "Ended",
    "paused": "Paused",
    "resumed": "Went on",
    "settled": "Finished",
    "undo": "Undo asked for",
    "undone": "Taken back",
    "expired": "Expired: nobody decided in time",
    "lapsed": "Not begun in time",
    "withdrawn": "Withdrawn",
    "superseded": "Replaced by a newer card",
    "granted": "Done by a standing permission",
    "grant-written": "Standing permission written",
    "grant-revoked": "Standing permission revoked",
    "stopped": "Stopped",
    "resumed-all": "Let everybody's work go on",
    "mode": "Mode set",
    "break-glass": "Broke the glass",
    "break-glass-ended": "Break-glass ended",
    "enrolled": "Authenticator app set up",
    "unenrolled": "Authenticator app taken away",
    "factor-reset": "Authenticator app reset",
    "code-locked": "Codes locked",
    "agent-shared": "Agent shared with everybody",
    "agent-declined": "Agent not shared",
    "agent-withdrawn": "Shared agent taken back",
}
_RESULTS = {"done": "done", "failed": "failed", "unknown": "nobody can tell whether it was done"}
_BROKEN = "This entry was changed and tells nothing any more. Please tell your admin: meshclaw audit verify."


class Deed(Protocol):
    """What one entry tells; texts are raw. `actor`: user id of who did it, empty for MeshClaw itself."""

    @property
    def event(self) -> str: ...
    @property
    def person(self) -> Person: ...
    @property
    def plan(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def tool(self) -> str: ...
    @property
    def preview(self) -> str: ...
    @property
    def decision(self) -> str: ...
    @property
    def result(self) -> str: ...


class Link(Protocol):
    """One link of the chain. `entry`: None when the link does not hold and so tells nothing."""

    @property
    def at(self) -> datetime: ...
    @property
    def entry(self) -> Deed | None: ...


def audit(links: Sequence[Link], tz: str, whole: int = 0) -> Message:
    """What was done in the reader's name, newest first. `whole`: how many links there are, those not given too; 0
    where nobody counted."""
    said = "Read by you alone, but for what touched things you share with others: admins see that too."
    return _listed(
        "What was done in your name", said, "Nothing has been done in your name yet.", links, tz, whole, False
    )


def shared(links: Sequence[Link], tz: str, whole: int = 0) -> Message:
    """What touched shared things, in whose name, newest first: for admins."""
    said = "What touched a person's own things alone is not here: only they can read that."
    return _listed(
        "What was done to shared things", said, "Nothing shared has been touched yet.", links, tz, whole, True
    )


def _listed(
    title: str, said: str, otherwise: str, links: Sequence[Link], tz: str, whole: int, is_named: bool
) -> Message:
    if not links:
        return Message(otherwise, [rich(line(run(otherwise)))])
    top = [header(title), rich(line(run(said)))]
    room = WHOLE - cost(top) - _SPARE
    lines: list[Block] = []
    told = 0
    for several in _folded(links)[:MOST]:
        entry = _line(several, tz, is_named)
        room -= cost(entry) + 1
        if room < 0:
            break
        lines.append(entry)
        told += len(several)
    left = max(whole, len(links)) - told
    blocks = [*top, *divided(line(run("Newest first", bold=True)), lines)]
    if left:
        blocks.append(rich(line(run(f"and {number(left)} more" if whole else "and more before that"))))
    return Message(f"{title}: the latest {number(len(lines))}.", blocks)


def _folded(links: Sequence[Link]) -> list[list[Link]]:
    """Links that read as one: a call that ended tells that it was begun, and calls of one plan that ended alike follow
    one another."""
    ended = {link.entry.key for link in links if link.entry and link.entry.event == "outcome" and link.entry.key}
    folded: list[list[Link]] = []
    for link in links:
        deed, before = link.entry, folded[-1][0].entry if folded else None
        begun = deed is not None and deed.event == "intent" and deed.key in ended
        alike = deed and before and deed.event == before.event == "outcome"
        if folded and (begun or (alike and deed and before and _plan(deed) == _plan(before))):
            folded[-1].append(link)
        elif not begun:
            folded.append([link])
    return folded


def _plan(deed: Deed) -> tuple[str, str, str]:
    return deed.person.owner, deed.plan, deed.result


def _line(several: Sequence[Link], tz: str, is_named: bool) -> Block:
    """When, what, by whom and why, and how it ended; of several links that read as one, the newest."""
    link, deed = several[0], several[0].entry
    more = sum(1 for each in several if each.entry and each.entry.event == "outcome") - 1
    if deed is None:
        return line(date(link.at, tz), run(f" — {_BROKEN}"))
    words = _EVENTS.get(deed.event) or sentence(deed.event).removesuffix(".")
    elements = [date(link.at, tz), run(" — "), run(words, limit=_WORD, bold=True)]
    if is_named:
        elements += [run(" for "), person(deed.person.user)]
    if told := deed.preview or deed.tool:
        elements += [run(": "), run(told, limit=_PREVIEW)]
    if more > 0:
        elements.append(run(f" and {number(more)} more like it"))
    elements += [run(" · by "), person(deed.actor)] if deed.actor else [run(" · by MeshClaw itself")]
    if deed.decision:
        elements += [run(" · "), run(deed.decision, limit=_DECISION)]
    if deed.result:
        elements += [run(" · "), run(_RESULTS.get(deed.result, deed.result), limit=_WORD, italic=True)]
    return line(*elements)
