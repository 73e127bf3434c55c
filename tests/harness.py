"""MeshClaw at home: a local workspace on a free port with MeshClaw behind it, and a person at the human side.

`house` runs both in this process, `process_house` runs `meshclaw run` as a process of its own that a test may kill.
DBOS is global, so there is one `house` per process at a time.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import os
import re
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from pydantic import SecretStr
from slack_bolt.request.async_request import AsyncBoltRequest
from sqlalchemy import text

from bot import app as composition
from bot.contracts.people import Person
from bot.demo import demo, sample_mail
from bot.settings import Settings, load
from bot.workspace.assembly import SLACKS_OWN, Timing
from bot.workspace.blocks import validate_message, validate_view
from bot.workspace.model import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from bot.workspace.seed import PEOPLE, TEAM
from bot.workspace.server import Workspace
from connectors.email import connection_from_url

Json = dict[str, Any]
T = TypeVar("T")

DM = "@meshclaw"
PATIENCE = 20.0
"""Seconds until something awaited counts as missing; nothing ever waits that long when all is well."""
_LOOK_AGAIN = 0.2
_BOLD = re.compile(r"\*([^*\n]+)\*")
_DATE_TOKEN = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_MALFORMED = re.compile(r"^(invalid_(?!trigger)|missing_|msg_|no_text|view_too|unknown_|not_allowed|metadata_)")
"""Slack's refusals of what is in a call, and not of where or when it is made."""
_USER_IDS = {person.handle: person.id for person in PEOPLE}


def person(handle: str) -> Person:
    """A person of the workspace as MeshClaw knows them."""
    return Person(TEAM.id, _USER_IDS[handle])


