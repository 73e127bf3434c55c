"""The App Home: drawn when it is opened; and the first words offered in the messages tab."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.engine.engine import Engine

_PROMPTS = [
    {"title": "Sort my mail", "message": "triage"},
    {"title": "Sort the last week", "message": "triage --since 7d"},
    {"title": "What can you do?", "message": "help"},
]


def register(app: AsyncApp, engine: Engine) -> None:
    async def opened(ack: AsyncAck, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        if event.get("tab") == "home":
            person = Person(str(body["team_id"]), str(event["user"]))
            await engine.enqueue(Request(f"event:{body['event_id']}", person, "home", "open"))
        await ack()

    async def prompts(event: Mapping[str, Any], client: AsyncWebClient) -> None:
        """A kindness: nothing depends on it."""
        if event.get("tab") != "messages":
            return
        try:
            await client.assistant_threads_setSuggestedPrompts(channel_id=str(event["channel"]), prompts=_PROMPTS)
        except SlackApiError:
            return

    app.event("app_home_opened")(ack=opened, lazy=[prompts])
