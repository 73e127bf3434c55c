"""A person's whole way, command to Approve to Undo, while MeshClaw dies and comes back under their hands."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import harness
import letters
from harness import Human, Json
from sqlalchemy import func, select, text

from bot import app as composition
from bot.gate.audit import Audit
from bot.settings import Settings
from bot.store.models import CardRow, InboxRow
from bot.workspace.assembly import Timing

ROOT = Path(__file__).parents[2]
CHILD = Path(__file__).with_name("child.py")
LONGEST = 90.0  # seconds for a whole way; a healthy one takes two
_ACK = Timing(ack=1.5, retries=(0.2, 0.5, 1.0))
_UNTOUCHED, _ARCHIVED, _FLAGGED = 8, 4, 1


class Nursery:
    """The process that forks lives of MeshClaw."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def bear(self, folder: Path, environment: Mapping[str, str], life: int, at: int) -> int:
        """Start a life that dies at its `at`-th crossing; its pid."""
        assert self._process.stdin
        assert self._process.stdout
        order = {"folder": str(folder), "environment": dict(environment), "life": life, "at": at}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return int(await self._process.stdout.readline())


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CHILD)), env=variables, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield Nursery(process)
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


@dataclass
class Replica:
    """One replica of MeshClaw over all its lives. `deaths`: the crossing each life dies at, 0 when it lives on."""

    nursery: Nursery
    folder: Path
    environment: Mapping[str, str]
    deaths: list[int]
    number: int = 0
    lives: int = 0
    pid: int = 0

    @property
    def alive(self) -> bool:
        if not self.pid:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    async def begin(self) -> None:
        """Start the next life; back when it is connected, or dead already."""
        at = self.deaths.pop(0) if self.deaths else 0
        self.lives += 1
        name = self.number * 1000 + self.lives
        self.pid = await self.nursery.bear(self.folder, self.environment, name, at)
        out = self.folder / f"out.{name}"
        async with asyncio.timeout(harness.PATIENCE):
            while self.alive and not (out.exists() and out.read_text()):
                await asyncio.sleep(0.02)

    async def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.alive:
            os.kill(self.pid, number)
        async with asyncio.timeout(harness.PATIENCE):
            while self.alive:
                await asyncio.sleep(0.01)


@dataclass
class Way:
    """What one person does and sees; they only do what a person with that screen would do."""

    human: Human
    folder: Path
    storage: composition.Storage
    replicas: Sequence[Replica]
    restart: bool = True
    """Start a dead replica again (else the others must do)."""
    after_action: Callable[[], Any] | None = None
    done: list[str] = field(default_factory=list)

    async def walk(self) -> None:
        """To the end, through every death."""
        try:
            async with asyncio.timeout(LONGEST):
                while await self._step():
                    pass
                await self._at_rest()
        except TimeoutError:
            raise AssertionError(f"no way on after {self.done}:\n{await self._screen()}") from None

    async def _step(self) -> bool:
        """Wait until MeshClaw is at rest, look at the screen, do the next thing; False at the end."""
        await self._at_rest()
        mine = [each for each in await self.human.messages("ada") if each["blocks"]]
        asking = [each for each in mine if harness.is_card(each)]
        undoable = [each for each in mine if harness.is_undoable(each)]
        if any(harness.says("Taken back.")(each) for each in mine):
            return False
        if asking:
            assert self.mails() == Counter(INBOX=_UNTOUCHED), "nothing moves before the click"
            await self._do("approve", self.human.press("ada", asking[-1], "Approve"))
        elif undoable:
            moved = Counter({"INBOX": _UNTOUCHED - _ARCHIVED, "Archive": _ARCHIVED})
            assert self.mails() == moved, "the receipt is true to the disk"
            assert self.flagged() == _FLAGGED
            assert harness.says("Done. 5 mails: all done.")(undoable[-1]), harness.words(undoable[-1])
            await self._do("undo", self.human.press("ada", undoable[-1], "Undo"))
        elif not await self._requests():
            await self._do("command", self.human.command("ada", "/meshclaw triage"))
        else:
            await asyncio.sleep(0.05)
        return True

    async def _do(self, what: str, action: Any) -> None:
        self.done.append(what)
        await action
        if self.after_action:
            await self.after_action()

    async def _at_rest(self) -> None:
        """MeshClaw lives, and nothing is left to do."""
        while True:
            living = [replica for replica in self.replicas if replica.alive]
            if len(living) < len(self.replicas) and (self.restart or not living):
                for replica in self.replicas:
                    if not replica.alive:
                        await replica.begin()
            elif not await self._requests(InboxRow.state == "new"):
                return
            await asyncio.sleep(0.02)

    async def _requests(self, *which: Any) -> int:
        async with self.storage.database.read() as session:
            return int(await session.scalar(select(func.count()).select_from(InboxRow).where(*which)) or 0)

    async def _screen(self) -> str:
        shown = [harness.words(each) for each in await self.human.messages("ada")]
        errors = [file.read_text()[-1500:] for file in sorted(self.folder.glob("err.*"))]
        return "\n---\n".join([*shown, str(self.mails()), *errors])

    # What must be so at the end

    async def check(self) -> None:
        """Nothing lost, nothing twice, and what is said is so."""
        shown = [each for each in await self.human.messages("ada") if each["blocks"]]
        screen = await self._screen()
        assert sum(map(harness.is_summary, shown)) == 1, screen
        receipts = [each for each in shown if harness.says("Tidy your mail")(each)]
        assert len(receipts) == 1, screen
        assert harness.says("Taken back. 5 mails: all taken back.")(receipts[0]) or self._flag_kept(receipts[0]), screen
        assert len(shown) == 2, screen
        self._check_disk(kept=self._flag_kept(receipts[0]))
        await self._check_rows()

    def _flag_kept(self, receipt: Json) -> bool:
        """A flag set by a life that died before it could say so: nobody knows who set it, so it is not taken back."""
        return harness.says("Taken back. 4 mails")(receipt)

    def _check_disk(self, *, kept: bool) -> None:
        assert self.mails() == Counter(INBOX=_UNTOUCHED)
        assert self.flagged() == (_FLAGGED if kept else 0)
        renames = [line.split("\t") for line in (self.folder / "renames").read_text().splitlines()]
        places = Counter((Path(source).name.partition(":")[0], Path(source).parts[-3]) for source, _ in renames)
        left = [place for (_, place) in places.elements()]
        assert left.count(".Archive") == _ARCHIVED
        assert left.count("ada") == _ARCHIVED + _FLAGGED + (0 if kept else _FLAGGED)
        assert max(places.values()) <= 2, "a mail is renamed at most once there and once back"
        assert max(count for (_, place), count in places.items() if place == ".Archive") == 1

    async def _check_rows(self) -> None:
        async with self.storage.database.read() as session:
            states = Counter(await session.scalars(select(InboxRow.state)))
            cards = list(await session.scalars(select(CardRow.state)))
            open_actions = await session.scalar(text("select count(*) from ledger where outcome is null"))
            table = "workflow_status" if self.storage.database.is_sqlite else "dbos.workflow_status"
            broken = await session.scalar(
                text(f"select count(*) from {table} where status not in ('SUCCESS', 'PENDING', 'ENQUEUED')")
            )
        assert set(states) == {"done"}, states
        assert cards == ["undone"]
        assert open_actions == 0
        assert broken == 0
        assert await Audit(self.storage.database, self.storage.vault).verify() is None

    def mails(self) -> Counter[str]:
        """How many different mails each folder holds."""
        maildir = self.folder / "mail" / "ada"
        folders = {"INBOX": maildir, **{path.name[1:]: path for path in maildir.glob(".*") if path.name != ".Sent"}}
        files = {name: [*path.glob("cur/*"), *path.glob("new/*")] for name, path in folders.items()}
        contents = [file.read_bytes() for found in files.values() for file in found]
        assert len(contents) == len(set(contents)), "a mail is there twice"
        return Counter({name: len(found) for name, found in files.items() if found})

    def flagged(self) -> int:
        return len(list((self.folder / "mail" / "ada").glob("cur/*F*")))