class Human:
    """The people of the workspace, acting and looking through `/human/…` alone.

    `who` is a handle. A refusal by the human side is an AssertionError that says why. Messages and views are the JSON
    objects the human side shows.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._faults: set[str] = set()

    # Acting

    async def command(self, who: str, typed: str, channel: str = DM) -> Json:
        """Type a slash command; `acked`, `ack_ms`, `response` (what was said at once) and `error`."""
        done = await self.post("command", **{"as": who, "channel": channel, "text": typed})
        if done["response"]:
            assert not validate_message(done["response"]), done["response"]
        return done

    async def say(self, who: str, words: str, channel: str = DM, thread_ts: str | None = None) -> Json:
        return await self.post("message", **{"as": who, "channel": channel, "text": words, "thread_ts": thread_ts})

    async def click(
        self,
        who: str,
        shown: Json,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        values: Json | None = None,
    ) -> Json:
        """Press an element of a message or a view; `value` for menus, `values` for the inputs beside it."""
        return await self.post(
            "click",
            **{"as": who, **_place(shown), "action_id": action_id, "block_id": block_id},
            value=value,
            values=values,
        )

    async def press(self, who: str, shown: Json, label: str, *, values: Json | None = None) -> Json:
        """Press the button that reads `label`, or `label` and a number, as a person finds it."""
        return await self.post("click", **{"as": who, **_place(shown), **button(shown, label)}, values=values)

    async def submit(self, who: str, view: Json, values: Json | None = None) -> Json:
        """Submit a modal; `acked`, `response_action`, `errors`, `error`."""
        return await self.post("submit", **{"as": who, "view_id": view["id"], "values": values or {}})

    async def close(self, who: str, view: Json, *, every: bool = False) -> Json:
        return await self.post("close", **{"as": who, "view_id": view["id"], "all": every})

    async def fault(self, method: str, kind: str, count: int | None = None, seconds: float | None = None) -> None:
        self._faults.add(kind.removeprefix("error:"))
        await self.post("faults", method=method, fault=kind, count=count, seconds=seconds)

    async def redeliver(self, count: int = 1) -> None:
        """Send the last envelope a person caused again."""
        await self.post("redeliver", count=count)

    # Looking

    async def messages(self, who: str, channel: str = DM, **more: str) -> list[Json]:
        return list((await self.get("messages", **{"as": who, "channel": channel, **more}))["messages"])

    async def modals(self, who: str) -> list[Json]:
        return list((await self.get("modals", **{"as": who}))["views"])

    async def home(self, who: str) -> Json | None:
        """Open the App Home; its view as it stands then."""
        view: Json | None = (await self.get("home", **{"as": who}))["view"]
        return view

    async def calls(self, method: str | None = None) -> list[Json]:
        """What MeshClaw asked of the Web API."""
        return list((await self.get("calls", **({"method": method} if method else {})))["calls"])

    async def assert_sound(self) -> None:
        """Everything MeshClaw ever sent is what Slack takes: no call was refused for what was in it."""
        for call in await self.calls():
            if call["error"] and call["error"] not in self._faults:
                assert not _MALFORMED.search(call["error"]), call
            view = call["args"].get("view")
            if isinstance(view, dict):
                assert not validate_view(view), view
            elif call["args"].get("blocks"):
                assert not validate_message(call["args"]), call["args"]

    # Waiting

    async def until(self, look: Callable[[], Awaitable[T | None]], seconds: float = PATIENCE) -> T:
        """What `look` finds, once it finds something: looked for again at every visible change, and now and then."""
        try:
            async with asyncio.timeout(seconds), self._session.get("/human/log") as log:
                while not (found := await look()):
                    try:
                        async with asyncio.timeout(_LOOK_AGAIN):
                            await log.content.readline()
                    except TimeoutError:
                        continue
                return found
        except TimeoutError:
            raise AssertionError(f"not seen within {seconds:.0f} s: {look.__qualname__}") from None

    async def last(self, who: str, channel: str = DM) -> str:
        """The `ts` of the newest message there, to tell later ones from it."""
        return max((each["ts"] for each in await self.messages(who, channel)), default="0")

    async def message(
        self,
        who: str,
        wanted: Callable[[Json], bool],
        channel: str = DM,
        *,
        after: str = "0",
        seconds: float = PATIENCE,
    ) -> Json:
        """The newest message of that kind posted after `after`, once there is one."""

        async def newest() -> Json | None:
            messages = await self.messages(who, channel)
            return next((each for each in reversed(messages) if each["ts"] > after and wanted(each)), None)

        try:
            return await self.until(newest, seconds)
        except AssertionError:
            seen = "\n---\n".join(words(each) for each in await self.messages(who, channel))
            raise AssertionError(f"{wanted.__qualname__} is not among these messages of {who}:\n{seen}") from None

    async def becomes(self, who: str, message: Json, wanted: Callable[[Json], bool], seconds: float = PATIENCE) -> Json:
        """That message, once it has been changed into one of that kind."""

        def changed(each: Json) -> bool:
            return bool(each["ts"] == message["ts"] and wanted(each))

        changed.__qualname__ = f"{message['ts']} as {wanted.__qualname__}"
        return await self.message(who, changed, message["channel"], seconds=seconds)

    async def modal(self, who: str, wanted: Callable[[Json], bool] = bool) -> Json:
        """The topmost modal, once it is of that kind."""

        async def top() -> Json | None:
            views = await self.modals(who)
            return views[-1] if views and wanted(views[-1]) else None

        return await self.until(top)

    async def triage(self, who: str, options: str = "", *, seconds: float = PATIENCE) -> tuple[Json, Json]:
        """Ask for a triage; its summary and its card, once both are there."""
        before = await self.last(who)
        done = await self.command(who, f"/meshclaw triage {options}".strip())
        assert done["error"] is None, done
        card = await self.message(who, is_card, after=before, seconds=seconds)
        return await self.message(who, is_summary, after=before), card

    # Speaking JSON

    async def get(self, call: str, **query: str) -> Json:
        async with self._session.get(f"/human/{call}", params=query) as answer:
            found: Json = await answer.json()
            assert answer.status == 200, found
            return found

    async def post(self, call: str, **body: Any) -> Json:
        status, answer = await self.try_post(call, **body)
        assert status == 200, answer
        return answer

    async def try_post(self, call: str, **body: Any) -> tuple[int, Json]:
        """Status and answer, also when the human side refuses."""
        given = {key: value for key, value in body.items() if value is not None}
        async with self._session.post(f"/human/{call}", json=given) as answer:
            return answer.status, await answer.json()


# What stands in a message or view, as a person reads it


def words(shown: Json) -> str:
    """All text of a message's or view's blocks, in reading order, without any markup of the structure."""
    return "\n".join(line for block in shown["blocks"] for line in _lines(block))


def buttons(shown: Json) -> list[str]:
    """The labels of all buttons, in order."""
    return [element["text"]["text"] for _, element in pressable(shown) if element["type"] == "button"]


def button(shown: Json, label: str) -> Json:
    """Where the button with this label stands: `block_id` and `action_id`. AssertionError when it is not there once."""
    found = [
        {"block_id": block["block_id"], "action_id": element["action_id"]}
        for block, element in pressable(shown)
        if element["type"] == "button" and _reads(element["text"]["text"], label)
    ]
    assert len(found) == 1, f"{len(found)} buttons read {label!r}, among {buttons(shown)}"
    return found[0]


def pressable(shown: Json) -> Iterator[tuple[Json, Json]]:
    """Every element that has an action, with its block."""
    for block in shown["blocks"]:
        found = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        yield from ((block, element) for element in found if element and "action_id" in element)


def structure(shown: Json) -> list[Json]:
    """What a message or view is built of, without its texts: types, block ids, action ids."""
    return [
        {
            "type": block["type"],
            "actions": action_ids(block),
        }
        for block in shown["blocks"]
    ]


def _lines(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _lines(each)
        return
    if not isinstance(part, dict):
        return
    if part.get("type") in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
        yield "".join(_run(element) for element in part["elements"])
        return
    if isinstance(part.get("text"), str) and part.get("type") in ("mrkdwn", "plain_text"):
        yield _marked(part["text"]) if part["type"] == "mrkdwn" else part["text"]
        return
    for key in ("label", "text", "fields", "hint", "elements", "element", "accessory", "options", "description"):
        if key in part:
            yield from _lines(part[key])


def _marked(text: str) -> str:
    """Slack's mrkdwn without its date tokens, bold and escapes."""
    return html.unescape(_BOLD.sub(r"\1", _DATE_TOKEN.sub(r"\1", text)))


