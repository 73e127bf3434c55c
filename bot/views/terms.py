"""The terms of a card: why it is asked, what it was built from, who decides, until when, and what can be undone."""

from collections.abc import Sequence

from bot.contracts.tools import CallView
from bot.views.blocks import Block, batches, cost, date, line, link, person, run
from bot.views.calls import things_of, total
from bot.views.values import CardValue
from bot.views.words import count

_MOST_PEOPLE = 10
_MOST_LINKS = 5
_CUTS = (1.0, 0.5, 0.25, 0.1)


def terms(value: CardValue, room: int) -> list[Block]:
    """One point for each, in rich text that costs at most `room`; for that, long texts are cut."""
    for share in _CUTS:
        blocks = batches(_lines(value, share))
        if cost(blocks) <= room:
            break
    return blocks


def _lines(value: CardValue, share: float) -> list[Block]:
    why = "Why you are asked" if value.deciding else "Why it is asked"
    lines = [_said("Asked for by", person(value.asker))] if value.asker else []
    lines += [
        _said(label, run(text, limit=int(most * share)))
        for label, text, most in (
            (why, value.why, 500),
            ("Built from", value.sources, 500),
            ("Note", value.note, 700),
            ("Limit reached", value.ceiling, 300),
            ("Takes effect in", value.environment, 100),
        )
        if text
    ]
    lines += _deciding(value, int(1_500 * share))
    if value.outbox:
        lines.append(_said("Outbox", run(f"Sent {value.outbox} s after approval; you can call it back until then.")))
    if value.links:
        lines.append(_said("Addresses you typed", *within(_links(value.links[:_MOST_LINKS]), int(2_000 * share))))
    lines.append(_said("Undo", run(_undo(value.calls))))
    lines.append(_said("Decide by", date(value.expires, value.tz), run("; after that, nothing will be done.")))
    return lines


def _said(label: str, *elements: Block) -> Block:
    return line(run(f"{label}: ", bold=True), *elements)


def _deciding(value: CardValue, most: int) -> list[Block]:
    """Who may decide, who did already, and how."""
    lines = [_said("Who may decide", *within(value.approvers, most))] if value.approvers else []
    if value.needs > 1 or value.approved_by:
        state = f"{len(value.approved_by)} of {value.needs} needed"
        lines.append(
            _said("Approvals", run(state), *([run(": "), *people(value.approved_by)] if value.approved_by else []))
        )
    if value.critical:
        lines.append(_said("Critical", run("approving takes a code from your authenticator app.")))
    return lines


def people(users: Sequence[str]) -> list[Block]:
    """Mentions, the first ten of them."""
    elements: list[Block] = []
    for position, user in enumerate(users[:_MOST_PEOPLE]):
        elements += [*([run(", ")] if position else []), person(user)]
    more = len(users) - _MOST_PEOPLE
    return [*elements, *([run(f" and {more} more")] if more > 0 else [])]


def within(elements: Sequence[Block], most: int) -> list[Block]:
    """As many of the rich text elements as cost at most `most`, with `…` where some are missing."""
    kept: list[Block] = []
    for element in elements:
        most -= cost(element)
        if most < 0:
            return [*kept, run("…")]
        kept.append(element)
    return kept


def _links(urls: Sequence[str]) -> list[Block]:
    elements: list[Block] = []
    for position, url in enumerate(urls):
        elements += [*([run(", ")] if position else []), *link(url)]
    return elements


def _undo(calls: Sequence[CallView]) -> str:
    final = [call for call in calls if not call.reversible]
    if not final:
        return "it can be taken back afterwards." if total(calls) == 1 else "all of it can be taken back afterwards."
    if len(final) == len(calls):
        return "it cannot be taken back." if total(calls) == 1 else "none of it can be taken back."
    return f"{count(total(final), things_of(calls))} cannot be taken back (marked below each heading); the rest can."
