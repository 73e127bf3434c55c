"""What dies with a replica: a database, a Slack and a laboratory of which each crossing is counted, and a kill after
which nothing of that life crosses anything any more."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from lab import LabConnector
from lab.connector import TOOLS, LabTool
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.json import JsonObject
from bot.contracts.people import Member, Person, Profile
from bot.contracts.slack import Message, Place, Posted, View
from bot.contracts.tools import Outcome, Tool, ToolContext
from bot.store.database import Database


class Killed(BaseException):
    """kill -9: no `except Exception` sees it, and what a `finally` would write is not written either."""


class Fate:
    """Counts what is crossed by all replicas, and kills whoever crosses at the chosen numbers. `deaths`: how many
    crossings each dies after the one before it."""

    def __init__(self, deaths: Sequence[int] = ()) -> None:
        self._deaths = list(deaths)
        self._next = self._deaths.pop(0) if self._deaths else 0
        self.crossed: list[str] = []
        self.died_at: list[str] = []

    def cross(self, life: Life, name: str) -> None:
        life.check()
        self.crossed.append(name)
        if len(self.crossed) == self._next:
            self.died_at.append(f"{self._next} ({name})")
            self._next = len(self.crossed) + self._deaths.pop(0) if self._deaths else 0
            life.dead = True
            raise Killed


@dataclass
class Life:
    """One life of a replica."""

    executor: str
    fate: Fate
    dead: bool = False
    dawdle: Callable[[], Awaitable[None]] | None = None
    """Awaited before each statement and each commit of a writing session: it widens races."""

    def check(self) -> None:
        if self.dead:
            raise Killed

    def cross(self, name: str) -> None:
        self.fate.cross(self, name)


class Mortal(Database):
    """The database of one life, over the engine of its replica. Every commit of a writing session is crossed twice:
    just before it, and just after."""

    def __init__(self, shared: Database, life: Life) -> None:
        vars(self).update(vars(shared))
        self.life = life

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        self.life.check()
        async with super().read() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        self.life.check()
        async with super().write() as session:
            if self.life.dawdle:
                for name in ("execute", "scalar", "scalars", "get"):
                    setattr(session, name, _after(self.life.dawdle, getattr(session, name)))
            yield session
            if self.life.dawdle:
                await self.life.dawdle()
            self.life.cross("before commit")
        self.life.cross("after commit")


def _after(dawdle: Callable[[], Awaitable[None]], call: Callable[..., Awaitable[Any]]) -> Any:
    async def later(*args: Any, **more: Any) -> Any:
        await dawdle()
        return await call(*args, **more)

    return later


class Channel:
    """Slack as the core sees it: one memory for all replicas."""

    def __init__(self) -> None:
        self.posted: dict[Posted, tuple[str, Message]] = {}
        self.told: list[Message] = []
        self.gone: set[str] = set()
        """Users who were deactivated."""
        self._number = itertools.count(1)

    def keys(self) -> Counter[str]:
        """How many messages there are under each key."""
        return Counter(key for key, _ in self.posted.values())

    def post(self, channel: str, message: Message, key: str) -> Posted:
        place = Posted(channel, f"{next(self._number)}.0")
        self.posted[place] = (key, message)
        return place

    def shows(self, key: str) -> Message:
        return next(message for found, message in self.posted.values() if found == key)


class Remembering:
    """`bot.contracts.slack.Slack` of one life."""

    def __init__(self, channel: Channel, life: Life) -> None:
        self._channel = channel
        self._life = life

    async def direct(self, person: Person) -> str:
        self._life.check()
        return f"D{person.user}"

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted:
        self._life.cross("before post")
        posted = self._channel.post(channel, message, key)
        await asyncio.sleep(0)
        self._life.cross("after post")
        return posted

    async def find(self, channel: str, key: str, thread_ts: str | None = None) -> Posted | None:
        self._life.check()
        found = (place for place, (kept, _) in self._channel.posted.items() if (place.channel, kept) == (channel, key))
        return next(found, None)

    async def update(self, posted: Posted, message: Message) -> bool:
        self._life.cross("before update")
        key, _ = self._channel.posted[posted]
        self._channel.posted[posted] = (key, message)
        await asyncio.sleep(0)
        self._life.cross("after update")
        return True

    async def whisper(self, channel: str, person: Person, message: Message, thread_ts: str | None = None) -> None:
        self._life.check()
        self._channel.told.append(message)

    async def update_view(self, view_id: str, view: View) -> bool:
        return True

    async def publish_home(self, person: Person, view: View) -> None:
        self._life.check()

    async def profile(self, person: Person) -> Profile:
        return Profile(person.user, "Europe/London", "en-GB")

    async def member(self, user: str) -> Member:
        self._life.check()
        active = user not in self._channel.gone
        return Member(user, "T1", active=active, guest=False, bot=False, admin=False)

    async def group(self, group: str) -> frozenset[str]:
        return frozenset()

    async def admins(self) -> frozenset[str]:
        return frozenset()

    async def place(self, channel: str) -> Place | None:
        return None

    async def remove(self, posted: Posted) -> bool:
        self._life.check()
        return self._channel.posted.pop(posted, None) is not None

    async def end_session(self, channel: str, thread_ts: str) -> None:
        self._life.check()


@dataclass
class MortalLab(LabConnector):
    """The laboratory, of which every effect is crossed twice: just before it, and just after."""

    life: Life | None = None
    blind: Collection[str] = field(default_factory=tuple)

    def tools(self) -> Sequence[Tool]:
        return [MortalTool(self, name, effect, model) for name, (effect, model) in TOOLS.items()]


@dataclass
class MortalTool(LabTool):
    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        life = cast(MortalLab, self.lab).life
        assert life
        life.cross(f"before {self.name}")
        outcome = await super().perform(context, args)
        life.cross(f"after {self.name}")
        return outcome
