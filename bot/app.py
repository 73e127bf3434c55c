"""The composition root: the one place that knows every room and puts them together."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

import connectors
import handlers
from bot import agents
from bot.contracts.connectors import Connector
from bot.contracts.errors import OperatorMends
from bot.contracts.tools import Tool
from bot.engine.connect import Accounts
from bot.engine.decisions import Decisions
from bot.engine.durable import Durable
from bot.engine.engine import Engine, Parts
from bot.engine.inbox import Inbox
from bot.engine.posts import Posts
from bot.engine.replicas import ManyProcesses, OneProcess, Replicas
from bot.engine.turns import TurnServices
from bot.gate.audit import Audit
from bot.gate.cards import Cards
from bot.gate.ledger import Ledger
from bot.settings import Settings, ready, revealed
from bot.store.database import Database, database_url
from bot.store.documents import ConnectionStore, Documents
from bot.store.sealing import Vault, load_key
from connectors.slack import Sender, api_client
from handlers import listening

_KEY_FILE = "installation.key"


@dataclass(frozen=True, slots=True)
class Storage:
    """What is kept, opened."""

    database: Database
    vault: Vault
    documents: Documents
    connections: ConnectionStore


@dataclass(frozen=True, slots=True)
class App:
    """A running MeshClaw, without its way to Slack."""

    engine: Engine
    bolt: AsyncApp
    client: AsyncWebClient
    storage: Storage
    connectors: Mapping[str, Connector]


@asynccontextmanager
async def open_storage(settings: Settings) -> AsyncIterator[Storage]:
    """The database, brought up to date, and the key. Raises OperatorMends."""
    vault = Vault(load_key(revealed(settings.key), ready(settings.data) / _KEY_FILE))
    database = Database(database_url(revealed(settings.database_url), settings.data))
    try:
        await database.migrate()
        documents = Documents(database, vault)
        await documents.prove_key()
        yield Storage(database, vault, documents, ConnectionStore(database, vault))
    finally:
        await database.close()


def open_connectors(storage: Storage) -> dict[str, Connector]:
    """Every connector there is, by its word."""
    found = [module.connector(storage.connections) for module in connectors.discover().values()]
    return {each.name: each for each in found}


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[App]:
    """MeshClaw, started: the engine works off what was left; nothing comes in from Slack yet. Raises OperatorMends
    for what is wrong with the installation, TimeMends when Slack does not answer."""
    client = slack_client(settings)
    async with open_storage(settings) as storage:
        bolt = await listening.bolt_app(client, revealed(settings.slack_signing_secret))
        services = open_connectors(storage)
        engine = build_engine(settings, storage, client, services)
        handlers.register(bolt, engine)
        try:
            await engine.start()
            yield App(engine, bolt, client, storage, services)
        finally:
            await engine.stop()
            for service in services.values():
                await service.close()


def build_engine(
    settings: Settings, storage: Storage, client: AsyncWebClient, services: Mapping[str, Connector]
) -> Engine:
    database, vault = storage.database, storage.vault
    executor = "local" if database.is_sqlite else uuid.uuid4().hex
    tools = _Tools(services)
    slack = Sender(client)
    posts = Posts(database, slack)
    audit = Audit(database, vault)
    cards = Cards(database, vault, audit)
    replicas: Replicas = (
        OneProcess(Path(f"{database.url.database}.lock"))
        if database.is_sqlite
        else ManyProcesses(database.engine, executor)
    )
    ledger = Ledger(database, vault, audit, cards, tools, executor, replicas.is_dead)
    decisions = Decisions(cards, ledger, tools, slack, posts, storage.documents)
    inbox = Inbox(database, vault, executor)
    durable = Durable(database.url, vault, executor, lambda key: engine.work(key))
    engine = Engine(
        Parts(
            inbox=inbox,
            durable=durable,
            replicas=replicas,
            decisions=decisions,
            accounts=Accounts(services, storage.connections),
            agents=agents.discover(),
            documents=storage.documents,
            slack=slack,
            turn_services=TurnServices(slack, posts, storage.documents, services, durable.step, decisions.propose),
            executor=executor,
        )
    )
    return engine


def listening_by_socket(app: App, settings: Settings) -> AbstractAsyncContextManager[None]:
    """Connected to Slack by Socket Mode. Raises OperatorMends without an app-level token."""
    token = revealed(settings.slack_app_token)
    if not token:
        raise OperatorMends("SLACK_APP_TOKEN is not set.", "Make an app-level token with connections:write, or --http.")
    return listening.by_socket(app.bolt, api_client(token, settings.slack_api_url))


def listening_by_http(app: App, settings: Settings) -> AbstractAsyncContextManager[int]:
    """Serving Slack's signed requests on HOST and PORT; gives the port. Raises OperatorMends without the secret."""
    if not settings.slack_signing_secret:
        raise OperatorMends("SLACK_SIGNING_SECRET is not set.", "Copy it from the app's Basic Information page.")
    return listening.by_http(app.bolt, settings.host, settings.port)


def slack_client(settings: Settings) -> AsyncWebClient:
    token = revealed(settings.slack_bot_token)
    if not token:
        raise OperatorMends(
            "SLACK_BOT_TOKEN is not set.", "Install the app from manifest.yml and copy its bot token, or: meshclaw demo"
        )
    return api_client(token, settings.slack_api_url)


class _Tools:
    """All tools of all connectors, by name."""

    def __init__(self, services: Mapping[str, Connector]) -> None:
        self._tools = {tool.name: tool for service in services.values() for tool in service.tools()}

    def get(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def names(self) -> list[str]:
        return sorted(self._tools)
