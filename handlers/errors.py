"""The one error boundary: known errors become their message, unknown ones an id. Bodies are never logged."""

import secrets

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.contracts.slack import Message
from bot.views import errors as error_views

_log = structlog.get_logger("handlers")


def said(error: Exception, where: str) -> Message:
    """Log an unexpected error under a new id; the message that names the id."""
    error_id = secrets.token_hex(4)
    _log.error("listener failed", error_id=error_id, where=where, exc_info=error)
    return error_views.unexpected(error_id)


def register(app: AsyncApp) -> None:
    async def unacknowledged(error: Exception) -> BoltResponse:
        """No acknowledgement: Slack tells the person, and delivers an event again."""
        said(error, "listener")
        return BoltResponse(status=500, body="")

    app.error(unacknowledged)
