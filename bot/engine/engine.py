"""The engine: takes requests, runs them once, and keeps the clock."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import OperationalError

from bot.contracts.agents import Agent
from bot.contracts.errors import MeshClawError, PersonMends
from bot.contracts.json import Json, JsonObject
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Slack, SlackAway, View
from bot.engine.commands import Commands, Connect, Say, Understood
from bot.engine.connect import Accounts
from bot.engine.decisions import Decided, Decisions
from bot.engine.durable import Durable
from bot.engine.inbox import Inbox
from bot.engine.lanes import Lanes
from bot.engine.replicas import Replicas
from bot.engine.turns import AgentStore, LiveTurn, TurnServices
from bot.gate.cards import TIME_TO_UNDO
from bot.store.documents import Documents
from bot.views import errors as error_views
from bot.views import forms, home, notices
from bot.views.values import HomeValue

_REMEMBER_KEYS = timedelta(days=2)  # Slack redelivers for minutes; two days are ample
_REMEMBER_STEPS = timedelta(hours=1)
_PAUSES = (1, 2, 5, 10, 30, 60, 120, 300, 600)  # seconds between attempts while Slack or the database is away
_HALTED = timedelta(minutes=10)
_GRACE = 3.0  # seconds
_log = structlog.get_logger("engine")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the engine is made of; put together in the composition root."""

    inbox: Inbox
    durable: Durable
    replicas: Replicas
    decisions: Decisions
    accounts: Accounts
    agents: Mapping[str, Agent]
    documents: Documents
    slack: Slack
    turn_services: TurnServices
    executor: str


