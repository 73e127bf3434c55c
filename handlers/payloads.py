"""Reading Slack's payloads: who, where, and Slack's own ids as idempotency keys."""

from collections.abc import Mapping
from typing import Any

from bot.contracts.people import Person
from bot.contracts.slack import Message

Payload = Mapping[str, Any]


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
