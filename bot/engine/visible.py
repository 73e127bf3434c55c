"""Which agents a person can see besides the built-in ones: theirs, those of the installation's folder, and those others
share. What is not theirs to see is answered in the same words as what does not exist."""

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import structlog

from bot.agents.files import Amount, Budget, OwnAgent, read_agent, render
from bot.agents.folder import folder_agents
from bot.agents.library import Kept, Library
from bot.agents.mistakes import nearest
from bot.agents.schedules import in_words
from bot.agents.talk.parts import Definition
from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.contracts.tools import Effect, Tool, ToolBox
from bot.contracts.usage import Ceiling
from bot.engine.turns import matching
from bot.models import Catalogue
from bot.views.agent_edit import ToolChoice
from bot.views.agents import AgentValue

_ID = re.compile(r"[0-9a-f]{32}")
_log = structlog.get_logger("engine.agents")


@dataclass(frozen=True, slots=True)
class Found:
    """An agent a person can see. `kept`: None for one of the folder; `agent`: None for a file that holds no more."""

    name: str
    text: str
    agent: OwnAgent | None
    kept: Kept | None = None

    @property
    def id(self) -> str:
        return self.kept.id if self.kept else ""

    @property
    def word(self) -> str:
        return self.agent.word if self.agent else self.name


