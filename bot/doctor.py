"""`meshclaw doctor`: is everything there that MeshClaw needs, and if not, what to do."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import yaml

from bot.app import open_connectors, open_storage
from bot.contracts.connectors import Check
from bot.contracts.errors import MeshClawError
from bot.gate.audit import Audit
from bot.settings import Settings, revealed
from connectors.slack import app_check, bot_checks

MANIFEST = Path(__file__).resolve().parents[1] / "manifest.yml"


async def examine(settings: Settings) -> Sequence[Check]:
    """All checks, in the order in which a mend helps."""
    checks = [_manifest()]
    for look in (_bot_token, _app_token, _storage):
        checks += await _safely(look, settings)
    checks.append(Check("model", True, "none set; triage works without one", needed=False))
    return checks


async def _safely(look: Callable[[Settings], Awaitable[Sequence[Check]]], settings: Settings) -> Sequence[Check]:
    try:
        return await look(settings)
    except MeshClawError as error:
        return [Check(look.__name__.strip("_"), False, error.message, error.mend)]


def _manifest() -> Check:
    wanted = _wanted_scopes()
    if not wanted:
        return Check("manifest", True, "not beside the program; nothing to compare with", needed=False)
    return Check("manifest", True, f"asks for {len(wanted)} scopes")


def _wanted_scopes() -> set[str]:
    if not MANIFEST.exists():
        return set()
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return set(manifest["oauth_config"]["scopes"]["bot"])


async def _bot_token(settings: Settings) -> Sequence[Check]:
    token = revealed(settings.slack_bot_token)
    if token:
        return await bot_checks(token, settings.slack_api_url, _wanted_scopes())
    mend = "Install the app from manifest.yml and set SLACK_BOT_TOKEN to its Bot User OAuth Token."
    return [Check("bot token", False, "SLACK_BOT_TOKEN is not set", mend)]


async def _app_token(settings: Settings) -> Sequence[Check]:
    token = revealed(settings.slack_app_token)
    if token:
        return [await app_check(token, settings.slack_api_url)]
    if settings.slack_signing_secret:
        return [Check("app token", True, "not set; run --http uses the signing secret", needed=False)]
    mend = "Make an app-level token with connections:write, or set SLACK_SIGNING_SECRET for run --http."
    return [Check("app token", False, "SLACK_APP_TOKEN is not set", mend)]


async def _storage(settings: Settings) -> Sequence[Check]:
    async with open_storage(settings) as storage:
        kind = "SQLite file" if storage.database.is_sqlite else "PostgreSQL"
        checks = [Check("database", True, f"{kind}, up to date")]
        broken = await Audit(storage.database, storage.vault).verify()
        mend = "Find out who changed the database."
        says = "the chain is whole" if broken is None else f"the chain breaks at link {broken}"
        checks.append(Check("audit", broken is None, says, mend))
        for service in open_connectors(storage).values():
            checks += await service.checks()
            await service.close()
    return checks
