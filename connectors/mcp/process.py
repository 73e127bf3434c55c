"""A server as a child process: it gets nothing of ours, and what it says is read in bounded pieces.

The client library's own way of starting one hands on six variables of our environment, keeps a line of any length in
memory and logs what it cannot read, so this is ours; the protocol spoken over it is the library's.
"""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import mcp_types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from connectors.mcp.meter import Flood, Meter
from connectors.mcp.settings import Server

MOST_MESSAGE = 4_000_000
"""Bytes of one message."""

_CHUNK = 64 * 1024
_LINE_COSTS = 4_000
"""What reading a line costs beside its bytes, in bytes."""

_PR_SET_DUMPABLE = 4
_GRACE = 0.5
_HEARD = "notifications/tools/list_changed"

Streams = tuple[
    MemoryObjectReceiveStream[SessionMessage | Exception],
    MemoryObjectSendStream[SessionMessage],
]


@asynccontextmanager
async def child(server: Server, ended: Callable[[], None]) -> AsyncGenerator[Streams, None]:
    """The server, started; its whole process group is dead afterwards. `ended` is called when it says nothing more.
    Raises OSError when it cannot be started."""
    conceal()
    home = await asyncio.to_thread(tempfile.mkdtemp, prefix="mcp-server-")
    try:
        process = await asyncio.create_subprocess_exec(
            server.command or "",
            *server.args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment(server, home),
            cwd=home,
            start_new_session=True,
            limit=_CHUNK,
        )
        try:
            async with _spoken(process, ended) as streams:
                yield streams
        finally:
            await _end(process)
    finally:
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)


def conceal() -> None:
    """Keep what runs under the same account from reading this process's environment and memory out of /proc: a server
    is one. Linux only; see prctl(2), PR_SET_DUMPABLE."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def environment(server: Server, home: str) -> dict[str, str]:
    """All the variables a server is given."""
    ours = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "LANG": os.environ.get("LANG", "C.UTF-8")}
    return {**ours, **server.env}


@asynccontextmanager
async def _spoken(process: asyncio.subprocess.Process, ended: Callable[[], None]) -> AsyncGenerator[Streams, None]:
    """The two streams the client library speaks over."""
    said: Any = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    asked: Any = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_listen(process, said[0], ended)),
        asyncio.create_task(_speak(process, asked[1])),
    ]
    try:
        yield said[1], asked[0]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for stream in (*said, *asked):
            stream.close()


async def _listen(
    process: asyncio.subprocess.Process,
    said: MemoryObjectSendStream[SessionMessage | Exception],
    ended: Callable[[], None],
) -> None:
    """Read lines until the end, or until it floods; what is no message is passed over without a word."""
    assert process.stdout is not None
    meter, begun = Meter(), bytearray()
    try:
        with said:
            while chunk := await process.stdout.read(_CHUNK):
                *lines, rest = chunk.split(b"\n")
                meter.add(len(chunk) + len(lines) * _LINE_COSTS)
                for line in lines:
                    whole, begun = bytes(begun + line), bytearray()
                    if (message := _message(whole)) is not None:
                        await said.send(message)
                begun += rest
                if len(begun) > MOST_MESSAGE:
                    raise Flood
    except (Flood, OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass
    finally:
        ended()


async def _speak(process: asyncio.subprocess.Process, asked: MemoryObjectReceiveStream[SessionMessage]) -> None:
    assert process.stdin is not None
    with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        async for message in asked:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(text.encode("utf-8", "replace") + b"\n")
            await process.stdin.drain()


def _message(line: bytes) -> SessionMessage | None:
    """What a line says, when it is a message that matters here."""
    try:
        message = mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False)
    except (ValueError, RecursionError):
        return None
    if isinstance(message, mcp_types.JSONRPCNotification) and message.method != _HEARD:
        return None
    return SessionMessage(message)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to go by closing its input, then kill it with all it started."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(_GRACE):
            await _gone(process)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await _gone(process)
    transport = getattr(process, "_transport", None)
    if transport is not None:  # a grandchild that left the group may hold the pipe open; nothing public closes it
        transport.close()


async def _gone(process: asyncio.subprocess.Process) -> None:
    """`wait` also waits for the pipes, which whoever it started may hold open."""
    while process.returncode is None:
        await asyncio.sleep(0.01)
