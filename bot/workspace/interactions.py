"""What a person does that reaches the app at once: commands, clicks, submissions, shortcuts; and its answers.

Payloads: docs.slack.dev/reference/interaction-payloads and docs.slack.dev/interactivity/implementing-slash-commands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.workspace import elements
from bot.workspace.checks import check_view
from bot.workspace.dispatcher import Dispatcher, Envelope
from bot.workspace.elements import Found, state_values
from bot.workspace.errors import HumanError, SlackError
from bot.workspace.model import Conversation, Json, Message, Person, View
from bot.workspace.posting import answer
from bot.workspace.seed import OTHER_TEAM
from bot.workspace.sockets import Ack
from bot.workspace.state import State
from bot.workspace.surfaces import Surfaces
from bot.workspace.tickets import Tickets
from bot.workspace.wire import message_json, view_json

_CHOOSING_A_CHANNEL = ("conversations_select", "channels_select")
_VALUES_KEPT = 5_000  # messages whose inputs are remembered; Slack's client forgets them too


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a submission."""

    ack: Ack
    response_action: str | None = None
    errors: dict[str, str] | None = None
    error: str | None = None


class Interactions:
    """Delivers what people do and applies what the app acknowledges it with."""

    def __init__(
        self,
        state: State,
        surfaces: Surfaces,
        tickets: Tickets,
        dispatcher: Dispatcher,
        base_url: Callable[[], str],
        clock: Callable[[], float],
    ) -> None:
        self._state = state
        self._surfaces = surfaces
        self._tickets = tickets
        self._dispatcher = dispatcher
        self._base_url = base_url
        self._clock = clock
        self._message_values: dict[tuple[str, str, str], elements.Values] = {}

    async def command(self, person: Person, conversation: Conversation, text: str) -> Ack:
        """Sends a slash command; its acknowledgement may carry a message. Raises `HumanError` for an unknown one."""
        name, *rest = text.split(maxsplit=1)
        app, team = self._state.app, self._state.team
        if not app.any_command and name not in (one.get("command") for one in app.commands):
            raise HumanError("unknown_command", f"{name} is not a valid command")
        token = self._tickets.response(person.id, conversation.id)
        payload = {
            "token": "local",
            "team_id": team.id,
            "team_domain": team.domain,
            "channel_id": conversation.id,
            "channel_name": _channel_name(conversation),
            "user_id": person.id,
            "user_name": person.handle,
            "command": name,
            "text": rest[0] if rest else "",
            "api_app_id": app.id,
            "is_enterprise_install": "false",
            "response_url": self._response_url(token),
            "trigger_id": self._tickets.trigger(person.id),
        }
        ack = await self._dispatcher.send(Envelope("slash_commands", payload, accepts_response=True))
        body = {"text": ack.payload} if isinstance(ack.payload, str) else ack.payload
        if ack.acked and isinstance(body, dict) and any(body.get(key) for key in ("text", "blocks", "attachments")):
            try:
                answer(self._state, conversation, person.id, body)
            except SlackError:
                return Ack(True, ack.ack_ms, ack.payload, "dispatch_failed")
        return ack

    async def press_message(
        self, person: Person, message: Message, action_id: str, block_id: str | None, value: Any
    ) -> Ack:
        """Presses an element of a message. Raises `HumanError` when it is not there."""
        blocks = _all_blocks(message)
        found = elements.find(blocks, action_id, block_id, value)
        chosen = elements.choose(found.element, value, self._directory(person))
        values = self._values(person, message)
        elements.remember(values, found, chosen)
        self._keep_values(person, message, values)
        if not found.dispatches:
            return Ack(False)
        ephemeral = message.ephemeral_to is not None
        conversation = self._state.conversations[message.channel]
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": ephemeral,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        token = self._tickets.response(
            person.id, message.channel, message.ts, ephemeral=ephemeral, thread_ts=message.thread_ts
        )
        payload: Json = {
            **self._interaction("block_actions", person),
            "container": container,
            "channel": {"id": conversation.id, "name": _channel_name(conversation)},
            "state": {"values": state_values(blocks, values)},
            "response_url": self._response_url(token),
            "trigger_id": self._tickets.trigger(person.id),
            "actions": [self._action(found, chosen)],
        }
        if not ephemeral:
            count = self._state.timeline(message.channel).reply_count(message.ts)
            payload["message"] = {**message_json(message, reply_count=count), "team": self._state.team.id}
        return await self._dispatcher.send(Envelope("interactive", payload))

    async def press_view(self, person: Person, view: View, action_id: str, block_id: str | None, value: Any) -> Ack:
        """Presses an element of a modal or App Home. Raises `HumanError` when it is not there."""
        found = elements.find(view.blocks, action_id, block_id, value)
        chosen = elements.choose(found.element, value, self._directory(person))
        elements.remember(view.values, found, chosen)
        if not found.dispatches:
            return Ack(False)
        payload = {
            **self._interaction("block_actions", person),
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": self._tickets.trigger(person.id, view.id if view.type == "modal" else None),
            "view": self.shown(view),
            "actions": [self._action(found, chosen)],
        }
        return await self._dispatcher.send(Envelope("interactive", payload))

    async def submit(self, person: Person, view: View, values: dict[str, dict[str, Any]]) -> Outcome:
        """Submits a modal. A form a client would not let go is refused here, with its errors."""
        self.enter(person, view.blocks, view.values, values)
        state = state_values(view.blocks, view.values)
        if errors := elements.missing(view.blocks, state):
            return Outcome(Ack(False), "errors", errors)
        payload = {
            **self._interaction("view_submission", person),
            "trigger_id": self._tickets.trigger(person.id, view.id),
            "view": self.shown(view),
            "response_urls": self._response_urls(person, view, state),
        }
        ack = await self._dispatcher.send(Envelope("interactive", payload, accepts_response=True))
        if not ack.acked:
            return Outcome(ack, error=ack.error)
        return self._apply(person, view, ack)

    async def close(self, person: Person, view: View, *, clear: bool = False) -> bool:
        """Closes a modal by its X, or with `clear` all of them. True when the app took it, or did not ask to know."""
        closed = self._surfaces.clear(person.id) if clear else self._surfaces.close(view)
        acked = True
        for one in reversed(closed):
            if one.body.get("notify_on_close"):
                payload = {
                    **self._interaction("view_closed", person),
                    "view": self.shown(one),
                    "is_cleared": clear or bool(view.body.get("clear_on_close")) or one is not view,
                }
                acked = (await self._dispatcher.send(Envelope("interactive", payload))).acked and acked
        return acked

    async def shortcut(self, person: Person, callback_id: str, message: Message | None) -> Ack:
        """Runs a global shortcut, or a message shortcut on `message`."""
        if message is None:
            payload = {
                **self._interaction("shortcut", person),
                "callback_id": callback_id,
                "trigger_id": self._tickets.trigger(person.id),
                "action_ts": f"{self._clock():.6f}",
            }
            return await self._dispatcher.send(Envelope("interactive", payload))
        conversation = self._state.conversations[message.channel]
        token = self._tickets.response(person.id, message.channel, message.ts)
        payload = {
            **self._interaction("message_action", person),
            "callback_id": callback_id,
            "trigger_id": self._tickets.trigger(person.id),
            "response_url": self._response_url(token),
            "message_ts": message.ts,
            "channel": {"id": conversation.id, "name": _channel_name(conversation)},
            "message": {**message_json(message), "team": self._state.team.id},
            "action_ts": f"{self._clock():.6f}",
        }
        return await self._dispatcher.send(Envelope("interactive", payload))

    async def options(
        self, person: Person, message: Message | None, view: View | None, found: Found, query: str
    ) -> Json:
        """What the app suggests in an external select for what has been typed."""
        payload: Json = {
            **self._interaction("block_suggestion", person),
            "action_id": found.action_id,
            "block_id": found.block_id,
            "value": query,
        }
        if view:
            payload |= {"container": {"type": "view", "view_id": view.id}, "view": self.shown(view)}
        elif message:
            container = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
            payload |= {"container": container, "channel": {"id": message.channel}, "message": message_json(message)}
        ack = await self._dispatcher.send(Envelope("interactive", payload, accepts_response=True), by_person=False)
        body = ack.payload if isinstance(ack.payload, dict) else {}
        return {
            "options": body.get("options") or [],
            "option_groups": body.get("option_groups") or [],
            "error": ack.error,
        }

    def shown(self, view: View) -> Json:
        """The view as payloads carry it, with its state."""
        return view_json(view, self._state.app, self._state.team, state_values(view.blocks, view.values))

    def enter(
        self, person: Person, blocks: list[Json], entered: elements.Values, values: dict[str, dict[str, Any]]
    ) -> None:
        """Takes what stands in the inputs of `blocks` as `entered`. Raises `HumanError` for what cannot stand there."""
        if not values:
            return
        here = {(one.block_id, one.action_id): one for one in elements.walk(blocks)}
        for block_id, actions in values.items():
            for action_id, value in actions.items():
                found = here.get((block_id, action_id))
                if found is None or found.type not in elements.FIELDS:
                    raise HumanError("no_such_element", f"there is no input {block_id!r}/{action_id!r}")
                chosen = elements.choose(found.element, value, self._directory(person))
                elements.remember(entered, found, chosen)

    def enter_message(self, person: Person, message: Message, values: dict[str, dict[str, Any]]) -> None:
        """The same for the inputs of a message, which every person has for themselves."""
        entered = self._values(person, message)
        self.enter(person, _all_blocks(message), entered, values)
        self._keep_values(person, message, entered)

    def _values(self, person: Person, message: Message) -> elements.Values:
        return self._message_values.get((person.id, message.channel, message.ts), {})

    def _keep_values(self, person: Person, message: Message, values: elements.Values) -> None:
        if values:
            self._message_values[person.id, message.channel, message.ts] = values
        while len(self._message_values) > _VALUES_KEPT:
            del self._message_values[next(iter(self._message_values))]

    def _apply(self, person: Person, view: View, ack: Ack) -> Outcome:
        """Does what the app has acknowledged a submission with; nothing said closes the modal."""
        body = ack.payload if isinstance(ack.payload, dict) else {}
        action = body.get("response_action")
        try:
            match action:
                case None:
                    self._surfaces.close(view)
                case "clear":
                    self._surfaces.clear(person.id)
                case "errors":
                    return Outcome(ack, "errors", self._errors(view, body.get("errors")))
                case "update" | "push":
                    new = body.get("view")
                    if not isinstance(new, dict):
                        raise SlackError("invalid_arguments")
                    check_view(new, "modal")
                    if action == "update":
                        self._surfaces.update(view, new)
                    else:
                        self._surfaces.push(person.id, new)
                case _:
                    raise SlackError("invalid_arguments")
        except SlackError as error:
            return Outcome(ack, action, error=error.code)
        return Outcome(ack, action)

    @staticmethod
    def _errors(view: View, errors: Any) -> dict[str, str]:
        """Errors name input blocks; Slack's client fails on any other."""
        inputs = {block["block_id"] for block in view.blocks if block.get("type") == "input"}
        if not isinstance(errors, dict) or not errors or not inputs.issuperset(errors):
            raise SlackError("invalid_arguments")
        return {str(block_id): str(text) for block_id, text in errors.items()}

    def _interaction(self, type: str, person: Person) -> Json:
        team, app = self._state.team, self._state.app
        return {
            "type": type,
            "team": {"id": team.id, "domain": team.domain},
            "user": {
                "id": person.id,
                "username": person.handle,
                "name": person.handle,
                "team_id": OTHER_TEAM if person.is_stranger else team.id,
            },
            "api_app_id": app.id,
            "token": "local",
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _action(self, found: Found, chosen: Json) -> Json:
        action = {
            "action_id": found.action_id,
            "block_id": found.block_id,
            "type": found.type,
            "action_ts": f"{self._clock():.6f}",
            **chosen,
        }
        if "placeholder" in found.element:
            action["placeholder"] = found.element["placeholder"]
        return action

    def _response_urls(self, person: Person, view: View, state: elements.Values) -> list[Json]:
        """Where the app may answer a form in which a conversation was chosen for that (`response_url_enabled`)."""
        urls = []
        for found in elements.walk(view.blocks):
            if found.element.get("response_url_enabled") and found.type in _CHOOSING_A_CHANNEL:
                channel = state[found.block_id][found.action_id].get(elements.FIELDS[found.type][0])
                if channel in self._state.conversations:
                    url = self._response_url(self._tickets.response(person.id, channel))
                    place = {"block_id": found.block_id, "action_id": found.action_id, "channel_id": channel}
                    urls.append({**place, "response_url": url})
        return urls

    def _response_url(self, token: str) -> str:
        return f"{self._base_url()}/response/{token}"

    def _directory(self, person: Person) -> elements.Directory:
        state = self._state

        def known_person(name: str) -> str | None:
            if name == state.app.bot_user_id:
                return name
            found = state.person(name)
            return found.id if found and found.is_active else None

        def known_conversation(name: str) -> str | None:
            found = state.conversation_named(name)
            return found.id if found and state.may_see(person, found) else None

        return elements.Directory(known_person, known_conversation)


def _all_blocks(message: Message) -> list[Json]:
    attached = (block for one in message.attachments for block in one.get("blocks") or ())
    return [*message.blocks, *attached]


def _channel_name(conversation: Conversation) -> str:
    if conversation.kind == "im":
        return "directmessage"
    return "privategroup" if conversation.kind == "channel" and conversation.is_private else conversation.name
