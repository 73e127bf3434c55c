"""MeshClaw at home: a local workspace on a free port with MeshClaw behind it, and a person at the human side.

`house` runs both in this process, `process_house` runs `meshclaw run` as a process of its own that a test may kill.
DBOS is global, so there is one `house` per process at a time. What a test needs of `human` and `shown` is here too.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from human import DM, PATIENCE, Human
from lab import Lab
from pydantic import SecretStr
from shown import (
    Json,
    action_ids,
    button,
    button_value,
    buttons,
    is_card,
    is_summary,
    is_undoable,
    label_number,
    listed_items,
    mails,
    option_text,
    option_value,
    pressable,
    reads,
    says,
    structure,
    words,
)
from slack_bolt.request.async_request import AsyncBoltRequest
from sqlalchemy import text

from bot import app as composition
from bot.contracts.people import Person
from bot.demo import demo, sample_mail
from bot.gate.audit import Audit
from bot.gate.modes import Modes
from bot.models import ModelSettings
from bot.settings import Settings, load
from bot.workspace.assembly import SLACKS_OWN, Timing
from bot.workspace.model import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from bot.workspace.seed import PEOPLE, TEAM
from bot.workspace.server import Workspace
from connectors.email import connection_from_url

__all__ = [
    "DM",
    "PATIENCE",
    "House",
    "Human",
    "Json",
    "Lab",
    "ProcessHouse",
    "action_ids",
    "button",
    "button_value",
    "buttons",
    "forged_click",
    "forged_menu",
    "house",
    "is_card",
    "is_summary",
    "is_undoable",
    "label_number",
    "listed_items",
    "mails",
    "option_text",
    "option_value",
    "person",
    "pressable",
    "process_house",
    "reads",
    "says",
    "structure",
    "words",
]

_USER_IDS = {person.handle: person.id for person in PEOPLE}


def person(handle: str) -> Person:
    """A person of the workspace as MeshClaw knows them."""
    return Person(TEAM.id, _USER_IDS[handle])


async def connect(storage: composition.Storage, who: Person, url: str) -> None:
    """Connect a mailbox as if the person had, and had let agents propose changes to it."""
    await storage.connections.put(who, "mail", connection_from_url(url))
    modes = Modes(storage.database, storage.vault, Audit(storage.database, storage.vault))
    await modes.set_connection(who, "mail", "ask", who.user, datetime.now(UTC))


@dataclass
class House:
    """A running house. `data` holds all of it: `workspace/`, `meshclaw/` and `mail/`."""

    human: Human
    workspace: Workspace
    settings: Settings
    data: Path
    app: composition.App
    lab: Lab
    """Its laboratory, if it was asked for (`lab=True`)."""

    def maildir(self, handle: str) -> Path:
        """Where the person's mail lies, unless the test gave them another mailbox."""
        return self.data / "mail" / handle

    async def connect(self, handle: str, url: str) -> None:
        """Connect a mailbox as if the person had, and had let agents propose changes to it."""
        await connect(self.app.storage, person(handle), url)

    async def idle(self, seconds: float = PATIENCE) -> None:
        """Wait until MeshClaw has nothing left to do: every request taken is answered."""
        async with asyncio.timeout(seconds):
            while await self._open():
                await asyncio.sleep(0.01)

    async def sweep(self) -> None:
        """What the clock does every quarter of a minute, now."""
        await self.app.engine._parts.upkeep._sweep()

    async def _open(self) -> int:
        async with self.app.storage.database.read() as session:
            return int(await session.scalar(text("select count(*) from inbox where state = 'new'")) or 0)


async def forged_click(house: House, who: str, message: Json, action_id: str, value: str) -> int:
    """A button's payload as Slack would send it, for a click the human side would not let anybody make: on an older
    drawing, or on somebody else's card. The status MeshClaw answers with."""
    return await _forged(house, who, message, {"type": "button", "action_id": action_id, "value": value})


