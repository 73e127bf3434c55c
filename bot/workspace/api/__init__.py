"""The Web API: one module a family of methods; importing them fills the registry."""

from bot.workspace.api import agents, apps, chat, conversations, files, groups, reactions, streams, users, views
from bot.workspace.api.registry import METHODS

__all__ = [
    "METHODS",
    "agents",
    "apps",
    "chat",
    "conversations",
    "files",
    "groups",
    "reactions",
    "streams",
    "users",
    "views",
]
