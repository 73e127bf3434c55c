"""One turn: what an agent holds in its hands while it handles one request."""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from bot.contracts.agents import Proposed, Store
from bot.contracts.errors import OperatorMends
from bot.contracts.json import Json
from bot.contracts.people import Person, Profile
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Posted, Slack, View
from bot.contracts.tools import Plan
from bot.engine.posts import Posts
from bot.store.documents import Documents

T = TypeVar("T", bound=Json)


@dataclass(frozen=True, slots=True)
class AgentStore:
    """The documents of one agent about one person."""

    documents: Documents
    person: Person
    space: str

    async def load(self, name: str) -> Json:
        return await self.documents.load(self.person, self.space, name)

    async def save(self, name: str, value: Json) -> None:
        await self.documents.save(self.person, self.space, name, value)


@dataclass(frozen=True, slots=True)
class TurnServices:
    """What every turn draws on."""

    slack: Slack
    posts: Posts
    documents: Documents
    sources: Mapping[str, Any]
    step: Callable[[str, Callable[[], Coroutine[Any, Any, Any]]], Awaitable[Any]]
    propose: Callable[[Request, Plan], Awaitable[Proposed]]
    open_tools: Callable[[Request, Collection[str]], Awaitable[frozenset[str]]]
    check_stopped: Callable[[Request], Awaitable[None]]
    reply: Callable[[Request, str, str, frozenset[str]], Awaitable[None]]


class LiveTurn:
    """The Turn of `bot.contracts.agents`, over the engine's services. `tools`: those the agent's file names. A stop is
    looked at before every step and every plan."""

    def __init__(self, request: Request, services: TurnServices, tools: Collection[str] = ()) -> None:
        self.request = request
        self.person = request.person
        self.store: Store = AgentStore(services.documents, request.person, request.agent)
        self._services = services
        self._tools = tools

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def source(self, name: str) -> Any:
        return self._services.sources[name]

    async def profile(self) -> Profile:
        return await self._services.slack.profile(self.person)

    async def step(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        await self._services.check_stopped(self.request)
        result: T = await self._services.step(name, work)
        return result

    async def say(self, name: str, message: Message) -> Posted:
        channel = await self._services.slack.direct(self.person)
        return await self._services.posts.put(f"{self.request.key}:{name}", channel, message)

    async def whisper(self, message: Message) -> None:
        channel = self.request.channel or await self._services.slack.direct(self.person)
        await self._services.slack.whisper(channel, self.person, message, self.request.thread_ts)

    async def revise(self, posted: Posted, message: Message) -> None:
        await self._services.slack.update(posted, message)

    async def redraw(self, view: View) -> None:
        view_id = self.request.args.get("view")
        if view_id:
            await self._services.slack.update_view(str(view_id), view)

    async def tools(self) -> frozenset[str]:
        return await self._services.open_tools(self.request, self._tools)

    async def propose(self, plan: Plan) -> Proposed:
        foreign = sorted({call.tool for call in plan.calls} - set(self._tools))
        if foreign:
            raise OperatorMends(
                f"The agent {self.request.agent} may not use {', '.join(foreign)}.", "Its file does not name this tool."
            )
        return await self._services.propose(self.request, plan)

    async def reply(self, name: str, text: str, *, seen_by: frozenset[str] = frozenset()) -> None:
        await self._services.reply(self.request, name, text, seen_by)
