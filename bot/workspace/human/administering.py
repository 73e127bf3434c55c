"""What an admin of the workspace does: the status of its members, user groups, the names of channels."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated

from aiohttp import web
from pydantic import Field

from bot.workspace.errors import HumanError
from bot.workspace.human.desk import Asked, person_of, read
from bot.workspace.model import Json, Person
from bot.workspace.services import Services

_CHANNEL_NAME = re.compile(r"[^\W_A-Z]([^\W_A-Z]|[_-])*")
_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]*")


class Standing(Asked):
    """What is left out stays as it is."""

    user: str
    active: bool | None = None
    is_admin: bool | None = None
    is_guest: bool | None = None
    is_stranger: bool | None = None


class Grouping(Asked):
    handle: Annotated[str, Field(max_length=80)]
    name: Annotated[str, Field(max_length=255)] | None = None
    members: list[str]


class Renaming(Asked):
    channel: str
    name: str


class Administering:
    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/human/member", self.member),
            web.post("/human/group", self.group),
            web.post("/human/rename", self.rename),
        ]

    async def member(self, request: web.Request) -> web.Response:
        """Changes somebody's status from now on; the deactivated see modals no more and can do nothing."""
        asked = await read(request, Standing)
        person = person_of(self._services, asked.user)
        person = replace(
            person,
            is_active=person.is_active if asked.active is None else asked.active,
            is_admin=person.is_admin if asked.is_admin is None else asked.is_admin,
            is_guest=person.is_guest if asked.is_guest is None else asked.is_guest,
            is_stranger=person.is_stranger if asked.is_stranger is None else asked.is_stranger,
        )
        if person.is_admin and (person.is_guest or person.is_stranger):
            raise HumanError("invalid_request", "neither a guest nor somebody of another company can be an admin")
        self._services.state.set_person(person)
        if not person.is_active:
            self._services.surfaces.clear(person.id)
        await self._services.journal.settled()
        return web.json_response(person_json(person))

    async def group(self, request: web.Request) -> web.Response:
        asked = await read(request, Grouping)
        handle = asked.handle.removeprefix("@").lower()
        if not _HANDLE.fullmatch(handle):
            raise HumanError("invalid_request", f"{asked.handle!r} is no handle")
        if self._services.state.person(handle):
            raise HumanError("invalid_request", f"@{handle} is a person")
        members = [person_of(self._services, name).id for name in asked.members]
        group = self._services.state.set_group(handle, asked.name, members)
        await self._services.journal.settled()
        return web.json_response(
            {"id": group.id, "handle": group.handle, "name": group.name, "members": list(group.members)}
        )

    async def rename(self, request: web.Request) -> web.Response:
        asked = await read(request, Renaming)
        state = self._services.state
        conversation = state.conversation_named(asked.channel)
        if conversation is None or conversation.kind != "channel":
            raise HumanError("channel_not_found", f"there is no channel {asked.channel!r}")
        name = asked.name.removeprefix("#")
        if len(name) > 80 or not _CHANNEL_NAME.fullmatch(name):
            raise HumanError("invalid_request", "a channel's name has 1 to 80 lower-case letters, digits, - and _")
        if any(one.name == name and one is not conversation for one in state.conversations.values()):
            raise HumanError("name_taken", f"there is a channel #{name} already")
        state.rename(conversation, name)
        await self._services.journal.settled()
        return web.json_response({"id": conversation.id, "name": name})


def person_json(person: Person) -> Json:
    """A person as the human side shows them."""
    return {
        "id": person.id,
        "handle": person.handle,
        "name": person.name,
        "tz": person.tz,
        "locale": person.locale,
        "is_admin": person.is_admin,
        "is_guest": person.is_guest,
        "is_stranger": person.is_stranger,
        "is_active": person.is_active,
    }
