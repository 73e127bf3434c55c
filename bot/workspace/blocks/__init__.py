"""Slack's own rules for blocks, messages and views, as `blocks.validate` judges them."""

from bot.workspace.blocks.payloads import validate_blocks, validate_message, validate_view
from bot.workspace.blocks.problem import Problem

__all__ = ["Problem", "validate_blocks", "validate_message", "validate_view"]
