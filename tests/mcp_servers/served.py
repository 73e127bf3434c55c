"""An MCP server over streamable HTTP on this machine: `served.py FOLDER [HOW]` writes its port to FOLDER/port."""

import socket
import sys
from pathlib import Path

import uvicorn
from mcp.server.mcpserver import MCPServer

FOLDER = Path(sys.argv[1])
HOW = sys.argv[2] if len(sys.argv) > 2 else ""
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
    return "x" * 20_000_000


async def packed(scope, receive, send):
    """An answer that is packed, though nobody asked for it."""
    head = [(b"content-type", b"application/json"), (b"content-encoding", b"gzip")]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": b"\x1f\x8b" + b"\0" * 100})


async def away(scope, receive, send):
    """Sends on to another server."""
    await send({"type": "http.response.start", "status": 307, "headers": [(b"location", b"http://127.0.0.2:9/mcp")]})
    await send({"type": "http.response.body", "body": b""})


def main() -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    (FOLDER / "port.new").write_text(str(listening.getsockname()[1]))
    (FOLDER / "port.new").rename(FOLDER / "port")
    app = {"packed": packed, "away": away}.get(HOW) or server.streamable_http_app()
    config = uvicorn.Config(app, log_level="critical", lifespan="off" if HOW else "on")
    uvicorn.Server(config).run(sockets=[listening])


main()
