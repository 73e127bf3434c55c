"""Which servers there are: those an operator named in a file, in the shape other MCP clients use."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.contracts.errors import OperatorMends
from bot.contracts.json import Json

NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
"""What a server may be called: it stands in the names of its tools."""

SECONDS = 30.0
_MEND = 'Write it as {"mcpServers": {"time": {"command": "mcp-server-time", "args": []}}}; docs/mcp.md explains it.'

_Words = dict[str, Annotated[str, Field(max_length=8_000)]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: to start, to list tools, to answer a ping, before the first restart, between restarts at most; for how
    long a call waits for a restart, a listing holds while nothing is heard, and nothing is done after hearing of a
    change, since it may be told again and again."""

    start: float = 30.0
    listing: float = 15.0
    ping: float = 5.0
    pause: float = 1.0
    longest_pause: float = 60.0
    patience: float = 3.0
    fresh: float = 60.0
    settles: float = 2.0


class McpSettings(BaseSettings):
    """What an installation may set for MCP."""

    model_config = SettingsConfigDict(env_file=".env", env_prefix="MESHCLAW_", extra="ignore", env_ignore_empty=True)

    mcp: Path | None = Field(default=None, description="A JSON file that names MCP servers, as docs/mcp.md shows.")


class Server(BaseModel):
    """One server: a `command` that is started here, or a `url` that is asked. `timeout`: seconds for one call;
    `type` is written by other clients and says nothing new."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str | None = Field(default=None, min_length=1, max_length=1_000)
    args: tuple[str, ...] = ()
    env: _Words = {}
    url: str | None = Field(default=None, min_length=1, max_length=2_000)
    headers: _Words = {}
    timeout: float = Field(default=SECONDS, gt=0, le=600)
    type: str | None = None

    @field_validator("command", "args", "env", mode="after")
    @classmethod
    def _can_be_passed(cls, value: str | tuple[str, ...] | dict[str, str] | None) -> object:
        texts = [value] if isinstance(value, str) else [*value, *value.values()] if isinstance(value, dict) else value
        if any("\0" in text for text in texts or ()):
            raise ValueError("a NUL character cannot be passed to a program")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> "Server":
        if (self.command is None) == (self.url is None):
            raise ValueError("it needs either a command or a url")
        if self.url is not None and (self.args or self.env):
            raise ValueError("args and env belong to a command, not to a url")
        if self.command is not None and self.headers:
            raise ValueError("headers belong to a url, not to a command")
        return self

    @property
    def place(self) -> str:
        """Where it is, for people: the program's name, or the host; an address may hold a secret."""
        return Path(self.command).name if self.command is not None else urlsplit(self.url or "").hostname or ""

    @property
    def identity(self) -> Json:
        """What makes it this server and no other. What is classified holds for this alone."""
        return {"url": self.url} if self.url is not None else {"command": self.command, "args": [*self.args]}


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    servers: dict[str, Server] = Field(alias="mcpServers")


def load(path: Path | None) -> Mapping[str, Server]:
    """The servers the file names; none without a file. Raises OperatorMends naming the place that does not hold."""
    if path is None:
        return {}
    try:
        loaded: Json = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except (OSError, UnicodeError):
        raise OperatorMends(f"The file {path.name} of MCP servers cannot be read.", "Check MESHCLAW_MCP.") from None
    except (ValueError, RecursionError):
        raise OperatorMends(f"The file {path.name} of MCP servers is not JSON.", _MEND) from None
    return read(loaded, path.name)


def read(loaded: Json, file: str) -> Mapping[str, Server]:
    """The servers of a file's content. Its values may be secrets, so what is told names the place only."""
    try:
        servers = _File.model_validate(loaded).servers
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        why = str(first["msg"]).removeprefix("Value error, ")
        raise OperatorMends(
            f"The file {file} of MCP servers does not hold at {where or 'its top'}: {why}.", _MEND
        ) from None
    for name in servers:
        if not NAME.fullmatch(name):
            raise OperatorMends(
                f"The file {file} names an MCP server {name[:40]!r}.",
                "A name is 1 to 30 lower-case letters, digits and hyphens, and begins with a letter.",
            )
    return servers
