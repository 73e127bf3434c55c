"""Modal submissions: what is ticked, and what is connected."""

import asyncio
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.errors import MeshClawError, PersonMends
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.engine.engine import Engine
from bot.views import forms, notices
from handlers.payloads import Payload, person_of

_PROOF_TIME = 2.0  # seconds a login may take before Slack's 3 s for the answer are in danger


def register(app: AsyncApp, engine: Engine) -> None:
    async def choose(ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        person = person_of(body)
        try:
            plan, unticked = await engine.keep_choice(person, view)
            key = f"submit:{view['id']}:{view.get('hash', '')}"
            await engine.enqueue(Request(key, person, "gate", "choose", {"plan": plan, "unticked": unticked}))
            answer: dict[str, Any] = {}
        except MeshClawError as error:
            answer = _replaced(notices.problem(error.message, error.mend))
        await ack(**answer)

    async def focus(ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any], client: AsyncWebClient) -> None:
        person = person_of(body)
        try:
            plan, _ = await engine.keep_choice(person, view)
            root = await engine.view("gate.choose", person, plan)
            await client.views_update(view_id=str(view["root_view_id"]), view=dict(root))
            answer: dict[str, Any] = {}
        except MeshClawError as error:
            answer = _replaced(notices.problem(error.message, error.mend))
        await ack(**answer)

    async def connect(ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        await ack(**await _connect(engine, person_of(body), view))

    app.view("gate.choose")(ack=choose, lazy=[])
    app.view("gate.focus")(ack=focus, lazy=[])
    app.view("connect.submit")(ack=connect, lazy=[])


async def _connect(engine: Engine, person: Person, view: Payload) -> dict[str, Any]:
    """Prove the login while the person looks at the form, if it is quick; else promise an answer by message."""
    word = str(view["private_metadata"])
    values = forms.read_form(view["state"]["values"])
    proof = asyncio.create_task(engine.connect(person, word, values))
    try:
        message = await asyncio.wait_for(asyncio.shield(proof), _PROOF_TIME)
    except TimeoutError:
        proof.cancel()
        key = f"submit:{view['id']}:{view.get('hash', '')}"
        await engine.enqueue(Request(key, person, "connect", "save", {"word": word, "values": values}))
        message = notices.said("The server takes its time. The answer comes in your direct messages.")
    except PersonMends as error:
        field = error.field if error.field in view["state"]["values"] else next(iter(view["state"]["values"]))
        return {"response_action": "errors", "errors": {field: f"{error.message} {error.mend}".strip()}}
    except MeshClawError as error:
        field = next(iter(view["state"]["values"]))
        return {"response_action": "errors", "errors": {field: f"{error.message} {error.mend}".strip()}}
    return _replaced(notices.notice(message))


def _replaced(view: Mapping[str, Any]) -> dict[str, Any]:
    return {"response_action": "update", "view": dict(view)}