class Engine:
    """What handlers see. Started once per process, within the running loop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._commands = Commands(parts.agents, parts.accounts.words)
        self._lanes = Lanes(parts.inbox, parts.durable.run)
        self._clock = AsyncIOScheduler(timezone=UTC)
        self._jobs: set[asyncio.Task[Any]] = set()
        self._gate: Mapping[str, Callable[[Request], Awaitable[Decided | None]]] = {
            "approve": parts.decisions.approve,
            "deny": parts.decisions.turn_down,
            "undo": parts.decisions.undo,
            "choose": parts.decisions.narrow,
            "carry_on": parts.decisions.carry_on,
        }

    async def start(self) -> None:
        """Claim this replica's life, take up what was left, start the clock. Raises OperatorMends."""
        await self._parts.replicas.claim()
        self._parts.durable.launch()
        await self._recover()
        every = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        self._clock.add_job(self._quietly(self._sweep), "interval", seconds=15, **every)
        self._clock.add_job(self._quietly(self._purge), "interval", minutes=10, **every)
        self._clock.add_job(self._quietly(self._recover), "interval", seconds=self._parts.replicas.watch, **every)
        self._clock.start()

    async def stop(self) -> None:
        if self._clock.running:
            self._clock.pause()
            if self._jobs:  # shutting the clock down would break them off within a query
                await asyncio.wait(self._jobs, timeout=_GRACE)
            self._clock.shutdown(wait=False)
        await self._lanes.stop()
        await self._parts.durable.stop()
        await self._parts.replicas.release()

    async def enqueue(self, request: Request) -> bool:
        """Write the request durably, once per key, and start it as soon as its lane is free; False when its key is
        known already. When this returns, the request survives anything; when it raises, nothing was written."""
        ticket = await self._parts.inbox.save(request)
        if ticket is None:
            return False
        self._lanes.add(ticket)
        return True

    def understand(self, text: str) -> Understood:
        """What was typed after `/meshclaw`. Pure. Raises PersonMends."""
        return self._commands.understand(text)

    def help(self) -> Message:
        return self._commands.help()

    async def view(self, name: str, person: Person, value: str) -> View:
        """The modal a button opens: `gate.choose`, `gate.listing`, `connect.form`, or `<agent>.<view>`. Quick: it
        must be shown while the click's trigger lives. Raises PersonMends."""
        room, _, what = name.partition(".")
        match room, what:
            case "gate", "listing":
                return await self._parts.decisions.listing(person, value)
            case "gate", "choose" | "focus":
                return await self._parts.decisions.choice(person, value)
            case "connect", "form":
                return self._parts.accounts.form(value)
        agent = self._parts.agents.get(room)
        if agent is None:
            raise PersonMends("This button belongs to nothing here any more.", "Run the command again.")
        store = AgentStore(self._parts.documents, person, room)
        return await agent.view(what, person, {"value": value}, store)

    async def keep_choice(self, person: Person, view: JsonObject) -> tuple[str, list[list[int]]]:
        """Remember what is ticked in the choice modal. Raises PersonMends."""
        return await self._parts.decisions.keep_choice(person, view)

    async def connect(self, person: Person, word: str, values: Mapping[str, str]) -> Message:
        """Prove and save an account. Raises PersonMends (with `field`) or TimeMends."""
        return await self._parts.accounts.connect(person, word, values)

    async def work(self, key: str) -> None:
        """Run one request to its end: the body of the durable workflow."""
        request = await self._parts.inbox.load(key)
        if request is None:
            return
        failed = False
        try:
            await _patiently(lambda: self._route(request))
        except MeshClawError as error:
            await self._tell(request, error_views.person_error(error.message, error.mend))
        except Exception as error:
            failed = True
            error_id = secrets.token_hex(4)
            _log.error("request failed", error_id=error_id, agent=request.agent, action=request.action, exc_info=error)
            await self._tell(request, error_views.unexpected(error_id))
        await self._parts.inbox.finish(key, failed=failed)

    async def _route(self, request: Request) -> None:
        match request.agent, request.action:
            case "gate", action if action in self._gate:
                decided = await self._gate[action](request)
                if decided:
                    await self._report(request, decided)
            case "home", "open":
                await self._publish_home(request.person)
            case "help", "answer":
                await LiveTurn(request, self._parts.turn_services).say("answer", self._reply(request))
            case "help", "whisper":
                await LiveTurn(request, self._parts.turn_services).whisper(self._reply(request))
            case "connect", "save":
                await self._connect_later(request)
            case _:
                await self._run_agent(request)

    def _reply(self, request: Request) -> Message:
        """The answer to a message that asks no agent. Raises PersonMends, which says what was not understood."""
        said = request.args.get("said")
        if isinstance(said, str):
            return notices.said(said)
        understood = self.understand(str(request.args.get("text") or ""))
        if isinstance(understood, Say):
            return understood.message
        if isinstance(understood, Connect):
            return forms.connect_first(understood.word, self._parts.accounts.title(understood.word).lower())
        return self.help()

    async def _run_agent(self, request: Request) -> None:
        agent = self._parts.agents.get(request.agent)
        action = agent.actions.get(request.action) if agent else None
        if agent is None or action is None:
            raise PersonMends("This belongs to nothing here any more.", "Run the command again.")
        await action(LiveTurn(request, self._parts.turn_services, agent.description.tools))

    async def _report(self, request: Request, decided: Decided) -> None:
        """Tell the agent whose plan it was how it ended, as a request of its own."""
        card = decided.card
        agent = self._parts.agents.get(card.agent)
        action = "undone" if card.state == "undone" else "decided"
        if agent is None or action not in agent.actions:
            return
        done: list[Json] = [one.index for one in decided.results if one.outcome and one.outcome.state == "done"]
        calls: list[Json] = [{"tool": call.tool, "args": call.args} for call in card.plan.calls]
        await self.enqueue(
            Request(
                key=f"{action}:{card.id}",
                person=card.person,
                agent=card.agent,
                action=action,
                args={"state": card.state, "extra": card.plan.extra, "calls": calls, "done": done},
                channel=request.channel,
            )
        )

    async def _connect_later(self, request: Request) -> None:
        word, values = str(request.args["word"]), request.args["values"]
        texts = {str(name): str(value) for name, value in values.items()} if isinstance(values, Mapping) else {}
        turn = LiveTurn(request, self._parts.turn_services)
        await turn.say("answer", await self.connect(request.person, word, texts))

    async def _publish_home(self, person: Person) -> None:
        connections = await self._parts.accounts.listed(person)
        pending = await self._parts.decisions.pending_titles(person)
        await self._parts.slack.publish_home(
            person, home.home(HomeValue(self._commands.known, connections, tuple(pending)))
        )

    async def _tell(self, request: Request, message: Message) -> None:
        """Say that it went wrong: in place of the answer, or, for a click, beside the card."""
        turn = LiveTurn(request, self._parts.turn_services)

        async def tell() -> None:
            if request.agent == "gate" or request.action == "whisper":
                await turn.whisper(message)
            else:
                await turn.say("answer", message)

        try:
            await _patiently(tell)
        except MeshClawError as error:
            _log.error("person not told", agent=request.agent, error=type(error).__name__)

    async def _recover(self) -> None:
        """Take up this replica's open requests at its start, and those of dead replicas at any time."""
        inbox, durable, me = self._parts.inbox, self._parts.durable, self._parts.executor
        for executor in ({*await durable.unfinished()} | await inbox.executors()) - {me}:
            async with self._parts.replicas.inheriting(executor) as mine:
                if mine:
                    await inbox.take_over(executor)
                    await durable.resume((await durable.unfinished()).get(executor, []))
        for ticket in await inbox.open_tickets():
            self._lanes.add(ticket)

    async def _sweep(self) -> None:
        """Expire and redraw cards, and carry on with plans that stopped halfway."""
        now = datetime.now(UTC)
        await self._parts.decisions.sweep(now - timedelta(seconds=60))
        for card in await self._parts.decisions.halted(now - _HALTED):
            await self.enqueue(
                Request(f"carry on:{card.id}:{card.version}", card.person, "gate", "carry_on", {"card": card.id})
            )

    async def _purge(self) -> None:
        now = datetime.now(UTC)
        await self._parts.durable.purge(now - _REMEMBER_STEPS)
        await self._parts.inbox.purge(now - _REMEMBER_KEYS)
        await self._parts.turn_services.posts.purge(now - _REMEMBER_KEYS)
        await self._parts.documents.purge("gate", "choice:", now - _REMEMBER_KEYS)
        await self._parts.decisions.purge(now - TIME_TO_UNDO - _REMEMBER_KEYS)
        for agent in self._parts.agents:
            await self._parts.documents.purge(agent, "run:", now - TIME_TO_UNDO - _REMEMBER_KEYS)

    def _quietly(self, job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[Any]]:
        """A job of the clock: an error is logged, and the next time it runs again."""

        async def run() -> None:
            task = asyncio.current_task()
            assert task
            self._jobs.add(task)
            try:
                await job()
            except Exception as error:
                _log.warning("clock job failed", job=job.__name__, error=type(error).__name__)
            finally:
                self._jobs.discard(task)

        return run


async def _patiently(work: Callable[[], Awaitable[None]]) -> None:
    """Try again while Slack or the database is away: everything a request does may be done again."""
    for pause in (*_PAUSES, None):
        try:
            await work()
            break
        except (SlackAway, OperationalError):
            if pause is None:
                raise
            await asyncio.sleep(pause)
