"""The policy in words: its rules, clocks and ceilings, who may decide, and what would become of a call."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.contracts.policy import Deciders, Judgement, Policy, Rule
from bot.contracts.slack import Message
from bot.contracts.tools import Effect, Noun
from bot.views.blocks import Block, batches, cost, header, line, person, rich, run
from bot.views.text import inert
from bot.views.words import count, listed, number

EFFECTS = {
    Effect.READ: "reading",
    Effect.FETCH: "fetching from outside",
    Effect.OWN: "changing one's own things",
    Effect.SEND: "sending",
    Effect.ACCESS: "changing who may see or do something",
    Effect.DELETE: "deleting",
    Effect.SPEND: "spending",
    Effect.DEPLOY: "deploying",
}
_THEN = {"allow": "at once", "ask": "asks first", "deny": "never"}
_WOULD = {
    "allow": "MeshClaw would do this at once.",
    "ask": "MeshClaw would ask first.",
    "deny": "MeshClaw would not do this.",
}
_LEAD = (
    "“Never” beats “asks first”, “asks first” beats “at once”, and what is unknown counts as the worst. No rule lets "
    "an effect happen by itself: a person approves it, or has allowed the like of it for a while."
)
_ROOM = 6_000
"""What the rules of a message may cost; the rest is counted."""
_MOST = 4
"""Names or patterns of one kind in a line."""
_UNITS = (
    (86_400, Noun("day", "days")),
    (3_600, Noun("hour", "hours")),
    (60, Noun("minute", "minutes")),
    (1, Noun("second", "seconds")),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A call as policy judged it. `asker`: user id of who would ask."""

    tool: str
    judgement: Judgement
    asker: str


def policy(value: Policy) -> Message:
    """The answer to `/meshclaw policy`: all that holds here, in words."""
    blocks = [header("What MeshClaw may do here"), rich(line(run(_LEAD)))]
    for title, lines in (
        ("Always so", [line(*elements) for elements in _built_in(value)]),
        (f"Rules of this workspace, version {value.version}", _fitting(value.rules)),
        ("Clocks", [line(run(text)) for text in _clocks(value)]),
        ("Ceilings: the most at a time", [line(run(text)) for text in ceilings(value)]),
        ("People", [line(*elements) for elements in _people(value)]),
    ):
        if lines:
            blocks += [rich(line(run(title, limit=100, bold=True))), *batches(lines)]
    rules = count(len(value.rules), Noun("rule", "rules")) if value.rules else "the built-in rules alone"
    return Message(f"What MeshClaw may do here: {rules}, version {inert(value.version, 40)}. {_LEAD}", blocks)


def judged(value: Judged) -> Message:
    """What would become of a call, and why."""
    would = _WOULD[value.judgement.verdict]
    blocks = [
        rich(line(run(value.tool, limit=100, code=True), run(f" — {would}"))),
        *batches([line(*elements) for elements in _judged(value)]),
    ]
    return Message(f"{inert(value.tool, 100)}: {would} {inert(value.judgement.why, 500)}", blocks)


def judged_text(value: Judged) -> list[str]:
    """The same in lines of plain text."""
    return [_WOULD[value.judgement.verdict], *(_text(elements) for elements in _judged(value))]


def rule_text(rule: Rule) -> str:
    """A rule in one line of plain text."""
    return _text(_rule(rule))


def built_in_text(value: Policy) -> list[str]:
    """What holds without any rule of the file, in lines of plain text."""
    return [_text(elements) for elements in _built_in(value)]


def deciders_line(deciders: Deciders, asker: str) -> list[Block]:
    """Who may decide, as rich text elements: `only @ada`, `@ben, @release or an admin; 2 of them; not @ada`. `asker`:
    user id of the person it was made for; empty where that may be anybody."""
    parts = _named(deciders, asker)
    if deciders == Deciders(channel=deciders.channel):
        return [run("only "), *parts]
    elements = _joined([[part] for part in parts]) or [run("nobody")]
    return [*elements, *_demands(deciders, asker)]


