"""A person's own agent: one Markdown file, its head in the known convention of subagents, its body the instructions.

Whatever is not understood is a mistake and never passed over: a misspelt `approvers` that nobody reads would let fewer
people decide than its author meant. All mistakes are told together.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import yaml

from bot.agents.front_matter import Fields, Parts, decoded, divided, table
from bot.agents.mistakes import AgentMistakes, Mistake, nearest
from bot.agents.schedules import LONGEST_TEXT, NotASchedule, Schedule, read_schedule
from bot.contracts.errors import MeshClawError
from bot.gate.policy_mistakes import quoted

MOST_INSTRUCTIONS = 20_000
LONGEST_DESCRIPTION = 200
TURNS, MOST_TURNS = 12, 50
MOST_TOOLS, MOST_MODELS, MOST_NAMES, MOST_INPUTS = 100, 5, 20, 10
_HEAD = ("name", "description", "tools", "model", "maxTurns", "mcpServers", "meshclaw")
_OURS = ("command", "schedule", "channels", "inputs", "budget", "approvers")
_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")
_INPUT = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_TOOL = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:[.:/][A-Za-z0-9_-]+)*(?:\.\*)?")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{5,20}|#?[^\W_][\w-]{0,79}")
_APPROVER = re.compile(r"[UWS][A-Z0-9]{5,20}")
_AMOUNT = re.compile(r"(\$?) ?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(\.[0-9]{1,2})? ?(tokens?|usd|dollars?|)")
_GATE = "Take the line out: every effect waits for a button, and no agent changes that."
_ELSEWHERE = {
    **{name: f"Put it below meshclaw:, indented by two spaces: {name}: …" for name in _OURS},
    **dict.fromkeys(("permissionMode", "hooks", "isolation"), _GATE),
    "disallowedTools": "Take the line out, and name in tools what it may use: nothing else is open to it.",
    "memory": "Take the line out: what is remembered is a person's, not an agent's.",
}


@dataclass(frozen=True, slots=True)
class Input:
    """What is asked for when the agent is run. `label`: the question."""

    name: str
    label: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """So many tokens, or so much money."""

    value: Decimal
    unit: Literal["tokens", "USD"]

    @property
    def words(self) -> str:
        """`20,000 tokens`, `0.50 USD`."""
        return f"{self.value:,.0f} tokens" if self.unit == "tokens" else f"{self.value:,.2f} USD"


@dataclass(frozen=True, slots=True)
class Budget:
    """The most a run, or a month, may take; None: what holds for the person anyway."""

    run: Amount | None = None
    month: Amount | None = None


@dataclass(frozen=True, slots=True)
class OwnAgent:
    """One agent as its file says it. `tools`: names, and patterns such as `mail.*`, which `expanded` resolves; `model`:
    a chain, the first that answers, empty for the person's usual one; `approvers`: ids of users or user groups who
    decide *besides* those the policy names; `command`: its word, where that is not its name."""

    name: str
    description: str
    instructions: str
    tools: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    max_turns: int = TURNS
    mcp_servers: tuple[str, ...] = ()
    command: str = ""
    schedule: Schedule | None = None
    channels: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    budget: Budget = field(default_factory=Budget)
    approvers: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What is typed after `/meshclaw`."""
        return self.command or self.name


def read_agent(
    text: str | bytes,
    *,
    tools: Collection[str] | None,
    models: Callable[[str], None] | None = None,
    words: Collection[str] = (),
    servers: Collection[str] | None = None,
) -> OwnAgent:
    """The agent a file describes. `tools`, `servers`: all there are, None where they were looked at before; `models`:
    raises MeshClawError for a model that cannot be used; `words`: those of `/meshclaw` that are taken.

    Raises AgentMistakes, with all of them.
    """
    mistakes: list[Mistake] = []
    whole = decoded(text, mistakes)
    parts = divided(whole, mistakes) if whole or not mistakes else None
    node = table(parts.front, mistakes) if parts else None
    agent = None
    if parts and node:
        fields = Fields(node, _HEAD, mistakes, elsewhere=_ELSEWHERE)
        agent = _agent(fields, parts, mistakes, _Known(tools, models, words, servers))
    if parts:
        _check_instructions(parts, mistakes)
    if mistakes or agent is None:
        raise AgentMistakes(mistakes)
    return agent


def render(agent: OwnAgent) -> str:
    """A file that reads as this agent. What is left at its default is left out."""
    ours = {
        "command": agent.command,
        "schedule": agent.schedule.text if agent.schedule else "",
        "channels": list(agent.channels),
        "inputs": {one.name: _input(one) for one in agent.inputs},
        "budget": {name: _amount(one) for name in ("run", "month") if (one := getattr(agent.budget, name))},
        "approvers": list(agent.approvers),
    }
    head = {
        "name": agent.name,
        "description": agent.description,
        "tools": list(agent.tools),
        "model": list(agent.model),
        "maxTurns": 0 if agent.max_turns == TURNS else agent.max_turns,
        "mcpServers": list(agent.mcp_servers),
        "meshclaw": {name: value for name, value in ours.items() if value},
    }
    return written({name: value for name, value in head.items() if value}, agent.instructions)


