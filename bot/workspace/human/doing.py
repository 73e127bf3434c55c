"""What a person does: typing, pressing, submitting, reacting, stopping, inviting."""

from __future__ import annotations

import re
import uuid
from typing import Any

from aiohttp import web
from pydantic import Field

from bot.workspace import elements, typed
from bot.workspace.errors import HumanError
from bot.workspace.human.desk import (
    Asked,
    AskedBy,
    ack_json,
    actor_of,
    conversation_of,
    message_of,
    person_of,
    read,
    view_of,
)
from bot.workspace.interactions import Interactions
from bot.workspace.model import Conversation, Message
from bot.workspace.services import Services
from bot.workspace.wire import message_json

_TEXT_LIMIT = 40_000
Values = dict[str, dict[str, Any]]


class Command(AskedBy):
    channel: str
    text: str


class Say(AskedBy):
    channel: str
    text: str
    thread_ts: str | None = None


class Press(AskedBy):
    """An element of a message or view, and in `values` what stands in the inputs beside it."""

    action_id: str
    channel: str | None = None
    ts: str | None = None
    view_id: str | None = None
    block_id: str | None = None
    value: Any = None
    values: Values = Field(default_factory=dict)


class Submit(AskedBy):
    view_id: str
    values: Values = Field(default_factory=dict)


class Options(Press):
    query: str = ""


class Close(AskedBy):
    view_id: str
    all: bool = False


class Shortcut(AskedBy):
    callback_id: str
    channel: str | None = None
    ts: str | None = None


class React(AskedBy):
    channel: str
    ts: str
    name: str


class Stop(AskedBy):
    channel: str
    thread_ts: str


class Membership(Asked):
    channel: str
    user: str