async def forged_menu(house: House, who: str, message: Json, action_id: str, block_id: str, value: str) -> int:
    """The same for a menu."""
    chosen = {"text": {"type": "plain_text", "text": value}, "value": value}
    action = {"type": "static_select", "action_id": action_id, "block_id": block_id, "selected_option": chosen}
    return await _forged(house, who, message, action)


async def _forged(house: House, who: str, message: Json, action: Json) -> int:
    place = {"message_ts": message["ts"], "channel_id": message["channel"]}
    payload = {
        "type": "block_actions",
        "team": {"id": TEAM.id, "domain": "local"},
        "user": {"id": _USER_IDS[who], "team_id": TEAM.id},
        "api_app_id": "A01MESHCLAW",
        "trigger_id": f"forged.{time.time_ns()}",
        "container": {"type": "message", "is_ephemeral": False, **place},
        "channel": {"id": message["channel"], "name": "directmessage"},
        "message": {"ts": message["ts"], "text": message["text"], "blocks": message["blocks"]},
        "actions": [{"block_id": "b", "action_ts": str(time.time()), **action}],
    }
    answer = await house.app.bolt.async_dispatch(AsyncBoltRequest(body=payload, mode="socket_mode"))
    return int(answer.status)


@asynccontextmanager
async def house(
    folder: Path,
    *,
    database_url: str | None = None,
    people: Sequence[str] = ("ada", "chen"),
    mail: Mapping[str, str] | None = None,
    manifest: bool = True,
    timing: Timing = SLACKS_OWN,
    lab: bool = False,
    model: ModelSettings | None = None,
    **settings: Any,
) -> AsyncIterator[House]:
    """A workspace and MeshClaw, connected, in this process. At the end all it sent must have been sound.

    `people` have a mailbox: the URL in `mail` under their handle, else a Maildir with their sample mail. `manifest`:
    hold MeshClaw to its own manifest. `lab`: with the connector and the agent of the laboratory, whose world lies in
    `lab.jsonl`. `model`: the language models, by default none. `settings`: further fields of `Settings`.
    """
    workspace = await _workspace(folder, manifest, timing)
    given = _settings(folder, workspace, database_url, settings)
    try:
        laboratory = Lab(folder / "lab.jsonl")
        more: dict[str, Any] = (
            {"more_connectors": [laboratory.connector_for], "more_agents": [laboratory.agent]} if lab else {}
        )
        more["model"] = model or ModelSettings()
        async with composition.running(given, **more) as app, _session(workspace) as human:
            found = House(human, workspace, given, folder, app, laboratory)
            for handle, url in _mailboxes(folder, people, mail).items():
                await found.connect(handle, url)
            async with composition.listening_by_socket(app, given):
                yield found
            await human.assert_sound()
    finally:
        await workspace.stop()


@dataclass
class ProcessHouse:
    """A workspace here, and MeshClaw as a process of its own."""

    human: Human
    workspace: Workspace
    settings: Settings
    data: Path
    environment: Mapping[str, str]
    arguments: Sequence[str] = ()
    url: str = ""
    """Where it listens, if it does (`--http`); for the test to fill in."""
    errors: list[str] = field(default_factory=list)
    """What MeshClaw wrote to standard error, line by line, over all its lives."""
    _process: asyncio.subprocess.Process | None = None
    _reader: asyncio.Task[None] | None = None

    def maildir(self, handle: str) -> Path:
        return self.data / "mail" / handle

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    async def start(self) -> str:
        """Start MeshClaw, and wait for the line that says it is up."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", "run", *self.arguments),
            env={**self.environment},
            cwd=self.data,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout
        self._reader = asyncio.create_task(self._keep(self._process))
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
        assert line, "\n".join(["MeshClaw ended at its start.", *self.errors])
        return line.decode().strip()

    async def kill(self) -> None:
        """kill -9."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to end; its exit code."""
        return await self._end(signal.SIGTERM)

    async def idle(self, seconds: float = PATIENCE) -> None:
        """Wait until MeshClaw has nothing left to do (on SQLite)."""
        async with asyncio.timeout(seconds):
            while self.row("select count(*) from inbox where state = 'new'")[0]:
                await asyncio.sleep(0.02)

    def row(self, query: str) -> tuple[Any, ...]:
        """One row of its SQLite database."""
        with closing(sqlite3.connect(self.settings.data / "meshclaw.db", timeout=10)) as database:
            found: tuple[Any, ...] = database.execute(query).fetchone()
            return found

    async def _end(self, number: signal.Signals) -> int:
        process = self._process
        assert process
        if process.returncode is None:
            process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            code = await process.wait()
        if self._reader:
            await self._reader
        self._process = self._reader = None
        return code

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr
        async for line in process.stderr:
            self.errors.append(line.decode(errors="replace").rstrip())


