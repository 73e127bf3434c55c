"""A browser on the page of a real local workspace, with a real Bolt app behind it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from page_parts import QUICK, Bolt, Visit, Visitor
from playwright.async_api import Browser, async_playwright

from bot.workspace.server import Workspace

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Workspace]:
    """Without a manifest, so that any app may do anything; a test may give one by `indirect`."""
    manifest = getattr(request, "param", None)
    workspace = await Workspace.start(port=0, data=tmp_path / "workspace", manifest=manifest, timing=QUICK)
    yield workspace
    await workspace.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def bolt(workspace: Workspace) -> AsyncIterator[Bolt]:
    """A Bolt app; listeners are added by the test, `await bolt.connect()` brings it up."""
    bolt = Bolt(workspace)
    yield bolt
    await bolt.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, workspace: Workspace) -> AsyncIterator[Visit]:
    """`await visit()` opens the page in a browser of its own; none may have met an error or gone elsewhere."""
    visitors: list[Visitor] = []
    async with AsyncExitStack() as opened:

        async def visit(where: str = "ada/@meshclaw/messages", *, dark: bool = False, width: int = 1280) -> Visitor:
            context = await browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
            )
            opened.push_async_callback(context.close)
            visitor = Visitor(await context.new_page(), workspace.url)
            visitors.append(visitor)
            await visitor.open(where)
            return visitor

        yield visit
        for visitor in visitors:
            visitor.assert_clean()
