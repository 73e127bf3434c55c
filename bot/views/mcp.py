"""MCP servers and their tools, for everybody to see and for admins to judge. All that servers say is outside text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.contracts.slack import Message
from bot.contracts.tools import Noun
from bot.views.blocks import (
    WHOLE,
    Block,
    cost,
    date_token,
    header,
    line,
    menu,
    option,
    person,
    rich,
    run,
    section,
    shown,
    stacked,
)
from bot.views.paging import button_value, turning, within
from bot.views.text import inert, plain, split
from bot.views.times import when
from bot.views.words import count, number

WORDS = {
    "read": "read: only looks",
    "fetch": "fetch: asks an address",
    "own": "own: changes the person's own things",
    "send": "send: others see it",
    "access": "access: changes who may do what",
    "delete": "delete: takes away",
    "spend": "spend: costs money",
    "deploy": "deploy: the worst, as when unknown",
    "never": "never: nobody may use it",
}
"""What an admin may call a tool, the harmless first."""

_STATES = {
    "idle": "Not started yet",
    "well": "Well",
    "hanging": "Hanging",
    "dead": "Does not run",
}
_SERVERS, _TOOLS = Noun("MCP server", "MCP servers"), Noun("tool", "tools")
_NAME, _SAYS, _WHY = 110, 150, 200
_MOST_DROPPED = 10
_ROOM = WHOLE - 2_000
_MOST_BLOCKS = 40
_PIECE, _BLOCK_COST = 500, 3_000


@dataclass(frozen=True, slots=True)
class ToolRow:
    """One tool. `name`: `mcp.<server>.<tool>`; `pin`: the digest of its definition; `state`: "new", "classified",
    "changed", "contradicted" or "never"; `word`: what an admin called it; `effect`: what it counts as, empty when
    unknown; `says`: its server's description."""

    name: str
    pin: str
    state: str
    word: str
    effect: str
    says: str


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server. `place`: program or host; `named`: in the operator's file; `state`: "idle", "well", "hanging" or
    "dead"; `why`: what is wrong; `dropped`: names not taken in, and why."""

    name: str
    place: str
    named: bool
    state: str
    since: datetime
    why: str
    tools: tuple[ToolRow, ...]
    dropped: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """All servers. `admin`: whether the reader may judge; `problem`: why the operator's file is not used."""

    servers: tuple[ServerRow, ...]
    admin: bool
    tz: str
    now: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ToolInFull:
    """One tool with everything its server says of it. `by`: who classified it; `changes`: part, as it was, as it is."""

    row: ToolRow
    by: str
    hints: tuple[str, ...]
    description: str
    schema: str
    changes: tuple[tuple[str, str, str], ...]
    admin: bool


def overview(value: Overview, page: int = 0) -> Message:
    """One page of servers and tools; a page that does not exist is the nearest one that does."""
    sheets = _sheets([block for server in value.servers for block in _server(server, value)])
    page = within(page, len(sheets))
    lead = count(len(value.servers), _SERVERS)
    blocks: list[Block] = [header("MCP servers")]
    if value.problem:
        blocks.append(rich(line(run(value.problem, limit=_WHY * 2, bold=True))))
    if not value.servers:
        blocks.append(rich(line(run(_nothing(value.admin)))))
    blocks += _marked(sheets[page], page) if value.admin else sheets[page]
    blocks += turning(page, len(sheets), "mcp.show", (button_value("p", page - 1), button_value("p", page + 1)))
    return Message(f"{lead}: {_sums(value)}", blocks)


def in_full(value: ToolInFull, page: int = 0) -> Message:
    """One page of all that is known of a tool, nothing cut."""
    row = value.row
    blocks = [rich(line(run(_standing(row))))]
    if value.by:
        blocks.append(rich(line(run(f"Called “{row.word}” by "), person(value.by), run("."))))
    for part, was, now in value.changes:
        blocks += [*_titled(f"Its {part} when it was looked at:", was), *_titled(f"Its {part} now:", now)]
    if row.state == "changed" and not value.changes:
        blocks.append(
            rich(line(run("It says the same of itself, but its server's program or address is another one.")))
        )
    blocks += _titled("What its server says of it (outside text):", value.description)
    hints = ", ".join(value.hints) or "none"
    blocks += _titled("Hints its server gives (they may only make it count as worse):", hints)
    blocks += _titled("Its arguments:", value.schema)
    sheets = _sheets(blocks)
    page = within(page, len(sheets))
    body = [header(row.name), *sheets[page]]
    if value.admin:
        body.append(section("What does it do?", _menu(), f"{row.name}|{row.pin}|look"))
    body += turning(page, len(sheets), "mcp.page", (button_value(row.name, page - 1), button_value(row.name, page + 1)))
    return Message(f"{inert(row.name, _NAME)}: {inert(_standing(row))}", body)


