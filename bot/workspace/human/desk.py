"""Who is asking, and what they mean: people, conversations, messages and views by the names a person uses."""

from __future__ import annotations

import json
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.workspace.errors import HumanError
from bot.workspace.model import Conversation, Json, Message, Person, View
from bot.workspace.services import Services
from bot.workspace.sockets import Ack
from bot.workspace.state import normal_ts


class Asked(BaseModel):
    """A request of the human side."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class AskedBy(Asked):
    """`as` is a person's id or handle."""

    as_: str = Field(alias="as")


R = TypeVar("R", bound=Asked)


async def read(request: web.Request, model: type[R]) -> R:
    """The request's JSON body (POST) or query (GET). Raises `HumanError` when it is not what the call takes."""
    try:
        if request.method == "GET":
            return model.model_validate(dict(request.query))
        return model.model_validate(json.loads(await request.text() or "{}"))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise HumanError("invalid_request", f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None
    except ValueError:
        raise HumanError("invalid_request", "the body is not JSON") from None


def person_of(services: Services, name: str) -> Person:
    """Whoever is called so. Raises `HumanError` when nobody is."""
    person = services.state.person(name)
    if person is None:
        raise HumanError("user_not_found", f"there is nobody called {name!r}")
    return person


def actor_of(services: Services, name: str) -> Person:
    """Whoever is called so and may act. Raises `HumanError` for the deactivated: they can only be looked at."""
    person = person_of(services, name)
    if not person.is_active:
        raise HumanError("user_deactivated", f"{person.handle} is deactivated")
    return person


def conversation_of(services: Services, person: Person, name: str, *, member: bool = False) -> Conversation:
    """What a person means by `name`: an id, `#name`, or `@name` for direct messages. Raises when they cannot see it."""
    state = services.state
    if name.startswith("@"):
        if name[1:].lower() in (state.app.bot_handle, "meshclaw"):
            return state.direct_message(person)
        return state.between_people(person, person_of(services, name))
    conversation = state.conversation_named(name)
    if conversation is None or not state.may_see(person, conversation):
        raise HumanError("channel_not_found", f"{name!r} is no conversation that {person.handle} can see")
    if member and person.id not in conversation.members:
        raise HumanError("not_in_channel", f"{person.handle} is not in {name!r}")
    return conversation


def message_of(services: Services, person: Person, conversation: Conversation, ts: str) -> Message:
    message = services.state.seen_by(person, conversation.id, normal_ts(ts) or "")
    if message is None:
        raise HumanError("message_not_found", f"{person.handle} sees no message {ts!r} there")
    return message


def view_of(services: Services, person: Person, view_id: str) -> View:
    view = services.surfaces.view(view_id)
    if view is None or view.person != person.id:
        raise HumanError("view_not_found", f"{person.handle} has no view {view_id!r} open")
    return view


def ack_json(ack: Ack) -> Json:
    return {"acked": ack.acked, "ack_ms": ack.ack_ms, "error": ack.error}
