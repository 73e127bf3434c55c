"""`meshclaw doctor`: is everything there that MeshClaw needs, and if not, what to do."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from slack_sdk.errors import SlackApiError

from bot.app import open_connectors, open_storage
from bot.contracts.connectors import Check
from bot.contracts.errors import MeshClawError
from bot.gate.audit import Audit
from bot.settings import Settings, revealed
from connectors.slack import api_client

MANIFEST = Path(__file__).resolve().parents[1] / "manifest.yml"


async def examine(settings: Settings) -> Sequence[Check]:
    """All checks, in the order in which a mend helps."""
    checks = [*_manifest()]
    for look in (_bot_token, _app_token, _storage):
        checks += await _safely(look, settings)
    checks.append(Check("model", True, "none set; triage works without one", needed=False))
    return checks


async def _safely(look: Callable[[Settings], Awaitable[Sequence[Check]]], settings: Settings) -> Sequence[Check]:
    try:
        return await look(settings)
    except MeshClawError as error:
        return [Check(look.__name__.strip("_"), False, error.message, error.mend)]


async def _bot_token(settings: Settings) -> Sequence[Check]:
    token = revealed(settings.slack_bot_token)
    if not token:
        mend = "Install the app from manifest.yml and set SLACK_BOT_TOKEN to its Bot User OAuth Token."
        return [Check("bot token", False, "SLACK_BOT_TOKEN is not set", mend)]
    answer, problem = await _asked("bot token", api_client(token, settings.slack_api_url).auth_test)
    if problem:
        return [problem]
    named = Check("bot token", True, f"{answer.get('user')} in {answer.get('team')}")
    return [named, _scopes(answer.headers)]


async def _app_token(settings: Settings) -> Sequence[Check]:
    token = revealed(settings.slack_app_token)
    if token:
        client = api_client(token, settings.slack_api_url)
        _, problem = await _asked("app token", lambda: client.apps_connections_open(app_token=token))
        return [problem or Check("app token", True, "Socket Mode may connect")]
    if settings.slack_signing_secret:
        return [Check("app token", True, "not set; run --http uses the signing secret", needed=False)]
    mend = "Make an app-level token with connections:write, or set SLACK_SIGNING_SECRET for run --http."
    return [Check("app token", False, "SLACK_APP_TOKEN is not set", mend)]


async def _storage(settings: Settings) -> Sequence[Check]:
    async with open_storage(settings) as storage:
        kind = "SQLite file" if storage.database.is_sqlite else "PostgreSQL"
        checks = [Check("database", True, f"{kind}, up to date")]
        broken = await Audit(storage.database, storage.vault).verify()
        checks.append(
            Check("audit", broken is None, "the chain is whole")
            if broken is None
            else Check("audit", False, f"the chain breaks at link {broken}", "Find out who changed the database.")
        )
        for service in open_connectors(storage).values():
            checks += await service.checks()
            await service.close()
    return checks


def _manifest() -> Sequence[Check]:
    if not MANIFEST.exists():
        return [Check("manifest", True, "not beside the program; nothing to compare with", needed=False)]
    return [Check("manifest", True, f"asks for {len(_wanted_scopes())} scopes")]


def _scopes(headers: Mapping[str, Any]) -> Check:
    """What the token may do, which Slack tells in a header, against what the manifest asks for."""
    granted = next((str(value) for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if granted is None:
        return Check("scopes", True, "not told by this server", needed=False)
    missing = sorted(_wanted_scopes() - {scope.strip() for scope in granted.split(",")})
    if missing:
        mend = "Paste manifest.yml into the app's settings and reinstall the app."
        return Check("scopes", False, f"missing: {', '.join(missing)}", mend)
    return Check("scopes", True, "all granted")


def _wanted_scopes() -> set[str]:
    if not MANIFEST.exists():
        return set()
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return set(manifest["oauth_config"]["scopes"]["bot"])


async def _asked(name: str, call: Callable[[], Awaitable[Any]]) -> tuple[Any, Check | None]:
    """Slack's answer, or the check that failed with its mend."""
    try:
        return await call(), None
    except SlackApiError as error:
        code = error.response.get("error", "unknown") if error.response else "unknown"
        return None, Check(name, False, f"Slack refuses it: {code}", "Copy the token again from the app's settings.")
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        mend = "Check the network and SLACK_API_URL."
        return None, Check(name, False, f"Slack does not answer ({type(error).__name__})", mend)
