"""An operator's folder of agents: whoever may write there shares with all."""

from collections.abc import Callable, Collection
from pathlib import Path

from bot.agents.files import OwnAgent, read_agent
from bot.agents.front_matter import MOST_BYTES
from bot.agents.mistakes import AgentMistakes, Mistake


def folder_agents(
    path: Path,
    *,
    tools: Collection[str],
    models: Callable[[str], None] | None = None,
    words: Collection[str] = (),
    servers: Collection[str] | None = None,
) -> tuple[tuple[OwnAgent, ...], dict[str, AgentMistakes]]:
    """The agents of a folder's `*.md` files, which an operator put there for all, by name of file; and the mistakes of
    those that do not hold. A folder that is not there holds none. Blocks: for the start, or a thread."""
    agents: dict[str, OwnAgent] = {}
    taken = set(words)
    wrong: dict[str, AgentMistakes] = {}
    for file in sorted(path.glob("*.md")) if path.is_dir() else ():
        try:
            with file.open("rb") as opened:
                content = opened.read(MOST_BYTES + 1)
            agent = read_agent(content, tools=tools, models=models, words=taken, servers=servers)
        except AgentMistakes as mistakes:
            wrong[file.name] = mistakes
        except OSError:
            wrong[file.name] = AgentMistakes([Mistake(1, "", "the file cannot be read", "Look at its permissions.")])
        else:
            agents[agent.name] = agent
            taken |= {agent.name, agent.word}
    return tuple(agents.values()), wrong
