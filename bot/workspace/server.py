"""The local workspace as one server on 127.0.0.1: Slack's side under `/api/`, a person's under `/human/`, its page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from aiohttp import web

from bot.workspace.api.gateway import Gateway
from bot.workspace.assembly import SLACKS_OWN, Timing, assemble
from bot.workspace.errors import HumanError, SlackError
from bot.workspace.human.administering import Administering
from bot.workspace.human.control import Control
from bot.workspace.human.doing import Doing
from bot.workspace.human.seeing import Seeing
from bot.workspace.interactions import Interactions
from bot.workspace.responses import Responses
from bot.workspace.services import Services
from bot.workspace.sockets import LINK_PATH
from bot.workspace.uploads import MAX_BYTES

HOST = "127.0.0.1"
PAGE = Path(__file__).parent / "page"
# Slack's Python client leaves the port out of the Host of its WebSocket; the link's ticket shows whose it is.
_BARE_HOSTS = (HOST, "localhost")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Workspace:
    """A running workspace. Its state lives in a folder; starting again on that folder finds it again.

    `url` is `http://127.0.0.1:PORT`, `api_url` what `SLACK_API_URL` takes. Tokens: `bot.workspace.model.BOT_TOKEN`
    and `APP_TOKEN`.
    """

    def __init__(self, services: Services, runner: web.AppRunner, port: int) -> None:
        self._services = services
        self._runner = runner
        self.port = port

    @classmethod
    async def start(
        cls,
        *,
        port: int,
        data: Path,
        manifest: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.time,
        timing: Timing = SLACKS_OWN,
    ) -> Self:
        """Starts serving. Port 0 takes a free one.

        `manifest` is the app's manifest as a mapping: its scopes, events and commands then hold; without one the app
        may do everything. `clock` gives POSIX seconds. Raises `OSError` when the port is taken, `sqlite3.Error` when
        `data` cannot be written.
        """
        address = _Address()
        services = await assemble(data, manifest, clock, timing, address.url)
        runner = web.AppRunner(
            _application(services, address),
            access_log=None,
            max_line_size=1 << 20,  # the Python SDK puts whole messages into the query string
            max_field_size=1 << 16,
            shutdown_timeout=0.5,
        )
        try:
            await runner.setup()
            site = web.TCPSite(runner, HOST, port)
            await site.start()
        except OSError:
            services.schedule.close()
            await runner.cleanup()
            await services.journal.close()
            raise
        address.port = runner.addresses[0][1]
        return cls(services, runner, address.port)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    async def stop(self) -> None:
        """Stops serving; all that was accepted is on disk when it returns."""
        services = self._services
        services.schedule.close()
        services.changes.close()
        services.sockets.close()
        await services.dispatcher.close()
        await self._runner.cleanup()
        await services.journal.close()


class _Address:
    """Where the server listens, known once it does."""

    port = 0

    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def own(self) -> tuple[str, str]:
        return f"{HOST}:{self.port}", f"localhost:{self.port}"


def _application(services: Services, address: _Address) -> web.Application:
    interactions = Interactions(
        services.state, services.surfaces, services.tickets, services.dispatcher, services.base_url, services.clock
    )
    application = web.Application(middlewares=[_own_host_only(address), _told], client_max_size=MAX_BYTES + 1024)
    gateway = Gateway(services)
    application.add_routes(
        [
            web.get("/api/{method}", gateway.handle, allow_head=False),
            web.post("/api/{method}", gateway.handle),
            web.get(LINK_PATH, services.sockets.accept, allow_head=False),
            web.post("/response/{token}", Responses(services).handle),
            *Seeing(services, interactions).routes(),
            *Doing(services, interactions).routes(),
            *Administering(services).routes(),
            *Control(services).routes(),
            *_FileRoutes(services).routes(),
            web.get("/", _index),
        ]
    )
    application.on_response_prepare.append(_uncached)
    if PAGE.is_dir():
        application.router.add_static("/page", PAGE)
    return application


async def _index(request: web.Request) -> web.StreamResponse:
    index = PAGE / "index.html"
    if not await asyncio.to_thread(index.is_file):
        raise web.HTTPNotFound
    return web.FileResponse(index, headers={"Cache-Control": "no-cache", "X-Frame-Options": "DENY"})


async def _uncached(request: web.Request, response: web.StreamResponse) -> None:
    if request.path.startswith("/page/"):
        response.headers["Cache-Control"] = "no-cache"


class _FileRoutes:
    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/upload/{id}", self.upload), web.get("/files/{id}/{name}", self.download)]

    async def upload(self, request: web.Request) -> web.Response:
        """The second step of an upload: the bytes, raw or as one field of a form."""
        if request.content_type == "multipart/form-data":
            form = await request.post()
            field = next((value for value in form.values() if isinstance(value, web.FileField)), None)
            content = await asyncio.to_thread(field.file.read) if field else b""
        else:
            content = await request.read()
        if not await self._services.uploads.receive(request.match_info["id"], content):
            raise web.HTTPNotFound
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Always as a download: an uploaded page must not run with the workspace's own origin."""
        id = request.match_info["id"]
        try:
            described = await self._services.uploads.info(id)
        except SlackError:
            raise web.HTTPNotFound from None
        name = quote(str(described["name"]))
        return web.FileResponse(
            self._services.uploads.path(id),
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
                "X-Content-Type-Options": "nosniff",
            },
        )


def _own_host_only(address: _Address) -> Any:
    """Refuses requests meant for another host or sent by another site: `/human` can act as anybody."""

    @web.middleware
    async def refuse(request: web.Request, handler: _Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        own_host = request.host in address.own or (request.path == LINK_PATH and request.host in _BARE_HOSTS)
        own_origin = origin is None or origin in [f"http://{host}" for host in address.own]
        from_elsewhere = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        if not own_host or not own_origin or (from_elsewhere and request.path != "/"):
            return web.json_response({"ok": False, "error": "not_for_this_host"}, status=403)
        return await handler(request)

    return refuse


@web.middleware
async def _told(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Turns a refusal into its answer, and an unforeseen failure into an id that the log explains."""
    try:
        return await handler(request)
    except HumanError as error:
        return web.json_response({"error": error.code, "message": str(error)}, status=error.status)
