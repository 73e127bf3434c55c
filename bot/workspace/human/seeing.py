"""What a person sees: the workspace, messages, the App Home, open modals."""

from __future__ import annotations

import asyncio
from typing import Literal

from aiohttp import web
from pydantic import Field

from bot.workspace.human.administering import person_json
from bot.workspace.human.desk import Asked, AskedBy, actor_of, conversation_of, message_of, person_of, read
from bot.workspace.interactions import Interactions
from bot.workspace.model import Conversation, Json, Message, Person
from bot.workspace.services import Services
from bot.workspace.state import normal_ts
from bot.workspace.wire import human_message_json, session_json

_HOME_WAIT = 1.0


class SeeWorkspace(Asked):
    as_: str | None = Field(None, alias="as")


class SeeMessages(AskedBy):
    channel: str
    thread_ts: str | None = None
    oldest: str | None = None


class SeeHome(AskedBy):
    """`peek=1` looks without opening: no event goes to the app. `tab=messages` opens the other tab."""

    peek: bool = False
    tab: Literal["home", "messages"] = "home"


class Seeing:
    def __init__(self, services: Services, interactions: Interactions) -> None:
        self._services = services
        self._interactions = interactions

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/human/workspace", self.workspace),
            web.get("/human/messages", self.messages),
            web.get("/human/home", self.home),
            web.get("/human/modals", self.modals),
        ]

    async def workspace(self, request: web.Request) -> web.Response:
        asked = await read(request, SeeWorkspace)
        state = self._services.state
        viewer = person_of(self._services, asked.as_) if asked.as_ else None
        app = state.app
        return web.json_response(
            {
                "team": {"id": state.team.id, "name": state.team.name},
                "people": [person_json(person) for person in state.people.values()],
                "groups": [
                    {"id": group.id, "handle": group.handle, "name": group.name, "members": list(group.members)}
                    for group in state.groups.values()
                ],
                "channels": [
                    self._channel(one)
                    for one in state.conversations.values()
                    if one.kind == "channel" and (viewer is None or state.may_see(viewer, one))
                ],
                "direct_messages": [
                    {"id": one.id, "person": one.person, "app": app.id, "last_ts": self._last_ts(one)}
                    for one in map(state.direct_message, [viewer] if viewer else list(state.people.values()))
                ],
                "apps": [
                    {
                        "id": app.id,
                        "bot_user_id": app.bot_user_id,
                        "bot_id": app.bot_id,
                        "handle": app.bot_handle,
                        "name": app.name,
                        "description": app.description,
                        "commands": [command.get("command") for command in app.commands],
                        "slash_commands": [dict(command) for command in app.commands],
                        "shortcuts": [dict(shortcut) for shortcut in app.shortcuts],
                        "suggested_prompts": [dict(prompt) for prompt in app.suggested_prompts],
                        "connected": self._services.sockets.count > 0,
                        "connections": self._services.sockets.count,
                    }
                ],
                "log_id": self._services.changes.last,
            }
        )

    async def messages(self, request: web.Request) -> web.Response:
        asked = await read(request, SeeMessages)
        services = self._services
        person = person_of(services, asked.as_)
        conversation = conversation_of(services, person, asked.channel)
        timeline = services.state.timeline(conversation.id)
        oldest = normal_ts(asked.oldest) or ""
        whispers = services.state.whispered(person.id, conversation.id)
        if asked.thread_ts:
            root = message_of(services, person, conversation, asked.thread_ts)
            root_ts = root.thread_ts or root.ts
            shown = [services.state.message(conversation.id, root_ts) or root, *timeline.replies(root_ts)]
            whispers = [one for one in whispers if one.thread_ts == root_ts]
            shown = [one for one in shown if one.ts > oldest]
        else:
            shown = timeline.between(oldest or None)
        found = sorted([*shown, *(one for one in whispers if one.ts > oldest)], key=_ts)
        channel = conversation.id
        return web.json_response(
            {
                "messages": [human_message_json(one, timeline.reply_count(one.ts)) for one in found],
                "channel": channel,
                "status": services.assistants.statuses(channel),
                "sessions": [session_json(one) for one in services.state.sessions.values() if one.channel == channel],
                "prompts": services.assistants.prompts(channel),
                "log_id": services.changes.last,
            }
        )

    async def home(self, request: web.Request) -> web.Response:
        asked = await read(request, SeeHome)
        person = (person_of if asked.peek else actor_of)(self._services, asked.as_)
        if not asked.peek:
            await self._opened(person, asked.tab)
        view = self._services.surfaces.home(person.id)
        return web.json_response({"view": self._interactions.shown(view) if view else None})

    async def modals(self, request: web.Request) -> web.Response:
        asked = await read(request, AskedBy)
        person = person_of(self._services, asked.as_)
        views = self._services.surfaces.modals(person.id)
        return web.json_response({"views": [self._interactions.shown(view) for view in views]})

    async def _opened(self, person: Person, tab: str) -> None:
        """Sends `app_home_opened` and gives the app a moment to take it."""
        services = self._services
        app = services.state.app
        if not app.subscribes("app_home_opened"):
            return
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": services.state.direct_message(person).id,
            "tab": tab,
        }
        if tab == "home" and (view := services.surfaces.home(person.id)):
            event["view"] = self._interactions.shown(view)
        task = services.dispatcher.event(services.events.envelope(event), by_person=True)
        if services.sockets.count:
            await asyncio.wait([task], timeout=_HOME_WAIT)

    def _channel(self, conversation: Conversation) -> Json:
        return {
            "id": conversation.id,
            "name": conversation.name,
            "is_private": conversation.is_private,
            "members": list(conversation.members),
            "topic": conversation.topic,
            "purpose": conversation.purpose,
            "last_ts": self._last_ts(conversation),
        }

    def _last_ts(self, conversation: Conversation) -> str | None:
        newest = next(self._services.state.timeline(conversation.id).newest_first(), None)
        return newest.ts if newest else None


def _ts(message: Message) -> str:
    return message.ts
