"""MeshClaw's own documentation, for questions about MeshClaw: the pages as they lie beside a checkout's code, else as
they were installed with it. Nobody connects it."""

import asyncio
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from bot.contracts.connectors import Check, Connection, Connections
from bot.contracts.errors import OperatorMends, PersonMends
from bot.contracts.forms import FormField
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.tools import CallView, Effect, Offer, Reading, Tool, ToolContext

ORIGIN = "MeshClaw's documentation"
SECTIONS = 3
_CHARACTERS = 2_500
"""Of one section."""

_PACKAGE, _INSTALLED = "meshclaw", "share/meshclaw/"
_CHECKOUT = Path(__file__).resolve().parents[1]
_HEADING = re.compile(r"(?m)^(#{1,3}) +(.+?)\s*$")
_FENCED = re.compile(r"(?ms)^```.*?^```")
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)|<!--.*?-->", re.DOTALL)
_WORD = re.compile(r"\w+")
_WORDS = 20
_NOT_SOUGHT = frozenset("""
    a an the and or of to in on at by for from with about as is are was were be been am i me my we us our you your it
    its they them their this that these those there here what which who whom whose when where why how do does did can
    could should would will shall may might must have has had not no any some all if then than so please meshclaw
""".split())  # fmt: skip


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, regex_engine="python-re")

    query: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]+\Z", max_length=10_000)]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page, below one heading. `path`: page and headings, from the outside in."""

    path: tuple[str, ...]
    text: str


SEARCH = Offer(
    "Looking it up in the manual",
    "Find the parts of MeshClaw's own documentation that answer a question about MeshClaw itself: what it can do, its "
    "commands, settings, safety, installing it, what to do when something is wrong. Give few, telling words.",
    {
        "type": "object",
        "properties": {"query": {"type": "string", "description": "What to look up", "minLength": 1, "maxLength": 500}},
        "required": ["query"],
        "additionalProperties": False,
    },
)


class SearchTool(Tool):
    """`manual.search`: the best sections for some words."""

    name = "manual.search"
    effect: Effect | None = Effect.READ

    def check(self, args: JsonObject) -> None:
        _query(args)

    def describe(self, args: JsonObject) -> CallView:
        return CallView("Search", ORIGIN, "", (" ".join(_query(args).split()),), False, own=True)

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        return None if 0 in left_out else args

    def offer(self) -> Offer | None:
        return SEARCH

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        return {"query": _query(said)}

    async def read(self, context: ToolContext, args: JsonObject) -> Reading:
        query = _query(args)
        found = await asyncio.to_thread(lambda: best(sections(pages()), query))
        text = "\n\n".join(f"{' › '.join(each.path)}\n{_clipped(each.text)}" for each in found)
        return Reading(text or f"The documentation says nothing about “{' '.join(query.split())[:80]}”.", ORIGIN, None)


class ManualConnector:
    """Implements `contracts.Connector`."""

    name = "manual"
    title = "Manual"

    def tools(self) -> Sequence[Tool]:
        return (SearchTool(),)

    def form(self) -> Sequence[FormField]:
        return ()

    async def prove(self, values: Mapping[str, str]) -> Connection:
        raise PersonMends("For the manual there is nothing to connect.", "Just ask.")

    async def checks(self) -> Sequence[Check]:
        count = len(await asyncio.to_thread(pages))
        if count:
            return (Check("manual", True, f"{count} pages of documentation.", needed=False),)
        mend = "Install MeshClaw anew, or run it from a checkout."
        return (Check("manual", False, "The documentation was not installed.", mend, needed=False),)

    async def close(self) -> None:
        """Nothing stays open."""


def connector(connections: Connections) -> ManualConnector:
    return ManualConnector()


def pages(checkout: Path = _CHECKOUT) -> Mapping[str, str]:
    """The pages of the documentation by name: those of the checkout, else those that were installed."""
    if (checkout / "pyproject.toml").is_file() and (checkout / "docs").is_dir():
        files = [checkout / "README.md", *sorted((checkout / "docs").glob("*.md"))]
    elif (checkout / _INSTALLED).is_dir():  # as `pip install --target` puts them
        files = sorted((checkout / _INSTALLED).glob("*.md"))
    else:
        try:
            listed = distribution(_PACKAGE).files or []
        except PackageNotFoundError:
            listed = []
        files = [Path(str(each.locate())) for each in listed if _INSTALLED in each.as_posix() and each.suffix == ".md"]
    return {file.name: file.read_text(encoding="utf-8") for file in files if file.is_file()}


def sections(pages: Mapping[str, str]) -> Iterator[Section]:
    """The pages cut at their headings, down to the third level."""
    for name, text in pages.items():
        text = _PICTURE.sub("", text)
        fenced = [found.span() for found in _FENCED.finditer(text)]
        cuts = [cut for cut in _HEADING.finditer(text) if not any(a <= cut.start() < b for a, b in fenced)]
        path: list[str] = []
        for cut, after in zip(cuts, [*(cut.start() for cut in cuts[1:]), len(text)], strict=True):
            level = len(cut[1])
            path = [*path[: level - 1], cut[2]]
            if body := text[cut.end() : after].strip():
                yield Section((name, *path), body)


def best(found: Iterator[Section], query: str, most: int = SECTIONS) -> Sequence[Section]:
    """The sections that fit the words best, by BM25 over stems. Raises OperatorMends where SQLite cannot search."""
    words = list(dict.fromkeys(_WORD.findall(query.lower())))
    telling = ([word for word in words if word not in _NOT_SOUGHT] or words)[:_WORDS]
    if not telling:
        return []
    every = list(found)
    # Each word is quoted: what a person types would otherwise be read as a language of queries.
    match = " OR ".join(f'"{word}"' for word in telling)
    with closing(sqlite3.connect(":memory:")) as index:
        try:
            index.execute("CREATE VIRTUAL TABLE manual USING fts5(path, text, tokenize = 'porter unicode61')")
        except sqlite3.OperationalError:
            raise OperatorMends("This Python's SQLite has no full-text search.", "Use one built with FTS5.") from None
        index.executemany(
            "INSERT INTO manual (rowid, path, text) VALUES (?, ?, ?)",
            [(place, " ".join(each.path), each.text) for place, each in enumerate(every)],
        )
        rows = index.execute(
            "SELECT rowid FROM manual WHERE manual MATCH ? ORDER BY bm25(manual, 4.0, 1.0) LIMIT ?", (match, most)
        ).fetchall()
    return [every[place] for (place,) in rows]


def _query(args: JsonObject) -> str:
    """The one argument. Raises PersonMends."""
    try:
        query = _Query.model_validate(dict(args)).query
    except (ValidationError, TypeError, ValueError):
        query = ""
    if not query.strip():
        raise PersonMends("This call cannot be made: it takes one argument, query, what to look up.")
    return query


def _clipped(text: str) -> str:
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS].rstrip()}…"
