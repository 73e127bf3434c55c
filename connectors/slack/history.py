"""Looking for the app's own messages, and nobody else's: nothing of what is read here is kept."""

import time
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.errors import OutcomeUnknown
from bot.contracts.slack import Posted
from connectors.slack.api import Refused, ask, pages

EVENT_TYPE = "meshclaw_message"
_LATEST = 100
_PAGE = 200
_PAGES = 20
_SOUGHT = 14 * 24 * 3600.0
"""Seconds to look back: longer than any plan is kept, and so than any call that may have posted something."""

Found = Mapping[str, Any]


class History:
    """What stands in a channel or a thread."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def find(self, channel: str, key: str, thread_ts: str | None = None) -> Posted | None:
        """A message of ours with that key among the channel's latest 100; a thread is looked through as `seek` does."""
        if thread_ts is not None:
            return await self.seek(channel, key, thread_ts)
        answer = await ask(
            lambda: self._client.conversations_history(channel=channel, limit=_LATEST, include_all_metadata=True)
        )
        return _with_key(answer, channel, key)

    async def seek(self, channel: str, key: str, thread_ts: str | None = None) -> Posted | None:
        """The message of ours with that key, wherever it stands in the channel or that thread. None: it was certainly
        not posted within two weeks. Raises OutcomeUnknown where more was written since than can be looked through."""
        oldest = f"{time.time() - _SOUGHT:.6f}"
        seen = 0
        async for page in pages(
            lambda cursor: self._read(channel, thread_ts, oldest=oldest, cursor=cursor, limit=_PAGE)
        ):
            if found := _with_key(page, channel, key):
                return found
            seen += 1
            if seen == _PAGES and page.get("has_more"):
                raise OutcomeUnknown("Too much was written there since to tell whether this was posted.")
        return None

    async def message(self, posted: Posted, thread_ts: str | None = None) -> Found | None:
        """A message as it stands now; None when it was deleted."""
        try:
            answer = await ask(
                lambda: self._read(
                    posted.channel, thread_ts, oldest=posted.ts, latest=posted.ts, inclusive=True, limit=2
                )
            )
        except Refused as refused:
            if refused.code != "thread_not_found":
                raise
            return None
        there = [each for each in answer["messages"] if each.get("ts") == posted.ts]
        # of a deleted message with answers below it, a sign of that stays
        return next((each for each in there if each.get("subtype") != "tombstone"), None)

    async def _read(self, channel: str, thread_ts: str | None, **bounds: Any) -> Any:
        """A stretch of the channel, or of a thread in it."""
        if thread_ts is None:
            return await self._client.conversations_history(channel=channel, include_all_metadata=True, **bounds)
        return await self._client.conversations_replies(
            channel=channel, ts=thread_ts, include_all_metadata=True, **bounds
        )


def _with_key(answer: Any, channel: str, key: str) -> Posted | None:
    for message in answer["messages"]:
        metadata = message.get("metadata") or {}
        if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload", {}).get("key") == key:
            return Posted(channel, str(message["ts"]))
    return None