@asynccontextmanager
async def process_house(
    folder: Path,
    *,
    database_url: str | None = None,
    people: Sequence[str] = ("ada",),
    mail: Mapping[str, str] | None = None,
    manifest: bool = True,
    timing: Timing = SLACKS_OWN,
    environment: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    started: bool = True,
) -> AsyncIterator[ProcessHouse]:
    """A workspace here, and `meshclaw run` as a child: `kill()` it, `start()` it again. Parameters as of `house`."""
    workspace = await _workspace(folder, manifest, timing)
    given = _settings(folder, workspace, database_url, {})
    try:
        async with composition.open_storage(given) as storage:
            for handle, url in _mailboxes(folder, people, mail).items():
                await connect(storage, person(handle), url)
        async with _session(workspace) as human:
            variables = {**_environment(given, database_url), **(environment or {})}
            found = ProcessHouse(human, workspace, given, folder, variables, arguments)
            try:
                if started:
                    await found.start()
                yield found
                await human.assert_sound()
            finally:
                if found._process:
                    await found.kill()
    finally:
        await workspace.stop()


async def _workspace(folder: Path, manifest: bool, timing: Timing) -> Workspace:
    held_to = demo.manifest() if manifest else None
    assert held_to or not manifest, "manifest.yml is not where it should be"
    return await Workspace.start(port=0, data=folder / "workspace", manifest=held_to, timing=timing)


@asynccontextmanager
async def _session(workspace: Workspace) -> AsyncIterator[Human]:
    async with aiohttp.ClientSession(workspace.url) as session:
        yield Human(session)


def _settings(folder: Path, workspace: Workspace, database_url: str | None, more: Mapping[str, Any]) -> Settings:
    given = {
        "data": folder / "meshclaw",
        "slack_bot_token": SecretStr(BOT_TOKEN),
        "slack_app_token": SecretStr(APP_TOKEN),
        "slack_signing_secret": SecretStr(SIGNING_SECRET),
        "slack_api_url": workspace.api_url,
        "pace": 0,
        "database_url": SecretStr(database_url) if database_url else None,
    }
    return load(**{**given, **more})


def _environment(settings: Settings, database_url: str | None) -> dict[str, str]:
    """What a child needs to run with these settings, and nothing of this process's MESHCLAW_* or SLACK_*."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MESHCLAW_", "SLACK_")) and name != "PORT"
    }
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "MESHCLAW_PACE": "0",
        "MESHCLAW_DATA": str(settings.data),
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": str(settings.slack_api_url),
        **({"MESHCLAW_DATABASE_URL": database_url} if database_url else {}),
    }


def _mailboxes(folder: Path, people: Sequence[str], mail: Mapping[str, str] | None) -> dict[str, str]:
    """The mailbox of each person as a URL; sample mail is written where the test gave none."""
    urls = dict(mail or {})
    for handle in people:
        if handle not in urls:
            maildir = folder / "mail" / handle
            sample_mail.fill(maildir, handle, datetime.now(UTC))
            urls[handle] = f"maildir:{maildir}"
    return urls
