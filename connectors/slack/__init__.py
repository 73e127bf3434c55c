"""The only sender of Slack messages."""

from connectors.slack.sender import Sender, api_client

__all__ = ["Sender", "api_client"]
