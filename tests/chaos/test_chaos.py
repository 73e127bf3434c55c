"""kill -9 at any moment of the way, and a restart: nothing lost, nothing twice, an unknown outcome said.

The short form tries a spread of moments; `make chaos` (MESHCLAW_CHAOS=long) tries every one, and pairs of them.
"""

import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from way import Nursery, Prepared, Way, crossings, nursery, way

LONG = os.environ.get("MESHCLAW_CHAOS") == "long"
SEED = 1977
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(0 if LONG else 180)]  # each walk has a limit of its own


@pytest.fixture
async def born() -> AsyncIterator[Nursery]:
    async with nursery() as found:
        yield found


@pytest.fixture
def addresses(request: pytest.FixtureRequest) -> Callable[..., str | None]:
    """Makes the databases of a test: on SQLite they lie in MeshClaw's own folder. The parameter says which."""
    if request.param == "sqlite":
        return lambda of=None: None
    made: Callable[..., str] = request.getfixturevalue("new_postgres")
    return made


@pytest.fixture
async def prepared(born: Nursery, tmp_path: Path, addresses: Callable[..., str | None]) -> Prepared:
    """A MeshClaw that was started and stopped once; each walk gets a copy."""
    (tmp_path / "empty").mkdir()
    address = addresses()
    async with way(born, tmp_path / "prepared", Prepared(tmp_path / "empty", lambda: address), [[0]]) as walk:
        await walk.replicas[0].end(signal.SIGTERM)
    return Prepared(tmp_path / "prepared" / "meshclaw", lambda: addresses(address))


SQLITE = pytest.mark.parametrize("addresses", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("addresses", ["postgresql"], indirect=True)
BOTH = pytest.mark.parametrize("addresses", ["sqlite", "postgresql"], indirect=True)


async def walked(
    born: Nursery, folder: Path, prepared: Prepared, deaths: Sequence[Sequence[int]], *, restart: bool = True
) -> Way:
    """The whole way, with these deaths on it, ended properly, and everything looked at."""
    async with way(born, folder, prepared, deaths, restart=restart) as walk:
        await walk.walk()
        for replica in walk.replicas:
            await replica.end(signal.SIGTERM)
        await walk.check()
        return walk


class Tally:
    """Runs walks to the last, and tells of every one that failed."""

    def __init__(self, born: Nursery, folder: Path, prepared: Prepared, *, restart: bool = True) -> None:
        self._born, self._folder, self._prepared, self._restart = born, folder, prepared, restart
        self.failed: dict[str, str] = {}
        self.deaths = 0

    async def walk(self, *deaths: Sequence[int]) -> bool:
        """One walk; whether anybody died on it."""
        name = "+".join("-".join(map(str, each)) or "0" for each in deaths)
        folder = self._folder / name
        try:
            await walked(self._born, folder, self._prepared, deaths, restart=self._restart)
        except AssertionError as error:
            self.failed[name] = f"{_died_at(folder)}: {error}"
            self._note(f"{name} ended badly: {self.failed[name]}")
            return True
        died = len(crossings(folder)) == deaths[0][0]
        self.deaths += died
        self._note(f"{name} ended well, {'after a death' if died else 'unharmed'}")
        return died

    def _note(self, line: str) -> None:
        """A long run can be followed, and is not lost when it is broken off."""
        with (self._folder / "tally").open("a") as tally:
            tally.write(f"{line}\n")

    def show(self, what: str, capsys: pytest.CaptureFixture[str]) -> None:
        with capsys.disabled():
            print(f"\n{what}: {self.deaths} deaths, {len(self.failed)} of them ended badly")
        assert not self.failed, "\n\n".join(f"{name} {said}" for name, said in self.failed.items())
        assert self.deaths


def _died_at(folder: Path) -> str:
    return ", ".join(
        f"{file.name}: {file.read_text().splitlines()[-1:]}" for file in sorted(folder.glob("crossings.*"))
    )


def spread(amount: int, of: int) -> Iterator[int]:
    """That many numbers of 1…of, one from each stretch of equal length."""
    chance = random.Random(SEED)
    for each in range(amount):
        yield 1 + int((each + chance.random()) * of / amount)


def telling(crossed: list[str]) -> list[int]:
    """Of all moments a few: the world has changed and nothing of it is written down yet; and some commits."""
    posts, renames, commits = (
        [number for number, name in enumerate(crossed, 1) if name == f"after {kind}"]
        for kind in ("post", "rename", "commit")
    )
    return [
        posts[0],
        renames[len(renames) // 2 + 1],
        commits[len(commits) // 2],
    ]


@SQLITE
async def test_killed_once(
    born: Nursery, prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At every commit, every message and every rename, just before and just after it."""
    whole = await walked(born, tmp_path / "unharmed", prepared, [[0]])
    assert whole.done == ["command", "approve", "undo"]
    crossed = crossings(tmp_path / "unharmed")
    assert len(crossed) > 100
    tally = Tally(born, tmp_path, prepared)
    at = 0
    for at in range(1, 10 * len(crossed)) if LONG else telling(crossed):
        if not await tally.walk([at]):
            break
    assert not LONG or at > len(crossed) - 20
    tally.show(f"killed once, of {len(crossed)} moments", capsys)


@SQLITE
async def test_killed_twice(
    born: Nursery, prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second life dies while it clears up after the first."""
    chance = random.Random(SEED)
    tally = Tally(born, tmp_path, prepared)
    for first in spread(60 if LONG else 1, 150):
        await tally.walk([first, chance.randint(1, 40)])
    tally.show("killed twice", capsys)


@POSTGRESQL
async def test_another_replica_takes_over(
    born: Nursery, prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two or three replicas on PostgreSQL; one dies for good, and another goes on with what it was at."""
    tally = Tally(born, tmp_path, prepared, restart=False)
    unharmed = 0
    for at in range(1, 400) if LONG else spread(2, 90):
        unharmed = 0 if await tally.walk([at], *[[0]] * (1 + at % 2)) else unharmed + 1
        if unharmed == 10:
            break
    tally.show("taken over by another replica", capsys)


@POSTGRESQL
async def test_killed_on_postgresql_and_restarted(
    born: Nursery, prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next life has another name, and takes over from its own past."""
    tally = Tally(born, tmp_path, prepared)
    chance = random.Random(SEED)
    for at in spread(60 if LONG else 1, 150):
        await tally.walk([at, chance.randint(1, 60)] if LONG else [at])
    tally.show("killed on PostgreSQL", capsys)


@BOTH
async def test_everything_delivered_again_and_again(born: Nursery, prepared: Prepared, tmp_path: Path) -> None:
    """Each command and click comes three more times at once, and three more times after a restart."""
    async with way(born, tmp_path / "way", prepared, [[0]]) as walk:

        async def again() -> None:
            await walk.human.redeliver(3)
            await walk.replicas[0].end()
            await walk.replicas[0].begin()
            await walk.human.redeliver(3)

        walk.after_action = again
        await walk.walk()
        await walk.replicas[0].end(signal.SIGTERM)
        await walk.check()
        assert walk.done == ["command", "approve", "undo"]
        assert walk.replicas[0].lives == 4
