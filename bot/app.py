"""The composition root: the one place that knows every room and puts them together."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

import connectors
import handlers
from bot import agents, models
from bot.agents.library import Library
from bot.agents.talk.parts import SPACE, Agents, Talking, definition_of
from bot.assembly import Gate, Storage
from bot.contracts.agents import Agent
from bot.contracts.connectors import Connections, Connector, Kept
from bot.contracts.errors import MeshClawError, OperatorMends
from bot.contracts.policy import Policy
from bot.contracts.requests import Request
from bot.engine.commands import ASK
from bot.engine.durable import Durable
from bot.engine.engine import Engine, Parts
from bot.engine.entitlement import Entitlement
from bot.engine.inbox import Inbox
from bot.engine.replicas import ManyProcesses, OneProcess, Replicas
from bot.engine.replies import Replies
from bot.engine.roster import Roster
from bot.engine.turns import TurnServices
from bot.engine.visible import OwnAgents
from bot.engine.workshop import Workshop, WorkshopParts
from bot.gate import policy_file
from bot.gate.audit import Audit
from bot.models import Catalogue, Counter, ModelSettings
from bot.settings import Settings, ready, revealed
from bot.store.database import Database, database_url
from bot.store.documents import ConnectionStore, Documents
from bot.store.sealing import Vault, load_key
from bot.usage.meter import Meter
from connectors.slack import Sender, api_client, kept_alive
from handlers import listening

_KEY_FILE = "installation.key"


@dataclass(frozen=True, slots=True)
class App:
    """A running MeshClaw, without its way to Slack."""

    engine: Engine
    bolt: AsyncApp
    client: AsyncWebClient
    storage: Storage
    connectors: Mapping[str, Connector]
    gate: Gate


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


def open_connectors(storage: Storage, more: Sequence[Callable[[Connections], Connector]] = ()) -> dict[str, Connector]:
    """Every connector there is, by its word."""
    factories = [*(module.connector for module in connectors.discover().values()), *more]
    found = [factory(storage.connections) for factory in factories]
    return {each.name: each for each in found}


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    more_connectors: Sequence[Callable[[Connections], Connector]] = (),
    more_agents: Sequence[Agent] = (),
    model: ModelSettings | None = None,
) -> AsyncIterator[App]:
    """MeshClaw, started: the engine works off what was left; nothing comes in from Slack yet. `more_connectors`,
    `more_agents`: beside those found by scanning; `model`: by default, as the environment sets them. Raises
    OperatorMends for what is wrong with the installation, TimeMends when Slack does not answer."""
    client = slack_client(settings)
    policy = policy_file.load(settings.policy)
    catalogue = Catalogue(model or models.load())
    talker = slack_client(settings)  # apart from Bolt's, which copies its own for each request
    async with kept_alive(talker), open_storage(settings) as storage:
        bolt = await listening.bolt_app(client, revealed(settings.slack_signing_secret))
        services = open_connectors(storage, more_connectors)
        for service in services.values():
            if isinstance(service, Kept):
                await service.load()
        meter = Meter(storage.database, storage.vault, storage.documents, settings.ceiling)
        library = Library(storage.database, storage.vault, Audit(storage.database, storage.vault))
        own = OwnAgents(library, settings.agents_folder, catalogue)
        talking = talking_over(catalogue, meter, own)
        known = {**agents.discover(talking), **{agent.description.name: agent for agent in more_agents}}
        slack = Sender(talker, pace=settings.pace)
        engine, gate = build_engine(policy, storage, slack, services, known, talking, meter, own)
        handlers.register(bolt, engine)
        loading = asyncio.create_task(_ready(catalogue))
        try:
            await engine.start()
            yield App(engine, bolt, client, storage, services, gate)
        finally:
            await engine.stop()
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
            await catalogue.close()
            for service in services.values():
                await service.close()


async def _ready(catalogue: Catalogue) -> None:
    """Load what models need while nobody waits for it yet; what is wrong with them is told to whoever asks first."""
    if catalogue.names:
        with suppress(MeshClawError):
            await catalogue.ready()


def talking_over(catalogue: Catalogue, meter: Meter, own: Agents) -> Talking:
    """What agents that are talked to share."""
    built_in = {
        name: definition_of(description) for name, (description, skilled) in agents.described().items() if not skilled
    }
    return Talking(catalogue, Counter(), meter, own, built_in)


def build_engine(
    policy: Policy,
    storage: Storage,
    slack: Sender,
    services: Mapping[str, Connector],
    known: Mapping[str, Agent],
    talking: Talking,
    meter: Meter,
    own: OwnAgents,
) -> tuple[Engine, Gate]:
    """All parts, put together."""
    database = storage.database
    executor = "local" if database.is_sqlite else uuid.uuid4().hex
    replicas: Replicas = (
        OneProcess(Path(f"{database.url.database}.lock"))
        if database.is_sqlite
        else ManyProcesses(database.engine, executor)
    )
    gate = Gate(policy, storage, services, slack, executor, replicas.is_dead)
    own.tools, own.built_in = gate.tools, talking.built_in
    inbox = Inbox(database, storage.vault, executor)
    durable = Durable(database.url, storage.vault, executor, lambda key: engine.work(key))
    engine = Engine(
        Parts(
            inbox=inbox,
            durable=durable,
            replicas=replicas,
            decisions=gate.decisions,
            modals=gate.modals,
            standing=gate.standing,
            roster=Roster(talking, storage.documents, meter),
            workshop=build_workshop(own, policy, storage, slack, gate, known, lambda request: engine.enqueue(request)),
            running=gate.running,
            upkeep=gate.upkeep(inbox, durable, (*known, SPACE), meter.purge),
            accounts=gate.accounts,
            agents=known,
            documents=storage.documents,
            slack=slack,
            turn_services=TurnServices(
                slack=slack,
                posts=gate.posts,
                documents=storage.documents,
                sources=gate.sources,
                tools=gate.tools,
                step=durable.step,
                propose=lambda request, plan: engine.propose(request, plan),
                open_tools=gate.proposals.open_tools,
                check_reading=gate.proposals.check_reading,
                check_stopped=gate.proposals.check_stopped,
                conversation=gate.proposals.conversation,
                enqueue=lambda request: engine.enqueue(request),
                stoppable=gate.running.run,
                reply=Replies(slack, gate.posts, lambda request, plan: engine.propose(request, plan)).reply,
            ),
            conversation=gate.proposals.conversation,
            executor=executor,
        )
    )
    return engine, gate


def build_workshop(
    own: OwnAgents,
    policy: Policy,
    storage: Storage,
    slack: Sender,
    gate: Gate,
    known: Mapping[str, Agent],
    enqueue: Callable[[Request], Awaitable[bool]],
) -> Workshop:
    """Where people make agents of their own, over the same parts."""
    parts = WorkshopParts(
        own=own,
        policy=policy,
        slack=slack,
        posts=gate.posts,
        documents=storage.documents,
        entitlement=Entitlement(policy, slack, gate.between.overrides),
        stops=gate.between.stops,
        enqueue=enqueue,
        pointer=known[ASK].description.pointer if ASK in known else "",
    )
    return Workshop(parts)


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
