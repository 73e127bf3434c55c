"""What people do with cards, as short stories that have to end the same whoever dies in them, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lives import ADA, BEN, CY, POLICY, TWO_OF_EIGHT, World, asked, clicked, deploy, note, send

from bot.contracts.errors import PersonMends
from bot.contracts.policy import Policy, Rule
from bot.contracts.tools import Call, Effect, Plan, ToolContext

_BOTH = replace(TWO_OF_EIGHT, people=(BEN.user, CY.user), channel="")
_POLICY = replace(POLICY, rules=(Rule("deploys", "ask", effects=frozenset((Effect.DEPLOY,)), deciders=_BOTH),))


@dataclass(frozen=True, slots=True)
class Story:
    """`play` it; then these `effects` have happened, the cards are in these `states`, the audit has these `links`
    besides intents and outcomes, and the grant has so many things left and used."""

    name: str
    play: Callable[[World], Awaitable[None]]
    effects: Counter[str]
    states: Counter[str]
    links: Counter[str]
    grant: tuple[int, int] = (0, 0)
    policy: Policy = field(default=_POLICY)


def effects(calls: Sequence[Call]) -> Counter[str]:
    """What happened, in short: "note one"."""
    return Counter(f"{call.tool.partition('.')[2]} {_about(call)}" for call in calls)


def _about(call: Call) -> str:
    return next(str(call.args[name]) for name in ("title", "to", "service") if name in call.args)


def _stops_at(world: World, *moments: tuple[str, str]) -> None:
    """Somebody says stop while these calls are carried out, each the first time."""
    left = set(moments)

    async def said(context: ToolContext, call: Call) -> None:
        moment = (call.tool, _about(call))
        if moment in left:
            left.remove(moment)
            await world.stop()

    world.said = said


# Somebody's own affair: approved, stopped in the middle, gone on with, taken back, stopped again, gone on with.


async def _alone(world: World) -> None:
    _stops_at(world, ("lab.note", "two"), ("lab.forget", "two"))
    await world.propose(asked("plan"), Plan("Alone", (note("one"), note("two"), send("zoe"))))
    await world.click(clicked("approve", "approve", await world.card("pending")))
    await world.outbox_over()
    await world.click(clicked("on", "go_on", await world.card("paused")))
    await world.click(clicked("undo", "undo", await world.card("settled")))
    await world.click(clicked("on again", "go_on", await world.card("paused")))
    await world.clock()


# What others decide: by a grant of one's own, by two others, called back, and one thing that cannot be done.


async def _shared(world: World) -> None:
    async def refuse(context: ToolContext, call: Call) -> None:
        if call.args.get("to") == "bob-full":
            raise PersonMends("This mailbox is full.")

    world.said = refuse
    now = datetime.now(UTC)
    await world.granting.write(
        ADA, "lab.send", {"to": ("bob*",), "text": ("*",)}, count=5, until=now + timedelta(days=1), words="to Bob",
        now=now, actor=ADA.user, key="grant",
    )  # fmt: skip
    calls = (send("bob"), send("bob-full"), deploy("api"), deploy("web"))
    await world.propose(asked("plan"), Plan("Shared", calls))
    await world.click(clicked("ben", "approve", await world.card("pending"), BEN))
    await world.stop()
    await world.outbox_over()
    await world.click(clicked("on", "go_on", await world.card("paused")))
    await world.click(clicked("cy", "approve", await world.card("pending"), CY))
    await world.propose(asked("more"), Plan("More", (send("bobby"),)))
    await world.click(clicked("back", "call_back", await world.card("holding")))
    await world.clock()


# What is not done: turned down, not decided in time, superseded, edited and then left halfway.


async def _otherwise(world: World) -> None:
    _stops_at(world, ("lab.note", "two"))
    await world.propose(asked("first"), Plan("First", (note("never"),)))
    await world.click(clicked("deny", "deny", await world.card("pending"), reason="Not this."))
    await world.propose(asked("second"), Plan("Second", (note("never"),), topic="it"))
    await world.propose(asked("third"), Plan("Third", (note("never"),), topic="it"))
    await world.nobody_decides()
    await world.propose(asked("fourth"), Plan("Fourth", (note("wrong"), note("two"), note("left"))))
    typed = {"title": "right", "text": "y"}
    await world.click(clicked("edit", "edit", await world.card("pending"), index=0, values=typed))
    await world.click(clicked("approve", "approve", await world.card("pending")))
    await world.click(clicked("leave", "leave", await world.card("paused")))
    await world.clock()


# The simplest one, also for tools that cannot look back.


async def _plain(world: World) -> None:
    await world.propose(asked("plan"), Plan("Plain", (note("one"), send("zoe"))))
    await world.click(clicked("approve", "approve", await world.card("pending")))
    await world.outbox_over()


PLAIN = Story(
    "plain",
    _plain,
    Counter(["note one", "send zoe"]),
    Counter(settled=1),
    Counter(proposed=1, approved=1, released=1, settled=1),
)
STORIES = {
    story.name: story
    for story in (
        PLAIN,
        Story(
            "alone",
            _alone,
            Counter(f"{what} {title}" for what in ("note", "forget") for title in ("one", "two"))
            + Counter(["send zoe"]),
            Counter(undone=1),
            Counter(proposed=1, approved=1, released=1, stopped=2, paused=2, undo=1, undone=1)
            + Counter({"went-on": 2, "settled": 1}),
        ),
        Story(
            "shared",
            _shared,
            Counter(["send bob", "deploy api", "deploy web"]),
            Counter(settled=2, called_back=1),
            Counter(proposed=1, granted=2, approved=2, released=1, stopped=1, paused=1, settled=2)
            + Counter({"grant-written": 1, "went-on": 1, "called-back": 1}),
            grant=(4, 1),
        ),
        Story(
            "otherwise",
            _otherwise,
            Counter(["note right", "note two"]),
            Counter(denied=1, superseded=1, expired=1, settled=1),
            Counter(proposed=4, denied=1, superseded=1, expired=1, edited=1, approved=1, stopped=1, paused=1, left=1),
        ),
    )
}
