"""The acknowledgement: signed slash commands over HTTP, against a bare Bolt listener that makes one durable insert.

Both servers are processes of their own with the same SQLite settings; MeshClaw is the real `meshclaw run --http` with
its engine running, so the turns it starts compete with its acknowledgements. Slack's API is answered by a stub.
"""

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bench.figures import Figure, at_least_of, at_most
from bench.process import COMPILED

SECRET = "bench"
_CONCURRENT = 64
_SECONDS = 5.0
_ALONE = 200
_PAUSES = (0.0, 0.05)
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests a second at 64 concurrent; and for one at a time the median seconds, by the pause in between."""

    rate: float
    alone: dict[float, float]


async def measure(seconds: float = _SECONDS, alone: int = _ALONE) -> list[Figure]:
    """Throughput at 64 concurrent over so many seconds, and the median of so many alone, of both."""
    with tempfile.TemporaryDirectory() as folder:
        async with _slack() as api_url:
            floor = await _of(Path(folder) / "bare", api_url, seconds, alone, "-m", "bench.bare")
            ours = await _of(Path(folder) / "meshclaw", api_url, seconds, alone, "-m", "bot.cli", "run", "--http")
    return [
        at_least_of("acknowledgements at 64 concurrent", ours.rate, floor.rate, 0.7, "a second"),
        *(
            at_most(
                f"acknowledgement alone, {_named(pause)}", ours.alone[pause] * 1000, 5, "ms", floor.alone[pause] * 1000
            )
            for pause in _PAUSES
        ),
    ]


def _named(pause: float) -> str:
    return f"every {pause * 1000:.0f} ms" if pause else "one after another"


async def _of(data: Path, api_url: str, seconds: float, alone: int, *command: str) -> Measured:
    async with _server(data, api_url, *command) as url, aiohttp.ClientSession() as session:
        medians = {}
        for pause in _PAUSES:
            taken = []
            for _ in range(20 + alone):
                taken.append(await _send(session, url))
                await asyncio.sleep(pause)
            medians[pause] = statistics.median(taken[20:])  # the first ones warm up
        count, begun = 0, time.perf_counter()

        async def client() -> None:
            nonlocal count
            while time.perf_counter() < begun + seconds:
                await _send(session, url)
                count += 1

        await asyncio.gather(*(client() for _ in range(_CONCURRENT)))
        return Measured(count / (time.perf_counter() - begun), medians)


async def _send(session: aiohttp.ClientSession, url: str) -> float:
    """One command of a person of its own; seconds until it is acknowledged."""
    number = next(_numbers)
    form = {
        "command": "/meshclaw",
        "text": "triage",
        "team_id": "T1",
        "user_id": f"U{number}",
        "channel_id": "C1",
        "trigger_id": f"t{number}",
        "api_app_id": "A1",
        "response_url": "http://127.0.0.1/none",
    }
    body, now = urlencode(form), str(int(time.time()))
    signature = hmac.new(SECRET.encode(), f"v0:{now}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": f"v0={signature}",
    }
    started = time.perf_counter()
    async with session.post(url, data=body, headers=headers) as answer:
        await answer.read()
        assert answer.status == 200, answer.status
    return time.perf_counter() - started


@contextlib.asynccontextmanager
async def _server(data: Path, api_url: str, *command: str) -> AsyncIterator[str]:
    port = _free_port()
    env = {
        **os.environ,
        **COMPILED,
        "PORT": str(port),
        "MESHCLAW_HOST": "127.0.0.1",
        "MESHCLAW_DATA": str(data),
        "SLACK_BOT_TOKEN": "xoxb-bench",
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": api_url,
    }
    data.mkdir(parents=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        ready = await asyncio.wait_for(process.stdout.readline(), 30)
        assert ready, "the server did not start"
        yield f"http://127.0.0.1:{port}/slack/events"
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def _slack() -> AsyncIterator[str]:
    """Slack's API as far as an unconnected person's turn needs it."""

    async def answer(request: web.Request) -> web.Response:
        method = request.match_info["method"]
        known: dict[str, object] = {"ok": True, "team_id": "T1", "user_id": "UB", "bot_id": "B1", "user": "b"}
        if method == "conversations.open":
            known["channel"] = {"id": "D1"}
        elif method == "chat.postMessage":
            known |= {"channel": "D1", "ts": f"{time.time():.6f}"}
        return web.json_response(known)

    app = web.Application()
    app.router.add_route("*", "/api/{method}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await runner.cleanup()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