def _run(element: Json) -> str:
    return str(element.get("text") or element.get("fallback") or element.get("user_id") or element.get("url") or "")


def _reads(text: str, label: str) -> bool:
    return text == label or bool(re.fullmatch(re.escape(label) + r" [\d,]+", text))


def _place(shown: Json) -> Json:
    return {"channel": shown["channel"], "ts": shown["ts"]} if "ts" in shown else {"view_id": shown["id"]}


def reads(shown: Json, label: str) -> bool:
    """Whether it has a button that reads `label`, or `label` and a number."""
    return any(_reads(each, label) for each in buttons(shown))


def label_number(shown: Json, label: str) -> int:
    """The number behind a button's label: 83 for "Approve 83"."""
    numbers = [int(each.rpartition(" ")[2].replace(",", "")) for each in buttons(shown) if _reads(each, label)]
    assert len(numbers) == 1, f"{label!r} is not there once, among {buttons(shown)}"
    return numbers[0]


def button_value(shown: Json, label: str) -> str:
    """What the button with this label carries."""
    place = button(shown, label)
    found = [element for block, element in pressable(shown) if element["action_id"] == place["action_id"]]
    return str(found[0]["value"])


def option_text(option: Json) -> str:
    """An option of a menu or of boxes, with its description."""
    parts = (option["text"], option.get("description"))
    return " ".join(str(part["text"]) for part in parts if part)


def option_value(shown: Json, action_id: str, label: str) -> str:
    """The value of the option that reads `label`, in a menu or in boxes."""
    for _, element in pressable(shown):
        for option in element.get("options", ()) if element["action_id"] == action_id else ():
            if option["text"]["text"] == label:
                return str(option["value"])
    raise AssertionError(f"{action_id} offers no {label!r}")


def action_ids(block: Json) -> list[str]:
    """The action ids of one block."""
    return [element["action_id"] for _, element in pressable({"blocks": [block]})]


def listed_items(view: Json) -> list[str]:
    """The numbered lines of the modal that shows a plan in full."""
    return [
        "".join(_run(each) for each in line["elements"])
        for block in view["blocks"]
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] == "rich_text_list" and part["style"] == "ordered"
        for line in part["elements"]
    ]


def is_card(message: Json) -> bool:
    """A card that waits for its decision."""
    return reads(message, "Approve")


def is_undoable(message: Json) -> bool:
    """The receipt of a card that can be taken back."""
    return reads(message, "Undo")


def is_summary(message: Json) -> bool:
    """The answer of a finished triage."""
    return "\nSorted " in words(message)


def says(*parts: str) -> Callable[[Json], bool]:
    """Messages or views that hold all these words."""

    def wanted(shown: Json) -> bool:
        text = words(shown)
        return all(part in text for part in parts)

    wanted.__qualname__ = f"says{parts}"
    return wanted


def mails(maildir: Path, folder: str = "INBOX") -> Counter[tuple[str, str]]:
    """The mails of a Maildir's folder as they lie on disk: digest of the content, and flags."""
    root = maildir if folder == "INBOX" else maildir / f".{folder}"
    found: Counter[tuple[str, str]] = Counter()
    for file in [*root.glob("cur/*"), *root.glob("new/*")]:
        flags = "".join(sorted(file.name.partition(":2,")[2]))
        found[hashlib.sha256(file.read_bytes()).hexdigest()[:16], flags] += 1
    return found


# The house


@dataclass
class House:
    """A running house. `data` holds all of it: `workspace/`, `meshclaw/` and `mail/`."""

    human: Human
    workspace: Workspace
    settings: Settings
    data: Path
    app: composition.App

    def maildir(self, handle: str) -> Path:
        """Where the person's mail lies, unless the test gave them another mailbox."""
        return self.data / "mail" / handle

    async def connect(self, handle: str, url: str) -> None:
        """Connect a mailbox as if the person had."""
        await self.app.storage.connections.put(person(handle), "mail", connection_from_url(url))

    async def idle(self, seconds: float = PATIENCE) -> None:
        """Wait until MeshClaw has nothing left to do: every request taken is answered."""
        async with asyncio.timeout(seconds):
            while await self._open():
                await asyncio.sleep(0.01)

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
    **settings: Any,
) -> AsyncIterator[House]:
    """A workspace and MeshClaw, connected, in this process. At the end all it sent must have been sound.

    `people` have a mailbox: the URL in `mail` under their handle, else a Maildir with their sample mail. `manifest`:
    hold MeshClaw to its own manifest. `settings`: further fields of `Settings`.
    """
    workspace = await _workspace(folder, manifest, timing)
    given = _settings(folder, workspace, database_url, settings)
    try:
        async with composition.running(given) as app, _session(workspace) as human:
            found = House(human, workspace, given, folder, app)
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
                await storage.connections.put(person(handle), "mail", connection_from_url(url))
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
