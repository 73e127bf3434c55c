"""Buttons and menus. `gate.*` decides cards, `<room>.view.<name>` opens a modal, `<agent>.<action>` asks an agent."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.errors import MeshClawError
from bot.contracts.requests import Request
from bot.engine.engine import Engine
from bot.views import notices
from handlers.payloads import Payload, click_key, person_of, value_of


def register(app: AsyncApp, engine: Engine) -> None:
    async def decide(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await engine.enqueue(_click(body, action, {"plan": value_of(action), "ts": _place(body)[1]}))
        await ack()

    async def open_view(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any], client: AsyncWebClient
    ) -> None:
        try:
            await _show(engine, client, body, action)
        except MeshClawError as error:
            view = notices.problem(error.message, error.mend)
            show = client.views_push if body.get("view") else client.views_open
            await show(trigger_id=str(body["trigger_id"]), view=dict(view))
        await ack()

    async def ask_agent(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        channel, ts = _place(body)
        args = {"value": value_of(action), "block": str(action.get("block_id", "")), "channel": channel, "ts": ts}
        view = body.get("view") or {}
        if view.get("type") == "modal":
            args |= {"view": view["id"], "metadata": view.get("private_metadata")}
        await engine.enqueue(_click(body, action, args))
        await ack()

    async def nothing(ack: AsyncAck) -> None:
        await ack()

    app.action(re.compile(r"^gate\.(approve|deny|undo)$"))(ack=decide, lazy=[])
    app.action(re.compile(r"^[a-z_]+\.view\.[a-z_]+$"))(ack=open_view, lazy=[])
    app.action(re.compile(r"^(?!gate\.|choice\.)[a-z_]+\.[a-z_]+$"))(ack=ask_agent, lazy=[])
    app.action(re.compile(".*"))(ack=nothing, lazy=[])  # ticks in a modal, links: nothing to do until submitted


def _click(body: Payload, action: Payload, args: dict[str, Any]) -> Request:
    room, _, what = str(action["action_id"]).partition(".")
    return Request(click_key(body, action), person_of(body), room, what, args, channel=_place(body)[0])


def _place(body: Payload) -> tuple[str | None, str | None]:
    """The channel and the message a click came from."""
    container = body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id")
    return channel, container.get("message_ts")


async def _show(engine: Engine, client: AsyncWebClient, body: Payload, action: Payload) -> None:
    """Open a modal; within a modal, turn its page, or lay the next one over it."""
    room, _, name = str(action["action_id"]).split(".")
    person, value, inside = person_of(body), value_of(action), body.get("view")
    trigger = str(body["trigger_id"])
    if inside is None or inside.get("type") == "home":
        await client.views_open(trigger_id=trigger, view=dict(await engine.view(f"{room}.{name}", person, value)))
        return
    if room == "gate" and name in ("focus", "choose"):
        await engine.keep_choice(person, inside)
    view = await engine.view(f"{room}.{name}", person, value)
    if name == "focus" and inside.get("callback_id") == "gate.choose":
        await client.views_push(trigger_id=trigger, view=dict(view))
    else:
        await client.views_update(view_id=str(inside["id"]), hash=inside.get("hash"), view=dict(view))
