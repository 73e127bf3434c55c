"""Killed at any moment, the workspace has kept whatever it said "ok" to."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from workspace_parts import QUICK

from bot.workspace.model import BOT_TOKEN
from bot.workspace.server import Workspace

SERVE = """
import asyncio, sys
from pathlib import Path
from bot.workspace.server import Workspace

async def serve():
    workspace = await Workspace.start(port=0, data=Path(sys.argv[1]))
    print(workspace.api_url, flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""


@pytest.mark.parametrize("after", [40, 90])
async def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path, after: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    api_url = (await process.stdout.readline()).decode().strip()
    client = AsyncWebClient(token=BOT_TOKEN, base_url=api_url, retry_handlers=[])
    acknowledged: list[str] = []

    async def post() -> None:
        while True:
            try:
                answer = await client.chat_postMessage(channel="C01GENERAL1", text="x")
            except (aiohttp.ClientError, OSError):
                return
            acknowledged.append(str(answer["ts"]))
            if len(acknowledged) == after:
                process.kill()

    async with asyncio.timeout(20):
        await asyncio.gather(*(post() for _ in range(4)))
        await process.wait()
    assert len(acknowledged) >= after

    workspace = await Workspace.start(port=0, data=tmp_path, timing=QUICK)
    try:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=workspace.api_url)
        history = await client.conversations_history(channel="C01GENERAL1", limit=999)
        kept = {one["ts"] for one in history["messages"]}
        assert set(acknowledged) <= kept
    finally:
        await workspace.stop()
