"""The Home tab: what waits, what is connected, what can be asked."""

from bot.contracts.slack import View
from bot.views.blocks import Block, button, header, line, points, rich, run, section
from bot.views.help import commands_list
from bot.views.text import inert
from bot.views.values import HomeValue
from bot.views.words import number

_MOST = 20


def home(value: HomeValue) -> View:
    """The App Home of one person."""
    blocks: list[Block] = [
        header("MeshClaw"),
        rich(line(run("Agents that work for you. Whatever they would change waits for your button."))),
        header("Waiting for your decision"),
        *_pending(value.pending),
        header("Your accounts"),
        *_connections(value),
        header("What you can ask"),
        *(commands_list(value.commands) or [rich(line(run("No commands yet.")))]),
    ]
    return {"type": "home", "blocks": blocks}


def _pending(titles: tuple[str, ...]) -> list[Block]:
    if not titles:
        return [rich(line(run("Nothing waits for you.")))]
    lines = [line(run(title, limit=150)) for title in titles[:_MOST]]
    more = len(titles) - _MOST
    if more > 0:
        lines.append(line(run(f"and {number(more)} more")))
    return [rich(points(lines)), rich(line(run("You find the cards in the Messages tab.")))]


def _connections(value: HomeValue) -> list[Block]:
    if not value.connections:
        return [rich(line(run("There is nothing to connect yet.")))]
    blocks = []
    for connector, title, label in value.connections[:_MOST]:
        name = inert(title.strip(), 60) or "Account"
        text = f"*{name}* — {inert(label, 200)}" if label else f"*{name}* — not connected"
        press = button("Change" if label else "Connect", "connect.view.form", connector)
        blocks.append(section(text, press))
    return blocks
