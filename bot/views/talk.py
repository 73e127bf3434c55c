"""What is said around a conversation: what was asked, that a card comes first, what a search found."""

from collections.abc import Sequence

from bot.contracts.slack import Message
from bot.views.blocks import Block, cost, header, line, rich, run, stacked
from bot.views.text import inert

_MOST_FOUND = 2_400
_WHOLE = 11_000


def asked(agent: str, text: str) -> Message:
    """The first message of a thread that a command began: what was asked, for the answer below it."""
    blocks = [rich(stacked([[run(f"You asked {agent}:", limit=60, bold=True)], [run(text, limit=2_500)]]))]
    return Message(f"You asked {inert(agent, 40)}: {inert(text, 300)}", blocks)


def waits_for_card() -> Message:
    text = (
        "A card of this conversation waits for your decision. I have noted your message, and take it up "
        "as soon as the card is decided."
    )
    return Message(text, [rich(line(run(text)))])


def read_already() -> Message:
    text = "I had read your message before you changed it. Write again what should be different."
    return Message(text, [rich(line(run(text)))])


def thanks() -> Message:
    text = "Noted, for your own weekly digest. Nobody else sees it."
    return Message(text, [rich(line(run(text)))])


def files(names: Sequence[str]) -> Message:
    """What was attached, and cannot be read."""
    text = "I cannot open files. Paste the text of them that matters, and I read it: " + ", ".join(names)
    return Message(inert(text, 600), [rich(line(run(text, limit=600)))])


def stopped() -> list[Block]:
    """The end of an answer that was stopped."""
    return [rich(line(run("Stopped.", italic=True)))]


def found(text: str, sections: Sequence[tuple[str, str]], *, alone: bool) -> Message:
    """What was found without a model, by where it is from; `alone`: nobody but the person reads this."""
    blocks: list[Block] = [header("What I found")]
    for origin, words in sections:
        shown = words.strip()
        if not shown:
            continue
        title = run(origin[:1].upper() + origin[1:], limit=100, bold=True)
        block = rich(stacked([[title], [run(shown, limit=_MOST_FOUND)]]))
        if cost([*blocks, block]) > _WHOLE:
            break
        blocks.append(block)
    if len(blocks) == 1:
        blocks = [rich(line(run("I found nothing for "), run(text, limit=200, bold=True), run(".")))]
    if not alone:
        blocks.append(rich(line(run(_LEFT_OUT))))
    blocks.append(rich(line(run(_NO_MODEL, italic=True))))
    return Message(f"What I found for {inert(text, 200)}. {_NO_MODEL}", blocks)


_LEFT_OUT = "What only you may see is left out here. Ask me in direct messages for all of it."
_NO_MODEL = (
    "No language model is set up, so I only looked for your words. Whoever installed MeshClaw sets one with "
    "MESHCLAW_MODEL, also one on your own hardware."
)
