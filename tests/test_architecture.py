"""The laws that imports cannot show, read from the syntax tree; and the proof that every rule catches its breach.

`.importlinter` holds who may import whom (`make check` runs it). Here a breach is planted against each of its
contracts, in a copy, and against each rule below: a rule that never fails holds nothing.
"""

import ast
import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "handlers", "connectors")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 60
LONGER = {"bot/store/migrations/versions/0001_first.py:upgrade": "the tables of the first version, one after another"}
"""`path` or `path:function` → why it may be longer."""

LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log", "bind"}
NEVER_LOGGED = {"body", "text", "blocks", "password", "secret", "secrets", "payload", "token", "subject", "view"}
SENDS = re.compile(r"chat_(?!stream\b)\w+|views_publish")
SHORTCUTS_PAST_THE_SENDER = {"say", "respond", "say_stream"}
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
LISTENER = {"ack", "lazy"}
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
REACHING_ROOMS = (
    *("bot/network/", "bot/models/", "bot/workspace/", "bot/demo/", "handlers/"),
    *("connectors/slack/", "connectors/mcp/address.py"),
)
REACHING_MODULES = re.compile(
    r"(requests|httpx2?|httpcore2?|urllib3|urllib\.request|http\.client|ftplib|smtplib)(\..*)?"
)
REACHING_CALLS = re.compile(
    r"aiohttp\.(\w+\.)?(ClientSession|TCPConnector|UnixConnector|request)"
    r"|socket\.(socket|create_connection)|asyncio\.open_connection"
)
REACHING_METHODS = {"create_connection", "open_connection", "sock_connect", "create_datagram_endpoint"}
REGISTERS = {"command", "event", "action", "view", "shortcut", "options", "message"}


@dataclass(frozen=True)
class Source:
    """One file of the project: where it lies, what it says."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


@cache
def _sources(*rooms: str) -> list[Source]:
    files = (path for room in rooms for path in sorted((ROOT / room).rglob("*.py")))
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in files]


def effects_outside_the_ledger(source: Source) -> Iterator[str]:
    """Law 1: only the ledger touches the two methods of a tool that act on, or look at, the world."""
    if source.path == "bot/gate/ledger.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("perform", "look_back"):
            yield f"line {node.lineno}: .{node.attr}"
        if isinstance(node, ast.Constant) and node.value in ("perform", "look_back"):
            yield f"line {node.lineno}: the name {node.value!r} as a value"


def messages_past_the_sender(source: Source) -> Iterator[str]:
    """Slack messages leave through connectors/slack alone; Bolt's own shortcuts would go round it."""
    if source.path.startswith(("connectors/slack/", "bot/workspace/")):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and SENDS.fullmatch(node.attr):
            yield f"line {node.lineno}: {node.attr}"
        if source.path.startswith("handlers/") and isinstance(node, ast.arg) and node.arg in SHORTCUTS_PAST_THE_SENDER:
            yield f"line {node.lineno}: {node.arg}"


