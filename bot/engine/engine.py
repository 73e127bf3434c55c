"""The engine: takes requests, and runs them once."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import OperationalError

from bot.contracts.agents import Agent, Proposed
from bot.contracts.errors import MeshClawError, PersonMends, Stopped
from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Slack, SlackAway, View
from bot.contracts.tools import Plan
from bot.engine.commands import AGENTS, ASK, Commands, Connect, Direct, Free, Open, Run, Say, Understood
from bot.engine.connect import Accounts
from bot.engine.decisions import Decided, Decisions
from bot.engine.durable import Durable
from bot.engine.inbox import Inbox
from bot.engine.lanes import Lanes
from bot.engine.modals import Modals
from bot.engine.replicas import Replicas
from bot.engine.roster import Roster
from bot.engine.running import Running
from bot.engine.standing import USAGE, Standing
from bot.engine.turns import AgentStore, LiveTurn, TurnServices
from bot.engine.upkeep import Upkeep
from bot.engine.workshop import USAGE as OF_AGENTS
from bot.engine.workshop import Workshop
from bot.gate.card import Card
from bot.store.documents import Documents
from bot.views import errors as error_views
from bot.views import forms, home, notices

_PAUSES = (1, 2, 5, 10, 30, 60, 120, 300, 600)  # seconds between attempts while Slack or the database is away
_log = structlog.get_logger("engine")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the engine is made of; put together in the composition root."""

    inbox: Inbox
    durable: Durable
    replicas: Replicas
    decisions: Decisions
    modals: Modals
    standing: Standing
    roster: Roster
    workshop: Workshop
    running: Running
    upkeep: Upkeep
    accounts: Accounts
    agents: Mapping[str, Agent]
    documents: Documents
    slack: Slack
    turn_services: TurnServices
    conversation: Callable[[Request], str]
    executor: str


