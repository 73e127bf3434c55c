"""The Home tab: what waits, what is connected, what is allowed, and the buttons that end it."""

from collections.abc import Sequence

from bot.contracts.slack import View
from bot.views.blocks import Block, actions, batches, button, date, header, line, person, rich, run, section
from bot.views.grants import held
from bot.views.help import commands_list
from bot.views.standing import LOUD, mode_button, resume_button, stop_button
from bot.views.terms import within
from bot.views.text import inert
from bot.views.values import ConnectionLine, GlassLine, HomeValue, PendingLine, StopLine
from bot.views.words import number

_MOST_PENDING, _MOST_CONNECTIONS, _MOST_GRANTS, _MOST_STOPS, _MOST_GLASS = 20, 15, 15, 3, 3
_MOST_BLOCKS = 100
_MODES = {
    "ask": "Whatever MeshClaw would change waits for your button.",
    "read-only": "MeshClaw looks and does not touch, whatever it is asked.",
}


def home(value: HomeValue) -> View:
    """The App Home of one person, in at most 100 blocks: long lists are counted."""
    blocks: list[Block] = [
        header("MeshClaw"),
        rich(line(run("Agents that work for you. Whatever they would change waits for your button."))),
        *_glass(value),
        *_stops(value),
        header("Waiting for your decision"),
        *_pending(value),
        header("Your accounts"),
        *_connections(value.connections),
        header("What is allowed"),
        *_mode(value),
        *_grants(value),
        *_authenticator(value.enrolled),
        header("What you can ask"),
    ]
    commands = commands_list(value.commands) or [rich(line(run("No commands yet.")))]
    return {"type": "home", "blocks": [*blocks, *commands[: _MOST_BLOCKS - len(blocks)]]}


def _glass(value: HomeValue) -> list[Block]:
    return [rich(line(*_broken(glass, value.tz))) for glass in value.glass[:_MOST_GLASS]]


def _broken(glass: GlassLine, tz: str) -> list[Block]:
    return [
        run(f"{LOUD}: ", bold=True),
        person(glass.by),
        run(" may decide what is not theirs to decide, until "),
        date(glass.until, tz),
        run(". Reason: "),
        run(glass.why or "none given", limit=300),
    ]


def _stops(value: HomeValue) -> list[Block]:
    """What is stopped and how it goes on; else the button to stop."""
    if not value.stops:
        return [actions([stop_button()], "stop")]
    blocks: list[Block] = []
    for position, stop in enumerate(value.stops[:_MOST_STOPS]):
        blocks.append(rich(line(*_held_up(stop, value.tz))))
        if stop.liftable:
            blocks.append(actions([resume_button(everyone=stop.everyone)], f"stopped-{position}"))
    if all(stop.everyone for stop in value.stops):  # a person's own stop outlasts an admin's
        blocks.append(actions([stop_button()], "stop"))
    return blocks


def _held_up(stop: StopLine, tz: str) -> list[Block]:
    what = "Stopped for everybody" if stop.everyone else "Stopped"
    elements = [run(what, bold=True), run(" by "), person(stop.by), run(", "), date(stop.at, tz)]
    elements += [run(". Reason: "), run(stop.why, limit=300)] if stop.why else []
    rest = ". Nothing is done until it is resumed." if stop.liftable else ". Nothing is done until an admin resumes."
    return [*elements, run(rest)]


def _pending(value: HomeValue) -> list[Block]:
    if not value.pending:
        return [rich(line(run("Nothing waits for you.")))]
    lines = [_waiting(each, value.tz) for each in value.pending[:_MOST_PENDING]]
    more = len(value.pending) - _MOST_PENDING
    if more > 0:
        lines.append(line(run(f"and {number(more)} more")))
    return [*batches(lines), rich(line(run("You find the cards in the Messages tab.")))]


def _waiting(pending: PendingLine, tz: str) -> Block:
    elements = [run(pending.title, limit=150)]
    if pending.waits_for:
        elements += [run(" — waits for "), *within(pending.waits_for, 600)]
    if pending.expires is not None:
        elements += [run(", until "), date(pending.expires, tz)]
    return line(*elements)


def _connections(connections: Sequence[ConnectionLine]) -> list[Block]:
    if not connections:
        return [rich(line(run("There is nothing to connect yet.")))]
    blocks: list[Block] = []
    for position, each in enumerate(connections[:_MOST_CONNECTIONS]):
        name = inert(each.title.strip(), 60) or "Account"
        state = inert(each.label, 200) if each.label else "not connected"
        mode = f", {_mode_words(each)}" if each.label and each.mode else ""
        press = button("Change" if each.label else "Connect", "connect.view.form", each.word)
        blocks.append(section(f"*{name}* — {state}{mode}", press))
        if each.label and each.mode:
            blocks.append(actions([_mode_switch(each)], f"connection-{position}"))
    return [*blocks, *_rest(len(connections) - _MOST_CONNECTIONS)]


def _mode_words(connection: ConnectionLine) -> str:
    return "read-only" if connection.mode == "read-only" else "changes wait for your button"


def _mode_switch(connection: ConnectionLine) -> Block:
    if connection.mode == "read-only":
        return button("Allow changes…", "gate.widen", connection.word)
    return button("Make read-only", "gate.narrow_connection", connection.word)


def _mode(value: HomeValue) -> list[Block]:
    other = mode_button("read-only" if value.mode == "ask" else "ask")
    return [section(f"*Mode: {value.mode}* — {_MODES[value.mode]}", other)]


def _grants(value: HomeValue) -> list[Block]:
    if not value.grants:
        return [rich(line(run("Standing permissions: none.")))]
    lead = rich(line(run("Standing permissions", bold=True), run(", which you gave and can revoke:")))
    return [lead, *held(value.grants[:_MOST_GRANTS], value.tz), *_rest(len(value.grants) - _MOST_GRANTS)]


def _authenticator(enrolled: bool | None) -> list[Block]:
    if enrolled is None:
        return []
    if enrolled:
        text, press = "set up: critical approvals take its code", button("Remove…", "gate.view.unenrol", "app")
    else:
        text, press = "not set up: you cannot approve what is critical", button("Set up…", "gate.view.enrol", "app")
    return [section(f"*Authenticator app* — {text}", press)]


def _rest(more: int) -> list[Block]:
    return [rich(line(run(f"and {number(more)} more")))] if more > 0 else []
