"""Slack as the core's `Slack`: one place from which everything leaves, its limits and its failures.

Links never unfurl: Slack would fetch an address a mail has put into a text.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.answers import Began, Heard, SessionStatus, Stream
from bot.contracts.errors import MeshClawError
from bot.contracts.people import Member, Person, Profile
from bot.contracts.slack import Message, Place, Posted, View
from connectors.slack.api import CLOSED, GONE, Refused, ask
from connectors.slack.history import EVENT_TYPE, History
from connectors.slack.pace import EVERY, Pace
from connectors.slack.people import People
from connectors.slack.streams import GAP, Streams
from connectors.slack.threads import Threads

_TEXT_LIMIT = 4000  # of chat.update; the blocks carry everything
_TITLE_LIMIT = 200
_STATUS_LIMIT = 200
_LOADING_LINES = 10


class Sender:
    """Implements `bot.contracts.slack.Slack` and `bot.contracts.answers.Conversations`. `history` and `channels` are
    for this package's own tools. `pace`: seconds between two messages in one channel, `gap`: between two growths of
    one answer; 0 for a Slack without limits."""

    def __init__(self, client: AsyncWebClient, *, pace: float = EVERY, gap: float = GAP) -> None:
        self._client = client
        self._people = People(client)
        self._pace = Pace(pace)
        self._threads = Threads(client)
        self._streams = Streams(client, self, self._pace, gap=gap)
        self._direct: dict[str, str] = {}
        self.history = History(client)

    async def direct(self, person: Person) -> str:
        known = self._direct.get(person.user)
        if known is None:
            answer = await ask(lambda: self._client.conversations_open(users=person.user))
            known = self._direct[person.user] = str(answer["channel"]["id"])
        return known

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted:
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
        leaving = _leaving(message, channel=channel, thread_ts=thread_ts, metadata=metadata)
        async with self._pace.turn(channel):
            answer = await ask(lambda: self._client.chat_postMessage(**leaving))
        return Posted(str(answer["channel"]), str(answer["ts"]))

    async def find(self, channel: str, key: str, thread_ts: str | None = None) -> Posted | None:
        return await self.history.find(channel, key, thread_ts)

    async def update(self, posted: Posted, message: Message) -> bool:
        leaving = _leaving(message, channel=posted.channel, ts=posted.ts)
        try:
            await ask(lambda: self._client.chat_update(**leaving))
        except Refused as refused:
            if refused.code in GONE:
                return False
            raise
        return True

    async def remove(self, posted: Posted) -> bool:
        try:
            await ask(lambda: self._client.chat_delete(channel=posted.channel, ts=posted.ts))
        except Refused as refused:
            if refused.code in GONE:
                return False
            raise
        return True

    async def update_view(self, view_id: str, view: View) -> bool:
        try:
            await ask(lambda: self._client.views_update(view_id=view_id, view=dict(view)))
        except Refused as refused:
            if refused.code in GONE:
                return False
            raise
        return True

    async def whisper(self, channel: str, person: Person, message: Message, thread_ts: str | None = None) -> None:
        try:
            await self._whisper(channel, person, message, thread_ts)
        except Refused as refused:
            if refused.code not in CLOSED:
                raise
            await self._whisper(await self.direct(person), person, message)

    async def _whisper(self, channel: str, person: Person, message: Message, thread_ts: str | None = None) -> None:
        leaving = _leaving(message, channel=channel, user=person.user, thread_ts=thread_ts)
        await ask(lambda: self._client.chat_postEphemeral(**leaving))

    async def publish_home(self, person: Person, view: View) -> None:
        await ask(lambda: self._client.views_publish(user_id=person.user, view=dict(view)))

    async def end_session(self, channel: str, thread_ts: str) -> None:
        with suppress(Refused):  # a kindness: what was at work has ended, whatever Slack shows
            await self._set_session(channel, thread_ts, "active")

    def open_stream(self, channel: str, thread_ts: str, person: Person, *, began: Began) -> Stream:
        return self._streams.open(channel, thread_ts, person, began)

    async def status(self, channel: str, thread_ts: str, text: str, loading: Sequence[str] = ()) -> None:
        shown = self._set_status(channel, thread_ts, text, loading)
        if text:
            await asyncio.gather(shown, self.session(channel, thread_ts, "processing"))
        else:
            await shown

    async def session(self, channel: str, thread_ts: str, status: SessionStatus, title: str = "") -> None:
        with suppress(MeshClawError):
            await self._set_session(channel, thread_ts, status, title)

    async def mend(self, posted: Posted) -> None:
        await self._streams.mend(posted)

    async def orphans(self, channel: str, thread_ts: str, since_ts: str, known: frozenset[str]) -> list[Posted]:
        return await self._threads.orphans(channel, thread_ts, since_ts, known)

    async def begun(self, channel: str, thread_ts: str, since: float, text: str) -> Posted | None:
        """For the answers of this package: a message that began though nobody was told."""
        return await self._threads.begun(channel, thread_ts, since, text)

    async def thread(self, channel: str, thread_ts: str | None, limit: int) -> tuple[Heard, ...]:
        return await self._threads.thread(channel, thread_ts, limit)

    async def _set_status(self, channel: str, thread_ts: str, text: str, loading: Sequence[str]) -> None:
        lines = [line[:_STATUS_LIMIT] for line in loading[:_LOADING_LINES]]
        with suppress(MeshClawError):
            await ask(
                lambda: self._client.assistant_threads_setStatus(
                    channel_id=channel,
                    thread_ts=thread_ts,
                    status=text[:_STATUS_LIMIT],
                    loading_messages=lines or None,
                )
            )

    async def _set_session(self, channel: str, thread_ts: str, status: SessionStatus, title: str = "") -> None:
        named = " ".join(title.split())[:_TITLE_LIMIT] or None
        await ask(
            lambda: self._client.agents_sessions_setStatus(
                channel_id=channel, thread_ts=thread_ts, status=status, title=named
            )
        )

    async def profile(self, person: Person) -> Profile:
        return await self._people.profile(person)

    async def member(self, user: str) -> Member:
        return await self._people.member(user)

    async def group(self, group: str) -> frozenset[str]:
        return await self._people.group(group)

    async def admins(self) -> frozenset[str]:
        return await self._people.admins()

    async def place(self, channel: str) -> Place | None:
        return await self._people.place(channel)

    async def channels(self, user: str | None = None) -> Mapping[str, str]:
        """The channels the app is in, or those of a person that the app may know of: id → "#name"."""
        return await self._people.channels(user)


def _leaving(message: Message, **where: Any) -> dict[str, Any]:
    """The arguments of everything that leaves as a message, whichever way: nothing in it is fetched by Slack, and no
    name or address in its text becomes a mention or a link by itself."""
    text = message.text if len(message.text) <= _TEXT_LIMIT else message.text[: _TEXT_LIMIT - 1] + "…"
    return {
        "text": text,
        "blocks": [dict(block) for block in message.blocks] or None,
        "unfurl_links": False,
        "unfurl_media": False,
        "parse": "none",
        "link_names": False,
        **where,
    }
