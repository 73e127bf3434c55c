"""A local workspace on a free port, a person at its human side, and a real Bolt app connected over Socket Mode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from workspace_parts import QUICK, Clock, Connect, Human

from bot.workspace.model import APP_TOKEN, BOT_TOKEN
from bot.workspace.server import Workspace


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def workspace(tmp_path: Path, clock: Clock) -> AsyncIterator[Workspace]:
    workspace = await Workspace.start(port=0, data=tmp_path / "workspace", clock=clock, timing=QUICK)
    yield workspace
    await workspace.stop()


@pytest.fixture
async def human(workspace: Workspace) -> AsyncIterator[Human]:
    async with aiohttp.ClientSession(workspace.url) as session:
        yield Human(session)


@pytest.fixture
def client(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=BOT_TOKEN, base_url=workspace.api_url, retry_handlers=[])


@pytest.fixture
def app(client: AsyncWebClient) -> AsyncApp:
    """A Bolt app; listeners are added by the test, `connect` brings it up."""
    return AsyncApp(client=client, process_before_response=True)


@pytest.fixture
async def connect(workspace: Workspace, app: AsyncApp) -> AsyncIterator[Connect]:
    async with AsyncExitStack() as opened:

        async def connect() -> AsyncSocketModeHandler:
            web_client = AsyncWebClient(token=BOT_TOKEN, base_url=workspace.api_url)
            handler = AsyncSocketModeHandler(app, APP_TOKEN, web_client=web_client)
            await handler.connect_async()  # type: ignore[no-untyped-call]
            opened.push_async_callback(handler.close_async)
            return handler

        yield connect
