"""What stands in channels and threads: the app's own messages looked for again, and those that tools read for a person.
Nothing of what is read here is kept."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.errors import OutcomeUnknown
from bot.contracts.slack import Posted
from connectors.slack.api import Refused, ask, pages

EVENT_TYPE = "meshclaw_message"
_LATEST = 100
_PAGE = 200
_LISTED = 999
_PAGES = 20
_SOUGHT = 14 * 24 * 3600.0
"""Seconds to look back: longer than any plan is kept, and so than any call that may have posted something."""

Found = Mapping[str, Any]


class History:
    """What stands in a channel or a thread."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._workspace: str | None = None

    async def listing(self, user: str | None = None) -> Mapping[str, Found]:
        """What Slack says of each channel the app is in, or of those of a person that the app may know of, by id.
        Archived ones are left out."""
        found: dict[str, Found] = {}
        async for page in pages(
            lambda cursor: self._client.users_conversations(
                user=user, types="public_channel,private_channel", exclude_archived=True, limit=_LISTED, cursor=cursor
            )
        ):
            found |= {str(each["id"]): each for each in page["channels"]}
        return found

    async def latest(self, channel: str, oldest: float, limit: int) -> tuple[Sequence[Found], bool]:
        """The newest messages of a channel not older than that, oldest first; and whether there are more."""
        answer = await ask(
            lambda: self._client.conversations_history(channel=channel, oldest=f"{oldest:.6f}", limit=limit)
        )
        return list(reversed(answer["messages"])), bool(answer.get("has_more"))

    async def thread(self, channel: str, ts: str, limit: int) -> tuple[Sequence[Found], bool]:
        """A thread by any of its messages: the first one and the newest others, oldest first; and whether some between
        were left out. Empty when there is none."""
        found: list[Found] = []
        left_out, seen = False, 0
        try:
            async for page in pages(
                lambda cursor: self._client.conversations_replies(channel=channel, ts=ts, cursor=cursor, limit=_PAGE)
            ):
                new = [each for each in page["messages"] if not found or each["ts"] != found[0]["ts"]]
                every = [*found, *new]  # the first message may stand on every page
                found = [*every[:1], *every[1:][-limit:]]
                seen += 1
                left_out = left_out or len(every) > len(found) or seen == _PAGES
                if seen == _PAGES:
                    break
        except Refused as refused:
            if refused.code not in ("thread_not_found", "message_not_found"):
                raise
            return [], False
        return found, left_out

    async def link(self, channel: str, ts: str, thread_ts: str | None = None) -> str:
        """The address of a message in Slack, as Slack writes them."""
        if self._workspace is None:
            self._workspace = str((await ask(self._client.auth_test)).get("url") or "").rstrip("/")
        below = f"?thread_ts={thread_ts}&cid={channel}" if thread_ts and thread_ts != ts else ""
        return f"{self._workspace}/archives/{channel}/p{ts.replace('.', '')}{below}"

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
