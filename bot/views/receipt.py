"""The receipt: what a card becomes once it was decided, with what happened and what nobody can tell."""

from collections.abc import Sequence
from datetime import datetime

from bot.contracts.slack import Message
from bot.views.blocks import (
    WHOLE,
    Block,
    actions,
    batches,
    button,
    cost,
    date,
    exact,
    header,
    line,
    person,
    rich,
    run,
    stacked,
)
from bot.views.calls import bare, tallied, things_of, told, total
from bot.views.card import SPARE
from bot.views.results import asked, ended
from bot.views.standing import LOUD
from bot.views.text import inert, plain
from bot.views.times import moment, to_second
from bot.views.values import Approval, CardState, GrantLine, ReceiptValue
from bot.views.words import count, number, sentence

_REASON, _WHY, _NOTE = 500, 200, 240
_MOST_APPROVALS, _MOST_GRANTS, _MOST_NOTES = 8, 3, 6
_CUTS = (1.0, 0.5, 0.25, 0.1)
_HEAD = 5_000

_STANDING: dict[CardState, tuple[str, str]] = {
    "pending": ("Waiting for a decision.", "Nothing happens until it is approved."),
    "holding": ("Approved, and held back for a moment.", ""),
    "running": ("Working on it.", ""),
    "paused": ("Paused.", ""),
    "settled": ("Done.", ""),
    "denied": ("Not done.", "Nothing was changed."),
    "called_back": ("Called back in time.", "Nothing was sent, and nothing was changed."),
    "expired": ("Expired: nobody decided in time.", "Nothing was changed."),
    "lapsed": ("Approved, but not carried out in time.", ""),
    "withdrawn": ("Not done: whoever approved it may not decide it any more.", "Nothing was changed."),
    "superseded": ("Replaced by a newer card.", "Nothing was changed by this one."),
    "undoing": ("Taking it back.", ""),
    "undone": ("Taken back.", ""),
}
_VERBS: dict[CardState, str] = {"denied": "Declined", "expired": "Expired", "superseded": "Replaced", "pending": ""}
_HEADINGS: dict[CardState, str] = {
    "running": "So far",
    "paused": "So far",
    "settled": "What was done",
    "lapsed": "How far it came",
    "undoing": "Before that",
    "undone": "Before that",
}
"""Of the states in which something may have been done."""
_UNDO: frozenset[CardState] = frozenset(("undoing", "undone"))
_REASONS: dict[CardState, str] = {"denied": "Reason given: ", "paused": "Why: "}


