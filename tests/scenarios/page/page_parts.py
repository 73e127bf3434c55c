"""Somebody looking at the page, and the app behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import ConsoleMessage, Error, Locator, Page, Request, expect
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.assembly import Timing
from bot.workspace.model import APP_TOKEN, BOT_TOKEN
from bot.workspace.server import Workspace

Json = dict[str, Any]
QUICK = Timing(ack=2.0, retries=(0.0, 0.05, 0.05))
PATIENCE = 15_000  # milliseconds; the page is quick, the machine under test may be busy
expect.set_options(timeout=PATIENCE)
ADA, BEN, CHEN = "U01ADA00001", "U01BEN00002", "U01CHEN0003"
GENERAL, DEPLOYS = "C01GENERAL1", "C01DEPLOYS2"
REFUSED = "Failed to load resource"
"""What the browser's console says of every answer of status 400 and above, wanted or not."""


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(text: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": action_id, **more}


def text_input(block_id: str, label: str, **element: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"type": "plain_text_input", "action_id": "v", **element},
    }


def modal(title: str, blocks: list[Json], **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Go"),
        "blocks": blocks,
        **more,
    }


class Bolt:
    """A Bolt app as its documentation has it, on Socket Mode."""

    def __init__(self, workspace: Workspace) -> None:
        self.client = AsyncWebClient(token=BOT_TOKEN, base_url=workspace.api_url, retry_handlers=[])
        self.app = AsyncApp(client=self.client, process_before_response=True)
        self._handler: AsyncSocketModeHandler | None = None

    async def connect(self) -> None:
        self._handler = AsyncSocketModeHandler(self.app, APP_TOKEN, web_client=self.client)
        await self._handler.connect_async()  # type: ignore[no-untyped-call]

    async def direct_message(self, user: str = ADA) -> str:
        opened = await self.client.conversations_open(users=user)
        return str(opened["channel"]["id"])

    async def close(self) -> None:
        if self._handler is not None:
            await self._handler.close_async()  # type: ignore[no-untyped-call]


class Visitor:
    """One open page, and what went wrong on it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.troubles: list[str] = []
        self.elsewhere: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", self._heard)
        page.on("pageerror", self._broke)
        page.on("request", self._asked)
        page.on("dialog", lambda dialog: self.troubles.append(f"dialog: {dialog.message}"))

    async def open(self, where: str) -> None:
        await self.page.goto(f"{self.url}/#/{where}")
        await self.page.locator("#main .composer-field, #main .pane").first.wait_for()

    @property
    def main(self) -> Locator:
        return self.page.locator("#main")

    @property
    def thread(self) -> Locator:
        return self.page.locator("#thread")

    def message(self, text: str) -> Locator:
        return self.main.locator(".msg").filter(has_text=text).last

    async def say(self, text: str) -> None:
        field = self.main.locator(".composer-field")
        await field.fill(text)
        await field.press("Enter")

    async def be(self, name: str) -> None:
        await self.page.locator("#who").click()
        await self.page.get_by_role("menuitemradio", name=name).click()
        await expect(self.page.locator("#who")).to_contain_text(name)

    def refused(self) -> None:
        """The call just refused was meant to be: its line in the console is no trouble."""
        self.troubles = [trouble for trouble in self.troubles if REFUSED not in trouble]

    def assert_clean(self) -> None:
        assert not self.troubles, self.troubles
        assert not self.elsewhere, self.elsewhere

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"{message.type}: {message.text}")

    def _broke(self, error: Error) -> None:
        self.troubles.append(f"exception: {error}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.elsewhere.append(request.url)


Visit = Callable[..., Awaitable[Visitor]]
