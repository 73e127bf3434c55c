"""Message shortcuts: "Ask MeshClaw about this" on any message."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.engine.engine import Engine
from bot.views import question
from handlers.errors import not_opened
from handlers.payloads import typed


def register(app: AsyncApp, engine: Engine) -> None:
    async def asked(ack: AsyncAck, shortcut: Mapping[str, Any], client: AsyncWebClient) -> None:
        """The question is asked in a modal; the answer comes in direct messages, where only the person reads it."""
        view = question.form(typed(str(shortcut["message"].get("text") or "")))
        try:
            await client.views_open(trigger_id=str(shortcut["trigger_id"]), view=dict(view))
        except SlackApiError as error:
            not_opened(error)
        await ack()

    app.shortcut(question.CALLBACK)(ack=asked, lazy=[])
