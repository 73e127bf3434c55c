"""reactions.*"""

from __future__ import annotations

import re

from bot.workspace.api.access import joined
from bot.workspace.api.registry import Args, method
from bot.workspace.errors import SlackError
from bot.workspace.limits import Tier
from bot.workspace.model import Json, Message
from bot.workspace.services import Services
from bot.workspace.state import normal_ts
from bot.workspace.wire import message_json


class Reaction(Args):
    channel: str
    timestamp: str
    name: str


class GetReactions(Args):
    channel: str
    timestamp: str


@method("reactions.add", Reaction, scopes="reactions:write", tier=Tier.T3)
def add(services: Services, args: Reaction) -> Json:
    message = _message(services, args.channel, args.timestamp)
    if not services.state.react(message, _name(args.name), services.state.app.bot_user_id):
        raise SlackError("already_reacted")
    return {}


@method("reactions.remove", Reaction, scopes="reactions:write", tier=Tier.T2)
def remove(services: Services, args: Reaction) -> Json:
    message = _message(services, args.channel, args.timestamp)
    if not services.state.unreact(message, _name(args.name), services.state.app.bot_user_id):
        raise SlackError("no_reaction")
    return {}


@method("reactions.get", GetReactions, scopes="reactions:read", tier=Tier.T3)
def get(services: Services, args: GetReactions) -> Json:
    message = _message(services, args.channel, args.timestamp)
    return {"type": "message", "channel": message.channel, "message": message_json(message)}


def _message(services: Services, channel: str, ts: str) -> Message:
    message = services.state.message(joined(services.state, channel).id, normal_ts(ts) or "")
    if message is None:
        raise SlackError("message_not_found")
    return message


def _name(name: str) -> str:
    bare = name.strip(":")
    if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", bare):
        raise SlackError("invalid_name")
    return bare
