"""Pages of the web, each fetched only once a person approved its address: it can carry out what an agent read."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from yarl import URL

from bot.contracts.connectors import Check, Connection, Connections
from bot.contracts.errors import PersonMends
from bot.contracts.forms import FormField
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.tools import (
    Call,
    CallView,
    Effect,
    Facets,
    Noun,
    Offer,
    Outcome,
    Reading,
    Tool,
    ToolContext,
    Unfinished,
)
from bot.network.client import Fetched, GuardedClient
from bot.network.resolve import GuardedResolver
from connectors.web.text import TAG, UNSEEN, page_text, plain_text, unescaped

MOST_BYTES = 1_000_000
SECONDS = 20.0
EXCERPT = 200
"""Characters of a page in the note on the receipt."""

_LOOKED_AT = 10_000
"""Characters of a page from which its excerpt is made."""

_HTML = ("html", "xhtml+xml")


class WebSettings(BaseSettings):
    """What an installation may set for fetching pages."""

    model_config = SettingsConfigDict(
        env_file=".env", env_prefix="MESHCLAW_WEB_", extra="ignore", env_ignore_empty=True
    )

    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Hosts of one's own network that may be fetched too, also over http and on any port."
    )

    @field_validator("hosts", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return tuple(value.replace(",", " ").lower().split()) if isinstance(value, str) else value


FETCH = Offer(
    "Fetching a page",
    "Fetch one page of the public web by its address and read its text. The person is asked each time, for an address "
    "can carry out what was read: only addresses that the person gave or that are plainly needed.",
    {
        "type": "object",
        "properties": {"url": {"type": "string", "description": "The address, with https://", "maxLength": 2_000}},
        "required": ["url"],
        "additionalProperties": False,
    },
)


class FetchTool(Tool):
    """`web.fetch`: one page."""

    name = "web.fetch"
    effect: Effect | None = Effect.FETCH

    def __init__(self, client: GuardedClient) -> None:
        self._client = client

    def check(self, args: JsonObject) -> None:
        self._client.target(_url(args))

    def describe(self, args: JsonObject) -> CallView:
        url = _url(args)
        return CallView(
            verb="Fetch",
            subject=self._client.target(url).raw_host or "",
            where="",
            items=(url,),
            reversible=False,
            own=True,
            things=Noun("page", "pages"),
        )

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        return None if 0 in left_out else args

    def facets(self, args: JsonObject) -> Facets:
        """`url` in its canonical form, so that a pattern judges what is asked for and not how it was written."""
        target = self._client.target(_url(args))
        return {"url": (str(target),), "host": (target.raw_host or "",)}

    def fields(self, args: JsonObject) -> Sequence[FormField]:
        return (FormField("url", "Address", initial=_url(args)),)

    def edited(self, args: JsonObject, values: Mapping[str, str]) -> JsonObject:
        typed = {**args, "url": values.get("url", _url(args)).strip()}
        try:
            self.check(typed)
        except PersonMends as error:
            raise PersonMends(error.message, error.mend, field="url") from None
        return typed

    def offer(self) -> Offer | None:
        return FETCH

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        args = {"url": _url(said).strip()}
        self.check(args)
        return args

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        found = await self._client.get(_url(args), most_bytes=MOST_BYTES, seconds=SECONDS)
        if found.status >= 400:
            return Outcome("failed", note=_note(found))
        reading = await asyncio.to_thread(_reading, found)
        return Outcome("done", count=1, note=_note(found), reading=reading)

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        """Fetching changes nothing, and the address was approved: it may be fetched again."""
        return Unfinished(Outcome("done"), Call(self.name, args))


class WebConnector:
    """Implements `contracts.Connector`. `client`: what fetches."""

    name = "web"
    title = "Web"

    def __init__(self, client: GuardedClient, hosts: Collection[str] = ()) -> None:
        self._tools = (FetchTool(client),)
        self._hosts = tuple(hosts)

    def tools(self) -> Sequence[Tool]:
        return self._tools

    def form(self) -> Sequence[FormField]:
        return ()

    async def prove(self, values: Mapping[str, str]) -> Connection:
        raise PersonMends("For the web there is nothing to connect.", "Each page is asked for on a card.")

    async def checks(self) -> Sequence[Check]:
        own = f", and {', '.join(self._hosts)}" if self._hosts else ""
        return (Check("web", True, f"Pages of the public internet over https{own}.", needed=False),)

    async def close(self) -> None:
        """Nothing stays open: a page is fetched on a connection of its own."""


def connector(connections: Connections) -> WebConnector:
    """The web, for everybody alike."""
    hosts = WebSettings().hosts
    return WebConnector(GuardedClient(GuardedResolver(hosts)), hosts)


def _url(args: JsonObject) -> str:
    """The one argument. Raises PersonMends."""
    url = args.get("url")
    if not isinstance(url, str) or set(args) != {"url"}:
        raise PersonMends("This call cannot be made: it takes one argument, url, the address of a page.")
    return url


def _note(found: Fetched) -> str:
    """`200, text/html, 12,345 bytes: ‹What the page begins with …›`."""
    size = f"{'more than ' if found.truncated else ''}{len(found.body):,} bytes"
    words = f"{found.status}, {_one_line(found.content_type, 60)}, {size}"
    excerpt = _excerpt(found)
    return f"{words}: ‹{excerpt}›" if excerpt else f"{words}."


def _excerpt(found: Fetched) -> str:
    """What a reader sees first of a page of text; empty for anything else."""
    if not _is_text(found):
        return ""
    text = found.text[:_LOOKED_AT]
    if _is_html(found):
        text = unescaped(TAG.sub(" ", UNSEEN.sub(" ", text)))
    return _one_line(text, EXCERPT)


def _reading(found: Fetched) -> Reading:
    """The page for the agent that asked for it; whoever has the address may see it too."""
    origin = URL(found.url).raw_host or found.url
    if not _is_text(found):
        return Reading(f"({_one_line(found.content_type, 60) or 'something'} that is no text)", origin, None)
    text = page_text(found.text, found.url) if _is_html(found) else plain_text(found.text)
    return Reading(text or "(no text)", origin, None)


def _is_text(found: Fetched) -> bool:
    kind = found.content_type.lower()
    return kind.startswith("text/") or kind.endswith(("json", "xml"))


def _is_html(found: Fetched) -> bool:
    return found.content_type.lower().endswith(_HTML)


def _one_line(text: str, most: int) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(printable.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
