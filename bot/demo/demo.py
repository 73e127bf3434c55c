"""`meshclaw demo`: everything in one process, nothing to sign up for."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from bot import app as composition
from bot.contracts.connectors import Connection
from bot.contracts.people import Person
from bot.demo import sample_mail
from bot.settings import load
from bot.workspace.model import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from bot.workspace.server import Workspace
from connectors.email import connection_from_url

_MANIFEST = Path(__file__).resolve().parents[2] / "manifest.yml"
_OWNER = "ada"


@asynccontextmanager
async def running(port: int, data: Path, mail_url: str | None) -> AsyncIterator[Workspace]:
    """The demo, up and connected. `mail_url`: ada's own mailbox instead of the sample. Raises PersonMends for a wrong
    mail address, OperatorMends and OSError for what keeps it from starting."""
    own = connection_from_url(mail_url) if mail_url else None
    workspace = await Workspace.start(port=port, data=data / "workspace", manifest=manifest())
    settings = load(
        data=data / "meshclaw",
        slack_bot_token=SecretStr(BOT_TOKEN),
        slack_app_token=SecretStr(APP_TOKEN),
        slack_signing_secret=SecretStr(SIGNING_SECRET),
        slack_api_url=workspace.api_url,
        pace=0,
        database_url=None,
        key=None,
    )
    try:
        async with composition.running(settings) as app:
            people = await _people(app)
            for handle in sample_mail.people():
                if "mail" not in await app.storage.connections.names(people[handle]):
                    await _give_sample_mail(app, people[handle], data / "mail" / handle, handle)
            if own:
                await _trust(app, people[_OWNER], own)
            async with composition.listening_by_socket(app, settings):
                yield workspace
    finally:
        await workspace.stop()


def manifest() -> Mapping[str, Any] | None:
    """The app's manifest, where MeshClaw runs from its source folder; the workspace then holds the app to it."""
    if not _MANIFEST.exists():
        return None
    loaded: Mapping[str, Any] = yaml.safe_load(_MANIFEST.read_text(encoding="utf-8"))
    return loaded


async def _give_sample_mail(app: composition.App, person: Person, maildir: Path, handle: str) -> None:
    await asyncio.to_thread(sample_mail.fill, maildir, handle, datetime.now(UTC))
    await _trust(app, person, connection_from_url(f"maildir:{maildir}"))


async def _trust(app: composition.App, person: Person, connection: Connection) -> None:
    """Connect a mailbox as the demo's host: changes may be proposed there at once, each waiting for its button. A mode
    the person has set since stays."""
    known = await app.storage.connections.get(person, "mail")
    await app.storage.connections.put(person, "mail", connection)
    if known is None or known.label != connection.label:
        await app.gate.between.modes.set_connection(person, "mail", "ask", person.user, datetime.now(UTC))


async def _people(app: composition.App) -> Mapping[str, Person]:
    """The people of the workspace by handle."""
    team = (await app.client.auth_test())["team_id"]
    members = (await app.client.users_list())["members"]
    return {member["name"]: Person(team, member["id"]) for member in members}
