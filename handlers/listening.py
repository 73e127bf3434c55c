"""How Slack reaches MeshClaw: Socket Mode, or signed requests over HTTP; and the Bolt app both feed."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.errors import OperatorMends, TimeMends

T = TypeVar("T")
_log = structlog.get_logger("handlers")
_SOCKETS = 2  # while Slack refreshes one connection, the other still listens


async def bolt_app(client: AsyncWebClient, signing_secret: str | None) -> AsyncApp:
    """A Bolt app authorized by one `auth.test` made now: later ones would cost time and could fail.

    Raises OperatorMends when Slack refuses the token, TimeMends when it does not answer."""
    answer = await _reached(client.auth_test())
    result = AuthorizeResult.from_auth_test_response(
        auth_test_response=answer, bot_token=client.token, user_token=None, user_auth_test_response=None
    )

    async def authorize() -> AuthorizeResult:
        return result

    secret = signing_secret or "unused in socket mode"
    return AsyncApp(client=client, process_before_response=True, signing_secret=secret, authorize=authorize)


@asynccontextmanager
async def by_socket(app: AsyncApp, client: AsyncWebClient) -> AsyncIterator[None]:
    """Connected by Socket Mode. `client` carries the app-level token. Raises OperatorMends when Slack refuses it,
    TimeMends when it does not answer."""
    await _reached(client.apps_connections_open(app_token=str(client.token)))  # the SDK would try a wrong one for ever
    sockets = [AsyncSocketModeHandler(app, client.token, web_client=client) for _ in range(_SOCKETS)]
    try:
        for socket in sockets:
            await _reached(socket.connect_async())  # type: ignore[no-untyped-call]
        yield
    finally:
        for socket in sockets:
            await socket.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def by_http(app: AsyncApp, host: str, port: int) -> AsyncIterator[int]:
    """Serving signed requests at /slack/events, and /health; yields the port. Raises OSError when it is taken."""

    async def events(request: web.Request) -> web.Response:
        stamp, signature = (request.headers.get(f"X-Slack-{name}", "") for name in ("Request-Timestamp", "Signature"))
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 16 and signature.isascii()):
            return web.Response(status=401)  # Bolt would answer 500
        try:
            return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))
        except Exception as error:  # Bolt trips over payloads Slack never sends, before it looks at their signature
            _log.warning("request not understood", error=type(error).__name__)
            return web.Response(status=400)

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    server = web.Application()
    server.add_routes([web.post("/slack/events", events), web.get("/health", health)])
    runner = web.AppRunner(server)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _reached(call: Awaitable[T]) -> T:
    """One of the first calls to Slack, its failures told apart for whoever starts MeshClaw."""
    try:
        return await call
    except SlackApiError as error:
        data = getattr(error.response, "data", None)
        if not isinstance(data, dict):
            raise OperatorMends("No Slack answers there.", "Check SLACK_API_URL: it ends in /api/.") from None
        raise OperatorMends(
            f"Slack refused: {data.get('error')}.", "Check the tokens; meshclaw doctor tells more."
        ) from None
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        mend = f"Check the network and SLACK_API_URL ({type(error).__name__})."
        raise TimeMends("Slack does not answer.", mend) from None
