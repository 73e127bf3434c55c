"""An MCP server over streamable HTTP on this machine: `served.py FOLDER` writes its port to FOLDER/port."""

import socket
import sys
from pathlib import Path

import uvicorn
from mcp.server.mcpserver import MCPServer

FOLDER = Path(sys.argv[1])
server = MCPServer("served")


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    with (FOLDER / "calls").open("a") as log:
        log.write(f"{a} {b}\n")
    return a + b


@server.tool()
def flood() -> str:
    """Says much too much."""
    return "x" * 6_000_000


def main() -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    (FOLDER / "port.new").write_text(str(listening.getsockname()[1]))
    (FOLDER / "port.new").rename(FOLDER / "port")
    uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="critical")).run(sockets=[listening])


main()
