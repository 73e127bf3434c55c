"""The one error boundary: known errors become their message, unknown ones an id. Bodies are never logged."""

import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from bot.contracts.errors import MeshClawError, PersonMends, TimeMends
from bot.contracts.slack import Message
from bot.views import errors as error_views
from handlers import shapes

_log = structlog.get_logger("handlers")


def said(error: Exception, where: str) -> Message:
    """Log an unexpected error under a new id; the message that names the id."""
    error_id = secrets.token_hex(4)
    _log.error("listener failed", error_id=error_id, where=where, exc_info=error)
    return error_views.unexpected(error_id)


def not_opened(error: SlackApiError) -> MeshClawError:
    """Slack did not open a modal: the click or the command is too old for it, or was never made."""
    _log.warning("modal not opened", error=str(error.response.get("error")))
    return TimeMends("Slack did not open the window.", "Try it once more.")


def unreadable(_error: ValueError) -> MeshClawError:
    """What a modal carries with it was not written by us."""
    return PersonMends("This does not belong to any card.", "Press the card's button again.")


def register(app: AsyncApp) -> None:
    async def unacknowledged(error: Exception, body: Mapping[str, Any]) -> BoltResponse:
        """No acknowledgement: Slack tells the person, and delivers an event again. What Bolt itself tripped over, being
        nothing Slack sends, need not come again."""
        if not shapes.is_sound(body):
            return shapes.nothing_of_it()
        said(error, "listener")
        return BoltResponse(status=500, body="")

    app.error(unacknowledged)
