"""views.* and blocks.validate."""

from __future__ import annotations

from typing import Any

from bot.workspace.api.registry import Args, JsonList, JsonObject, method
from bot.workspace.blocks import validate_blocks, validate_message, validate_view
from bot.workspace.checks import check_view, refusal
from bot.workspace.elements import state_values
from bot.workspace.errors import SlackError
from bot.workspace.limits import Tier
from bot.workspace.model import Json, View
from bot.workspace.services import Services
from bot.workspace.wire import view_json


class OpenView(Args):
    view: JsonObject = None
    trigger_id: str | None = None
    interactivity_pointer: str | None = None


class UpdateView(Args):
    view: JsonObject = None
    view_id: str | None = None
    external_id: str | None = None
    hash: str | None = None


class PublishView(Args):
    view: JsonObject = None
    user_id: str
    hash: str | None = None


class Validate(Args):
    blocks: JsonList = None
    message: JsonObject = None
    view: JsonObject = None


@method("views.open", OpenView, tier=Tier.T4)
def open_view(services: Services, args: OpenView) -> Json:
    view = _view(args.view, "modal")
    trigger = services.tickets.take(_trigger(args))
    return _shown(services, services.surfaces.open(trigger.person, view))


@method("views.push", OpenView, tier=Tier.T4)
def push_view(services: Services, args: OpenView) -> Json:
    view = _view(args.view, "modal")
    trigger = services.tickets.take(_trigger(args))
    if trigger.view_id is None:
        raise SlackError("invalid_trigger_id")
    return _shown(services, services.surfaces.push(trigger.person, view))


@method("views.update", UpdateView, tier=Tier.T4)
def update_view(services: Services, args: UpdateView) -> Json:
    if not args.view_id and not args.external_id:
        raise SlackError.because("invalid_arguments", "missing required field: view_id or external_id")
    current = services.surfaces.find(args.view_id, args.external_id)
    view = _view(args.view, current.type)
    return _shown(services, services.surfaces.update(current, view, args.hash))


@method("views.publish", PublishView, tier=Tier.T4)
def publish_view(services: Services, args: PublishView) -> Json:
    person = services.state.people.get(args.user_id)
    if person is None:
        raise SlackError("user_not_found")
    view = _view(args.view, "home")
    return _shown(services, services.surfaces.publish(person, view, args.hash))


@method("blocks.validate", Validate, tier=Tier.T3)
def validate(services: Services, args: Validate) -> Json:
    given = [name for name in ("blocks", "message", "view") if getattr(args, name) is not None]
    if len(given) != 1:
        raise SlackError.because("invalid_arguments", "exactly one of blocks, message and view must be given")
    value: Any = getattr(args, given[0])
    if given[0] == "blocks":
        problems = validate_blocks(value, surface="message")
    else:
        problems = validate_message(value) if given[0] == "message" else validate_view(value)
    if problems:
        error = refusal("", problems)
        raise SlackError(f"invalid_{given[0]}", **error.extra)
    return {}


def _view(view: Json | None, type: str) -> Json:
    if view is None:
        raise SlackError.because("invalid_arguments", "missing required field: view")
    check_view(view, type)
    return view


def _trigger(args: OpenView) -> str:
    trigger = args.trigger_id or args.interactivity_pointer
    if not trigger:
        raise SlackError.because("invalid_arguments", "missing required field: trigger_id")
    return trigger


def _shown(services: Services, view: View) -> Json:
    state = services.state
    return {"view": view_json(view, state.app, state.team, state_values(view.blocks, view.values))}