def read_block(block_id: str) -> tuple[str, str, str]:
    """What the block of a menu names: the tool, the digest of its definition, and the page it is on or `look`. Never
    raises."""
    name, pin, place = (*block_id.split("|"), "", "", "")[:3]
    return name, pin, place


def changed(text: str) -> Message:
    """One sentence of ours about what was just done, which may name what others wrote."""
    return Message(inert(text, 500), [rich(line(run(text, limit=500)))])


def _nothing(admin: bool) -> str:
    if admin:
        return "There are none. Add one: /meshclaw mcp add NAME https://mcp.example.com/mcp"
    return "There are none. An admin can add some."


def _sums(value: Overview) -> str:
    tools = [tool for server in value.servers for tool in server.tools]
    unknown = sum(not tool.effect for tool in tools)
    return f"{count(len(tools), _TOOLS)}, {number(unknown)} of them of unknown effect or switched off."


def _server(server: ServerRow, value: Overview) -> list[Block]:
    state = _STATES.get(server.state, server.state)
    since = (
        "" if server.state == "idle" else f" since {date_token(server.since, when(server.since, value.tz, value.now))}"
    )
    where = "named by the operator" if server.named else "added by an admin"
    text = f"*{inert(server.name, 40)}* · {inert(server.place, 80)} · {where}\n{inert(state, 40)}{since}"
    if server.why:
        text += f": {inert(server.why, _WHY)}"
    blocks = [section(text)]
    blocks += [_tool(tool, value.admin) for tool in server.tools]
    if value.admin and server.dropped:
        blocks += _dropped(server)
    return blocks


def _tool(tool: ToolRow, admin: bool) -> Block:
    says = inert(tool.says[: 4 * _SAYS].strip(), _SAYS)
    text = f"*{inert(tool.name, _NAME)}*\n{inert(_standing(tool), 300)}"
    if says:
        text += f"\n‹{says}›"
    judged = admin and tool.state != "changed"  # what changed is looked at in full first
    return section(text, _menu() if judged else None, f"{tool.name}|{tool.pin}|" if judged else None)


def _standing(tool: ToolRow) -> str:
    """What a tool counts as, in words."""
    match tool.state:
        case "classified":
            return f"Counts as {tool.effect}."
        case "changed":
            return (
                "‼ Changed since it was looked at: switched off until an admin looks again: "
                f"/meshclaw mcp look {tool.name}"
            )
        case "contradicted":
            counts = tool.effect or "the worst"
            return f"‼ Called {tool.word} by an admin, but its own hints say more: counts as {counts}."
        case "never":
            return "Never used, by decision of an admin."
    return "Nobody has looked at it: counts as the worst."


def _dropped(server: ServerRow) -> list[Block]:
    lines = [
        [run("Not taken in: ", bold=True), run(name, limit=80), run(f": {why}", limit=120)]
        for name, why in server.dropped
    ]
    more = len(lines) - _MOST_DROPPED
    kept = lines[:_MOST_DROPPED]
    if more > 0:
        kept.append([run(f"and {number(more)} more")])
    return [rich(stacked(kept[start : start + 5])) for start in range(0, len(kept), 5)]


def _menu() -> Block:
    return menu("Classify…", "mcp.classify", [option(label, word) for word, label in WORDS.items()])


def _marked(blocks: Sequence[Block], page: int) -> list[Block]:
    """The page each menu stands on, so that it is drawn again."""
    return [{**block, "block_id": f"{block['block_id']}{page}"} if "block_id" in block else block for block in blocks]


def _sheets(blocks: Sequence[Block]) -> list[list[Block]]:
    sheets: list[list[Block]] = [[]]
    room = _ROOM
    for block in blocks:
        room -= cost(block) + 10
        if sheets[-1] and (room < 0 or len(sheets[-1]) >= _MOST_BLOCKS):
            sheets.append([])
            room = _ROOM - cost(block) - 10
        sheets[-1].append(block)
    return sheets


def _titled(title: str, text: str) -> list[Block]:
    """A text in full below its title, line by line, in as many blocks as it takes."""
    lines: list[list[Block]] = [[run(title, bold=True)]]
    blocks: list[Block] = []
    spent = 0
    for each in (text.strip() or "(nothing)").split("\n"):
        for piece in split(plain(each), _PIECE):
            element = shown(piece)
            spent += cost(element) + 40
            if spent > _BLOCK_COST:
                blocks.append(rich(stacked(lines)))
                lines, spent = [], cost(element) + 40
            lines.append([element])
    return [*blocks, rich(stacked(lines))]
