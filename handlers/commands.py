"""`/meshclaw …`: understood, written down, acknowledged."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.slack import Message
from bot.engine.commands import Connect, Direct, Free, Open, Run, Say
from bot.engine.engine import Engine
from bot.views import errors as error_views
from handlers.errors import not_opened, said
from handlers.payloads import fields


def register(app: AsyncApp, engine: Engine) -> None:
    async def take(ack: AsyncAck, command: Mapping[str, Any], client: AsyncWebClient) -> None:
        try:
            answer = await _answer(engine, command, client)
        except MeshClawError as error:
            answer = error_views.person_error(error.message, error.mend)
        except SlackApiError as error:
            late = not_opened(error)
            answer = error_views.person_error(late.message, late.mend)
        except Exception as error:
            answer = said(error, "command")
        await ack(**fields(answer)) if answer else await ack()

    async def unknown(ack: AsyncAck) -> None:
        await ack(**fields(engine.help()))

    app.command("/meshclaw")(ack=take, lazy=[])
    app.command(re.compile(".*"))(ack=unknown, lazy=[])


async def _answer(engine: Engine, command: Mapping[str, Any], client: AsyncWebClient) -> Message | None:
    """What the person is told at once; None when a modal has opened instead."""
    person = Person(str(command["team_id"]), str(command["user_id"]))
    understood = engine.understand(str(command.get("text") or ""))
    if isinstance(understood, Free):
        understood = await engine.workshop.called(person, understood) or understood
    elif isinstance(understood, Run):
        understood = await engine.workshop.prepared(person, understood)
    match understood:
        case Say(message):
            return message
        case Free(_, unknown):
            return unknown
        case Direct() as asked:
            if not await engine.first_time(f"command:{command['trigger_id']}", person):
                return Message("This was done already.")
            return await engine.direct(person, asked, str(command.get("channel_id") or ""))
        case Connect() | Open() as asked:
            name, value = ("connect.form", asked.word) if isinstance(asked, Connect) else (asked.view, asked.value)
            view = await engine.view(name, person, value)
            await client.views_open(trigger_id=str(command["trigger_id"]), view=dict(view))
            return None
        case Run(agent, args, pointer):
            key = f"command:{command['trigger_id']}"
            await engine.enqueue(Request(key, person, agent, "run", args, channel=str(command["channel_id"])))
            return Message(pointer)
