"""What is kept of servers and tools for the whole installation: which servers were added, how each tool looked when it
was first seen, and what admins called it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.contracts.connectors import Connections
from bot.contracts.json import Json
from bot.contracts.people import Person
from connectors.mcp.definitions import MOST_TOOLS, Definition, Dropped, admitted
from connectors.mcp.judging import Judgement, ToolSeen, judged
from connectors.mcp.settings import Server

_ADDED = "servers"
_MOST_KEPT = 2 * MOST_TOOLS


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a server's tools, and of those it offered that are not taken in."""

    tools: tuple[ToolSeen, ...] = ()
    dropped: tuple[Dropped, ...] = ()


class Register:
    """Over what the installation keeps for this connector. A tool's judgement is an entry of its own, which nothing but
    a judgement writes: what two replicas do at once cannot undo it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def added(self) -> Mapping[str, str]:
        """The servers admins added: name and address."""
        kept = await self._connections.kept("mcp", _ADDED)
        return {str(name): str(url) for name, url in kept.items()} if isinstance(kept, Mapping) else {}

    async def write_added(self, added: Mapping[str, str]) -> None:
        await self._connections.keep("mcp", _ADDED, dict(added))

    async def forget(self, server: str) -> None:
        """How its tools looked; another server may take its name."""
        await self._connections.keep("mcp", f"seen:{server}", None)

    async def judge(self, seen: ToolSeen, identity: Json, word: str, by: Person, at: datetime) -> None:
        judgement = Judgement(word, by.user, at, seen.definition, identity)
        await self._connections.keep("mcp", f"judged:{seen.name}", judgement.as_json())

    async def note(self, server: str, offered: Sequence[Definition]) -> None:
        """Keep how tools look that were never seen before."""
        first = dict(await self._first(server))
        new = {tool.name: tool for tool in admitted(offered)[0] if tool.name not in first}
        if new and len(first) < _MOST_KEPT:
            first.update(new)
            await self._connections.keep("mcp", f"seen:{server}", [tool.as_json() for tool in first.values()])

    async def known(self, server: str, what: Server, offered: Sequence[Definition] | None) -> Known:
        """All tools as they stand: as the server offered them last or, before it was asked, as they were looked at."""
        first = await self._first(server)
        kept, dropped = admitted(tuple(first.values()) if offered is None else offered)
        tools = [await self._judged(server, what, tool, first, asked=offered is not None) for tool in kept]
        return Known(tuple(tool for tool in tools if tool is not None), dropped)

    async def tool(self, name: str, server: str, what: Server, offered: Sequence[Definition] | None) -> ToolSeen | None:
        """One tool of a server that was asked, as it stands; None when there is no such tool."""
        found = next((tool for tool in admitted(offered or ())[0] if f"mcp.{server}.{tool.name}" == name), None)
        return None if found is None else await self._judged(server, what, found, await self._first(server), asked=True)

    async def _first(self, server: str) -> Mapping[str, Definition]:
        kept = await self._connections.kept("mcp", f"seen:{server}")
        found = [Definition.from_json(each) for each in kept] if isinstance(kept, list | tuple) else []
        return {tool.name: tool for tool in found}

    async def _judged(
        self, server: str, what: Server, tool: Definition, first: Mapping[str, Definition], *, asked: bool
    ) -> ToolSeen | None:
        """None for what was not noted: there were too many."""
        if tool.name not in first:
            return None
        judgement = Judgement.from_json(await self._connections.kept("mcp", f"judged:mcp.{server}.{tool.name}"))
        now = judgement.definition if judgement is not None and not asked else tool
        return judged(server, what.identity, now, first[tool.name], judgement)
