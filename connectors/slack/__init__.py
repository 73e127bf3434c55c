"""The only sender of Slack messages."""

from connectors.slack.checks import app_check, bot_checks
from connectors.slack.sender import Sender, api_client

__all__ = ["Sender", "api_client", "app_check", "bot_checks"]
