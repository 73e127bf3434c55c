"""Slack: the only sender of its messages, and what a person's agents may do there."""

from connectors.slack.api import api_client, kept_alive
from connectors.slack.checks import app_check, bot_checks
from connectors.slack.connector import SlackConnector
from connectors.slack.sender import Sender

__all__ = ["Sender", "SlackConnector", "api_client", "app_check", "bot_checks", "kept_alive"]
