"""What can be typed, and what it does."""

from collections.abc import Sequence

from bot.contracts.slack import Message
from bot.views.blocks import Block, cost, header, line, points, rich, run, stacked
from bot.views.text import inert
from bot.views.values import CommandHelp
from bot.views.words import number, sentence

_PROMISE = "MeshClaw works for you, here in Slack. Whatever it would change waits for your button."
_LIST_ROOM = 8_000


def overview(commands: Sequence[CommandHelp]) -> Message:
    """The answer to `/meshclaw help`: every command in one line each."""
    words = ", ".join(f"/meshclaw {inert(command.word, 40)}" for command in commands)
    blocks = [
        header("What MeshClaw does for you"),
        rich(line(run(_PROMISE))),
        *commands_list(commands),
        rich(line(run("More about one of them: "), run(f"/meshclaw {_example(commands)} help", limit=60, code=True))),
    ]
    return Message(f"{_PROMISE} Commands: {words}.", blocks)


def command_help(command: CommandHelp) -> Message:
    """The answer to `/meshclaw WORD help`: each way to type it, and what that does."""
    typed = f"/meshclaw {command.word}"
    blocks = [
        header(typed),
        rich(line(run(sentence(command.description) or "No description.", limit=1_000))),
    ]
    lines = [
        line(run(usage, limit=200, code=True), run(f" — {meaning}", limit=400)) for usage, meaning in command.usage
    ]
    blocks += _fitting(lines)
    ways = "; ".join(f"{inert(usage, 200)}: {inert(meaning, 300)}" for usage, meaning in command.usage[:8])
    return Message(f"{inert(typed, 100)}: {sentence(inert(command.description, 1_000))} {ways}".strip(), blocks)


def unknown(word: str, nearest: str | None, commands: Sequence[CommandHelp]) -> Message:
    """A word that is no command, and the one probably meant."""
    lead = [run("There is no command "), run(word, limit=60, bold=True), run(".")]
    text = f"There is no command {inert(word, 60)}."
    if nearest is not None:
        lead += [run(" Did you mean "), run(f"/meshclaw {nearest}", limit=60, code=True), run("?")]
        text += f" Did you mean /meshclaw {inert(nearest, 60)}?"
    text += " Type /meshclaw help to see all commands."
    return Message(text, [rich(stacked([lead, [run("These commands exist:")]])), *commands_list(commands)])


def commands_list(commands: Sequence[CommandHelp]) -> list[Block]:
    """One point for each command: what is typed, and what it does."""
    return _fitting(
        [
            line(run(f"/meshclaw {command.word}", limit=60, code=True), run(f" — {command.description}", limit=300))
            for command in commands
        ]
    )


def _example(commands: Sequence[CommandHelp]) -> str:
    return commands[0].word if commands else "WORD"


def _fitting(lines: Sequence[Block]) -> list[Block]:
    """The lines as lists of at most five, so that no block grows too long; what a message cannot hold is counted."""
    room = _LIST_ROOM
    kept: list[Block] = []
    for entry in lines:
        room -= cost(entry) + 20
        if room < 0:
            kept.append(line(run(f"and {number(len(lines) - len(kept))} more")))
            break
        kept.append(entry)
    return [rich(points(kept[start : start + 5])) for start in range(0, len(kept), 5)]