def written(head: dict[str, object], instructions: str) -> str:
    """A file of these fields, right or wrong: whoever wrote them is told by reading it."""
    front = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=10**6)
    return f"---\n{front}---\n\n{instructions.strip()}\n"


def expanded(patterns: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """The tools these names and patterns stand for at this moment, of those there are; sorted."""
    found: set[str] = set()
    for pattern in patterns:
        found |= {tool for tool in known if _matches(pattern, tool)}
    return tuple(sorted(found))


def slug(text: str) -> str:
    """A name made of any text: `Écrire un résumé` → `ecrire-un-resume`; empty when nothing of it is left."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-").lstrip("0123456789-")[:31].strip("-")
    return found if _NAME.fullmatch(found) else ""


@dataclass(frozen=True, slots=True)
class _Known:
    tools: Collection[str] | None
    models: Callable[[str], None] | None
    words: Collection[str]
    servers: Collection[str] | None


def _agent(fields: Fields, parts: Parts, mistakes: list[Mistake], known: _Known) -> OwnAgent:
    node = fields.inner("meshclaw")
    ours = Fields(node, _OURS, mistakes, above="meshclaw", elsewhere=_ABOVE) if node else None
    name = _word(fields, "name", known.words, required=True)
    return OwnAgent(
        name=name,
        description=fields.text("description", most=LONGEST_DESCRIPTION, required=True),
        instructions=parts.body,
        tools=_tools(fields, known.tools),
        model=_models(fields, known.models),
        max_turns=fields.whole("maxTurns", low=1, high=MOST_TURNS, default=TURNS),
        mcp_servers=_servers(fields, known.servers),
        command=_command(ours, name, known.words) if ours else "",
        schedule=_schedule(ours) if ours else None,
        channels=_channels(ours) if ours else (),
        inputs=_inputs(ours, mistakes) if ours else (),
        budget=_budget(ours, mistakes) if ours else Budget(),
        approvers=_approvers(ours) if ours else (),
    )


_ABOVE = {name: f"Put it above meshclaw:, not indented: {name}: …" for name in _HEAD}


def _word(fields: Fields, field_name: str, words: Collection[str], *, required: bool = False) -> str:
    text = fields.text(field_name, most=100, required=required)
    if text and not _NAME.fullmatch(text):
        better = slug(text)
        mend = "Use 2 to 31 of a to z, 0 to 9 and hyphens, and begin with a letter"
        fields.tell(
            fields.line_of(field_name),
            field_name,
            f"{quoted(text)} cannot be a name",
            f"{mend}: {better}, say." if better and better != text else f"{mend}.",
        )
    elif text in words:
        mend = f"Take another, {text[:28]}-me, say."
        fields.tell(fields.line_of(field_name), field_name, f"{quoted(text)} is taken", mend)
    return text


def _command(ours: Fields, name: str, words: Collection[str]) -> str:
    command = _word(ours, "command", words)
    return "" if command == name else command


def _tools(fields: Fields, known: Collection[str] | None) -> tuple[str, ...]:
    given = fields.texts("tools", most=MOST_TOOLS, longest=100)
    for line, tool in given:
        if not _TOOL.fullmatch(tool):
            mend = "Name it as mail.move, or all of a connector as mail.*."
            fields.tell(line, "tools", f"{quoted(tool)} is no name of a tool", mend)
        elif known is not None and not any(_matches(tool, one) for one in known):
            groups = {f"{one.partition('.')[0]}.*" for one in known}
            mend = nearest(tool, groups if tool.endswith(".*") else known)
            fields.tell(line, "tools", f"there is no tool {quoted(tool)}", mend)
    return tuple(tool for _, tool in given)


def _matches(pattern: str, tool: str) -> bool:
    return tool.startswith(pattern[:-1]) if pattern.endswith(".*") else tool == pattern


def _models(fields: Fields, usable: Callable[[str], None] | None) -> tuple[str, ...]:
    given = fields.texts("model", most=MOST_MODELS, longest=100)
    for line, model in given:
        if not _MODEL.fullmatch(model):
            fields.tell(line, "model", f"{quoted(model)} is no name of a model")
        elif usable is not None and model != "inherit":
            try:
                usable(model)
            except MeshClawError as error:
                fields.tell(line, "model", error.message.rstrip("."), error.mend)
    return tuple(model for _, model in given if model != "inherit")


def _servers(fields: Fields, known: Collection[str] | None) -> tuple[str, ...]:
    given = fields.texts("mcpServers", most=MOST_NAMES, longest=60)
    for line, server in given:
        if not _TOOL.fullmatch(server):
            mend = "An operator sets servers up; here they are named."
            fields.tell(line, "mcpServers", f"{quoted(server)} is no name of a server", mend)
        elif known is not None and server not in known:
            fields.tell(line, "mcpServers", f"there is no server {quoted(server)}", nearest(server, known))
    return tuple(server for _, server in given)


def _schedule(ours: Fields) -> Schedule | None:
    text = ours.text("schedule", most=LONGEST_TEXT)
    try:
        return read_schedule(text) if text else None
    except NotASchedule as error:
        ours.tell(ours.line_of("schedule"), "schedule", error.message, error.mend)
        return None


def _channels(ours: Fields) -> tuple[str, ...]:
    """Ids stay; names get their `#`."""
    found: list[str] = []
    for line, channel in ours.texts("channels", most=MOST_NAMES, longest=80):
        is_id = re.fullmatch(r"[CG][A-Z0-9]{5,20}", channel) is not None
        if not _CHANNEL.fullmatch(channel) or not (is_id or channel == channel.lower()):
            mend = 'Write its id, as C0123ABCD, or its name in quotes, as "#deploys".'
            ours.tell(line, "channels", f"{quoted(channel)} is no channel", mend)
        found.append(channel if is_id else f"#{channel.removeprefix('#')}")
    return tuple(dict.fromkeys(found))


def _approvers(ours: Fields) -> tuple[str, ...]:
    given = ours.texts("approvers", most=MOST_NAMES, longest=80)
    for line, approver in given:
        if not _APPROVER.fullmatch(approver):
            mend = "Copy the member ID (U0123ABCD) from their profile, or the ID of a user group (S0123ABCD)."
            ours.tell(line, "approvers", f"{quoted(approver)} is no id of a person or a user group", mend)
    return tuple(approver for _, approver in given)


def _inputs(ours: Fields, mistakes: list[Mistake]) -> tuple[Input, ...]:
    node = ours.inner("inputs")
    if node is None:
        return ()
    fields = Fields(node, (), mistakes, above="meshclaw.inputs")
    found: list[Input] = []
    for name in fields:
        if not _INPUT.fullmatch(name):
            mend = "Use a to z, 0 to 9, hyphens and underscores, and begin with a letter."
            fields.tell(fields.line_of(name), name, f"{quoted(name)} cannot be a name", mend)
        if fields.is_text(name):
            found.append(Input(name, fields.text(name, most=100)))
        elif inner := fields.inner(name):
            one = Fields(inner, ("label", "optional"), mistakes, above=f"meshclaw.inputs.{name}")
            found.append(Input(name, one.text("label", most=100, required=True), one.flag("optional")))
    if len(found) > MOST_INPUTS:
        ours.tell(fields.line, "inputs", f"these are {len(found)}, and {MOST_INPUTS} is the most", "Take some out.")
    return tuple(found)


def _budget(ours: Fields, mistakes: list[Mistake]) -> Budget:
    node = ours.inner("budget")
    if node is None:
        return Budget()
    fields = Fields(node, ("run", "month"), mistakes, above="meshclaw.budget")
    run, month = _read_amount(fields, "run"), _read_amount(fields, "month")
    if run and month and run.unit == month.unit and run.value > month.value:
        fields.tell(
            fields.line_of("run"), "run", "a run may take more than a month", "Raise the one or lower the other."
        )
    return Budget(run, month)


def _read_amount(fields: Fields, name: str) -> Amount | None:
    text = fields.text(name, most=40)
    if not text:
        return None
    match = _AMOUNT.fullmatch(text.lower())
    unit: Literal["tokens", "USD"] = "tokens" if match and match[4].startswith("token") else "USD"
    value = Decimal(f"{match[2].replace(',', '')}{match[3] or ''}") if match else Decimal(0)
    if not match or value <= 0 or (match[1] != "") == (match[4] != "") or (unit == "tokens" and match[3]):
        mend = "Write 20000 tokens, or 0.50 USD."
        fields.tell(fields.line_of(name), name, f"{quoted(text)} is neither tokens nor money", mend)
        return None
    return Amount(value, unit)


def _check_instructions(parts: Parts, mistakes: list[Mistake]) -> None:
    if not parts.body:
        mend = "Write below the second --- what the agent shall do."
        mistakes.append(Mistake(parts.body_line, "instructions", "there are none", mend))
    elif len(parts.body) > MOST_INSTRUCTIONS:
        said = f"these have {len(parts.body):,} characters, and {MOST_INSTRUCTIONS:,} is the most"
        mistakes.append(Mistake(parts.body_line, "instructions", said, "Shorten them."))


def _input(one: Input) -> object:
    return {"label": one.label, "optional": True} if one.optional else one.label


def _amount(one: Amount) -> str:
    return f"{one.value} {one.unit}"
