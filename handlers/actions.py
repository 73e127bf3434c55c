"""Buttons and menus. `gate.*` decides cards, `<room>.view.<name>` opens a modal, `<agent>.<action>` asks an agent."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.engine.commands import Direct
from bot.engine.engine import Engine
from bot.views import notices
from handlers.errors import not_opened, unreadable
from handlers.payloads import Payload, click_key, person_of, value_of


def register(app: AsyncApp, engine: Engine) -> None:
    async def decide(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await engine.enqueue(_click(body, action, {"plan": value_of(action), "ts": _place(body)[1]}))
        await ack()

    async def settle(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        """What holds between cards is set at once, ahead of the queue, and the App Home drawn anew."""
        person, what, value = person_of(body), str(action["action_id"]).removeprefix("gate."), value_of(action)
        key, channel = click_key(body, action), _place(body)[0]
        if await engine.first_time(key, person):
            said = await _set(engine, person, what, value)
            await engine.enqueue(Request(f"{key}:said", person, "help", "whisper", {"said": said}, channel))
            await engine.enqueue(Request(f"{key}:home", person, "home", "open"))
        await ack()

    async def open_view(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any], client: AsyncWebClient
    ) -> None:
        try:
            await _show(engine, client, body, action)
        except MeshClawError as error:
            await _tell(client, body, error)
        except ValueError as error:
            await _tell(client, body, unreadable(error))
        except SlackApiError as error:
            not_opened(error)
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

    app.action(re.compile(r"^gate\.(approve|deny|undo|call_back|go_on|leave)$"))(ack=decide, lazy=[])
    app.action(re.compile(r"^gate\.(stop|resume|mode|revoke|narrow_connection)$"))(ack=settle, lazy=[])
    app.action(re.compile(r"^[a-z_]+\.view\.[a-z_]+$"))(ack=open_view, lazy=[])
    app.action(re.compile(r"^((?!gate\.|choice\.)[a-z_]+\.[a-z_]+|gate\.widen)$"))(ack=ask_agent, lazy=[])
    app.action(re.compile(r"^agents\.review\.(accept|decline)$"))(ack=ask_agent, lazy=[])
    app.action(re.compile(".*"))(ack=nothing, lazy=[])  # ticks in a modal, links: nothing to do until submitted


async def _tell(client: AsyncWebClient, body: Payload, error: MeshClawError) -> None:
    """Say in a modal why the one that was asked for is not there."""
    inside = (body.get("view") or {}).get("type") == "modal"
    show = client.views_push if inside else client.views_open
    try:
        await show(trigger_id=str(body["trigger_id"]), view=dict(notices.problem(error.message, error.mend)))
    except SlackApiError as refusal:
        not_opened(refusal)


def _click(body: Payload, action: Payload, args: dict[str, Any]) -> Request:
    room, _, what = str(action["action_id"]).partition(".")
    thread = (body.get("container") or {}).get("thread_ts") if room != "gate" else None
    return Request(click_key(body, action), person_of(body), room, what, args, _place(body)[0], thread)


async def _set(engine: Engine, person: Person, what: str, value: str) -> str:
    """Do it; what there is to say of it."""
    standing = engine.standing
    try:
        if what in ("stop", "resume"):
            asked = Direct(what, "all" if value == "all" else "")
            return (await engine.direct(person, asked, "")).text
        if what == "mode":
            return (await standing.set_mode(person, value)).text
        if what == "revoke":
            revoked = await standing.revoke(person, value)
            return "Revoked: it is asked again from now on." if revoked else "This was revoked already."
        await standing.narrow_connection(person, value)
    except MeshClawError as error:
        return f"{error.message} {error.mend}".strip()
    return "Read-only again: nothing there can be changed."


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
    if room == "gate" and name == "grant_preview" and inside is not None:
        preview = await engine.modals.preview(person, inside)
        await client.views_update(view_id=str(inside["id"]), hash=inside.get("hash"), view=dict(preview))
        return
    if inside is None or inside.get("type") == "home":
        await client.views_open(trigger_id=trigger, view=dict(await engine.view(f"{room}.{name}", person, value)))
        return
    if room == "gate" and name in ("focus", "choose"):
        await engine.modals.keep_choice(person, inside)
    view = await engine.view(f"{room}.{name}", person, value)
    if name == "focus" and inside.get("callback_id") == "gate.choose":
        await client.views_push(trigger_id=trigger, view=dict(view))
    else:
        await client.views_update(view_id=str(inside["id"]), hash=inside.get("hash"), view=dict(view))
