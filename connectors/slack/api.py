"""Slack's Web API, called: the client, and its failures told apart."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.errors import OperatorMends
from bot.contracts.slack import SlackAway

GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "not_found"}
CLOSED = {"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived"}
NOBODY = {"user_not_found", "user_not_visible", "users_not_found"}
NO_GROUP = {"no_such_subteam", "subteam_not_found", "plan_upgrade_required", "paid_teams_only"}
_AWAY = {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
ENDED = frozenset({"message_not_in_streaming_state", "streaming_state_conflict"})
"""An answer that was ended by a stop, or by Slack."""

_EXPECTED = GONE | CLOSED | NOBODY | NO_GROUP | ENDED
_log = structlog.get_logger("slack")


class Refused(OperatorMends):
    """Slack said no, for good. `code`: its own word for why."""

    def __init__(self, code: str, needed: object = None) -> None:
        self.code = code
        mend = f"Add the scope {needed} to the app and reinstall it." if code == "missing_scope" else ""
        super().__init__(f"Slack refused with “{code}”.", mend or "Run: meshclaw doctor")


def api_client(token: str, api_url: str | None = None) -> AsyncWebClient:
    """A Web API client that obeys Retry-After twice and never re-sends after a dropped connection: the second
    message would be a duplicate."""
    retries = [AsyncRateLimitErrorRetryHandler(max_retry_count=2)]
    base = api_url or AsyncWebClient.BASE_URL
    return AsyncWebClient(token=token, base_url=base, timeout=15, retry_handlers=list(retries))


@asynccontextmanager
async def kept_alive(client: AsyncWebClient) -> AsyncIterator[None]:
    """Within it the client keeps its connections; left to itself it makes one for each call."""
    timeout = aiohttp.ClientTimeout(total=client.timeout)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=client.trust_env_in_session) as session:
        client.session = session
        try:
            yield
        finally:
            client.session = None


def code_of(error: SlackApiError) -> str:
    """Slack's error code; empty when what answered was not Slack's API, such as a page of a server in between."""
    data = getattr(error.response, "data", error.response)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


async def ask(call: Callable[[], Awaitable[Any]]) -> Any:
    """One call. Raises SlackAway when Slack does not answer for now, else Refused. Only codes are ever logged."""
    try:
        return await call()
    except SlackApiError as error:
        code = code_of(error)
        if code in _AWAY or not code:
            raise SlackAway("Slack does not answer for now.", "MeshClaw tries again by itself.") from None
        if code not in _EXPECTED:
            _log.error("slack refused", code=code)
        raise Refused(code, error.response.get("needed")) from None
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        _log.warning("slack away", error=type(error).__name__)
        raise SlackAway("Slack does not answer for now.", "MeshClaw tries again by itself.") from None


async def pages(call: Callable[[str], Awaitable[Any]]) -> AsyncIterator[Any]:
    """Every page of a listing, first to last; `call` takes the cursor, empty at first. Raises as `ask`."""
    cursor = ""
    while True:
        page = await ask(partial(call, cursor))
        yield page
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return
