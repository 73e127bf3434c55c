"""A workspace with an app in it that is written in another language: Slack's own framework for JavaScript runs it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from outside_human import Human, eventually

from bot.workspace.assembly import Timing
from bot.workspace.model import APP_TOKEN, BOT_TOKEN
from bot.workspace.server import Workspace

ROOT = Path(__file__).parents[3]
MODULES = ROOT / ".node" / "node_modules"
APP = Path(__file__).parent / "app.cjs"
# What the app may log as an error: connections that a test cuts, and the message that it sends to be refused.
EXPECTED = (
    "WebSocket error",
    "no active connection",  # a delivery that was under way when a test cut the connection
    "SMSendWhileNotReadyError",
    "missing required field: text [json-pointer:/blocks/0]",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workspace(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Workspace]:
    running = await Workspace.start(
        port=0, data=tmp_path_factory.mktemp("workspace"), timing=Timing(ack=1.0, retries=(0, 0.1, 0.1))
    )
    yield running
    await running.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def human(workspace: Workspace) -> AsyncIterator[Human]:
    async with aiohttp.ClientSession(workspace.url) as session:
        yield Human(session)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(workspace: Workspace, human: Human) -> AsyncIterator[None]:
    """The app, connected. Skips where Node.js or the framework is not installed."""
    node = shutil.which("node")
    if node is None or not (MODULES / "@slack" / "bolt").is_dir():
        pytest.skip("Bolt for JavaScript is not here: make .node/.installed (needs npm)")
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_PATH": str(MODULES),
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
    }
    process = await asyncio.create_subprocess_exec(
        node, str(APP), env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output = asyncio.create_task(_keep(process))

    async def connected() -> bool:
        assert process.returncode is None, "\n".join(await output)
        return bool((await human.get("workspace"))["apps"][0]["connected"])

    try:
        await eventually(connected)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    complaints = [line for line in await output if "[ERROR]" in line and not any(known in line for known in EXPECTED)]
    assert complaints == []


async def _keep(process: asyncio.subprocess.Process) -> list[str]:
    assert process.stdout
    return [line.decode() async for line in process.stdout]
