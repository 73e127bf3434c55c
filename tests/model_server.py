"""A scripted language model on this machine, for tests: real HTTP, no model.

    async with ModelServer(Script([says("Good morning")])) as server:
        settings = ModelSettings(model="openai:gpt-5", openai_url=server.openai_url, openai_key=SecretStr("k"))

It speaks OpenAI's chat completions and Anthropic's messages, streamed or whole, lists models, keeps what it was asked:
`asked` for what was sent to a model, `served` for what came of it. Its errors repeat the prompt, as providers' do.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from model_script import (
    Answer,
    Answering,
    Asked,
    Fault,
    Script,
    Unscripted,
    answered,
    calls,
    fails,
    hangs,
    says,
    too_long,
)
from model_wire import Anthropic, OpenAI, Wire

__all__ = [
    "Answer",
    "Asked",
    "ModelServer",
    "Script",
    "Served",
    "Unscripted",
    "calls",
    "fails",
    "hangs",
    "says",
    "too_long",
]

MODELS = ("gpt-5", "gpt-5-mini", "claude-sonnet-5-5", "llama3.2:latest")
_BACKLOG = 1024
_LARGEST = 64_000_000
_CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


@dataclass(slots=True)
class Served:
    """What came of one request. `first_text_at`: `loop.time()` when the first piece of text was written; `finished`:
    the answer went out whole, and a provider would send the bill."""

    asked: Asked
    answer: Answer | None = None
    first_text_at: float | None = None
    finished: bool = False


class ModelServer:
    """`script` answers each request. `key`: the only one that is taken, any when None; `models`: what it lists;
    `listed`: the headers of each request for that list."""

    def __init__(
        self, script: Answering, *, key: str | None = None, models: tuple[str, ...] = MODELS, port: int = 0
    ) -> None:
        self.script = script
        self.key = key
        self.models = models
        self.served: list[Served] = []
        self.listed: list[dict[str, str]] = []
        self.unscripted: list[str] = []
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = port

    @property
    def openai_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def anthropic_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def asked(self) -> list[Asked]:
        return [served.asked for served in self.served]

    @property
    def paid(self) -> list[Asked]:
        """What was answered whole."""
        return [served.asked for served in self.served if served.finished]

    @property
    def paid_twice(self) -> list[str]:
        """Bodies that were answered whole more than once."""
        return [body for body, times in Counter(asked.body for asked in self.paid).items() if times > 1]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_post("/v1/chat/completions", self._openai)
        app.router.add_post("/v1/messages", self._anthropic)
        app.router.add_get("/v1/models", self._list)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=_BACKLOG)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        assert self._runner
        await self._runner.cleanup()

    def _refused(self, request: web.Request) -> bool:
        shown = request.headers.get("x-api-key") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.key is not None and shown != self.key

    async def _list(self, request: web.Request) -> web.Response:
        self.listed.append(_headers(request))
        if self._refused(request):
            return web.json_response({"error": {"message": "no"}}, status=401)
        return web.json_response({"object": "list", "data": [{"id": id, "object": "model"} for id in self.models]})

    async def _openai(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, OpenAI())

    async def _anthropic(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, Anthropic())

    async def _answer(self, request: web.Request, wire: Wire) -> web.StreamResponse:
        body = await request.text()
        raw: dict[str, Any] = json.loads(body)
        read = wire.read(raw)
        asked = Asked(
            number=len(self.served) + 1,
            protocol=wire.name,
            model=raw["model"],
            system=read.system,
            messages=read.messages,
            tools=read.tools,
            streamed=bool(raw.get("stream")),
            body=body,
            raw=raw,
            headers=_headers(request),
            at=asyncio.get_running_loop().time(),
        )
        served = Served(asked)
        self.served.append(served)
        try:
            answer = fails(401) if self._refused(request) else await answered(self.script, asked)
        except Unscripted as error:
            self.unscripted.append(str(error))
            answer = fails(500)
        served.answer = answer
        await self._pause(answer.before)
        if answer.fault is Fault.HANG:
            await self._closing.wait()
            return _broken(request)
        if answer.status:
            return self._error(wire, asked, answer)
        send = self._stream if asked.streamed else self._whole
        return await send(request, wire, served, answer)

    def _error(self, wire: Wire, asked: Asked, answer: Answer) -> web.Response:
        assert answer.status
        code = _CODES.get(answer.status, "error")
        message = f"You said: {asked.said}"
        if answer.fault is Fault.TOO_LONG:
            code, message = "context_length_exceeded", f"prompt is too long: maximum context length. {message}"
        headers = {"Retry-After": str(answer.retry_after)} if answer.retry_after is not None else None
        return web.json_response(wire.error(answer.status, code, message), status=answer.status, headers=headers)

    async def _whole(self, request: web.Request, wire: Wire, served: Served, answer: Answer) -> web.StreamResponse:
        for piece in answer.texts:
            await self._pause(0 if isinstance(piece, str) else piece)
        if answer.fault is Fault.STALL:
            await self._closing.wait()
        if answer.fault:
            return _broken(request)
        served.first_text_at = asyncio.get_running_loop().time()
        response = web.json_response(wire.whole(served.asked.number, served.asked.raw, answer))
        await response.prepare(request)
        await response.write_eof()
        served.finished = True
        return response

    async def _stream(self, request: web.Request, wire: Wire, served: Served, answer: Answer) -> web.StreamResponse:
        number, raw = served.asked.number, served.asked.raw
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        for frame in wire.opening(number, raw, answer):
            await response.write(frame)
        for piece in answer.texts:
            if not isinstance(piece, str):
                await self._pause(piece)
                continue
            for frame in wire.piece(number, raw, piece):
                await response.write(frame)
            served.first_text_at = served.first_text_at or asyncio.get_running_loop().time()
        if answer.fault is Fault.STALL:
            await self._closing.wait()
        if answer.fault is Fault.END:
            await response.write_eof()
        elif answer.fault:
            return _broken(request)
        if answer.fault:
            return response
        for frame in wire.closing(number, raw, answer):
            await response.write(frame)
        await response.write_eof()
        served.finished = True
        return response

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the test."""
        if seconds:
            waiting = asyncio.ensure_future(self._closing.wait())
            await asyncio.wait([waiting], timeout=seconds)
            waiting.cancel()


def _headers(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _broken(request: web.Request) -> web.Response:
    """The connection ends in the middle of an answer."""
    if request.transport:
        request.transport.abort()
    return web.Response()
