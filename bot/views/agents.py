"""People's own agents: the list of them, one of them in full, and what a reviewer reads before it is shared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.contracts.slack import Message, View
from bot.contracts.tools import Noun
from bot.views.blocks import (
    WHOLE,
    Block,
    actions,
    batches,
    button,
    compact,
    confirm,
    cost,
    date,
    header,
    line,
    modal,
    person,
    rich,
    run,
    shown,
    stacked,
)
from bot.views.paging import button_value, turning, within
from bot.views.text import inert, plain, split, width
from bot.views.words import count, listed, number, sentence

_AGENTS = Noun("agent", "agents")
_MISTAKES = Noun("mistake", "mistakes")
_SPARE = 800
_IN_LIST = 20
_BLOCK, _PAGE = 2_400, 19_000
_MOST_TOOLS = 30
_MOST_MISTAKES = 40
_NONE = "You have no agents of your own yet. An agent is instructions, the tools it may use, and when it runs."


class Told(Protocol):
    """A mistake in a file; texts are raw."""

    @property
    def line(self) -> int: ...
    @property
    def field(self) -> str: ...
    @property
    def said(self) -> str: ...
    @property
    def mend(self) -> str: ...


@dataclass(frozen=True, slots=True)
class AgentValue:
    """One agent as its reader may see it. `agent_id` is opaque, empty for one that is a file of the installation;
    `word`: what is typed after `/meshclaw`; `owner`: user id, empty for the installation; `mine`: the reader's own.

    `reads`: tools that run at once, `asks`: tools whose calls wait on a card, `gone`: tools it names that are not there
    (now); `model`: a chain, empty for the usual one; `schedule`: in words, `next_at`: when it runs next; `cost`: to the
    reader this month; `budget`, `channels`, `servers`, `questions`: in words; `approvers`: ids of people or user groups
    who decide besides; `reviewed_by`: user id. `mistakes`: the file, once right, holds no more."""

    agent_id: str
    name: str
    word: str
    description: str
    owner: str
    mine: bool
    state: Literal["private", "proposed", "shared"] = "private"
    others_see: Literal["nothing", "this", "earlier"] = "nothing"
    reads: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    schedule: str = ""
    next_at: datetime | None = None
    cost: str = ""
    budget: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    max_turns: int = 0
    reviewed_by: str = ""
    mistakes: bool = False


def agents_list(agents: Sequence[AgentValue], tz: str) -> Message:
    """The answer to `/meshclaw agents`: each in a few lines; what the message cannot hold opens in a modal."""
    make = button("New agent…", "agents.view.new", "new", style="primary")
    if not agents:
        return Message(_NONE, [rich(line(run(_NONE))), actions([make], "agents")])
    room = WHOLE - _SPARE
    blocks: list[Block] = []
    held = 0
    for position, agent in enumerate(agents):
        entry = _entry(agent, tz, position)
        room -= cost(entry)
        if room < 0 or held == _IN_LIST:
            break
        blocks += entry
        held += 1
    presses = [make]
    if held < len(agents):
        presses.append(button(f"Show all {number(len(agents))}…", "agents.view.list", button_value("all", 0)))
    names = listed([inert(agent.word, 40) for agent in agents[:20]])
    lead = f"{count(len(agents), _AGENTS)} for you"
    return Message(f"{lead}: {names}{'' if len(agents) <= 20 else ' and more'}.", [
        header(lead), *blocks, actions(presses, "agents")
    ])  # fmt: skip


def agents_page(agents: Sequence[AgentValue], page: int, tz: str) -> View:
    """All of them, some on each page (from 0)."""
    pages = max(1, -(-len(agents) // _IN_LIST))
    page = within(page, pages)
    begin = page * _IN_LIST
    blocks: list[Block] = []
    for position, agent in enumerate(agents[begin : begin + _IN_LIST]):
        blocks += _entry(agent, tz, position)
    values = (button_value("all", page - 1), button_value("all", page + 1))
    blocks += turning(page, pages, "agents.view.list", values) or ([] if agents else [rich(line(run(_NONE)))])
    return modal("Agents", "agents.list", blocks, compact({"page": page}))


def agent_shown(value: AgentValue, text: str, tz: str, *, page: int = 0, mistakes: Sequence[Told] = ()) -> View:
    """One agent in full: what it may do, when it runs, who sees it, and its file; its owner's buttons are on the first
    page. `mistakes`: those of a text that is not saved, or holds no more."""
    sheets = file_sheets(text)
    page = within(page, len(sheets))
    blocks: list[Block] = []
    if page == 0:
        blocks += [*mistakes_list(mistakes), *facts(value, tz), *_presses(value)]
        blocks.append(rich(line(run("Its file:", bold=True))))
    blocks += sheets[page]
    values = (button_value(value.agent_id, page - 1), button_value(value.agent_id, page + 1))
    blocks += turning(page, len(sheets), "agents.view.show", values)
    return modal("Agent", "agents.show", blocks, compact({"id": value.agent_id, "page": page}))


def mistakes_list(mistakes: Sequence[Told]) -> list[Block]:
    """Each with its line, its field and its mend."""
    if not mistakes:
        return []
    lead = f"The file holds {count(len(mistakes), _MISTAKES)}."
    lines = [
        line(
            run(f"Line {number(one.line)}{', ' if one.field else ''}"),
            *([run(one.field, limit=80, code=True)] if one.field else []),
            run(": "),
            run(sentence(one.said), limit=300, bold=True),
            *([run(" "), run(one.mend, limit=300)] if one.mend else []),
        )
        for one in mistakes[:_MOST_MISTAKES]
    ]
    if len(mistakes) > _MOST_MISTAKES:
        lines.append(line(run(f"and {number(len(mistakes) - _MOST_MISTAKES)} more")))
    return [rich(line(run(lead, bold=True))), *batches(lines)]


def saved(value: AgentValue, tz: str, notes: Sequence[str] = ()) -> Message:
    """It was saved. `notes`: what its owner should know, a sentence each."""
    text = f"Your agent {inert(value.name, 60)} is saved. Run it with /meshclaw {inert(value.word, 60)}."
    lead = [
        run("Your agent "),
        run(value.name, limit=60, bold=True),
        run(" is saved. Run it with "),
        run(f"/meshclaw {value.word}", limit=80, code=True),
        run(f". {_seen(value)}"),
    ]
    lines = [line(run(sentence(note), limit=400)) for note in notes[:10]]
    presses = [_show(value), _dry(value)]
    return Message(
        text, [rich(line(*lead)), *batches(lines), *batches(_doing(value, tz)), actions(presses, "agent-saved")]
    )


def _entry(value: AgentValue, tz: str, position: int) -> list[Block]:
    """Word, description; whose it is; what it may do; when it runs."""
    first = [run(f"/meshclaw {value.word}", limit=60, code=True), run(f" — {value.description}", limit=220)]
    if value.mistakes:
        second = [run("Its file holds no more: edit it to see why.", bold=True)]
    else:
        second = [*_whose(value), run(f" {_may(value)}{_when(value)}", limit=500)]
        if value.cost:
            second.append(run(f" {sentence(value.cost)}", limit=120))
    presses = [_show(value), *([_edit(value)] if value.mine else [])] if value.agent_id else []
    entry = [rich(line(*stacked([first, second])["elements"]))]
    return [*entry, *([actions(presses, f"agent-{position}")] if presses else [])]


def _whose(value: AgentValue) -> list[Block]:
    if value.mine:
        return [run(_seen(value))]
    if not value.owner:
        return [run("Of this installation.")]
    return [run("Shared by "), person(value.owner), run(".")]


def _seen(value: AgentValue) -> str:
    """Who sees an agent of one's own."""
    if value.others_see == "this":
        return "Yours, shared with everybody here."
    if value.others_see == "earlier":
        waits = "this one waits for a review" if value.state == "proposed" else "this one was not accepted"
        return f"Yours; others see an earlier version, and {waits}."
    return "Yours alone; it waits for a review." if value.state == "proposed" else "Yours alone."