def listeners_that_may_lose_their_ack(source: Source) -> Iterator[str]:
    """Bolt cancels an ack when the listener raises after it: registered as `ack=` with `lazy=`, and ack is last."""
    if not source.path.startswith("handlers/"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _registers(node.func) and {word.arg for word in node.keywords} != LISTENER:
            yield f"line {node.lineno}: registered without ack= and lazy="
        if isinstance(node, ast.AsyncFunctionDef) and any(map(_registers, node.decorator_list)):
            yield f"line {node.lineno}: {node.name} is registered by a decorator"
        if isinstance(node, ast.AsyncFunctionDef) and any(arg.arg == "ack" for arg in node.args.args):
            *before, last = node.body
            if any(map(_acknowledges, before)) or not _acknowledges(last):
                yield f"line {node.lineno}: {node.name} does not end with its ack"


def _acknowledges(node: ast.stmt) -> bool:
    return any(isinstance(call, ast.Call) and _named(call.func, "ack") for call in ast.walk(node))


def _registers(node: ast.expr) -> bool:
    """`app.command("/meshclaw")` and its like, which wait to be called with the listener."""
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in REGISTERS and _named(called.value, "app")


def _named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def requests_past_the_guard(source: Source) -> Iterator[str]:
    """What a model or a mail may choose the address of leaves through bot/network alone."""
    if source.path.startswith(REACHING_ROOMS):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (f"line {node.lineno}: {name}" for name in _imported(node) if _reaches(name))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = ast.unparse(node.func)
            if REACHING_CALLS.fullmatch(named) or node.func.attr in REACHING_METHODS:
                yield f"line {node.lineno}: {named}"


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """`aiohttp.ClientSession`, of `from aiohttp import ClientSession` as of `import aiohttp.ClientSession`."""
    for alias in node.names:
        yield f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name


def _reaches(name: str) -> bool:
    return bool(REACHING_MODULES.fullmatch(name) or REACHING_CALLS.fullmatch(name))


def content_in_logs(source: Source) -> Iterator[str]:
    """No log line is given a body, a text or a secret; its length is harmless."""
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr in LOG_METHODS and "log" in ast.unparse(node.func.value).lower():
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            names = {name for value in given for name in _names(value)}
            names |= {keyword.arg for keyword in node.keywords if keyword.arg}
            if leaked := names & NEVER_LOGGED:
                yield f"line {node.lineno}: {', '.join(sorted(leaked))}"


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _named(node.func, "len"):
        return
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    for child in ast.iter_child_nodes(node):
        yield from _names(child)


def vague_names(source: Source) -> Iterator[str]:
    """A module is named for what it holds."""
    if vague := set(Path(source.path).with_suffix("").parts) & VAGUE:
        yield ", ".join(sorted(vague))


def too_long(source: Source) -> Iterator[str]:
    """One idea a file, one idea a function."""
    lines = source.text.count("\n")
    if lines > MOST_LINES and source.path not in LONGER:
        yield f"{lines} lines"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_LINES_OF_A_FUNCTION and f"{source.path}:{node.name}" not in LONGER:
                yield f"line {node.lineno}: {node.name} has {lines} lines"


def undocumented(source: Source) -> Iterator[str]:
    """Every module says what it is for, and every shared word what it means."""
    if source.tree.body and not ast.get_docstring(source.tree):
        yield "no module docstring"
    shared = source.tree.body if source.path.startswith("bot/contracts/") else []
    for node in shared:
        if isinstance(node, DEFINITIONS) and not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"line {node.lineno}: {node.name} has no docstring"


def unfinished(source: Source) -> Iterator[str]:
    """What is there is finished."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX|raise NotImplementedError)\b", line):
            yield f"line {number}: {line.strip()}"


Rule = Callable[[Source], Iterator[str]]
RULES: list[Rule] = [
    effects_outside_the_ledger,
    messages_past_the_sender,
    listeners_that_may_lose_their_ack,
    requests_past_the_guard,
    content_in_logs,
    vague_names,
    too_long,
    undocumented,
    unfinished,
]
BREACHES: list[tuple[Rule, str, str]] = [
    (effects_outside_the_ledger, "bot/agents/x.py", "async def f(tool): await tool.perform(context, {})"),
    (effects_outside_the_ledger, "bot/engine/x.py", "look = tool.look_back"),
    (effects_outside_the_ledger, "handlers/x.py", "getattr(tool, 'perform')"),
    (messages_past_the_sender, "bot/engine/x.py", "async def f(client): await client.chat_postMessage(channel='C1')"),
    (messages_past_the_sender, "handlers/x.py", "async def take(ack, respond): await respond('hi')"),
    (listeners_that_may_lose_their_ack, "handlers/x.py", "app.command('/meshclaw')(take)"),
    (listeners_that_may_lose_their_ack, "handlers/x.py", "@app.action('ok')\nasync def take(ack): ..."),
    (listeners_that_may_lose_their_ack, "handlers/x.py", "async def take(ack):\n    await ack()\n    await work()"),
    (listeners_that_may_lose_their_ack, "handlers/x.py", "async def take(ack):\n    await work()"),
    (requests_past_the_guard, "bot/agents/x.py", "import aiohttp\nsession = aiohttp.ClientSession()"),
    (requests_past_the_guard, "bot/agents/x.py", "from aiohttp import ClientSession"),
    (requests_past_the_guard, "connectors/x.py", "import requests"),
    (requests_past_the_guard, "connectors/x.py", "from httpx import AsyncClient"),
    (requests_past_the_guard, "connectors/x.py", "from urllib.request import urlopen"),
    (requests_past_the_guard, "connectors/x.py", "from urllib import request"),
    (requests_past_the_guard, "connectors/email/x.py", "import socket\nwith socket.create_connection(there): ..."),
    (requests_past_the_guard, "bot/engine/x.py", "from socket import socket"),
    (requests_past_the_guard, "bot/engine/x.py", "async def f(loop): await loop.create_connection(x, 'h', 1)"),
    (
        requests_past_the_guard,
        "bot/agents/x.py",
        "import asyncio\nasync def f(): await asyncio.open_connection('h', 1)",
    ),
    (content_in_logs, "bot/engine/x.py", "log.info('took', body=body)"),
    (content_in_logs, "bot/engine/x.py", "self._log.warning('refused', said=message.text)"),
    (content_in_logs, "connectors/x.py", "logging.getLogger(__name__).info(f'login {password}')"),
    (vague_names, "bot/engine/utils.py", ""),
    (too_long, "bot/engine/x.py", "x = 1\n" * 401),
    (too_long, "bot/engine/x.py", "def f():\n" + "    x = 1\n" * 60),
    (undocumented, "bot/engine/x.py", "x = 1"),
    (undocumented, "bot/contracts/x.py", '"""Words."""\nclass Word: ...'),
    (unfinished, "bot/engine/x.py", "raise " + "NotImplemented" + "Error"),
]
HARMLESS = [
    ("bot/gate/ledger.py", "async def f(tool): await tool.perform(context, {})"),
    ("connectors/slack/x.py", "async def f(client): await client.chat_postMessage(channel='C1')"),
    ("handlers/x.py", "app.command('/meshclaw')(ack=take, lazy=[])"),
    ("handlers/x.py", "async def take(ack):\n    await save()\n    await ack()"),
    ("bot/network/x.py", "import aiohttp\nsession = aiohttp.ClientSession()"),
    ("connectors/x.py", "from urllib.parse import urlsplit\nimport socket\nbad = socket.gaierror"),
    ("connectors/x.py", "from bot.contracts.requests import Request"),
    ("bot/engine/x.py", "log.info('took', key=request.key, length=len(body))"),
    ("bot/views/x.py", "document.info(text)"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Rule) -> None:
    found = [f"{source.path}: {breach}" for source in _sources(*ROOMS) for breach in rule(source)]
    assert not found, "\n".join([f"{rule.__doc__}", *found])


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES)
def test_the_rule_catches_a_breach(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text)))


@pytest.mark.parametrize(("path", "text"), HARMLESS)
def test_the_rules_let_good_code_pass(path: str, text: str) -> None:
    source = Source(path, f'"""Good."""\n{text}\n')
    assert [breach for rule in RULES for breach in rule(source)] == []


def test_what_may_be_longer_is_still_there() -> None:
    for name in LONGER:
        path, _, function = name.partition(":")
        assert function in (ROOT / path).read_text(), f"{name} is gone: take it off the list"


# --- imports


def _contracts() -> configparser.ConfigParser:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    return contracts


def test_every_room_has_its_layer() -> None:
    layers = _contracts()["importlinter:contract:rooms"]["layers"]
    named = set(re.findall(r"[\w.]+", layers))
    rooms = {path.stem for path in (ROOT / "bot").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert {f"bot.{room}" for room in rooms - {"__init__"}} <= named


PLANTED = {
    "rooms": ("bot/contracts/planted.py", "import bot.store"),
    "handlers": ("handlers/planted.py", "import bot.store"),
    "connectors": ("connectors/email/planted.py", "import bot.views"),
    "connectors-apart": ("connectors/email/planted.py", "import connectors.slack"),
    "workspace": ("bot/workspace/planted.py", "import bot.views"),
    "settings": ("bot/settings.py", "import bot.store"),
    "policy": ("bot/gate/policy.py", "import bot.store"),
    "addresses": ("bot/network/addresses.py", "import socket"),
    "slack": ("bot/engine/planted.py", "import slack_sdk"),
    "durable": ("bot/agents/planted.py", "import dbos"),
    "database": ("bot/agents/planted.py", "import sqlalchemy"),
    "imap": ("bot/agents/planted.py", "import imapclient"),
    "models": ("bot/engine/planted.py", "import pydantic_ai"),
    "composition": ("bot/engine/planted.py", "import bot.settings"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's modules, to plant breaches in."""
    copy = tmp_path_factory.mktemp("project")
    for source in _sources(*ROOMS):
        target = copy / source.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.text, encoding="utf-8")
    shutil.copy(ROOT / ".importlinter", copy)
    return copy


def _broken(copy: Path, contract: str) -> bool:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--contract", contract]
    run = subprocess.run(command, cwd=copy, env={"PYTHONPATH": str(copy)}, capture_output=True, text=True, timeout=60)
    assert re.search(r"Contracts: \d kept, \d broken", run.stdout), run.stdout + run.stderr
    return run.returncode != 0


def test_a_breach_is_planted_against_every_contract() -> None:
    sections = (section for section in _contracts().sections() if ":contract:" in section)
    assert {section.rpartition(":")[2] for section in sections} == PLANTED.keys()


@pytest.mark.parametrize("contract", PLANTED)
def test_the_contract_catches_a_breach(copy: Path, contract: str) -> None:
    path, breach = PLANTED[contract]
    target = copy / path
    before = target.read_text() if target.exists() else None
    target.write_text(f"{before or ''}\n{breach}\n")
    try:
        assert _broken(copy, contract)
    finally:
        if before is None:
            target.unlink()
        else:
            target.write_text(before)
