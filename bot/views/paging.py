"""Long things in pages, and the button values that lead from one to another."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.views.blocks import Block, actions, button, line, rich, run
from bot.views.words import number


@dataclass(frozen=True, slots=True)
class Target:
    """What a button value names: an opaque id, and the numbers behind it."""

    id: str
    numbers: tuple[int, ...] = ()

    @property
    def page(self) -> int:
        return self.numbers[-1] if self.numbers else 0


def button_value(identifier: str, *numbers: int) -> str:
    """`id`, `id:page` or `id:index:page`."""
    return ":".join((identifier, *map(str, numbers)))


def read_value(text: str) -> Target:
    """The inverse of `button_value`; the id may hold colons itself, numbers are taken from the end. Never raises."""
    parts = text.split(":")
    numbers: list[int] = []
    while len(parts) > 1 and parts[-1].isascii() and parts[-1].isdigit() and len(parts[-1]) < 10:
        numbers.append(int(parts.pop()))
    return Target(":".join(parts), tuple(reversed(numbers)))


def within(page: int, pages: int) -> int:
    """The nearest page there is."""
    return max(0, min(page, pages - 1))


def turning(page: int, pages: int, action_id: str, values: Sequence[str]) -> list[Block]:
    """Where one is, and buttons to the next and the previous page; nothing when there is one page only.

    `values`: button values of the pages `page - 1` and `page + 1`. The buttons stand in blocks of their own because
    an action_id may occur once in a block.
    """
    if pages < 2:
        return []
    blocks = [rich(line(run(f"Page {number(page + 1)} of {number(pages)}", bold=True)))]
    if page + 1 < pages:
        blocks.append(actions([button("Next page", action_id, values[1])], "turn-next"))
    if page > 0:
        blocks.append(actions([button("Previous page", action_id, values[0])], "turn-previous"))
    return blocks