def _may(value: AgentValue) -> str:
    """`Reads with 2 tools, asks by card with 1.`"""
    if not value.reads and not value.asks:
        return "Uses no tool: it only answers."
    parts = []
    if value.reads:
        parts.append(f"reads with {_some(value.reads, 3)}")
    if value.asks:
        parts.append(f"asks by card before {_some(value.asks, 3)}")
    return sentence(", ".join(parts))


def _when(value: AgentValue) -> str:
    return f" Runs {value.schedule}." if value.schedule else ""


def _some(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return listed([*names[:most], *([f"{number(more)} more"] if more > 0 else [])])


def facts(value: AgentValue, tz: str) -> list[Block]:
    """What it is, whose, what it may do and when it runs."""
    lead = [run(value.name, limit=60, bold=True), run(f" — {value.description}", limit=300)]
    whose = [
        *_whose(value),
        *([run(" Reviewed by "), person(value.reviewed_by), run(".")] if value.reviewed_by else []),
    ]
    typed = [run("Run it with "), run(f"/meshclaw {value.word}", limit=80, code=True), run(".")]
    return [rich(stacked([lead, whose, typed])), *batches(_doing(value, tz))]


def _doing(value: AgentValue, tz: str) -> list[Block]:
    """What it may do, and when it runs, one point each."""
    points: list[list[Block]] = [
        [run("Reads with: ", bold=True), run(_some(value.reads, _MOST_TOOLS) or "no tool", limit=900)],
        [
            run("Asks by card before: ", bold=True),
            run(_some(value.asks, _MOST_TOOLS) or "nothing, it can change nothing", limit=900),
        ],
    ]
    if value.gone:
        points.append([run("Not there now: ", bold=True), run(_some(value.gone, _MOST_TOOLS), limit=900)])
    points.append([run("Model: ", bold=True), run(", else ".join(value.model) or "your usual one", limit=400)])
    if value.schedule:
        next_at = [run(", next "), date(value.next_at, tz)] if value.next_at else []
        points.append([run("Runs: ", bold=True), run(value.schedule, limit=300), *next_at])
    else:
        points.append([run("Runs: ", bold=True), run("only when you ask")])
    for title, given in (("Asks you for", value.questions), ("Budget", value.budget), ("Channels", value.channels)):
        if given:
            points.append([run(f"{title}: ", bold=True), run(_some(given, 20), limit=900)])
    if value.servers:
        points.append([run("MCP servers: ", bold=True), run(_some(value.servers, 20), limit=900)])
    if value.approvers:
        people: list[Block] = [run("Decide besides: ", bold=True)]
        for index, approver in enumerate(value.approvers[:20]):
            people += [*([run(", ")] if index else []), person(approver)]
        points.append(people)
    if value.max_turns:
        points.append([run("At most: ", bold=True), run(f"{number(value.max_turns)} steps in one run")])
    if value.cost:
        points.append([run("Cost: ", bold=True), run(sentence(value.cost), limit=200)])
    return [line(*elements) for elements in points]


def _presses(value: AgentValue) -> list[Block]:
    if not value.agent_id:
        return []
    presses = [_dry(value)]
    if value.mine:
        presses.insert(0, _edit(value))
        if value.others_see != "this" and value.state != "proposed":
            presses.append(_share(value))
        if value.others_see != "nothing" or value.state == "proposed":
            presses.append(_unshare(value))
        meant = confirm("Remove this agent?", "It is forgotten, for everybody who uses it.", "Remove")
        presses.append(button("Remove", "agents.remove", value.agent_id, style="danger", confirm=meant))
    return [actions(presses, "agent")]


def _show(value: AgentValue) -> Block:
    return button("Show…", "agents.view.show", value.agent_id)


def _edit(value: AgentValue) -> Block:
    return button("Edit…", "agents.view.edit", value.agent_id)


def _dry(value: AgentValue) -> Block:
    return button("Dry run", "agents.dryrun", value.agent_id)


def _share(value: AgentValue) -> Block:
    meant = confirm("Share this agent?", "An admin reads its whole file first. Others then run it as it is now.", "Ask")
    return button("Share…", "agents.share", value.agent_id, confirm=meant)


def _unshare(value: AgentValue) -> Block:
    waiting = value.others_see == "nothing"
    said = "Nobody reads it any more." if waiting else "Nobody else can run it any more."
    meant = confirm("Take it back?", said, "Take back")
    return button("Take proposal back" if waiting else "Stop sharing", "agents.unshare", value.agent_id, confirm=meant)


def file_sheets(text: str) -> list[list[Block]]:
    """A file in pages of blocks, line for line, nothing left out."""
    sheets: list[list[Block]] = [[]]
    letters = 0
    for piece in file_pieces(text):
        if sheets[-1] and letters + width(piece) > _PAGE:
            sheets.append([])
            letters = 0
        sheets[-1].append(file_block(piece))
        letters += width(piece)
    return sheets


def file_pieces(text: str) -> list[str]:
    """A file as it is shown, in pieces that fit a block, cut between lines where they are not too long."""
    pieces: list[str] = []
    held: list[str] = []
    letters = 0
    for whole in text.split("\n"):
        for part in split(plain(whole.expandtabs(4)), _BLOCK):
            if held and letters + width(part) + 1 > _BLOCK:
                pieces.append("\n".join(held))
                held, letters = [], 0
            held.append(part)
            letters += width(part) + 1
    return [*pieces, "\n".join(held)]


def file_block(piece: str) -> Block:
    """Letter by letter, without any meaning to a client."""
    return rich({"type": "rich_text_preformatted", "elements": [shown(piece if piece.strip() else " ")]})
