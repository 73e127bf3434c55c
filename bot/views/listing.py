"""The whole plan, page by page: every call with every item, nothing cut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.contracts.slack import View
from bot.contracts.tools import CallView, Outcome
from bot.views.blocks import EMPTY, Block, compact, line, modal, numbered, paragraph, rich, run, shown
from bot.views.calls import bare, grouped, measure, size, tally, told
from bot.views.paging import button_value, turning, within
from bot.views.text import plain, split, width
from bot.views.values import ListingValue
from bot.views.words import count

_BLOCK_LETTERS = 2_600
_PAGE_LETTERS = 24_000
"""At most 6 bytes a letter as JSON, that is 144 kB of the 250 kB a view may have."""
_PAGE_LINES = 240
_PAGE_BLOCKS = 90


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes one block: lines of one call. `first`: number of its first item; `heading`: shown above them."""

    heading: str
    detail: str
    lines: tuple[str, ...]
    first: int

    @property
    def letters(self) -> int:
        return width(self.heading) + width(self.detail) + sum(map(width, self.lines))


def listing(value: ListingValue) -> View:
    """One page of the plan in full. A page that does not exist is the nearest one that does."""
    sheets = _sheets(value.calls, value.outcomes)
    page = within(value.page, len(sheets))
    blocks: list[Block] = []
    if page == 0:
        blocks.extend(paragraph(value.title))
        if not bare(value.calls):
            blocks.append(rich(line(run(f"{measure(value.calls)}, all of them listed here."))))
    blocks.extend(_block(part) for part in sheets[page])
    blocks.extend(_turning(value.card_id, page, len(sheets)))
    return modal("Show all", "gate.listing", blocks, compact({"card_id": value.card_id, "page": page}))


def pages(calls: Sequence[CallView]) -> int:
    """How many pages the plan takes before it is decided, at least 1."""
    return len(_sheets(calls, ()))


def first_page(calls: Sequence[CallView], most: int) -> tuple[list[Block], bool]:
    """The plan as its first page shows it, in at most so many blocks, and whether that is all of it."""
    sheets = _sheets(calls, ())
    return [_block(part) for part in sheets[0][:most]], len(sheets) == 1 and len(sheets[0]) <= most


def _turning(card_id: str, page: int, sheets: int) -> list[Block]:
    values = (button_value(card_id, page - 1), button_value(card_id, page + 1))
    return turning(page, sheets, "gate.view.listing", values)


def _sheets(calls: Sequence[CallView], outcomes: Sequence[Outcome | None]) -> list[list[Part]]:
    sheets: list[list[Part]] = [[]]
    letters = lines = 0
    for part in _parts(calls, outcomes):
        full = letters + part.letters > _PAGE_LETTERS or lines + len(part.lines) + 1 > _PAGE_LINES
        if sheets[-1] and (full or len(sheets[-1]) >= _PAGE_BLOCKS):
            sheets.append([])
            letters = lines = 0
        sheets[-1].append(part)
        letters += part.letters
        lines += len(part.lines) + 1
    return sheets


def _parts(calls: Sequence[CallView], outcomes: Sequence[Outcome | None]) -> Iterator[Part]:
    """The calls in the order of the card, group by group."""
    for group in grouped(calls):
        for index in group.indexes:
            outcome = outcomes[index] if index < len(outcomes) else None
            yield from _call_parts(calls[index], outcome, bool(outcomes))


def _call_parts(call: CallView, outcome: Outcome | None, decided: bool) -> Iterator[Part]:
    heading = f"{call.verb} · {call.group}" if call.group else call.verb
    details = [] if bare([call]) else [count(size(call), call.things)]
    details += [call.where] if call.where else []
    details += [call.environment] if call.environment.lower() not in call.where.lower() else []
    details.append("can be taken back" if call.reversible else "cannot be taken back")
    if decided:
        details.append(told(tally(call, outcome)))
        if outcome and outcome.note:
            details.append(outcome.note)
    # A heading may be as long as it likes: what does not fit above the items goes into parts of its own.
    title, *more_title = split(f"{plain(heading)}: {plain(call.subject)}", 1_000)
    texts = split(" · ".join(map(plain, details)), 1_000)
    if more_title or len(texts) > 1:
        yield Part(title, "", (), 0)
        for text in more_title:
            yield Part(text, "", (), 0)
        for text in texts[:-1]:
            yield Part("", text, (), 0)
        title = ""
    yield from _items(title, texts[-1], call.items)


def _items(title: str, detail: str, items: Sequence[str]) -> Iterator[Part]:
    """The items below their heading, divided where a block or a page is full."""
    lines: list[str] = []
    letters, first = width(title) + width(detail), 0
    for position, item in enumerate(items):
        texts = split(plain(item) or EMPTY, _BLOCK_LETTERS - 200)
        for text in texts:
            if lines and (letters + width(text) > _BLOCK_LETTERS or len(lines) >= _PAGE_LINES // 2):
                yield Part(title, detail, tuple(lines), first)
                title, detail, lines, letters, first = "", "", [], 0, position
            elif not lines and letters + width(text) > _BLOCK_LETTERS:
                yield Part(title, detail, (), 0)
                title, detail, letters, first = "", "", 0, position
            lines.append(text)
            letters += width(text)
            if len(texts) > 1:  # the parts of one item share its number, so each of them ends a block
                yield Part(title, detail, tuple(lines), first)
                title, detail, lines, letters, first = "", "", [], 0, position
        if not lines:
            first = position + 1
    if lines or title or detail:
        yield Part(title, detail, tuple(lines), first)


def _block(part: Part) -> Block:
    elements: list[Block] = []
    if part.heading or part.detail:
        texts = [shown(part.heading, bold=True)] if part.heading else []
        if part.detail:
            texts += [*([shown("\n")] if part.heading else []), shown(part.detail)]
        elements.append(line(*texts))
    if part.lines:
        elements.append(numbered([line(shown(text)) for text in part.lines], offset=part.first))
    return rich(*elements)