class Engine:
    """What handlers see. Started once per process, within the running loop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._commands = Commands(parts.agents, parts.accounts.words, (*parts.roster.usage, *OF_AGENTS, *USAGE))
        parts.workshop.reserve([command.word for command in self._commands.known])
        self._lanes = Lanes(parts.inbox, parts.durable.run)
        self._gate = {**parts.decisions.actions, "widen": self._widen}
        parts.upkeep.carry_on = self._carry_on
        parts.upkeep.ended = self._report
        parts.upkeep.scheduled = parts.workshop.sweep

    async def start(self) -> None:
        """Claim this replica's life, take up what was left, start the clock. Raises OperatorMends."""
        await self._parts.replicas.claim()
        self._parts.durable.launch()
        await self._recover()
        self._parts.upkeep.start(self._recover, self._parts.replicas.watch)

    async def stop(self) -> None:
        await self._parts.upkeep.stop()
        await self._lanes.stop()
        await self._parts.durable.stop()
        await self._parts.running.stop()
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
        """The modal a button opens: `gate.<modal>`, `connect.form`, or `<agent>.<view>`. Quick: it must be shown while
        the click's trigger lives. Raises PersonMends."""
        room, _, what = name.partition(".")
        match room, what:
            case "gate", "enrol" | "unenrol":
                return await self._parts.standing.enrolment(person)
            case "gate", _:
                return await self._parts.modals.view(what, person, value)
            case "connect", "form":
                return self._parts.accounts.form(value)
            case "agents", _:
                return await self._parts.workshop.view(what, person, value)
        agent = self._parts.agents.get(room)
        if agent is None:
            raise PersonMends("This button belongs to nothing here any more.", "Run the command again.")
        store = AgentStore(self._parts.documents, person, room)
        return await agent.view(what, person, {"value": value}, store)

    @property
    def modals(self) -> Modals:
        """What was entered into the modals of cards."""
        return self._parts.modals

    @property
    def standing(self) -> Standing:
        """What a person sets between cards."""
        return self._parts.standing

    async def first_time(self, key: str, person: Person) -> bool:
        """Whether nothing with this key was delivered before: for what is done at once instead of being enqueued."""
        return await self.enqueue(Request(key, person, "gate", "noted"))

    async def direct(self, person: Person, asked: Direct, channel: str) -> Message:
        """Answer a word that needs no agent, ahead of every queue. Raises PersonMends."""
        if asked.word == AGENTS:
            return await self._parts.workshop.answer(person)
        if asked.word in self._parts.roster.words:
            return await self._parts.roster.answer(person, asked.word, asked.rest)
        return await self._parts.standing.answer(person, asked.word, asked.rest, channel)

    @property
    def workshop(self) -> Workshop:
        """The agents that people make."""
        return self._parts.workshop

    @property
    def can_talk(self) -> bool:
        """Whether there is an agent for words that are no command."""
        return ASK in self._parts.agents

    async def talks(self, person: Person, channel: str, thread_ts: str) -> bool:
        """Whether that person and an agent have a conversation in that thread, or are about to."""
        place = Request("", person, ASK, "heard", channel=channel, thread_ts=thread_ts)
        known = await self._parts.roster.talks(person, self._parts.conversation(place))
        return known or await self._parts.inbox.awaits(place)

    async def stop_conversation(self, person: Person, channel: str, thread_ts: str | None) -> Message:
        """End what goes on in that thread, or, without one, in the person's own conversation with MeshClaw."""
        place = Request("", person, "gate", "stop", channel=channel, thread_ts=thread_ts)
        return await self._parts.standing.stop_conversation(person, self._parts.conversation(place))

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
        except Stopped as error:
            if not (request.thread_ts and self._parts.roster.talks_as(request.agent)):  # else its answer says it
                await self._tell(request, error_views.person_error(error.message, error.mend))
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
                    await self._report(decided)
            case "gate", "noted":
                pass
            case "gate", "session":
                channel, thread = str(request.channel), str(request.thread_ts)
                await self._parts.slack.end_session(channel, thread)
            case "home", "open":
                await self.publish_home(request.person)
            case "help", "answer":
                await LiveTurn(request, self._parts.turn_services).say("answer", await self._reply(request))
            case "help", "whisper":
                await LiveTurn(request, self._parts.turn_services).whisper(await self._reply(request))
            case "agents", _:
                await self._parts.workshop.act(request)
            case "connect", "save":
                await self._connect_later(request)
            case _:
                await self._run_agent(request)

    async def _reply(self, request: Request) -> Message:
        """The answer to a message that asks no agent. Raises PersonMends, which says what was not understood."""
        said = request.args.get("said")
        if isinstance(said, str):
            return notices.said(said)
        understood = self.understand(str(request.args.get("text") or ""))
        if isinstance(understood, Say):
            return understood.message
        if isinstance(understood, Free):
            return understood.unknown
        if isinstance(understood, Direct):
            return await self.direct(request.person, understood, request.channel or "")
        if isinstance(understood, Run):
            await self._parts.workshop.prepared(request.person, understood)  # raises what is wrong with it
        if isinstance(understood, Open):
            return await self._parts.workshop.answer(request.person)
        if isinstance(understood, Connect):
            return forms.connect_first(understood.word, self._parts.accounts.title(understood.word).lower())
        return self.help()

    async def _run_agent(self, request: Request) -> None:
        agent = self._parts.agents.get(request.agent)
        action = agent.actions.get(request.action) if agent else None
        if agent is None or action is None:
            raise PersonMends("This belongs to nothing here any more.", "Run the command again.")
        turn = LiveTurn(request, self._parts.turn_services, agent.description.tools)
        if request.action in ("decided", "undone"):  # what it hears of its cards begins nothing
            await action(turn)
        else:
            await self._parts.running.run(request, lambda: action(turn))

    async def _report(self, decided: Decided) -> None:
        """Tell the agent whose plan it was how it ended, as a request of its own."""
        card = decided.card
        agent = self._parts.agents.get(card.agent)
        action = "undone" if card.undo_id else "decided"
        if agent is None or action not in agent.actions:
            return
        outcomes = {one.index: one.outcome for one in decided.results if one.outcome}
        done: list[Json] = [index for index, outcome in outcomes.items() if outcome.state == "done"]
        calls: list[Json] = [
            {
                "tool": call.tool,
                "args": call.args,
                "digest": call.digest(),
                "outcome": outcomes[index].as_json() if index in outcomes else None,
            }
            for index, call in enumerate(card.plan.calls)
        ]
        thread = card.terms.thread or None
        await self.enqueue(
            Request(
                key=f"{action}:{card.id}",
                person=card.person,
                agent=card.agent,
                action=action,
                args={
                    "card": card.id,
                    "state": card.state,
                    "reason": card.said.reason,
                    "extra": card.plan.extra,
                    "calls": calls,
                    "done": done,
                },
                channel=card.terms.asked_in if thread else None,
                thread_ts=thread,
            )
        )

    async def _carry_on(self, card: Card) -> None:
        """Take a card up again that stands approved: a request of its own, once a minute for each state it is found
        in, since what kept it before may be over now."""
        now = datetime.now(UTC)
        phase = "held" if card.hold_until and card.hold_until > now else "free"
        key = f"carry on:{card.id}:{card.version}:{phase}:{int(now.timestamp()) // 60}"
        await self.enqueue(Request(key, card.person, "gate", "carry_on", {"card": card.id}))

    async def propose(self, request: Request, plan: Plan) -> Proposed:
        """Lay a plan before a person; what runs by a grant begins at once. Raises Stopped, Refused."""
        proposed, running = await self._parts.decisions.propose(request, plan)
        for card in running:
            await self._carry_on(card)
        return proposed

    async def _widen(self, request: Request) -> None:
        """Ask the person, on a card, whether agents may change things in an account of theirs."""
        word = str(request.args.get("value") or "")
        plan = await self._parts.accounts.widening(request.person, word)
        await self.propose(request, plan)
        await LiveTurn(request, self._parts.turn_services).redraw(
            notices.notice(notices.said(f"{plan.title}: the card is in your direct messages with me."))
        )

    async def _connect_later(self, request: Request) -> None:
        word, values = str(request.args["word"]), request.args["values"]
        texts = {str(name): str(value) for name, value in values.items()} if isinstance(values, Mapping) else {}
        turn = LiveTurn(request, self._parts.turn_services)
        await turn.say("answer", await self.connect(request.person, word, texts))

    async def publish_home(self, person: Person) -> None:
        """Draw a person's App Home anew."""
        value = await self._parts.standing.home(person, self._commands.known)
        await self._parts.workshop.retime(person, value.tz)
        await self._parts.slack.publish_home(person, home.home(value))

    async def _tell(self, request: Request, message: Message) -> None:
        """Say that it went wrong: in place of the answer, or, for a click, beside the card."""
        turn = LiveTurn(request, self._parts.turn_services)

        async def tell() -> None:
            if request.agent == "gate" or request.action == "whisper":
                await turn.whisper(message)
            elif request.thread_ts and request.channel == await self._parts.slack.direct(request.person):
                await turn.answer("error", message)
            elif request.thread_ts:  # for them alone: others read there too
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
