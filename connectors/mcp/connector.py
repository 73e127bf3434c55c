"""MCP: servers that strangers wrote, each of whose tools counts as the worst until an admin looked at it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bot.contracts.connectors import Check, Connection, Connections
from bot.contracts.errors import MeshClawError, OperatorMends, PersonMends
from bot.contracts.forms import FormField
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.tools import Tool
from bot.network.client import GuardedClient
from bot.network.resolve import GuardedResolver
from connectors.mcp.arguments import one_line
from connectors.mcp.definitions import Definition, Dropped
from connectors.mcp.judging import WORDS, ToolSeen
from connectors.mcp.register import Known, Register
from connectors.mcp.settings import NAME, Limits, McpSettings, Server, load
from connectors.mcp.tools import Failed, McpTool

if TYPE_CHECKING:
    from connectors.mcp.link import Link

MISSING = OperatorMends("MCP servers cannot be used: a library is not installed.", "pip install 'meshclaw[mcp]'")
_MOST_ADDED = 20


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """A server as it stands now. `place`: the program or the host, never more of an address; `named`: by the operator,
    in the file; `state`: "idle" before its first use, "well", "hanging", "dead"; `why`: what is wrong, in words."""

    name: str
    place: str
    named: bool
    state: str
    since: datetime
    why: str
    tools: tuple[ToolSeen, ...]
    dropped: tuple[Dropped, ...] = ()


@dataclass(slots=True)
class _One:
    """What is held of one server: what it is, the way to it, and what it offered last."""

    server: Server
    named: bool
    link: "Link | None" = None
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    listed: tuple[Definition, ...] | None = None
    listed_at: float = float("-inf")
    said_changed: int = 0
    known: Known = field(default_factory=Known)
    problem: MeshClawError | None = None
    refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)


class McpConnector:
    """Implements `contracts.Connector`. `servers`: those of the file; `problem`: why it could not be read."""

    name = "mcp"
    title = "MCP"

    def __init__(
        self,
        connections: Connections,
        servers: Mapping[str, Server],
        problem: MeshClawError | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._register = Register(connections)
        self._held = {name: _One(server, named=True) for name, server in servers.items()}
        self._problem = problem
        self._limits = limits or Limits()
        self._tools: tuple[McpTool, ...] = ()
        self._settling: dict[str, asyncio.Task[None]] = {}

    # What every connector offers

    def tools(self) -> Sequence[Tool]:
        """The tools known now; the same object until they change."""
        return self._tools

    def form(self) -> Sequence[FormField]:
        return ()

    async def prove(self, values: Mapping[str, str]) -> Connection:
        raise PersonMends("For MCP there is nothing to connect.", "/meshclaw mcp shows the servers there are.")

    async def checks(self) -> Sequence[Check]:
        if self._problem is not None:
            return (Check("mcp", False, self._problem.message, self._problem.mend, needed=False),)
        named = [name for name, one in self._held.items() if one.named]
        if not named:
            return (Check("mcp", True, "No MCP servers are named in a file.", needed=False),)
        await self.refresh()
        return tuple(self._check(name) for name in named)

    async def close(self) -> None:
        """End every server that was started."""
        for task in self._settling.values():
            task.cancel()
        await asyncio.gather(*self._settling.values(), return_exceptions=True)
        await asyncio.gather(*(one.link.close() for one in self._held.values() if one.link is not None))
        for one in self._held.values():
            one.link = None

    # What there is

    async def load(self) -> None:
        """Know what is kept: the servers admins added, and all tools as they were last seen. Starts nothing."""
        added = await self._register.added()
        for name, url in added.items():
            if name not in self._held:
                self._held[name] = _One(Server(url=url), named=False)
        for name in [name for name, one in self._held.items() if not one.named and name not in added]:
            await self._drop(name)
        for name, one in [*self._held.items()]:
            await self._know(name, one)
        self._rebuild()

    async def refresh(self, server: str | None = None) -> None:
        """Ask the servers, or the one, which tools they have. What does not answer is noted and keeps what it had."""
        await self.load()
        names = [name for name in self._held if server in (None, name)]
        await asyncio.gather(*(self._ask(name) for name in names))
        self._rebuild()

    def seen(self) -> Sequence[ServerSeen]:
        """All servers by name, as they stand."""
        return tuple(self._seen(name, one) for name, one in sorted(self._held.items()))

    @property
    def problem(self) -> MeshClawError | None:
        """Why the file of servers is not used."""
        return self._problem

    # What admins do

    async def add(self, name: str, url: str) -> None:
        """Take in a server by its address: asked at once, on the public internet only. Raises MeshClawError."""
        if not NAME.fullmatch(name):
            raise PersonMends(
                f"A server cannot be called “{one_line(name, 40)}”.",
                "A name is 1 to 30 lower-case letters, digits and hyphens, and begins with a letter.",
            )
        added = dict(await self._register.added())
        if (name in added or name in self._held) and added.get(name) != url:
            raise PersonMends(f"There is a server {name} already.", f"Remove it first: /meshclaw mcp remove {name}")
        if len(added) >= _MOST_ADDED:
            raise PersonMends(f"There are {_MOST_ADDED} servers already.", "Remove one first.")
        guard = GuardedResolver()
        target = GuardedClient(guard).target(url)
        await guard.addresses(target.raw_host or "", target.port or 443)
        link = await self._link(name, Server(url=url), named=False)
        try:
            await link.listing()
        finally:
            await link.close()
        await self._register.forget(name)
        await self._register.write_added({**added, name: url})
        await self.refresh(name)

    async def remove(self, name: str) -> None:
        """Forget a server that was added. Raises PersonMends."""
        if (one := self._held.get(name)) is not None and one.named:
            raise PersonMends(f"The server {name} is named in a file.", "Whoever runs MeshClaw can take it out there.")
        added = dict(await self._register.added())
        if added.pop(name, None) is None:
            raise PersonMends(f"There is no server “{one_line(name, 40)}”.", "/meshclaw mcp shows those there are.")
        await self._register.write_added(added)
        await self.load()

    async def classify(self, tool: str, pin: str, word: str, by: Person) -> None:
        """Call a tool by its effect, or `never`. `pin`: of the definition that was looked at; another one than that is
        not classified by mistake. Raises PersonMends."""
        if word not in WORDS:
            raise PersonMends("There is no such effect.", f"There are: {', '.join(WORDS)}.")
        seen = self.tool(tool)
        if seen.definition.pin != pin:
            raise PersonMends(f"{seen.name} has changed since you looked at it.", "Look at it again.")
        one = self._held[seen.server]
        await self._register.judge(seen, one.server.identity, word, by, datetime.now(UTC))
        await self.load()

    def tool(self, name: str) -> ToolSeen:
        """A tool by its name, with or without the leading `mcp.`. Raises PersonMends."""
        for known in self._tools:
            if name in (known.name, known.name.removeprefix("mcp.")):
                return known.seen
        raise PersonMends(f"There is no tool “{one_line(name, 100)}”.", "/meshclaw mcp shows those there are.")

    # Calls

    async def call(self, seen: ToolSeen, args: JsonObject) -> str:
        """Implements `tools.Calls`: looked at once more, with what is kept and what the server says by now."""
        one = self._held.get(seen.server)
        if one is None:
            raise PersonMends(f"There is no server {seen.server} any more.")
        if asyncio.get_running_loop().time() - one.listed_at > self._limits.fresh:
            await self._ask(seen.server)
            if one.problem is not None:
                raise one.problem
        if not one.named and (await self._register.added()).get(seen.server) != one.server.url:
            raise PersonMends(f"There is no server {seen.server} any more.")
        if await self._register.tool(seen.name, seen.server, one.server, one.listed) != seen:
            await self.load()
            raise PersonMends(f"{seen.name} is not what it was a moment ago, and was not used.", "Ask again.")
        text, failed = await (await self._linked(seen.server, one)).call(seen.definition.name, args)
        if failed:
            raise Failed(one_line(text, 200) or "it failed")
        return text

    # Within

    def _check(self, name: str) -> Check:
        problem, seen = self._held[name].problem, self._seen(name, self._held[name])
        if seen.why:
            mend = problem.mend if isinstance(problem, OperatorMends) else "docs/mcp.md says what to look at."
            return Check(f"mcp {name}", False, seen.why, mend, needed=False)
        unknown = sum(tool.effect is None and tool.usable for tool in seen.tools)
        says = f"{len(seen.tools)} tools, {unknown} of them of unknown effect."
        return Check(f"mcp {name}", True, says, needed=False)

    def _seen(self, name: str, one: _One) -> ServerSeen:
        link = one.link
        state = link.state if link is not None else "dead" if one.problem is not None else "idle"
        return ServerSeen(
            name,
            one.server.place,
            one.named,
            state,
            link.since if link is not None else one.since,
            one.problem.message if one.problem is not None else link.why if link is not None else "",
            tuple(one.known.tools),
            one.known.dropped,
        )

    async def _ask(self, name: str) -> None:
        one = self._held.get(name)
        if one is None:
            return
        async with one.refreshing:
            changed = one.said_changed
            try:
                one.listed = await (await self._linked(name, one)).listing()
            except MeshClawError as error:
                one.problem = error
                return
            one.problem = None
            if changed == one.said_changed:
                one.listed_at = asyncio.get_running_loop().time()
            await self._register.note(name, one.listed)
            await self._know(name, one)

    async def _know(self, name: str, one: _One) -> None:
        """What is kept, laid over what the server offered last."""
        while True:
            listed = one.listed
            known = await self._register.known(name, one.server, listed)
            if listed is one.listed:
                one.known = known
                return

    async def _linked(self, name: str, one: _One) -> "Link":
        if one.link is None:
            made = await self._link(name, one.server, named=one.named)
            one.link = one.link or made
        return one.link

    async def _link(self, name: str, server: Server, *, named: bool) -> "Link":
        """Loads the libraries, which is slow and not always possible: on first use. Raises OperatorMends."""
        try:
            module: Any = await asyncio.to_thread(import_module, "connectors.mcp.link")
        except ImportError:
            raise MISSING from None
        made: Link = module.Link(name, server, named=named, changed=lambda: self._settle(name), limits=self._limits)
        return made

    def _settle(self, name: str) -> None:
        """The server says its tools are others: look again in a moment, however often it says so until then."""
        if (one := self._held.get(name)) is None:
            return
        one.said_changed += 1
        one.listed_at = float("-inf")
        if name not in self._settling:
            self._settling[name] = asyncio.create_task(self._look_again(name))

    async def _look_again(self, name: str) -> None:
        try:
            await asyncio.sleep(self._limits.settles)
        finally:
            self._settling.pop(name, None)
        with suppress(MeshClawError):
            await self.refresh(name)

    async def _drop(self, name: str) -> None:
        one = self._held.pop(name)
        if one.link is not None:
            await one.link.close()

    def _rebuild(self) -> None:
        """Tools that did not change stay the same objects, and so does the whole when none did."""
        before = {tool.name: tool for tool in self._tools}
        found: list[McpTool] = []
        for one in self._held.values():
            for seen in one.known.tools:
                old = before.get(seen.name)
                found.append(old if old is not None and old.seen == seen else McpTool(seen, self))
        made = tuple(sorted(found, key=lambda tool: tool.name))
        if len(made) != len(self._tools) or any(a is not b for a, b in zip(made, self._tools, strict=True)):
            self._tools = made


def connector(connections: Connections) -> McpConnector:
    """The servers of the file, if there is one, and those admins added."""
    try:
        return McpConnector(connections, load(McpSettings().mcp))
    except OperatorMends as error:
        return McpConnector(connections, {}, error)
