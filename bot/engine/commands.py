"""What was typed after `/meshclaw`, understood. Pure: the acknowledgement waits for this."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.contracts.agents import Agent
from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.slack import Message
from bot.views import help as help_views
from bot.views.values import CommandHelp


@dataclass(frozen=True, slots=True)
class Say:
    """Answer at once; nothing else is needed."""

    message: Message


@dataclass(frozen=True, slots=True)
class Run:
    """Let an agent do it; `pointer` is said meanwhile."""

    agent: str
    args: JsonObject
    pointer: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Open the connect modal of this connector."""

    word: str


@dataclass(frozen=True, slots=True)
class Open:
    """Open this modal (as `Engine.view` names it) with what was typed."""

    view: str
    value: str


@dataclass(frozen=True, slots=True)
class Direct:
    """Answered by the gate itself, ahead of every queue: stop, mode, policy and the like."""

    word: str
    rest: str


@dataclass(frozen=True, slots=True)
class Free:
    """No command, but words: for the agent that is talked to. `meant`: the command that was probably meant, told
    where nobody is talked to."""

    text: str
    unknown: Message


ASK = "ask"
BEGIN = "Do what you are for."
AGENTS = "agents"
Understood = Say | Run | Connect | Open | Direct | Free
_LIKE, _MISSPELT = 0.5, 0.75
_A_COMMAND = 4
"""Words of something meant as a command; more are a sentence."""

_RUN = CommandHelp(
    "run",
    "Runs an agent you or your colleagues wrote",
    (("/meshclaw run scout what changed in the docs?", "asks the agent called scout, in a thread of its own"),),
)


class Commands:
    """The words of `/meshclaw`: one per agent, `connect`, those of the gate (`direct`), and `help`."""

    def __init__(
        self, agents: Mapping[str, Agent], connectable: Sequence[str], direct: Sequence[CommandHelp] = ()
    ) -> None:
        """`direct`: the words answered at once. With an agent called `ask`, agents that people wrote can be run."""
        self._agents = agents
        self._connectable = connectable
        self._direct = direct

    @property
    def known(self) -> tuple[CommandHelp, ...]:
        descriptions = [agent.description for agent in self._agents.values()]
        usage = tuple((f"/meshclaw connect {word}", f"connect your {word}") for word in self._connectable)
        return (
            *(CommandHelp(one.name, one.description, one.usage) for one in descriptions),
            *((_RUN,) if ASK in self._agents else ()),
            CommandHelp("connect", "Connects an account of yours", usage),
            *self._direct,
            CommandHelp("help", "Shows this"),
        )

    def understand(self, text: str) -> Understood:
        """Raises PersonMends for options an agent does not understand."""
        word, _, rest = text.strip().partition(" ")
        word, rest = word.lower(), rest.strip()
        if word in ("", "help") and len(rest.split()) <= 1:
            return Say(self.help(rest))
        if rest.lower() in ("help", "--help", "-h") and word in self._words:
            return Say(self.help(word))
        if word == "connect":
            return Connect(rest.lower() or (self._connectable[0] if len(self._connectable) == 1 else ""))
        if word == AGENTS and rest and AGENTS in self._words:
            return _one_agent(rest)
        if word in {command.word for command in self._direct}:
            return Direct(word, rest)
        if word == "run" and ASK in self._agents:
            return self._run(rest)
        agent = self._agents.get(word)
        if agent is None and not rest and self._meant(word, _MISSPELT):
            return Say(self._unknown(word))
        if agent is None:
            return Free(text.strip(), self._unknown(word) if len(text.split()) <= _A_COMMAND else self.help())
        args = agent.parse(rest)
        return Run(word, args, str(args.get("pointer") or agent.description.pointer))

    def _run(self, rest: str) -> Run:
        name, _, text = rest.partition(" ")
        if not name:
            raise PersonMends("Which agent?", "See those there are: /meshclaw agents")
        args = {**self._agents[ASK].parse(text.strip() or BEGIN), "as": name.lower()}
        return Run(ASK, args, self._agents[ASK].description.pointer)

    def help(self, word: str = "") -> Message:
        """Help on one command, or on all."""
        word = word.strip().lower()
        if not word:
            return help_views.overview(self.known)
        for command in self.known:
            if command.word == word:
                return help_views.command_help(command)
        return self._unknown(word)

    @property
    def _words(self) -> list[str]:
        return [command.word for command in self.known]

    def _unknown(self, word: str) -> Message:
        return help_views.unknown(word, self._meant(word, _LIKE), self.known)

    def _meant(self, word: str, likeness: float) -> str | None:
        """The word probably meant."""
        nearest = difflib.get_close_matches(word[:40], self._words, n=1, cutoff=likeness)
        return nearest[0] if nearest else None


def _one_agent(rest: str) -> Open:
    """`new`, with the words of a skill or without; else one by its name."""
    first, *more = rest.split(None, 1)
    if first.lower() == "new":
        return Open("agents.new", more[0] if more else "")
    return Open("agents.show", first.lower())
