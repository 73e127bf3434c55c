"""What holds beyond one card: stops, modes, break-glass, cards that wait, and plans the policy refuses."""

from collections.abc import Sequence
from datetime import datetime

from bot.contracts.slack import Message
from bot.contracts.tools import Noun
from bot.views.blocks import Block, actions, batches, button, confirm, date, header, line, person, rich, run
from bot.views.text import inert
from bot.views.times import moment
from bot.views.values import Mode
from bot.views.words import count, listed, number, sentence

_CARDS = Noun("card", "cards")
LOUD = "‼ BREAK-GLASS"
_MOST_REASONS = 10
_STOPPED = "Nothing more is done, and nothing new begins, until it is resumed."


def stopped(by: str, *, lasting: bool, everyone: bool = False, liftable: bool = True, held_cards: int = 0) -> Message:
    """The answer to a stop. `lasting`: it holds until resumed; else it ended what was going on. `liftable`: whoever
    reads this may resume; `held_cards`: plans that had been approved and are paused."""
    what = "Everything is stopped, for everybody." if everyone else "Stopped."
    parts = [what, _STOPPED if lasting else "What was going on has ended."]
    if held_cards:
        parts.append(
            f"{count(held_cards, _CARDS)} {'is' if held_cards == 1 else 'are'} paused: you decide how it goes on."
        )
    lead = [run(parts[0], bold=True), run(f" {' '.join(parts[1:])} By "), person(by), run(".")]
    press = [actions([resume_button(everyone=everyone)], "stopped")] if lasting and liftable else []
    return Message(f"{' '.join(parts)}", [rich(line(*lead)), *press])


def resumed(by: str, *, everyone: bool = False) -> Message:
    """A stop was lifted."""
    what = "Everything may go on, for everybody." if everyone else "Going on."
    rest = "Whatever was paused still waits for its own button."
    return Message(f"{what} {rest}", [rich(line(run(what, bold=True), run(f" {rest} By "), person(by), run(".")))])


def stop_announcement(by: str, why: str, at: datetime, tz: str) -> Message:
    """Said where admins look: somebody stopped everything."""
    reason = [run(" Reason: "), run(sentence(why), limit=500)] if why.strip() else []
    text = (
        f"STOP for everybody, {moment(at, tz)}. {_STOPPED}{f' Reason: {inert(sentence(why), 500)}' if reason else ''}"
    )
    lead = [run("By "), person(by), run(", "), date(at, tz), run(f". {_STOPPED}"), *reason]
    return Message(
        text, [header("Stopped for everybody"), rich(line(*lead)), actions([resume_button(everyone=True)], "stopped")]
    )


def resume_button(*, everyone: bool = False) -> Block:
    return button("Resume", "gate.resume", "all" if everyone else "person")


def stop_button() -> Block:
    """Asks once, because a stop ends what is going on."""
    meant = confirm(
        "Stop everything of yours?", "What is going on ends, and nothing new begins until you resume.", "Stop"
    )
    return button("Stop", "gate.stop", "person", style="danger", confirm=meant)


def mode_said(mode: Mode, *, changed: bool, place: str = "") -> Message:
    """What may be done, for the person or in one conversation (`place`, in words)."""
    where = f" in {place}" if place else ""
    if mode == "read-only":
        word, meaning = "read-only", "MeshClaw looks and does not touch; it has no tool that could."
        other: Mode = "ask"
    else:
        word, meaning = "ask", "Whatever MeshClaw would change waits for your button."
        other = "read-only"
    state = f"The mode{where} is {'now ' if changed else ''}{word}."
    press = [] if place else [actions([mode_button(other)], "mode")]
    return Message(
        f"{inert(state, 300)} {meaning}", [rich(line(run(state, limit=300, bold=True), run(f" {meaning}"))), *press]
    )


def mode_button(mode: Mode) -> Block:
    """Switches to that mode."""
    label = "Switch to read-only" if mode == "read-only" else "Switch to asking"
    return button(label, "gate.mode", mode)


