"""The mcp agent: servers and tools as they stand, and what admins do about them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.contracts.agents import Description, Store, Turn
from bot.contracts.errors import MeshClawError, PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.slack import Message, Posted, View
from bot.contracts.tools import Effect
from bot.views import help
from bot.views import mcp as views
from bot.views.paging import read_value
from bot.views.values import CommandHelp

_WAYS = "It is look NAME, add NAME URL or remove NAME; alone it shows all servers."


class _Definition(Protocol):
    @property
    def pin(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def hints(self) -> tuple[str, ...]: ...


class _Tool(Protocol):
    """What is known of a tool."""

    @property
    def name(self) -> str: ...

    @property
    def definition(self) -> _Definition: ...

    @property
    def state(self) -> str: ...

    @property
    def effect(self) -> Effect | None: ...

    @property
    def word(self) -> str: ...

    @property
    def by(self) -> str: ...

    @property
    def schema(self) -> str: ...

    @property
    def changes(self) -> tuple[tuple[str, str, str], ...]: ...


class _Dropped(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def why(self) -> str: ...


class _Server(Protocol):
    """What is known of a server."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str: ...

    @property
    def named(self) -> bool: ...

    @property
    def state(self) -> str: ...

    @property
    def since(self) -> datetime: ...

    @property
    def why(self) -> str: ...

    @property
    def tools(self) -> Sequence[_Tool]: ...

    @property
    def dropped(self) -> Sequence[_Dropped]: ...


class Servers(Protocol):
    """What the MCP connector offers to this agent."""

    @property
    def problem(self) -> MeshClawError | None: ...

    async def refresh(self, server: str | None = None) -> None: ...

    async def load(self) -> None: ...

    def seen(self) -> Sequence[_Server]: ...

    def tool(self, name: str) -> _Tool: ...

    async def add(self, name: str, url: str) -> None: ...

    async def remove(self, name: str) -> None: ...

    async def classify(self, tool: str, pin: str, word: str, by: Person) -> None: ...


class McpAgent:
    """`/meshclaw mcp`."""

    def __init__(self, description: Description) -> None:
        self.description = description

    @property
    def actions(self) -> Mapping[str, Callable[[Turn], Awaitable[None]]]:
        return {"run": self.run, "show": self.show, "page": self.page, "classify": self.classify}

    def parse(self, text: str) -> JsonObject:
        match text.split():
            case []:
                return {"what": "list"}
            case ["look", name]:
                return {"what": "look", "name": name}
            case ["add", name, url]:
                return {"what": "add", "name": name, "url": _address(url)}
            case ["remove", name]:
                return {"what": "remove", "name": name}
        raise PersonMends("This cannot be read.", f"{_WAYS} For example: /meshclaw mcp look time.get_current_time")

    def help(self) -> Message:
        one = self.description
        return help.command_help(CommandHelp(one.name, one.description, one.usage))

    async def view(self, name: str, person: Person, args: JsonObject, store: Store) -> View:
        raise PersonMends("There is nothing to open here.")

    async def run(self, turn: Turn) -> None:
        servers: Servers = turn.source("mcp")
        what, name = str(turn.request.args["what"]), str(turn.request.args.get("name", ""))
        if what in ("add", "remove"):
            await self._change(turn, servers, what, name)
        elif what == "look":
            await servers.refresh(_server_of(name))
            await turn.say("answer", views.in_full(_in_full(servers.tool(name), await _is_admin(turn))))
            return
        else:
            await servers.refresh()
        await turn.say("answer", views.overview(await _overview(turn, servers)))

    async def _change(self, turn: Turn, servers: Servers, what: str, name: str) -> None:
        await _check_admin(turn)

        async def work() -> bool:
            if what == "add":
                await servers.add(name, str(turn.request.args["url"]))
            else:
                await servers.remove(name)
            return True

        await turn.step(what, work)
        done = f"The server {name} is added." if what == "add" else f"The server {name} is removed."
        await turn.say("done", views.changed(done))

    async def show(self, turn: Turn) -> None:
        """Another page of the overview."""
        servers: Servers = turn.source("mcp")
        await servers.load()
        page = read_value(str(turn.request.args.get("value", ""))).page
        await _redrawn(turn, views.overview(await _overview(turn, servers), page))

    async def page(self, turn: Turn) -> None:
        """Another page about one tool."""
        servers: Servers = turn.source("mcp")
        await servers.load()
        target = read_value(str(turn.request.args.get("value", "")))
        await _redrawn(turn, views.in_full(_in_full(servers.tool(target.id), await _is_admin(turn)), target.page))

    async def classify(self, turn: Turn) -> None:
        """An admin says what a tool does; what they had before them is what it holds for."""
        await _check_admin(turn)
        servers: Servers = turn.source("mcp")
        name, pin, place = views.read_block(str(turn.request.args.get("block", "")))
        await servers.load()
        await servers.classify(name, pin, str(turn.request.args.get("value", "")), turn.person)
        if place == "look":
            await _redrawn(turn, views.in_full(_in_full(servers.tool(name), admin=True)))
        else:
            page = int(place) if place.isascii() and place.isdigit() and len(place) < 6 else 0
            await _redrawn(turn, views.overview(await _overview(turn, servers), page))


async def _is_admin(turn: Turn) -> bool:
    """What Slack says now, not what it said when the message was drawn."""
    member = await turn.member()
    return member.admin and member.active and not member.guest and not member.bot


async def _check_admin(turn: Turn) -> None:
    if not await _is_admin(turn):
        raise PersonMends("Only an admin can do this.", "Ask an admin of your workspace.")


async def _redrawn(turn: Turn, message: Message) -> None:
    """In place of the message that was pressed."""
    channel, ts = turn.request.args.get("channel"), turn.request.args.get("ts")
    if isinstance(channel, str) and isinstance(ts, str):
        await turn.revise(Posted(channel, ts), message)
    else:
        await turn.say("answer", message)


async def _overview(turn: Turn, servers: Servers) -> views.Overview:
    problem = servers.problem
    return views.Overview(
        servers=tuple(_server_row(server) for server in servers.seen()),
        admin=await _is_admin(turn),
        tz=(await turn.profile()).tz,
        now=turn.now,
        problem=f"{problem.message} {problem.mend}".strip() if problem is not None else "",
    )


def _server_row(server: _Server) -> views.ServerRow:
    return views.ServerRow(
        server.name,
        server.place,
        server.named,
        server.state,
        server.since,
        server.why,
        tuple(map(_tool_row, server.tools)),
        tuple((dropped.name, dropped.why) for dropped in server.dropped),
    )


def _tool_row(tool: _Tool) -> views.ToolRow:
    effect = tool.effect.value if tool.effect is not None else ""
    definition = tool.definition
    return views.ToolRow(tool.name, definition.pin, tool.state, tool.word, effect, definition.description)


def _in_full(tool: _Tool, admin: bool) -> views.ToolInFull:
    definition = tool.definition
    return views.ToolInFull(
        _tool_row(tool), tool.by, definition.hints, definition.description, tool.schema, tool.changes, admin
    )


def _server_of(tool: str) -> str:
    return tool.removeprefix("mcp.").partition(".")[0]


def _address(typed: str) -> str:
    """As it was typed: Slack may have put `<` and `>` around it, and words behind a bar."""
    return typed[1:-1].partition("|")[0] if typed.startswith("<") and typed.endswith(">") else typed
