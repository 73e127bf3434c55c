"""What the tests of MCP share: what an installation keeps, servers that lie, and quick limits."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.contracts.connectors import Connection
from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.tools import ToolContext
from connectors.mcp import McpConnector
from connectors.mcp.settings import Limits, Server
from connectors.mcp.tools import McpTool

ADA = Person("T1", "U1")
CONTEXT = ToolContext(ADA, "plan/0")
SERVERS = Path(__file__).parents[2] / "mcp_servers"
BESIDE = Path(sys.executable).parent
QUICK = Limits(start=20.0, listing=20.0, ping=0.3, pause=0.05, longest_pause=0.2, patience=1.0, settles=0.05)
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}}


@dataclass
class Kept:
    """Implements `contracts.Connections`: what is kept, as JSON, as a database would."""

    known: dict[str, str] = field(default_factory=dict)
    written: int = 0

    async def get(self, person: Person, connector: str) -> Connection | None:
        return None

    async def kept(self, connector: str, name: str) -> Json:
        assert connector == "mcp"
        value: Json = json.loads(self.known.get(name, "null"))
        return value

    async def keep(self, connector: str, name: str, value: Json) -> None:
        assert connector == "mcp"
        self.written += 1
        self.known[name] = json.dumps(value)


@dataclass
class Liar:
    """A lying server: how it lies, and the folder it writes down what it was asked in."""

    how: str
    folder: Path

    def server(self, **more: Any) -> Server:
        arguments = ("-S", "-E", str(SERVERS / "lying.py"), self.how, str(self.folder))
        return Server(**{"command": sys.executable, "args": arguments, "timeout": 20.0, **more})

    @property
    def calls(self) -> list[Any]:
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def pids(self) -> list[int]:
        return [int(line) for line in (self.folder / "pids").read_text().split()]

    def offers(self, *tools: dict[str, Any]) -> None:
        (self.folder / "tools.new").write_text(json.dumps([{"inputSchema": TEXT, **tool} for tool in tools]))
        (self.folder / "tools.new").rename(self.folder / "tools.json")


def tool(connector: McpConnector, name: str) -> McpTool:
    found = next(tool for tool in connector.tools() if tool.name == name)
    assert isinstance(found, McpTool)
    return found


async def classified(connector: McpConnector, name: str, word: str) -> McpTool:
    await connector.classify(name, connector.tool(name).definition.pin, word, ADA)
    return tool(connector, name)


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and only not yet looked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server over HTTP on this machine."""
    process = subprocess.Popen([sys.executable, str(SERVERS / "served.py"), str(folder)], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while not (folder / "port").exists():
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        yield f"http://127.0.0.1:{(folder / 'port').read_text()}/mcp"
    finally:
        process.kill()
        process.wait()
