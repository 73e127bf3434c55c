"""What one growing message holds, and how much of what waits still fits into it. Nothing is sent here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.contracts.answers import Task, cut, open_fence, room

MOST = 11_000
"""What a message of an answer may hold, as `room` counts: with the blocks that close it, Slack takes 13,200."""
_TEXT = 256  # a text on a task's card
_CARD = 120  # what a card takes beside its texts
_CLOSE = "\n```"

Piece = str | Task
"""Markdown, or a task begun or moved on."""
Chunk = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fit:
    """What goes into a message now: `pieces`, which are the first `whole` of those waiting and `characters` of the
    next. `full`: the rest needs a message of its own, which begins with `reopened`."""

    pieces: tuple[Piece, ...]
    whole: int
    characters: int = 0
    full: bool = False
    reopened: str = ""

    @property
    def text(self) -> str:
        return "".join(piece for piece in self.pieces if isinstance(piece, str))

    def taken_from(self, waiting: list[Piece]) -> None:
        """Takes out of what waits what went; meanwhile more may have come at its end, in its last text as well."""
        del waiting[: self.whole]
        if not waiting or not isinstance(waiting[0], str):
            return
        rest = waiting[0][self.characters :]
        if self.full:
            rest = self.reopened + (rest.removeprefix("\n") if self.reopened else rest.lstrip(" \n"))
        waiting[:1] = [rest] if rest else []


class Growing:
    """One message: its pieces in the order they came."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._full = False

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(self._pieces)

    @property
    def text(self) -> str:
        return "".join(piece for piece in self._pieces if isinstance(piece, str))

    @property
    def fence(self) -> str:
        """The line that opened the code block it ends in, if it does."""
        return open_fence(self.text)

    def take(self, fit: Fit) -> None:
        """A task that is there already changes in its place, and keeps what the later one leaves empty; texts that meet
        are one."""
        self._full = fit.full
        for piece in fit.pieces:
            put(self._pieces, piece)

    def fit(self, waiting: Sequence[Piece]) -> Fit:
        if self._full:
            return Fit((), 0, full=True)
        taken: list[Piece] = []
        text = self.text
        held = sum(map(_cost, self._pieces))
        for index, piece in enumerate(waiting):
            more = _cost(piece)
            if held + more <= MOST:
                taken.append(piece)
                held += more
                text += piece if isinstance(piece, str) else ""
                continue
            if isinstance(piece, Task):
                return Fit((*taken, *([_CLOSE] if open_fence(text) else [])), index, 0, full=True)
            others = held - room(text)
            end = cut(text + piece, MOST - others, least=len(text))
            fence = open_fence((text + piece)[:end])
            head = piece[: end - len(text)] + (_CLOSE if fence else "")
            pieces = (*taken, head) if head else tuple(taken)
            return Fit(pieces, index, end - len(text), full=True, reopened=f"{fence}\n" if fence else "")
        if taken and isinstance(taken[-1], str):  # it may grow while it is on its way
            return Fit(tuple(taken), len(taken) - 1, len(taken[-1]))
        return Fit(tuple(taken), len(taken))

    def blocks(self) -> list[Mapping[str, Any]]:
        """The message as blocks, as Slack makes them of a stream."""
        return [_block(piece) for piece in self._pieces if isinstance(piece, Task) or piece.strip()]


def put(pieces: list[Piece], piece: Piece) -> None:
    """One more piece."""
    if isinstance(piece, str):
        if pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        else:
            pieces.append(piece)
        return
    for index, other in enumerate(pieces):
        if isinstance(other, Task) and other.id == piece.id:
            details, output = piece.details or other.details, piece.output or other.output
            pieces[index] = replace(piece, details=details, output=output)
            return
    pieces.append(piece)


def blank(pieces: Sequence[Piece]) -> bool:
    """Whether nothing is said in them: Slack takes no empty text."""
    return all(isinstance(piece, str) and not piece.strip() for piece in pieces)


def chunk(piece: Piece) -> Chunk:
    """A piece as streams take it."""
    if isinstance(piece, str):
        return {"type": "markdown_text", "text": piece}
    found: Chunk = {"type": "task_update", "id": piece.id, "title": _clipped(piece.title), "status": piece.status}
    found |= {name: _clipped(text) for name, text in (("details", piece.details), ("output", piece.output)) if text}
    return found


def _block(piece: Piece) -> dict[str, Any]:
    if isinstance(piece, str):
        return {"type": "markdown", "text": piece}
    card: dict[str, Any] = {"type": "task_card", "task_id": piece.id, "title": _clipped(piece.title)}
    card["status"] = piece.status
    for name, text in (("details", piece.details), ("output", piece.output)):
        if text:
            element = {"type": "text", "text": _clipped(text)}
            section = {"type": "rich_text_section", "elements": [element]}
            card[name] = {"type": "rich_text", "elements": [section]}
    return card


def _cost(piece: Piece) -> int:
    if isinstance(piece, str):
        return room(piece)
    texts = [text for text in (piece.title, piece.details, piece.output) if text]
    return sum(_CARD + room(_clipped(text)) for text in (piece.id, *texts))


def _clipped(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"
