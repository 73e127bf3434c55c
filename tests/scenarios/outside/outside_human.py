"""What a person does and sees in the local workspace, for the tests that let an outside app live in it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp

Json = dict[str, Any]
T = TypeVar("T")


class Human:
    """What a person does and sees, through `/human/…` alone."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str, **query: str) -> Json:
        async with self._session.get(f"/human/{path}", params=query) as answer:
            assert answer.status == 200, await answer.text()
            found: Json = await answer.json()
            return found

    async def do(self, path: str, **what: Any) -> Json:
        async with self._session.post(f"/human/{path}", json=what) as answer:
            assert answer.status == 200, await answer.text()
            done: Json = await answer.json()
            return done

    async def messages(self, person: str, channel: str) -> list[Json]:
        answer = await self.get("messages", **{"as": person, "channel": channel})
        return list(answer["messages"])

    async def modals(self, person: str) -> list[Json]:
        return list((await self.get("modals", **{"as": person}))["views"])

    async def message(self, person: str, channel: str, wanted: Callable[[Json], bool]) -> Json:
        """The newest message of that kind, waiting until there is one."""

        async def look() -> Json | None:
            return next(filter(wanted, reversed(await self.messages(person, channel))), None)

        return await eventually(look)

    async def calls(self, method: str) -> list[Json]:
        return list((await self.get("calls", method=method))["calls"])


async def eventually(look: Callable[[], Awaitable[T | None]], seconds: float = 10) -> T:
    """What `look` finds, asked again until it finds something."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):
            await asyncio.sleep(0.02)
        return found
