"""What the scenarios of conversations share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import DM, House, house, person, words
from model_script import Answer, Asked
from model_server import ModelServer
from shown import Json

import bot.agents.talk.answering
import bot.models.providers  # noqa: F401 - what takes seconds to load is loaded before the clock of a test runs
from bot.models import ModelSettings
from bot.models import load as model_settings


def answered(message: Json) -> bool:
    """An answer of an agent that is whole."""
    return not message["streaming"] and _closed(message)


def suspended(message: Json) -> bool:
    """An answer that goes on once a card is decided."""
    return not message["streaming"] and "goes on once the card is decided" in words(message)


def says(*parts: str) -> Any:
    """A whole answer with these words in it."""

    def wanted(message: Json) -> bool:
        return answered(message) and all(part in words(message) for part in parts)

    wanted.__qualname__ = f"an answer that says {parts}"
    return wanted


def _closed(message: Json) -> bool:
    return any(block["type"] == "context_actions" for block in message["blocks"])


@dataclass
class Talk:
    """A house with a scripted model, and what people say in it."""

    home: House
    server: ModelServer

    async def ask(self, who: str, text: str, channel: str = DM, thread: str | None = None) -> str:
        """Say it; the thread the answer comes in."""
        said = await self.home.human.say(who, text, channel, thread)
        return thread or str(said["ts"])

    async def answer(self, who: str, *parts: str, channel: str = DM, after: str = "0") -> Json:
        return await self.home.human.message(who, says(*parts), channel, after=after)

    async def thread(self, who: str, thread: str, channel: str = DM) -> list[Json]:
        """What MeshClaw said in that thread."""
        own = person(who).user
        return [each for each in await self.home.human.messages(who, channel, thread_ts=thread) if each["user"] != own]


def local(server: ModelServer, **more: Any) -> ModelSettings:
    return model_settings(model="local:test", model_url=server.openai_url, **more)


def claude(server: ModelServer, **more: Any) -> ModelSettings:
    return model_settings(
        model="anthropic:claude-test", anthropic_key="sk-ant-test", anthropic_url=server.anthropic_url, **more
    )


@asynccontextmanager
async def talking(
    folder: Path, script: Callable[[Asked], Answer | Awaitable[Answer]], *, settings: Any = local, **more: Any
) -> AsyncIterator[Talk]:
    """A house whose model follows the script."""
    given: dict[str, Any] = {"people": (), "lab": True, **more}
    async with ModelServer(script) as server, house(folder, **given, model=settings(server)) as home:
        yield Talk(home, server)
