"""One turn: what an agent holds in its hands while it handles one request."""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from bot.contracts.agents import Offered, Proposed, Store, Thread
from bot.contracts.errors import OperatorMends, PersonMends, Stopped
from bot.contracts.json import Json, JsonObject
from bot.contracts.people import Member, Person, Profile
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Posted, View
from bot.contracts.tools import Call, Effect, Plan, Reading, Tool, ToolBox, ToolContext
from bot.engine.posts import Posts
from bot.engine.threads import TalkingSlack, thread_of
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


def matching(patterns: Collection[str], names: Collection[str]) -> frozenset[str]:
    """The names that are among the patterns, or begin as `mail.*` does; `*` is all of them."""
    starts = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    return frozenset(name for name in names if name in patterns or name.startswith(starts))


@dataclass(frozen=True, slots=True)
class TurnServices:
    """What every turn draws on."""

    slack: TalkingSlack
    posts: Posts
    documents: Documents
    sources: Mapping[str, Any]
    tools: ToolBox
    step: Callable[[str, Callable[[], Coroutine[Any, Any, Any]]], Awaitable[Any]]
    propose: Callable[[Request, Plan], Awaitable[Proposed]]
    open_tools: Callable[[Request, Collection[str]], Awaitable[frozenset[str]]]
    check_reading: Callable[[Request, Call], None]
    check_stopped: Callable[[Request], Awaitable[None]]
    conversation: Callable[[Request], str]
    reply: Callable[[Request, str, str, frozenset[str]], Awaitable[None]]
    enqueue: Callable[[Request], Awaitable[bool]]
    stoppable: Callable[[Request, Callable[[], Awaitable[None]]], Awaitable[None]]


class LiveTurn:
    """The Turn of `bot.contracts.agents`, over the engine's services. `tools`: those the agent's file names. A stop is
    looked at before every step, every reading and every plan."""

    def __init__(self, request: Request, services: TurnServices, tools: Collection[str] = ()) -> None:
        self.request = request
        self.person = request.person
        self.store: Store = self._room(services, request.agent)
        self._services = services
        self._tools = matching(tools, services.tools.names())

    def _room(self, services: TurnServices, space: str) -> Store:
        return AgentStore(services.documents, self.request.person, space)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def conversation(self) -> str:
        return self._services.conversation(self.request)

    @property
    def thread(self) -> Thread:
        return thread_of(self.request, self._services.slack)

    def source(self, name: str) -> Any:
        return self._services.sources[name]

    def room(self, name: str) -> Store:
        return self._room(self._services, name)

    async def member(self) -> Member:
        return await self._services.slack.member(self.person.user)

    async def profile(self) -> Profile:
        return await self._services.slack.profile(self.person)

    async def step(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        await self._services.check_stopped(self.request)
        result: T = await self._services.step(name, work)
        return result

    async def say(self, name: str, message: Message) -> Posted:
        channel = await self._services.slack.direct(self.person)
        return await self._services.posts.put(f"{self.request.key}:{name}", channel, message)

    async def answer(self, name: str, message: Message) -> None:
        channel, thread = self.request.channel, self.request.thread_ts
        if channel and thread:
            await self._services.posts.put(f"{self.request.key}:{name}", channel, message, thread)
        else:
            await self.say(name, message)

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

    def narrowed(self, tools: Collection[str]) -> "LiveTurn":
        return LiveTurn(self.request, self._services, matching(tools, self._tools))

    async def offered(self) -> Mapping[str, Offered]:
        found: dict[str, Offered] = {}
        for name in sorted(await self.tools()):
            tool = self._services.tools.get(name)
            offer = tool.offer() if tool else None
            if tool and offer:
                found[name] = Offered(offer, reads=tool.effect is Effect.READ)
        return found

    async def read(self, tool: str, said: JsonObject) -> Reading:
        await self._services.check_stopped(self.request)
        reader = self._own(tool)
        call = await self.call(tool, said)
        self._services.check_reading(self.request, call)
        return await reader.read(ToolContext(self.person, f"{self.request.key}:{call.digest()}"), call.args)

    async def call(self, tool: str, said: JsonObject) -> Call:
        known = self._own(tool)
        args = await known.completed(self.person, said)
        known.check(args)
        return Call(tool, args)

    def _own(self, name: str) -> Tool:
        tool = self._services.tools.get(name) if name in self._tools else None
        if tool is None:
            raise PersonMends(f"There is no tool {name[:60]} here.")
        return tool

    async def follow(self, name: str, action: str, args: JsonObject, posted: Posted) -> None:
        key = f"{self.request.key}:{name}"
        request = Request(key, self.person, self.request.agent, action, args, posted.channel, posted.ts)
        await self._services.enqueue(request)

    async def is_stopped(self) -> bool:
        try:
            await self._services.check_stopped(self.request)
        except Stopped:
            return True
        return False

    async def stoppable(self, work: Callable[[], Awaitable[None]]) -> None:
        await self._services.stoppable(self.request, work)

    async def propose(self, plan: Plan) -> Proposed:
        foreign = sorted({call.tool for call in plan.calls} - set(self._tools))
        if foreign:
            raise OperatorMends(
                f"The agent {self.request.agent} may not use {', '.join(foreign)}.", "Its file does not name this tool."
            )
        return await self._services.propose(self.request, plan)

    async def reply(self, name: str, text: str, *, seen_by: frozenset[str] = frozenset()) -> None:
        await self._services.reply(self.request, name, text, seen_by)