def fill(maildir: Path) -> None:
    """Eight mails, of which four may be archived, in two calls, and one flagged."""
    task = "Ada, you have been assigned a task: please approve the drawing by tomorrow.\n"
    login = "Verify your password within 24 hours at http://203.0.113.9/login or lose your account.\n"
    letters.put(
        maildir,
        [
            *(letters.question(number, subject=f"Crane {number}?") for number in range(2)),
            *(letters.newsletter(number) for number in range(2)),
            *(letters.newsletter(number, "Deals <deals@shop.example>") for number in range(10, 12)),
            letters.written(50, "PayPal Support <x@ppal-secure.example>", "Your account is locked", login),
            letters.written(51, "Board <noreply@board.example>", "Task 1", task),
        ],
    )
    letters.put(maildir, [letters.answer(number) for number in range(8)], "Sent")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A MeshClaw that was started and stopped once: its data folder, and how to make a copy of its database."""

    data: Path
    database: Callable[[], str | None]


@asynccontextmanager
async def way(
    nursery: Nursery, folder: Path, prepared: Prepared, deaths: Sequence[Sequence[int]], *, restart: bool = True
) -> AsyncIterator[Way]:
    """A workspace, a mailbox, and a replica for each list of deaths, on a copy of what was prepared."""
    folder.mkdir(parents=True)
    shutil.copytree(prepared.data, folder / "meshclaw")
    fill(folder / "mail" / "ada")
    database_url = prepared.database()
    workspace = await harness._workspace(folder, True, _ACK)
    given: Settings = harness._settings(folder, workspace, database_url, {})
    replicas = [
        Replica(nursery, folder, harness._environment(given, database_url), list(each), number)
        for number, each in enumerate(deaths)
    ]
    try:
        async with composition.open_storage(given) as storage, harness._session(workspace) as human:
            await harness.connect(storage, harness.person("ada"), f"maildir:{folder / 'mail' / 'ada'}")
            try:
                for replica in replicas:
                    await replica.begin()
                yield Way(human, folder, storage, replicas, restart)
            finally:
                for replica in replicas:
                    await replica.end()
    finally:
        await workspace.stop()


def crossings(folder: Path, life: int = 1) -> list[str]:
    """What that life crossed, in order."""
    return (folder / f"crossings.{life}").read_text().splitlines()