def read_only_note(connector: str, title: str) -> list[Block]:
    """Below what was found: it could be acted on, if the person allowed it."""
    lead = [run("These could be tidied, but your "), run(title, limit=60), run(" is connected read-only.")]
    return [rich(line(*lead)), actions([button("Allow changes…", "gate.widen", connector)], "widen")]


def read_only_said(connector: str, title: str) -> Message:
    """The same as a message of its own."""
    text = f"These could be tidied, but your {inert(title, 60)} is connected read-only."
    return Message(text, read_only_note(connector, title))


def enough_cards(titles: Sequence[str]) -> Message:
    """No further card is shown while so many wait in this conversation."""
    waiting = len(titles)
    lead = f"{count(waiting, _CARDS)} already {'waits' if waiting == 1 else 'wait'} for a decision here."
    rest = "Decide one of them, then ask again."
    points_ = [line(run(title, limit=150)) for title in titles[:5]]
    names = listed([inert(title, 150) for title in titles[:5]])
    return Message(
        f"{lead} {rest} Waiting: {names}.", [rich(line(run(lead, bold=True), run(f" {rest}"))), *batches(points_)]
    )


def reminder(title: str, expires: datetime, tz: str, asker: str = "") -> Message:
    """A card expires soon. `asker`: whose it is, when somebody else is reminded."""
    whose = [run(" It was asked for by "), person(asker), run(".")] if asker else []
    lead = [
        run("Still waiting for your decision: ", bold=True),
        run(title, limit=150, bold=True),
        run(". Decide by "),
        date(expires, tz),
        run("; after that, nothing will be done."),
    ]
    text = (
        f"Still waiting for your decision: {inert(title, 150)}. Decide by {moment(expires, tz)}; "
        "after that, nothing will be done."
    )
    return Message(text, [rich(line(*lead, *whose))])


def glass_broken(by: str, why: str, until: datetime, tz: str) -> Message:
    """Said loudly where the policy says: somebody may decide, for a while, what is not theirs to decide."""
    reason = sentence(why)
    text = f"{LOUD} until {moment(until, tz)}: somebody may decide what is not theirs. Reason: {inert(reason, 500)}"
    lead = [
        person(by),
        run(" may decide what is not theirs to decide", bold=True),
        run(", until "),
        date(until, tz),
        run(". Each such decision is marked on its receipt and in the audit. Reason: "),
        run(reason or "none given.", limit=500),
    ]
    return Message(text, [header(LOUD), rich(line(*lead))])


def refused(title: str, reasons: Sequence[str]) -> Message:
    """The policy says no to a plan, or to some of it; nothing of that waits for anybody."""
    kept = list(dict.fromkeys(map(sentence, reasons)))
    lead = [
        run("Not allowed: ", bold=True),
        run(title, limit=150, bold=True),
        run(". The policy says no, whoever approves."),
    ]
    lines = [line(run(reason, limit=500)) for reason in kept[:_MOST_REASONS]]
    more = len(kept) - _MOST_REASONS
    if more > 0:
        lines.append(line(run(f"and {number(more)} more reasons")))
    first = f" {inert(kept[0], 500)}" if kept else ""
    return Message(
        f"Not allowed: {inert(title, 150)}. The policy says no, whoever approves.{first}",
        [rich(line(*lead)), *batches(lines)],
    )


def glass_used(by: str, asker: str, title: str) -> Message:
    """Somebody who broke the glass approved what was not theirs to approve."""
    text = f"‼ BREAK-GLASS used: {inert(title, 150)} was approved by somebody who may not do so otherwise."
    lead = [
        person(by),
        run(" approved, by break-glass: ", bold=True),
        run(title, limit=150, bold=True),
        run(". It was asked for by "),
        person(asker),
        run(". The receipt and the audit say so too."),
    ]
    return Message(text, [header("‼ BREAK-GLASS used"), rich(line(*lead))])
