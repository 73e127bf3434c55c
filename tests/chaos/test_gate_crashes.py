"""kill -9 at every point where the gate writes anything, and at pairs of points: nothing is lost, nothing happens
twice, and what nobody can tell is said. The gate alone, without Slack and DBOS, so that it dies many times a second.

The short form tries a spread of points; `make chaos` (MESHCLAW_CHAOS=long) every one, and many pairs of them.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from pathlib import Path

import pytest
from lab import World as Laboratory
from lives import World, engines
from mortal import Fate
from sqlalchemy import select
from stories import PLAIN, STORIES, Story, effects

from bot.store.database import Database
from bot.store.database import database_url as address_of
from bot.store.models import ActionRow, CardRow

LONG = os.environ.get("MESHCLAW_CHAOS") == "long"
SEED = 1977
PAIRS = 150 if LONG else 1
"""Of each story, on each database."""
SINGLES = 1
"""The same, in the short form."""
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(0 if LONG else 180)]


@pytest.fixture
async def shared(database_url: str, tmp_path: Path) -> AsyncIterator[list[Database]]:
    """One engine for the only replica of SQLite, three for those of PostgreSQL; and one to look on."""
    address = address_of(database_url, tmp_path)
    async with engines(address, 2 if address.get_backend_name() == "sqlite" else 4) as made:
        yield made


async def lived(
    shared: Sequence[Database], path: Path, story: Story, deaths: Sequence[int] = (), blind: Collection[str] = ()
) -> World:
    """The whole story with these deaths in it, and everything looked at."""
    world = World(shared, path, story.policy, blind, fate=Fate(deaths))
    await world.begin()
    try:
        await story.play(world)
        await check(world, story, blind)
    except Exception as error:
        error.add_note(f"{story.name}, died at {', '.join(world.fate.died_at) or 'no time'}")
        raise
    return world


async def check(world: World, story: Story, blind: Collection[str]) -> None:
    """Nothing lost, nothing twice, what is said is so."""
    await check_effects(world, story, blind)
    cards = await world.cards()
    assert Counter(card.state for card in cards) == story.states
    decided = {(card.id, "decided") for card in cards if card.state != "superseded"}
    undone = {(card.id, "undone") for card in cards if card.undo_id}
    assert world.reported == decided | undone, "its agent is told how each card ended"
    actions = len(await rows(world))
    assert await world.links() == story.links + Counter(intent=actions, outcome=actions)
    for grant in await world.grants():
        assert (grant.left, grant.used) == story.grant
    await check_drawings(world)


async def rows(world: World) -> Sequence[ActionRow]:
    async with world.shared[-1].read() as session:
        return (await session.scalars(select(ActionRow))).all()


async def check_effects(world: World, story: Story, blind: Collection[str]) -> None:
    laboratory = Laboratory(world.path)
    assert not laboratory.asked_again()
    happened = effects(laboratory.effects())
    assert happened <= story.effects, "nothing else, and nothing twice"
    unsure = []
    for row in await rows(world):
        assert row.outcome is not None, f"{row.tool} has no outcome"
        found = laboratory.found(row.id) is not None
        if row.state == "unknown":
            assert row.tool in blind
            unsure.append(row)
        else:
            assert found == (row.state == "done"), f"{row.tool} is said to be {row.state}"
    missing = story.effects - happened
    assert missing.total() <= len(unsure), f"lost: {missing}"
    for row in unsure:
        card = await world.look.by_plan(row.plan)
        told = str(world.slack.shows(f"card:{card.id}"))
        assert "unknown" in told.lower() or "not known" in told or "Nobody can tell" in told, told


async def check_drawings(world: World) -> None:
    """One message in each place a card is shown in, and it shows what the card is now."""
    assert set(world.slack.keys().values()) == {1}, world.slack.keys()
    async with world.shared[-1].read() as session:
        assert not list(await session.scalars(select(CardRow.id).where(CardRow.shown != CardRow.version)))
    shown = dict(world.slack.posted)
    for card in await world.cards():
        await world.outside.gate.decisions._drawing.draw(card)
    assert world.slack.posted == shown


def spread(amount: int, of: int) -> Iterator[int]:
    """That many numbers of 1…of, one from each stretch of equal length."""
    chance = random.Random(SEED)
    for each in range(min(amount, of)):
        yield 1 + int((each + chance.random()) * of / min(amount, of))


def telling(crossed: Sequence[str]) -> set[int]:
    """The world, or Slack, has changed, and nothing of it is written down yet; or a card has ended, and its agent was
    not told."""
    kinds = {"after post", *(name for name in crossed if name.startswith("after lab."))}
    ended = {number for number, name in enumerate(crossed, 1) if name == "before report"}
    return ended | {crossed.index(name) + 1 for name in kinds}


class Tally:
    """Lives schedules to the last, and tells of every one that ended badly."""

    def __init__(self, shared: Sequence[Database], path: Path, story: Story, blind: Collection[str] = ()) -> None:
        self._shared, self._path, self._story, self._blind = shared, path, story, blind
        self.schedules = self.deaths = 0
        self.failed: dict[str, str] = {}
        self._began = time.monotonic()

    async def live(self, *deaths: int) -> World | None:
        self.schedules += 1
        try:
            world = await lived(self._shared, self._path, self._story, deaths, self._blind)
        except Exception as error:
            self.failed["+".join(map(str, deaths))] = f"{error!r} {' '.join(error.__notes__)}"
            return None
        self.deaths += len(world.fate.died_at)
        return world

    def show(self, what: str, capsys: pytest.CaptureFixture[str]) -> None:
        seconds = time.monotonic() - self._began
        with capsys.disabled():
            print(f"\n{what}: {self.schedules} schedules, {self.deaths} deaths in {seconds:.0f} s, ", end="")
            print(f"{len(self.failed)} ended badly")
        assert not self.failed, "\n\n".join(f"{at}: {said}" for at, said in self.failed.items())
        assert self.deaths >= self.schedules


@pytest.mark.parametrize("story", STORIES.values(), ids=list(STORIES))
async def test_killed_once_and_twice(
    story: Story, shared: list[Database], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lab"
    crossed = (await lived(shared, path, story)).fate.crossed
    points = len(crossed)
    tally = Tally(shared, path, story)
    for at in range(1, points + 1) if LONG else {*sorted(telling(crossed))[::3], *spread(SINGLES, points)}:
        await tally.live(at)
    chance = random.Random(SEED)
    for first in spread(PAIRS, points - 1):
        await tally.live(first, chance.randint(1, points - first))
    where = "SQLite" if shared[0].is_sqlite else "PostgreSQL"
    tally.show(f"{story.name} on {where}, of {points} points", capsys)


@pytest.mark.parametrize("story", STORIES.values(), ids=list(STORIES))
async def test_everything_delivered_again_and_again(story: Story, shared: list[Database], tmp_path: Path) -> None:
    """Each request comes three more times at once, past the inbox too, and three more times after all have died."""
    world = World(shared, tmp_path / "lab", story.policy, again=3)
    await world.begin()
    await story.play(world)
    await check(world, story, ())


async def test_what_cannot_look_back_is_said_to_be_unknown(
    shared: list[Database], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tool that cannot tell how far it came runs once at most."""
    path, blind = tmp_path / "lab", ("lab.note", "lab.send")
    crossed = (await lived(shared, path, PLAIN)).fate.crossed
    tally = Tally(shared, path, PLAIN, blind)
    for at in range(1, len(crossed) + 1) if LONG else _around(crossed, "lab.note"):
        await tally.live(at)
    tally.show("blind tools", capsys)


def _around(crossed: Sequence[str], effect: str) -> Sequence[int]:
    """From before its intent is written until after its outcome is."""
    before, after = crossed.index(f"before {effect}") + 1, crossed.index(f"after {effect}") + 1
    return range(before - 2, after + 3)
