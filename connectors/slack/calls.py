"""The three calls of a growing message, and what their refusals mean.

https://docs.slack.dev/reference/methods/chat.startStream
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.people import Person
from bot.contracts.slack import Blocks, Posted, SlackAway
from connectors.slack.api import GONE, Refused, ask, code_of
from connectors.slack.growing import Piece, chunk
from connectors.slack.history import EVENT_TYPE

KEY = "answer"
"""The key of an answer that has ended: one without any was left open by a process that died."""
Became = Literal["done", "ended", "gone"]
"""What became of a call: it was done; Slack or a person has ended the message, so it grows no more; it was deleted."""

_ENDED = {"message_not_in_streaming_state", "streaming_state_conflict", "streaming_mode_mismatch"}
_WAIT = 1.0
_log = structlog.get_logger("slack")


class Limited(SlackAway):
    """Slack wants fewer calls, and did nothing. `wait`: for how many seconds."""

    def __init__(self, wait: float) -> None:
        self.wait = wait
        super().__init__("Slack does not answer for now.", "MeshClaw tries again by itself.")


class Calls:
    """All methods raise SlackAway, of which Limited is certain to have done nothing, and Refused."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def start(self, channel: str, thread_ts: str, person: Person, pieces: Sequence[Piece]) -> Posted:
        answer = await _asked(
            lambda: self._client.chat_startStream(
                channel=channel,
                thread_ts=thread_ts,
                recipient_user_id=person.user,
                recipient_team_id=person.team,
                chunks=[chunk(piece) for piece in pieces],
                task_display_mode="timeline",
            )
        )
        return Posted(str(answer["channel"]), str(answer["ts"]))

    async def append(self, posted: Posted, pieces: Sequence[Piece]) -> Became:
        chunks = [chunk(piece) for piece in pieces]
        return await _became(
            lambda: self._client.chat_appendStream(channel=posted.channel, ts=posted.ts, chunks=chunks)
        )

    async def stop(
        self, posted: Posted, pieces: Sequence[Piece] = (), blocks: Blocks = (), status: str | None = None
    ) -> Became:
        """Blocks or a status that Slack refuses are left out: the text matters more."""
        more: dict[str, Any] = {"blocks": [dict(block) for block in blocks] or None, "session_status": status}
        try:
            return await self._stop(posted, pieces, more)
        except Refused as refused:
            if not any(more.values()):
                raise
            _log.error("the end of an answer was refused", code=refused.code)
            return await self._stop(posted, pieces, {})

    async def _stop(self, posted: Posted, pieces: Sequence[Piece], more: Mapping[str, Any]) -> Became:
        chunks = [chunk(piece) for piece in pieces] or None
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": KEY}}
        return await _became(
            lambda: self._client.chat_stopStream(
                channel=posted.channel, ts=posted.ts, chunks=chunks, metadata=metadata, **more
            )
        )


async def _became(call: Callable[[], Awaitable[Any]]) -> Became:
    try:
        await _asked(call)
    except Refused as refused:
        if refused.code in GONE:
            return "gone"
        if refused.code in _ENDED:
            return "ended"
        raise
    return "done"


async def _asked(call: Callable[[], Awaitable[Any]]) -> Any:
    """As `ask`. The client has obeyed Retry-After twice before it gives up."""
    wait: float | None = None

    async def noted() -> Any:
        nonlocal wait
        try:
            return await call()
        except SlackApiError as error:
            if code_of(error) == "ratelimited":
                wait = _retry_after(error)
            raise

    try:
        return await ask(noted)
    except SlackAway:
        if wait is None:
            raise
        raise Limited(wait) from None


def _retry_after(error: SlackApiError) -> float:
    headers: Mapping[str, str] = getattr(error.response, "headers", None) or {}
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(said) if said.isdigit() else _WAIT