class OwnAgents:
    """`Agents` of `bot.agents.talk.parts`. `tools` are those there are, `words` those of `/meshclaw` that are taken,
    and `built_in` the agents that ship with MeshClaw; all three are set before anybody asks."""

    def __init__(self, library: Library, folder: Path, catalogue: Catalogue) -> None:
        self.library = library
        self.tools: ToolBox
        self.words: frozenset[str] = frozenset()
        self.built_in: Mapping[str, Definition] = {}
        self._path = folder
        self._catalogue = catalogue
        self._folder: tuple[OwnAgent, ...] = ()
        self._seen: tuple[str, ...] | None = None
        self._there: Sequence[Tool] = ()
        self._reads: Mapping[str, bool] = {}

    async def find(self, person: Person, name: str) -> Definition:
        """What is talked to under this name, or id. Raises PersonMends, with the nearest name this person can see."""
        found = await self.seek(person, name)
        if found.agent is None:
            raise PersonMends(f"The file of {found.name} holds no more.", "Its owner sees why: /meshclaw agents")
        one = found.agent
        if one.approvers:  # held to by nobody: then it does nothing, rather than let fewer people decide than meant
            raise PersonMends(f"{one.name} names approvers, and agents cannot do that yet.", _APPROVERS)
        return Definition(
            one.name,
            one.description,
            one.instructions,
            _patterns(one),
            one.model,
            one.max_turns,
            one.channels,
            _ceiling(one.budget.run),
            _ceiling(one.budget.month),
        )

    async def seek(self, person: Person, name: str) -> Found:
        """The agent this person means by a name, an id, or the word it is run by. Raises PersonMends."""
        found = await self.meant(person, name)
        if found is None and _ID.fullmatch(name):
            raise PersonMends("This agent is not there any more.", "See those there are: /meshclaw agents")
        if found is None:
            names = {*self.built_in, *(one.name for one in await self.visible(person))}
            raise PersonMends(f"There is no agent called {name[:40]}.", nearest(name, names))
        return found

    async def meant(self, person: Person, name: str) -> Found | None:
        there = await self.visible(person)
        called = next((one for one in there if name and name in (one.id, one.name)), None)
        return called or next((one for one in there if one.word == name), None)

    async def mine(self, person: Person, agent_id: str) -> Kept:
        """An agent of this person's. Raises PersonMends."""
        found = next((kept for kept in await self.library.mine(person) if kept.id == agent_id), None)
        if found is None:
            raise PersonMends("This agent of yours is not there any more.", "See those there are: /meshclaw agents")
        return found

    async def visible(self, person: Person) -> Sequence[Found]:
        """In the order in which a name is looked for: theirs, the installation's, those that others share."""
        kept = [Found(one.name, one.text, one.agent, one) for one in await self.library.visible(person)]
        mine = [one for one in kept if one.kept and one.kept.owner == person]
        folder = [Found(one.name, render(one), one) for one in await self._of_folder()]
        return [*mine, *folder, *kept[len(mine) :]]

    async def read(self, text: str) -> OwnAgent:
        """What a file says that is to be saved. Raises AgentMistakes."""
        taken = {*self.words, *(word for one in await self._of_folder() for word in (one.name, one.word))}
        return read_agent(text, tools=self._offered(), models=self._usable, words=taken)

    def choices(self) -> Sequence[ToolChoice]:
        """The tools an agent can be given."""
        return [ToolChoice(name, asks=not reads) for name, reads in self._offered().items()]

    def value(self, found: Found, person: Person, *, reviewing: bool = False) -> AgentValue:
        """The agent as this person may see it; `reviewing`: everything of it."""
        kept, one = found.kept, found.agent
        mine = kept is not None and kept.owner == person
        owner = kept.owner.user if kept else ""
        if one is None:
            return AgentValue(found.id, found.name, found.name, "", owner, mine, mistakes=True)
        offered = self._offered()
        usable = matching(_patterns(one), offered)
        whole = mine or reviewing
        return AgentValue(
            found.id,
            one.name,
            one.word,
            one.description,
            owner,
            mine,
            state=kept.state if kept else "shared",
            others_see=kept.others_see if kept else "this",
            reads=tuple(sorted(name for name in usable if offered[name])),
            asks=tuple(sorted(name for name in usable if not offered[name])),
            gone=tuple(pattern for pattern in _patterns(one) if not matching((pattern,), offered)),
            model=one.model,
            schedule=in_words(one.schedule) if one.schedule and whole else "",
            next_at=kept.next_at if kept else None,
            budget=_in_words(one.budget),
            channels=one.channels,
            servers=one.mcp_servers,
            questions=tuple(each.label for each in one.inputs),
            approvers=one.approvers,
            max_turns=one.max_turns,
            reviewed_by=kept.reviewed_by if kept else "",
        )

    def built_in_values(self) -> Sequence[AgentValue]:
        """The talking agents that ship with MeshClaw."""
        offered = self._offered()
        found = []
        for name, one in self.built_in.items():
            usable = matching(one.tools, offered)
            reads = tuple(sorted(tool for tool in usable if offered[tool]))
            asks = tuple(sorted(tool for tool in usable if not offered[tool]))
            found.append(AgentValue("", name, name, one.description, "", mine=False, reads=reads, asks=asks))
        return found

    async def _of_folder(self) -> Sequence[OwnAgent]:
        """Read again when there are other tools than before: those of MCP servers come and go."""
        tools = self._offered()
        if self._seen != (seen := tuple(tools)):
            self._folder, wrong = await asyncio.to_thread(
                folder_agents, self._path, tools=tools, models=self._usable, words=self.words
            )
            self._seen = seen
            for name, mistakes in wrong.items():
                _log.warning("agent file left out", file=name, mistakes=len(mistakes.mistakes))
        return self._folder

    def _offered(self) -> Mapping[str, bool]:
        """The tools a model can be offered, by name, and whether each only reads. An offer takes time to make, so it
        is asked for once of each tool."""
        there = [tool for name in self.tools.names() if (tool := self.tools.get(name)) is not None]
        if len(there) != len(self._there) or any(new is not old for new, old in zip(there, self._there, strict=True)):
            self._reads = {tool.name: tool.effect is Effect.READ for tool in there if tool.offer()}
            self._there = there
        return self._reads

    def _usable(self, model: str) -> None:
        self._catalogue.chosen(model)


_APPROVERS = "Take the line out; an admin names approvers in policy.toml, for the tools that matter."


def missing(agent: OwnAgent) -> tuple[str, ...]:
    """What has to be said to it when it is run, as questions."""
    return tuple(one.label for one in agent.inputs if not one.optional)


def ignored(agent: OwnAgent) -> Collection[str]:
    """What its owner should know of its file, a sentence each."""
    return (f"It does not run while it names approvers. {_APPROVERS}",) if agent.approvers else ()


def _ceiling(amount: Amount | None) -> Ceiling:
    if amount is None:
        return Ceiling()
    return Ceiling(tokens=int(amount.value)) if amount.unit == "tokens" else Ceiling(dollars=Decimal(amount.value))


def _patterns(agent: OwnAgent) -> tuple[str, ...]:
    return (*agent.tools, *(f"mcp.{server}.*" for server in agent.mcp_servers))


def _in_words(budget: Budget) -> tuple[str, ...]:
    given = (("a run", budget.run), ("a month", budget.month))
    return tuple(f"{amount.words} {name}" for name, amount in given if amount)
