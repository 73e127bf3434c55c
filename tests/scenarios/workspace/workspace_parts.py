"""A person at the human side, and a clock that a test may put forward."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot.workspace.assembly import Timing

Json = dict[str, Any]
QUICK = Timing(ack=0.5, retries=(0.0, 0.05, 0.05))


class Clock:
    """The time, and as much later as a test wants it to be."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Human:
    """The human side, spoken as JSON. A refusal is an AssertionError that says why."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def get(self, call: str, **query: Any) -> Json:
        async with self.session.get(f"/human/{call}", params=_named(query)) as answer:
            body: Json = await answer.json()
            assert answer.status == 200, body
            return body

    async def post(self, call: str, **body: Any) -> Json:
        status, answer = await self.try_post(call, **body)
        assert status == 200, answer
        return answer

    async def try_post(self, call: str, **body: Any) -> tuple[int, Json]:
        async with self.session.post(f"/human/{call}", json=_named(body)) as answer:
            return answer.status, await answer.json()

    async def messages(self, as_: str, channel: str, **query: Any) -> list[Json]:
        answer = await self.get("messages", as_=as_, channel=channel, **query)
        return list(answer["messages"])

    async def until(self, look: Callable[[], Awaitable[Any]], seconds: float = 5.0) -> Any:
        """What `look` finds, once it finds something: each visible change is a reason to look again."""
        async with asyncio.timeout(seconds), self.session.get("/human/log") as log:
            while True:
                if found := await look():
                    return found
                await log.content.readline()


def _named(fields: Json) -> Json:
    return {"as" if key == "as_" else key: value for key, value in fields.items() if value is not None}


Connect = Callable[[], Awaitable[AsyncSocketModeHandler]]
