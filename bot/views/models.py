"""Which language models there are, and which one works for the person."""

from collections.abc import Sequence

from bot.contracts.slack import Message
from bot.contracts.tools import Noun
from bot.contracts.usage import Month
from bot.views.blocks import Block, line, points, rich, run, stacked
from bot.views.text import inert
from bot.views.words import count


def models(*, offered: Sequence[str], default: Sequence[str], chosen: str) -> Message:
    """The answer to `/meshclaw model`. Names are raw."""
    if not offered:
        return Message(_NONE, [rich(line(run(_NONE)))])
    now = chosen or ", then ".join(default) or "none"
    lead = f"For you works: {inert(now, 200)}." + ("" if chosen else " That is what is set for everybody.")
    rows = [line(run(name, limit=120, code=True), run(_about(name, default, chosen))) for name in offered[:40]]
    blocks: list[Block] = [
        rich(line(run("For you works: "), run(now, limit=200, bold=True), run("."))),
        rich(points(rows)),
        rich(line(run("Choose with "), run(f"/meshclaw model {offered[0]}", limit=160, code=True), run("."))),
    ]
    return Message(lead, blocks)


def budget(month: Month, ceiling: str) -> Message:
    """The answer to `/meshclaw budget`: the ceiling first, and what the month came to. `ceiling`: in words."""
    lines = [f"Your ceiling: {ceiling}."]
    if month.requests:
        cost = f"${month.cost:,.2f}"
        if month.unpriced:
            cost += f", and {count(month.unpriced, Noun('request', 'requests'))} whose price nobody knows"
        lines.append(f"This month came to {cost}.")
        lines.append(f"Behind it: {count(month.requests, Noun('request', 'requests'))}, {month.tokens:,} tokens.")
    else:
        lines.append("No model has worked for you this month.")
    lines.append("Only you see this.")
    return Message(" ".join(lines), [rich(stacked([[run(each)] for each in lines]))])


def _about(name: str, default: Sequence[str], chosen: str) -> str:
    if name == chosen:
        return " — chosen by you"
    if name in default:
        return " — set for everybody" if name == default[0] else " — set for everybody, where the one before is away"
    return ""


_NONE = (
    "No language model is set up here. Everything else works, and ask looks for your words. Whoever installed MeshClaw "
    "sets a model with MESHCLAW_MODEL, such as openai:gpt-5, or local:llama3.2 for one on your own hardware."
)
