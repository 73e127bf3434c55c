"""`meshclaw doctor`: is everything there that MeshClaw needs, and if not, what to do."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import yaml

from bot import models
from bot.agents.folder import folder_agents
from bot.app import open_connectors, open_storage
from bot.contracts.connectors import Check
from bot.contracts.errors import MeshClawError
from bot.gate import anchor, policy_file
from bot.gate.audit import Audit
from bot.settings import Settings, revealed
from connectors.slack import Sender, SlackConnector, api_client, app_check, bot_checks

MANIFEST = Path(__file__).resolve().parents[1] / "manifest.yml"


async def examine(settings: Settings) -> Sequence[Check]:
    """All checks, in the order in which a mend helps."""
    checks = [_manifest()]
    for look in (_policy, _bot_token, _app_token, _storage, _agents):
        checks += await _safely(look, settings)
    checks += await _safely(_models, settings)
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


async def _policy(settings: Settings) -> Sequence[Check]:
    policy = policy_file.load(settings.policy)
    if settings.policy is None:
        return [Check("policy", True, "no file; the strict built-in rules hold", needed=False)]
    says = f"{len(policy.rules)} rules, version {policy.version}"
    if policy.audit_file or policy.audit_channel:
        return [Check("policy", True, says)]
    mend = "Name a file or channel under [audit] in the policy: a cut-off audit shows only against a head kept outside."
    return [Check("policy", True, says), Check("audit anchor", False, "none", mend, needed=False)]


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


async def _models(settings: Settings) -> Sequence[Check]:
    return await models.checks(models.load())


async def _storage(settings: Settings) -> Sequence[Check]:
    async with open_storage(settings) as storage:
        kind = "SQLite file" if storage.database.is_sqlite else "PostgreSQL"
        checks = [Check("database", True, f"{kind}, up to date")]
        checks.append(await _audit(Audit(storage.database, storage.vault), settings))
        for service in open_connectors(storage).values():
            checks += await service.checks()
            await service.close()
    return checks


async def _agents(settings: Settings) -> Sequence[Check]:
    """The files of agents for all: one that does not hold is left out, and the others are there."""
    folder = settings.agents_folder
    if not folder.is_dir():
        mend = f"Make the folder {folder}, or set MESHCLAW_AGENTS to another."
        return [Check("agents", False, "the folder is not there", mend, needed=False)] if settings.agents else []
    slack = SlackConnector(Sender(api_client(revealed(settings.slack_bot_token) or "", settings.slack_api_url)))
    async with open_storage(settings) as storage:
        services = open_connectors(storage)
        tools = {tool.name for each in (slack, *services.values()) for tool in each.tools() if tool.offer()}
        for service in services.values():
            await service.close()
    catalogue = models.Catalogue(models.load())

    def usable(model: str) -> None:
        catalogue.chosen(model)

    held, wrong = await asyncio.to_thread(folder_agents, folder, tools=tools, models=usable)
    checks = [Check(f"agent {name}", False, each.message, each.mend, needed=False) for name, each in wrong.items()]
    return [Check("agents", True, f"{len(held)} for everybody, of files in a folder", needed=False), *checks]


async def _audit(audit: Audit, settings: Settings) -> Check:
    """Whether the chain holds, also against the heads in the policy's file."""
    name = policy_file.load(settings.policy).audit_file
    heads = await anchor.read(Path(name), is_begun=False) if name else []
    if breach := await audit.verify(heads):
        return Check("audit", False, f"it does not hold at {breach}", "Find out who changed the database.")
    agreeing = f", and {len(heads)} heads kept outside agree" if heads else "; no head of it is kept in a file outside"
    return Check("audit", True, f"the chain is whole{agreeing}")
