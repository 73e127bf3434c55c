"""Slack as the connector meets it: a local workspace held to MeshClaw's own manifest, and the sender in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from human import Human
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.people import Person
from bot.workspace.model import BOT_TOKEN
from bot.workspace.seed import PEOPLE, TEAM
from bot.workspace.server import Workspace
from connectors.slack import Sender, SlackConnector, api_client

GAP = 0.03
"""Seconds between two growths of an answer: the workspace has no limits unless a test asks for them."""
GENERAL, DEPLOYS, SECRET = "C01GENERAL1", "C01DEPLOYS2", "C01SECRET03"


def person(handle: str) -> Person:
    return Person(TEAM.id, next(one.id for one in PEOPLE if one.handle == handle))


def own_manifest() -> dict[str, Any]:
    """MeshClaw's own, as Slack is given it."""
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).parent.parent / "manifest.yml").read_text())
    return loaded


@dataclass
class LocalSlack:
    """`human` acts and looks as people do; `client` is the app's own, for what only it can do."""

    human: Human
    sender: Sender
    connector: SlackConnector
    client: AsyncWebClient


@asynccontextmanager
async def local_slack(folder: Path, manifest: Mapping[str, Any] | None = None) -> AsyncIterator[LocalSlack]:
    workspace = await Workspace.start(port=0, data=folder / "workspace", manifest=manifest or own_manifest())
    try:
        async with aiohttp.ClientSession(workspace.url) as session:
            client = api_client(BOT_TOKEN, workspace.api_url)
            sender = Sender(client, pace=0, gap=GAP)
            found = LocalSlack(Human(session), sender, SlackConnector(sender), client)
            yield found
            await found.human.assert_sound()
    finally:
        await workspace.stop()
