"""Reading Slack's payloads: who, where, and Slack's own ids as idempotency keys."""

import html
import re
from collections.abc import Mapping
from typing import Any

from bot.contracts.people import Person
from bot.contracts.slack import Message

Payload = Mapping[str, Any]
_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?:mailto:)?([^<>|]*)(?:\|([^<>]*))?>")


def person_of(body: Payload) -> Person:
    """Who clicked, submitted or typed: from the signed payload alone."""
    team = (body.get("team") or {}).get("id") or body["user"].get("team_id") or ""
    return Person(str(team), str(body["user"]["id"]))


def click_key(body: Payload, action: Payload) -> str:
    """The same for a redelivery of one click, another for the next click."""
    place = body.get("container") or {}
    where = place.get("message_ts") or place.get("view_id") or ""
    return f"click:{body['user']['id']}:{where}:{action['action_id']}:{action.get('action_ts', '')}"


def value_of(action: Payload) -> str:
    """What a button carries, or a menu was set to."""
    selected = action.get("selected_option") or {}
    return str(action.get("value") or selected.get("value") or "")


def fields(message: Message) -> dict[str, Any]:
    """A message as arguments of Slack's answers."""
    return {"text": message.text, "blocks": [dict(block) for block in message.blocks]}


def typed(text: str) -> str:
    """A message's text as it was typed: without the mention it begins with, without Slack's markup of addresses,
    and without the command's own slash."""
    plain = _MENTION.sub(" ", text, count=1) if text.lstrip().startswith("<@") else text
    plain = html.unescape(_LINK.sub(lambda link: link[2] or link[1], plain)).strip()
    word, _, rest = plain.partition(" ")
    return rest.strip() if word.lower() == "/meshclaw" else plain
