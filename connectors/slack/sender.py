"""Slack's Web API as the core's `Slack`: one place for sending, its limits and its failures.

Links never unfurl: Slack would fetch an address a mail has put into a text.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.errors import OperatorMends
from bot.contracts.people import Person, Profile
from bot.contracts.slack import Message, Posted, SlackAway, View

EVENT_TYPE = "meshclaw_message"
_PROFILE_KEPT = 3600.0  # seconds; a changed time zone shows within the hour
_TEXT_LIMIT = 4000  # of chat.update; the blocks carry everything
_AWAY = {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
_GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "not_found"}
_CLOSED = {"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived"}
_log = structlog.get_logger("slack")


def api_client(token: str, api_url: str | None = None) -> AsyncWebClient:
    """A Web API client that obeys Retry-After twice and never re-sends after a dropped connection: the second
    message would be a duplicate."""
    retries = [AsyncRateLimitErrorRetryHandler(max_retry_count=2)]
    base = api_url or AsyncWebClient.BASE_URL
    return AsyncWebClient(token=token, base_url=base, timeout=15, retry_handlers=list(retries))


def code_of(error: SlackApiError) -> str:
    """Slack's error code; empty when what answered was not Slack's API, such as a page of a server in between."""
    data = getattr(error.response, "data", error.response)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


class Sender:
    """Implements `bot.contracts.slack.Slack`."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._direct: dict[str, str] = {}
        self._profiles: dict[str, tuple[float, Profile]] = {}

    async def direct(self, person: Person) -> str:
        known = self._direct.get(person.user)
        if known is None:
            answer = await self._ask(lambda: self._client.conversations_open(users=person.user))
            known = self._direct[person.user] = str(answer["channel"]["id"])
        return known

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted:
        answer = await self._ask(
            lambda: self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
                **_content(message),
            )
        )
        return Posted(str(answer["channel"]), str(answer["ts"]))

    async def find(self, channel: str, key: str) -> Posted | None:
        answer = await self._ask(
            lambda: self._client.conversations_history(channel=channel, limit=100, include_all_metadata=True)
        )
        for message in answer["messages"]:
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload", {}).get("key") == key:
                return Posted(channel, str(message["ts"]))
        return None

    async def update(self, posted: Posted, message: Message) -> bool:
        try:
            await self._ask(
                lambda: self._client.chat_update(
                    channel=posted.channel, ts=posted.ts, unfurl_links=False, unfurl_media=False, **_content(message)
                )
            )
        except _Refused as refused:
            if refused.code in _GONE:
                return False
            raise
        return True

    async def update_view(self, view_id: str, view: View) -> bool:
        try:
            await self._ask(lambda: self._client.views_update(view_id=view_id, view=dict(view)))
        except _Refused as refused:
            if refused.code in _GONE:
                return False
            raise
        return True

    async def whisper(self, channel: str, person: Person, message: Message, thread_ts: str | None = None) -> None:
        try:
            await self._whisper(channel, person, message, thread_ts)
        except _Refused as refused:
            if refused.code not in _CLOSED:
                raise
            await self._whisper(await self.direct(person), person, message)

    async def _whisper(self, channel: str, person: Person, message: Message, thread_ts: str | None = None) -> None:
        await self._ask(
            lambda: self._client.chat_postEphemeral(
                channel=channel, user=person.user, thread_ts=thread_ts, **_content(message)
            )
        )

    async def publish_home(self, person: Person, view: View) -> None:
        await self._ask(lambda: self._client.views_publish(user_id=person.user, view=dict(view)))

    async def profile(self, person: Person) -> Profile:
        kept = self._profiles.get(person.user)
        if kept and time.monotonic() - kept[0] < _PROFILE_KEPT:
            return kept[1]
        answer = await self._ask(lambda: self._client.users_info(user=person.user, include_locale=True))
        user: Mapping[str, Any] = answer["user"]
        profile = Profile(
            name=str(user.get("real_name") or user.get("name") or ""),
            tz=str(user.get("tz") or "UTC"),
            locale=str(user.get("locale") or "en-GB"),
        )
        self._profiles[person.user] = (time.monotonic(), profile)
        return profile

    async def _ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """One call with Slack's failures told apart. Only codes are ever logged."""
        try:
            return await call()
        except SlackApiError as error:
            code = code_of(error)
            if code in _AWAY or not code:
                raise SlackAway("Slack does not answer for now.", "MeshClaw tries again by itself.") from None
            if code not in _GONE | _CLOSED:
                _log.error("slack refused", code=code)
            raise _Refused(code, error.response.get("needed")) from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            _log.warning("slack away", error=type(error).__name__)
            raise SlackAway("Slack does not answer for now.", "MeshClaw tries again by itself.") from None


class _Refused(OperatorMends):
    """Slack said no, for good."""

    def __init__(self, code: str, needed: object = None) -> None:
        self.code = code
        mend = f"Add the scope {needed} to the app and reinstall it." if code == "missing_scope" else ""
        super().__init__(f"Slack refused with “{code}”.", mend or "Run: meshclaw doctor")


def _content(message: Message) -> dict[str, Any]:
    text = message.text if len(message.text) <= _TEXT_LIMIT else message.text[: _TEXT_LIMIT - 1] + "…"
    return {"text": text, "blocks": [dict(block) for block in message.blocks] or None}
