"""What was said in a thread or a channel, read back; and answers of ours that were left there unfinished."""

import html
import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.answers import Heard
from bot.contracts.slack import Posted
from connectors.slack.api import Refused, ask, pages
from connectors.slack.history import EVENT_TYPE

_PAGE = 200
_SKEW = 30.0  # seconds that our clock and Slack's may be apart
_SAID = {None, "bot_message", "thread_broadcast", "file_share", "me_message"}
"""Kinds of messages that say something; the others tell who came, went or changed the topic."""
_CONTROL = re.compile(r"<([#!]?)([^<>|]+)(?:\|([^<>]*))?>")

Read = Mapping[str, Any]


class Threads:
    """Reading only. All methods raise SlackAway and OperatorMends."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._ours: frozenset[str] = frozenset()

    async def thread(self, channel: str, thread_ts: str | None, limit: int) -> tuple[Heard, ...]:
        """See `bot.contracts.answers.Conversations`. Of a thread that is gone nothing is heard."""
        ours = await self._itself()
        found = await (self._latest(channel, limit) if thread_ts is None else self._thread(channel, thread_ts, limit))
        return tuple(_heard(each, ours) for each in found)

    async def orphans(self, channel: str, thread_ts: str, since_ts: str, known: frozenset[str]) -> list[Posted]:
        ours = await self._itself()
        found: list[Posted] = []
        for each in await self._replies(channel, thread_ts, deque(), oldest=since_ts):
            ts = str(each["ts"])
            marked = (each.get("metadata") or {}).get("event_type") == EVENT_TYPE
            if _is_ours(each, ours) and not marked and float(ts) > float(since_ts) and ts not in known:
                found.append(Posted(channel, ts))
        return found

    async def begun(self, channel: str, thread_ts: str, since: float, text: str) -> Posted | None:
        """An answer of ours that began with that text, at that moment or later, and whose place we never learnt."""
        ours = await self._itself()
        for each in await self._replies(channel, thread_ts, deque(), oldest=f"{since - _SKEW:.6f}"):
            marked = (each.get("metadata") or {}).get("event_type") == EVENT_TYPE
            if _is_ours(each, ours) and not marked and _letters(each.get("text")) == _letters(text):
                return Posted(channel, str(each["ts"]))
        return None

    async def _latest(self, channel: str, limit: int) -> Sequence[Read]:
        found: list[Read] = []
        async for page in pages(
            lambda cursor: self._client.conversations_history(channel=channel, limit=min(limit, _PAGE), cursor=cursor)
        ):
            found += [each for each in page["messages"] if each.get("subtype") in _SAID]
            if len(found) >= limit or not page["messages"]:
                break
        return found[:limit][::-1]

    async def _thread(self, channel: str, thread_ts: str, limit: int) -> Sequence[Read]:
        """Its first message, and the last ones."""
        last: deque[Read] = deque(maxlen=limit)
        await self._replies(channel, thread_ts, last)
        return list(last)

    async def _replies(self, channel: str, thread_ts: str, into: deque[Read], **bounds: Any) -> deque[Read]:
        """A thread comes from its beginning, page by page; the first message stands on the first of them."""
        root: Read | None = None
        try:
            async for page in pages(
                lambda cursor: self._client.conversations_replies(
                    channel=channel, ts=thread_ts, cursor=cursor, limit=_PAGE, include_all_metadata=True, **bounds
                )
            ):
                for each in page["messages"]:
                    if each["ts"] == each.get("thread_ts", each["ts"]):
                        root = each
                    elif each.get("subtype") in _SAID:
                        into.append(each)
        except Refused as refused:
            if refused.code != "thread_not_found":
                raise
        if root is not None and root.get("subtype") in _SAID:
            if into.maxlen is not None and len(into) == into.maxlen:
                into.popleft()
            into.appendleft(root)
        return into

    async def _itself(self) -> frozenset[str]:
        """The app's own ids, as its user and as its bot."""
        if not self._ours:
            answer = await ask(self._client.auth_test)
            self._ours = frozenset(str(answer[name]) for name in ("user_id", "bot_id") if answer.get(name))
        return self._ours


def _is_ours(message: Read, ours: frozenset[str]) -> bool:
    return message.get("user") in ours or message.get("bot_id") in ours


def _letters(text: object) -> str:
    """Slack may give a text back escaped, or laid out in another way."""
    return re.sub(r"[\W_]", "", html.unescape(str(text or "")))


def _heard(message: Read, ours: frozenset[str]) -> Heard:
    profile = message.get("bot_profile") or {}
    return Heard(
        ts=str(message["ts"]),
        user=str(message.get("user") or message.get("bot_id") or ""),
        name=str(message.get("username") or profile.get("name") or ""),
        text=readable(_words(message)),
        by_us=_is_ours(message, ours),
        edited=bool(message.get("edited")),
        files=tuple(str(each.get("name") or each.get("title") or "a file") for each in message.get("files") or ()),
    )


def readable(text: str) -> str:
    """Slack's text as a reader sees it, without its escapes; people stay `<@U1>`."""
    return html.unescape(_CONTROL.sub(_said, text))


def _said(match: re.Match[str]) -> str:
    kind, target, label = match[1], match[2], match[3] or ""
    if kind == "#":
        return f"#{label or target}"
    if kind == "!":
        return label or f"@{target.split('^')[0]}"
    if target.startswith("@"):
        return f"<{target}>"
    return f"{label} ({target})" if label and label != target else target


def _words(message: Read) -> str:
    """The text, or what stands for it: other apps put theirs into attachments or blocks alone."""
    if text := str(message.get("text") or ""):
        return text
    said = [
        str(each.get(name))
        for each in message.get("attachments") or ()
        for name in ("pretext", "title", "text", "fallback")
        if each.get(name)
    ]
    return "\n".join(dict.fromkeys(said)) or "\n".join(_texts(message.get("blocks")))


def _texts(piece: Any) -> list[str]:
    """Texts in blocks, first to last."""
    if isinstance(piece, list):
        return [text for each in piece for text in _texts(each)]
    if not isinstance(piece, dict):
        return []
    text = piece.get("text")
    own = [text] if isinstance(text, str) else _texts(text)
    return [*own, *(found for name in ("elements", "fields", "blocks") for found in _texts(piece.get(name)))]