def deciders_text(deciders: Deciders, asker: str = "") -> str:
    """The same as plain text with ids, not yet escaped."""
    return _text(deciders_line(deciders, asker))


def ceilings(value: Policy) -> list[str]:
    """`sending: 20 on one card, 60 an hour, 200 a day`, for each effect that has any."""
    found = []
    for effect, most in value.ceilings.items():
        spans = [
            f"{number(each)} {span}"
            for each, span in ((most.card, "on one card"), (most.hour, "an hour"), (most.day, "a day"))
            if each is not None
        ]
        if spans:
            found.append(f"{EFFECTS[effect]}: {', '.join(spans)}")
    return found


def lasting(span: timedelta) -> str:
    """`30 seconds`, `24 hours`, `2 days`: in the largest unit that counts it whole, a single day in hours."""
    seconds = int(span.total_seconds())
    for unit, noun in _UNITS:
        if seconds % unit == 0 and seconds and not (unit == 86_400 and seconds == unit):
            return count(seconds // unit, noun)
    return count(0, _UNITS[-1][1])


def _named(deciders: Deciders, asker: str) -> list[Block]:
    """Everybody a card's decision is open to; who asked is left out where it has to be another."""
    users = [user for user in deciders.people if not (deciders.another and user == asker)]
    if deciders.asker and not deciders.another:
        users = [asker, *(user for user in users if user != asker)]
    return [
        *(person(user) if user else run("the person who asks") for user in users),
        *({"type": "usergroup", "usergroup_id": group} for group in deciders.groups),
        *([run("an admin")] if deciders.admins else []),
    ]


def _demands(deciders: Deciders, asker: str) -> list[Block]:
    elements = [run(f"; {number(deciders.count)} of them")] if deciders.count > 1 else []
    if deciders.another:
        elements += [run("; not "), person(asker) if asker else run("the person who asks")]
    return elements


def _built_in(value: Policy) -> list[list[Block]]:
    safe = listed(sorted(value.safe)[:20])
    return [
        _told("Never", "a tool nobody offers, or one that cannot tell what it would do"),
        _told("At once", "reading"),
        _told(
            "Asks the person themselves",
            f"fetching, changing their own things, sending{f', deploying to {safe}' if safe else ''}",
        ),
        _told("Asks an admin", "changing who may see or do something, deleting or spending, of what is not their own"),
        _told(
            "Asks an admin who is not the person who asks",
            "deploying to production or to a place not named here, and whatever does not declare its effect",
        ),
    ]


def _told(label: str, text: str) -> list[Block]:
    return [run(f"{label}: ", bold=True), run(text, limit=700)]


def _rule(rule: Rule) -> list[Block]:
    elements = [run(rule.name, limit=80, bold=True), run(f" — {_THEN[rule.then]}: ")]
    elements.append(run(listed([EFFECTS[effect] for effect in Effect if effect in rule.effects]) or "everything"))
    conditions: list[tuple[str, Iterable[Block]]] = [
        (" with ", _patterns(rule.tools)),
        *((f" where {name[:40]} is ", _patterns(patterns)) for name, patterns in list(rule.facets.items())[:_MOST]),
        (" in environment ", _patterns(rule.environments)),
        (" for ", (person(user) for user in rule.people)),
        (" asked in ", (_channel(channel) for channel in rule.channels)),
    ]
    for words, parts in conditions:
        if shown := _joined([[part] for part in parts]):
            elements += [run(words), *shown]
    if len(rule.facets) > _MOST:
        elements.append(run(f" and {len(rule.facets) - _MOST} more conditions"))
    if rule.deciders is not None:
        named = _joined([[part] for part in _named(rule.deciders, "")]) or [run("as always")]
        elements += [run("; who decides: "), *named, *_demands(rule.deciders, "")]
        if rule.deciders.channel:
            elements += [run("; shown in "), _channel(rule.deciders.channel)]
    elements += [run(text) for text, on in (
        ("; another person is not needed", rule.alone),
        ("; with a code from the authenticator app", rule.critical),
        ("; each time anew", not rule.grants),
    ) if on]  # fmt: skip
    return [*elements, *([run(f". {rule.why}", limit=200)] if rule.why else [])]


def _patterns(patterns: Sequence[str]) -> list[Block]:
    return [run(pattern, limit=60, code=True) for pattern in patterns]


def _channel(channel: str) -> Block:
    return {"type": "channel", "channel_id": channel} if channel else run("direct messages")


def _joined(parts: Sequence[Sequence[Block]]) -> list[Block]:
    """`a`, `a or b`, `a, b or c`; of many, some are counted."""
    shown = list(parts[:_MOST]) if len(parts) > _MOST + 1 else list(parts)
    if len(shown) < len(parts):
        shown.append([run(f"one of {len(parts) - len(shown)} more")])
    elements: list[Block] = []
    for position, part in enumerate(shown):
        between = "" if position == 0 else " or " if position == len(shown) - 1 else ", "
        elements += [*([run(between)] if between else []), *part]
    return elements


def _fitting(rules: Sequence[Rule]) -> list[Block]:
    """The rules as far as a message has room for them."""
    kept: list[Block] = []
    room = _ROOM
    for rule in rules:
        entry = line(*_rule(rule))
        room -= cost(entry) + 20
        if room < 0:
            more = count(len(rules) - len(kept), Noun("more rule", "more rules"))
            return [
                *kept,
                line(run(f"and {more}: who runs MeshClaw sees all with "), run("meshclaw policy check", code=True)),
            ]
        kept.append(entry)
    return kept or [line(run("none besides those above"))]


def _clocks(value: Policy) -> list[str]:
    begin, end = (f"{at:%H:%M}" for at in value.quiet)
    quiet = f", never between {begin} and {end}" if begin != end else ""
    return [
        f"A card waits {lasting(value.decide_within)} for its decision; expired is denied.",
        f"A reminder comes {lasting(value.remind_before)} before that{quiet}.",
        f"What was approved has to begin within {lasting(value.execute_within)}.",
        f"What is sent waits {lasting(value.outbox)} in the outbox, where it can be called back.",
    ]


def _people(value: Policy) -> list[list[Block]]:
    lines = []
    admins = [[person(user)] for user in value.admins]
    admins += [[{"type": "usergroup", "usergroup_id": group}] for group in value.admin_groups]
    if admins:
        lines.append([run("Admins besides Slack's own: ", bold=True), *_joined(admins)])
    if value.break_glass:
        told = [run(", told in "), _channel(value.break_glass_channel)] if value.break_glass_channel else []
        people = _joined([[person(user)] for user in value.break_glass])
        lasts = run(f", for {lasting(value.break_glass_for)}")
        lines.append([run("May break the glass: ", bold=True), *people, lasts, *told])
    return lines


def _judged(value: Judged) -> list[list[Block]]:
    judgement = value.judgement
    lines = [_told("Why", judgement.why), _told("Rule", judgement.rule)]
    if judgement.verdict == "ask":
        lines.append([run("Who decides: ", bold=True), *deciders_line(judgement.deciders, value.asker)])
        if judgement.deciders.channel:
            lines.append([run("Shown in: ", bold=True), _channel(judgement.deciders.channel)])
        if judgement.critical:
            lines.append(_told("Critical", "approving takes a code from the authenticator app"))
        lines.append(
            _told("Always allow", "the person may allow the like of it for a while")
            if judgement.grantable
            else _told("Always allow", "no, it is asked each time anew")
        )
    return lines


def _text(elements: Iterable[Block]) -> str:
    return "".join(
        str(next(each[key] for key in ("text", "user_id", "usergroup_id", "channel_id") if key in each))
        for each in elements
    )