class Doing:
    def __init__(self, services: Services, interactions: Interactions) -> None:
        self._services = services
        self._interactions = interactions

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/human/command", self.command),
            web.post("/human/message", self.message),
            web.post("/human/click", self.click),
            web.post("/human/options", self.options),
            web.post("/human/submit", self.submit),
            web.post("/human/close", self.close),
            web.post("/human/shortcut", self.shortcut),
            web.post("/human/react", self.react),
            web.post("/human/stop", self.stop),
            web.post("/human/invite", self.invite),
            web.post("/human/kick", self.kick),
        ]

    async def command(self, request: web.Request) -> web.Response:
        asked = await read(request, Command)
        person = actor_of(self._services, asked.as_)
        conversation = conversation_of(self._services, person, asked.channel, member=True)
        text = asked.text.strip()
        if not re.match(r"/\S", text):
            raise HumanError("invalid_request", "a command begins with a slash")
        ack = await self._interactions.command(person, conversation, text)
        return web.json_response(
            {"acked": ack.acked, "ack_ms": ack.ack_ms, "response": ack.payload, "error": ack.error}
        )

    async def message(self, request: web.Request) -> web.Response:
        asked = await read(request, Say)
        services = self._services
        state = services.state
        person = actor_of(services, asked.as_)
        conversation = conversation_of(services, person, asked.channel, member=True)
        if not asked.text.strip() or len(asked.text) > _TEXT_LIMIT:
            raise HumanError("invalid_request", f"a message has 1 to {_TEXT_LIMIT} characters")
        thread_ts = None
        if asked.thread_ts:
            root = message_of(services, person, conversation, asked.thread_ts)
            if root.ephemeral_to:
                raise HumanError("message_not_found", "an ephemeral message takes no replies")
            thread_ts = root.thread_ts or root.ts
        message = state.post(
            Message(
                ts=state.next_ts(),
                channel=conversation.id,
                user=person.id,
                text=self._wire(conversation, asked.text),
                thread_ts=thread_ts,
                client_msg_id=str(uuid.uuid4()),
            )
        )
        await services.journal.settled()
        return web.json_response({"ts": message.ts, "channel": conversation.id})

    async def click(self, request: web.Request) -> web.Response:
        asked = await read(request, Press)
        person = actor_of(self._services, asked.as_)
        if asked.view_id:
            view = view_of(self._services, person, asked.view_id)
            self._interactions.enter(person, view.blocks, view.values, asked.values)
            ack = await self._interactions.press_view(person, view, asked.action_id, asked.block_id, asked.value)
        else:
            message = self._message(asked)
            self._interactions.enter_message(person, message, asked.values)
            ack = await self._interactions.press_message(person, message, asked.action_id, asked.block_id, asked.value)
        return web.json_response(ack_json(ack))

    async def options(self, request: web.Request) -> web.Response:
        """What the app suggests in an external select for what has been typed, `query`."""
        asked = await read(request, Options)
        person = actor_of(self._services, asked.as_)
        view = view_of(self._services, person, asked.view_id) if asked.view_id else None
        message = None if view else self._message(asked)
        blocks = view.blocks if view else message.blocks if message else []
        found = elements.find(blocks, asked.action_id, asked.block_id, None)
        return web.json_response(await self._interactions.options(person, message, view, found, asked.query))

    async def submit(self, request: web.Request) -> web.Response:
        asked = await read(request, Submit)
        person = actor_of(self._services, asked.as_)
        view = view_of(self._services, person, asked.view_id)
        if view.type != "modal":
            raise HumanError("view_not_found", "an App Home has nothing to submit")
        outcome = await self._interactions.submit(person, view, asked.values)
        return web.json_response(
            {
                "acked": outcome.ack.acked,
                "ack_ms": outcome.ack.ack_ms,
                "response_action": outcome.response_action,
                "errors": outcome.errors,
                "error": outcome.error,
            }
        )

    async def close(self, request: web.Request) -> web.Response:
        asked = await read(request, Close)
        person = actor_of(self._services, asked.as_)
        view = view_of(self._services, person, asked.view_id)
        return web.json_response({"acked": await self._interactions.close(person, view, clear=asked.all)})

    async def shortcut(self, request: web.Request) -> web.Response:
        asked = await read(request, Shortcut)
        person = actor_of(self._services, asked.as_)
        message = self._message(asked) if asked.channel and asked.ts else None
        known = self._services.state.app.shortcuts
        if known and asked.callback_id not in (one.get("callback_id") for one in known):
            raise HumanError("no_such_shortcut", f"the app has no shortcut {asked.callback_id!r}")
        return web.json_response(ack_json(await self._interactions.shortcut(person, asked.callback_id, message)))

    async def react(self, request: web.Request) -> web.Response:
        asked = await read(request, React)
        message = self._message(asked)
        if message.ephemeral_to:
            raise HumanError("message_not_found", "an ephemeral message takes no reactions")
        person = actor_of(self._services, asked.as_)
        name = asked.name.strip(":")
        if not self._services.state.react(message, name, person.id):
            self._services.state.unreact(message, name, person.id)
        await self._services.journal.settled()
        return web.json_response({})

    async def stop(self, request: web.Request) -> web.Response:
        """The Stop button: Slack ends the thread's streams and tells the app, which does the rest."""
        asked = await read(request, Stop)
        services = self._services
        state = services.state
        person = actor_of(services, asked.as_)
        conversation = conversation_of(services, person, asked.channel)
        root = state.root_of(conversation.id, asked.thread_ts)
        session = state.sessions.get((conversation.id, root)) if root else None
        live = [one for one in state.timeline(conversation.id).replies(root or "") if one.streaming]
        if root is None or not (live or (session and session.status == "processing")):
            raise HumanError("nothing_to_stop", "no agent is at work in that thread")
        if not state.app.subscribes("agent_session_stopped"):
            raise HumanError("nothing_to_stop", "the app does not take agent_session_stopped")
        for message in live:
            previous = message_json(message)
            message.stream = None
            state.changed(message, previous)
        event = {
            "type": "agent_session_stopped",
            "channel": conversation.id,
            "thread_ts": root,
            "user": person.id,
            "streaming_message_ts": [one.ts for one in live],
        }
        ack = await services.dispatcher.event(services.events.envelope(event), by_person=True)
        return web.json_response({"acked": ack.acked})

    async def invite(self, request: web.Request) -> web.Response:
        asked = await read(request, Membership)
        conversation, user = self._membership(asked)
        self._services.state.join(conversation, user)
        await self._services.journal.settled()
        return web.json_response({})

    async def kick(self, request: web.Request) -> web.Response:
        asked = await read(request, Membership)
        conversation, user = self._membership(asked)
        self._services.state.leave(conversation, user)
        await self._services.journal.settled()
        return web.json_response({})

    def _membership(self, asked: Membership) -> tuple[Conversation, str]:
        state = self._services.state
        conversation = state.conversation_named(asked.channel)
        if conversation is None or conversation.kind != "channel":
            raise HumanError("channel_not_found", f"there is no channel {asked.channel!r}")
        bot = state.app
        if asked.user.removeprefix("@") in (bot.bot_user_id, bot.bot_handle, "meshclaw"):
            return conversation, bot.bot_user_id
        return conversation, person_of(self._services, asked.user).id

    def _message(self, asked: Press | Shortcut | React) -> Message:
        if not asked.channel or not asked.ts:
            raise HumanError("invalid_request", "channel and ts, or view_id, say what is pressed")
        person = actor_of(self._services, asked.as_)
        conversation = conversation_of(self._services, person, asked.channel)
        return message_of(self._services, person, conversation, asked.ts)

    def _wire(self, conversation: Conversation, text: str) -> str:
        state = self._services.state
        users = {person.handle: person.id for person in state.people.values()}
        users |= {state.app.bot_handle: state.app.bot_user_id, "meshclaw": state.app.bot_user_id}
        channels = {one.name: one.id for one in state.conversations.values() if one.kind == "channel"}
        groups = {group.handle: group.id for group in state.groups.values()}
        return typed.to_wire(text, users, channels, groups)