def receipt(value: ReceiptValue) -> Message:
    """The message of a decided card: who decided when, what was done in numbers, and each call that was not simply
    done. What does not fit is counted and is one button away."""
    blocks = [header(value.title), *_standing(value)]
    closing = _buttons(value)
    room = WHOLE - cost([*blocks, *closing]) - SPARE
    if value.state in _UNDO:
        heading = "So far" if value.state == "undoing" else "Taken back"
        part = ended(heading, value.undo_results, room // 2, "taken back")
        blocks += part
        room -= cost(part)
    if _worked(value):
        blocks += ended(_HEADINGS.get(value.state, "What was done"), value.results, room, "done")
    else:
        heading = "What will be done" if value.state == "holding" else "What was asked"
        blocks += asked(heading, value.results, room)
    return Message(_text(value), [*blocks, *closing])


def _text(value: ReceiptValue) -> str:
    parts = [sentence(inert(value.title, 150)), *_words(value)]
    if value.state == "holding" and value.goes_out is not None:
        parts.append(f"It goes out at {to_second(value.goes_out, value.tz)}.")
    glass = [approval for approval in value.approvals if approval.how == "break-glass"]
    if glass:
        parts.insert(0, f"{LOUD}:")
    verb = _verb(value)
    if verb and value.at is not None:
        parts.append(f"{verb} {moment(value.at, value.tz)}.")
    if value.reason:
        parts.append(f"{_REASONS.get(value.state, '')}{sentence(inert(value.reason, 300))}")
    return " ".join(part for part in parts if part)


def _verb(value: ReceiptValue) -> str:
    otherwise = "Allowed beforehand" if value.granted and not value.by and not value.approvals else "Approved"
    return _VERBS.get(value.state, otherwise)


def _words(value: ReceiptValue) -> tuple[str, str]:
    """The state, and what it means in numbers."""
    state, meaning = _STANDING[value.state]
    if not _worked(value):
        return state, meaning
    results, done = (value.undo_results, "taken back") if value.state in _UNDO else (value.results, "done")
    if not results:
        return state, ""
    sums = tallied(results)
    if value.state in ("settled", "undone") and sums.done < sums.whole:
        state = "Not everything was taken back." if value.state == "undone" else "Finished, but not all of it was done."
        if sums.unknown:
            state = (
                "Finished, and part of it is not known." if sums.whole > 1 else "Nobody can tell whether it was done."
            )
        elif not sums.failed and not sums.waiting:
            state = "Taken back." if value.state == "undone" else "Done."
        elif sums.whole == 1:
            state = "Not taken back." if value.state == "undone" else "Not done."
    calls = [result.view for result in results]
    return state, "" if bare(calls) else f"{count(sums.whole, things_of(calls))}: {told(sums, done)}."


def _worked(value: ReceiptValue) -> bool:
    """Whether something may have been done, so that what follows is how each call ended."""
    return value.state in _HEADINGS or any(result.outcome for result in value.results)


def _standing(value: ReceiptValue) -> list[Block]:
    """The state, who decided, and what else has to be known at once."""
    for share in _CUTS:
        blocks = [rich(stacked(_lines(value, share))), *_notes(value, share)]
        if cost(blocks) <= _HEAD:
            break
    return blocks


def _lines(value: ReceiptValue, share: float) -> list[list[Block]]:
    state, meaning = _words(value)
    lines = [[run(state, bold=True), *([run(f" {meaning}")] if meaning else [])]]
    if value.state == "holding" and value.goes_out is not None:
        lines.append(
            [run("Goes out at ", bold=True), exact(value.goes_out, value.tz), run(". Until then you can call it back.")]
        )
    if value.reason:
        label = _REASONS.get(value.state, "")
        lines.append([*([run(label, bold=True)] if label else []), run(value.reason, limit=int(_REASON * share))])
    if value.asker:
        lines.append([run("Asked for by "), person(value.asker)])
    lines += _deciders(value, share)
    lines += [_granted(grant, value.tz, share) for grant in value.granted[:_MOST_GRANTS]]
    if len(value.granted) > _MOST_GRANTS:
        lines.append(
            [run(f"and {number(len(value.granted) - _MOST_GRANTS)} more standing permissions: all in App Home")]
        )
    taken = {"called_back": "Called back", "undoing": "Undo asked for", "undone": "Undo asked for"}.get(value.state)
    if taken and (value.undo_by or value.undo_at):
        lines.append(_decided(taken, value.undo_by, value.undo_at, value.tz))
    return lines


def _deciders(value: ReceiptValue, share: float) -> list[list[Block]]:
    verb = _verb(value)
    most = max(2, int(_MOST_APPROVALS * share))
    lines = [_approved(one, value.tz, share) for one in value.approvals[:most]]
    if len(value.approvals) > most:
        lines.append([run(f"and {number(len(value.approvals) - most)} more approvals")])
    told_already = verb == "Approved" and bool(lines)
    if verb and (value.by or value.at) and not told_already:
        lines.append(_decided(verb, value.by, value.at, value.tz))
    return lines


def _approved(approval: Approval, tz: str, share: float) -> list[Block]:
    if approval.how != "break-glass":
        way = [run(", with a code")] if approval.how == "code" else []
        return [*_decided("Approved", approval.user, approval.at, tz), *way]
    elements = [
        run(f"{LOUD}: ", bold=True),
        person(approval.user),
        run(" approved what was not theirs to decide", bold=True),
        *([run(", "), date(approval.at, tz)] if approval.at is not None else []),
    ]
    why = [run(". Their reason: "), run(approval.why, limit=int(_WHY * share))] if approval.why else [run(".")]
    return [*elements, *why]


def _granted(grant: GrantLine, tz: str, share: float) -> list[Block]:
    left = f". {number(grant.left)} left, until "
    words = run(grant.words, limit=int(_WHY * share))
    return [run("Ran by a standing permission: ", bold=True), words, run(left), date(grant.until, tz)]


def _decided(verb: str, by: str, at: datetime | None, tz: str) -> list[Block]:
    elements = [run(verb)]
    if by:
        elements += [run(" by "), person(by)]
    if at is not None:
        elements += [run(", "), date(at, tz)]
    return elements


def _notes(value: ReceiptValue, share: float) -> list[Block]:
    """What cannot be taken back because the world has moved."""
    if not value.notes:
        return []
    lines = [line(run(note, limit=int(_NOTE * share))) for note in value.notes[:_MOST_NOTES]]
    if len(value.notes) > _MOST_NOTES:
        lines.append(
            line(run(f"and {number(len(value.notes) - _MOST_NOTES)} more: all in "), run("Show all", italic=True))
        )
    return [rich(line(run("Cannot be taken back any more", bold=True))), *batches(lines)]


def _buttons(value: ReceiptValue) -> list[Block]:
    elements: list[Block] = []
    if value.state == "holding":
        elements.append(button("Call back", "gate.call_back", value.card_id))
    if value.state == "paused":
        elements.append(button("Go on", "gate.go_on", value.card_id, style="primary"))
        elements.append(button("Leave the rest", "gate.leave", value.card_id))
    if value.undoable:
        elements.append(button("Undo", "gate.undo", value.card_id))
    if value.grantable:
        elements.append(button("Always allow…", "gate.view.grant", value.card_id))
    whole = number(total(result.view for result in value.results))
    elements.append(button(f"Show all {whole}", "gate.view.listing", value.card_id))
    return [actions(elements, "receipt"), *_revoking(value.granted)]


def _revoking(granted: Sequence[GrantLine]) -> list[Block]:
    """A button for each permission it ran by, in blocks of their own because an action_id may occur once in one."""
    kept = granted[:_MOST_GRANTS]
    labels = ["Revoke" if len(kept) == 1 else f"Revoke: {plain(grant.words, 40)}" for grant in kept]
    return [
        actions([button(label, "gate.revoke", grant.grant_id)], f"granted-{position}")
        for position, (label, grant) in enumerate(zip(labels, kept, strict=True))
    ]
