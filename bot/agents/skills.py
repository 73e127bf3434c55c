"""An Agent Skill's `SKILL.md` as a draft of an agent: its words are taken, its files and scripts never are. Pure."""

import re
from collections.abc import Iterator

from bot.agents.files import LONGEST_DESCRIPTION, OwnAgent, read_agent, render, slug
from bot.agents.front_matter import Fields, decoded, divided, table
from bot.agents.mistakes import AgentMistakes, Mistake

_TAKEN = ("name", "description")
_LONGEST = 1_024  # a skill's description, by its specification
_LONGEST_NAME = 200
_MOST_NAMED = 8
_FILE = re.compile(
    r"\]\((?!https?:|mailto:|#)([^)\s]{1,200})\)"
    r"|(?<![\w/.])((?:\./)?(?:scripts|references|assets|resources|templates)/[\w./-]{1,200})"
    r"|(?<![\w/.-])([\w-]{1,80}\.(?:py|sh|js|ts|rb|ps1|bat))\b"
)


def from_skill(text: str | bytes) -> tuple[OwnAgent, tuple[str, ...]]:
    """The draft, without any tool, and what its reader has to know, one sentence each. Nothing is run or fetched.

    Raises AgentMistakes for what is no skill, and for characters one cannot see.
    """
    mistakes: list[Mistake] = []
    whole = decoded(text, mistakes)
    parts = divided(whole, mistakes) if whole or not mistakes else None
    node = table(parts.front, mistakes) if parts else None
    if parts is None or node is None:
        raise AgentMistakes(mistakes)
    fields = Fields(node, _TAKEN, mistakes, ignore=True)
    title = fields.text("name", most=_LONGEST_NAME, required=True)
    described = fields.text("description", most=_LONGEST, required=True)
    if mistakes:
        raise AgentMistakes(mistakes)
    name = slug(title) or "skill"
    draft = OwnAgent(name=name, description=_short(described), instructions=parts.body)
    read_agent(render(draft), tools=())
    return draft, tuple(_notes(draft, title, described, fields.others))


def _short(text: str) -> str:
    """At most 200 characters: whole sentences where one fits, else whole words."""
    if len(text) <= LONGEST_DESCRIPTION:
        return text
    head = text[: LONGEST_DESCRIPTION - 1]
    sentence = max(head.rfind(end) for end in (". ", "! ", "? "))
    return head[: sentence + 1] if sentence > 0 else f"{head.rpartition(' ')[0] or head}…"


def _notes(draft: OwnAgent, title: str, described: str, others: list[str]) -> Iterator[str]:
    if draft.name != title:
        yield f"Its name became {draft.name}."
    if draft.description != described:
        yield "Its description was shortened to 200 characters."
    if "allowed-tools" in others:
        yield "Its allowed-tools are ignored: name in tools what it may use; so far that is nothing."
    else:
        yield "It may use no tool so far: name in tools what it shall use."
    rest = [name for name in others if name != "allowed-tools"]
    if rest:
        yield f"Passed over: {_some(rest)}."
    files = [next(filter(None, found.groups())) for found in _FILE.finditer(draft.instructions)]
    if files:
        yield f"It speaks of files, which are not taken along and never run: {_some(files)}."


def _some(words: list[str]) -> str:
    found = list(dict.fromkeys(word[:60] for word in words))
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return f"{', '.join(found[:_MOST_NAMED])}{more}"
