"""Modal submissions: what is ticked, and what is connected."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.errors import MeshClawError, PersonMends
from bot.contracts.people import Person
from bot.contracts.requests import Request
from bot.contracts.slack import Message
from bot.engine.commands import ASK
from bot.engine.engine import Engine
from bot.views import denial, forms, notices, proof, question
from handlers.errors import not_opened, unreadable
from handlers.payloads import Payload, person_of

_PROOF_TIME = 2.0  # seconds a login may take before Slack's 3 s for the answer are in danger


def register(app: AsyncApp, engine: Engine) -> None:
    async def submitted(
        ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any], client: AsyncWebClient
    ) -> None:
        """Read and checked while the person looks at the modal, so that what is wrong is said there."""
        try:
            answer = await _submitted(engine, client, person_of(body), view)
        except MeshClawError as error:
            answer = _problem(view, error)
        except ValueError as error:
            answer = _problem(view, unreadable(error))
        except SlackApiError as error:
            answer = _problem(view, not_opened(error))
        await ack(**answer)

    app.view(re.compile(r"^gate\.(choose|focus|edit|deny_reason|prove|grant|enrol|unenrol)$"))(ack=submitted, lazy=[])
    app.view(re.compile(r"^(connect\.submit|ask\.about|agents\.edit)$"))(ack=submitted, lazy=[])


async def _submitted(engine: Engine, client: AsyncWebClient, person: Person, view: Payload) -> dict[str, Any]:
    """Take what was entered; the answer to Slack. Raises ValueError for a modal that is not ours."""
    match str(view["callback_id"]):
        case "connect.submit":
            return await _connect(engine, person, view)
        case question.SUBMIT:
            asked, about = question.read(view["state"]["values"], str(view.get("private_metadata") or ""))
            await engine.enqueue(Request(_key(view), person, ASK, "run", {"text": asked, "about": about}))
            return _replaced(notices.notice(notices.said("The answer comes in your direct messages with me.")))
        case "agents.edit":
            metadata = str(view.get("private_metadata") or "")
            said = await engine.workshop.submit(person, view["state"]["values"], metadata)
            if isinstance(said, Message):
                return _replaced(notices.notice(said))
            return {"response_action": "errors", "errors": dict(said)}
        case "gate.choose":
            plan, unticked = await engine.modals.keep_choice(person, view)
            await engine.enqueue(Request(_key(view), person, "gate", "choose", {"plan": plan, "unticked": unticked}))
            return {}
        case "gate.focus":
            plan, _ = await engine.modals.keep_choice(person, view)
            root = await engine.view("gate.choose", person, plan)
            await client.views_update(view_id=str(view.get("root_view_id")), view=dict(root))
            return {}
    return await _entered(engine, person, view)


def _key(view: Payload) -> str:
    """The same for a redelivery of one submission."""
    return f"submit:{view['id']}:{view.get('hash', '')}"


async def _entered(engine: Engine, person: Person, view: Payload) -> dict[str, Any]:
    """Take what was entered: a decision is enqueued as a click is, what holds between cards is set at once."""
    key = _key(view)
    state, metadata = view["state"]["values"], str(view.get("private_metadata") or "")
    match str(view["callback_id"]).removeprefix("gate."):
        case "edit":
            await engine.enqueue(Request(key, person, "gate", "edit", await engine.modals.read_edit(person, view)))
        case "deny_reason":
            plan, reason = denial.read(state, metadata)
            await engine.enqueue(Request(key, person, "gate", "deny", {"plan": plan, "reason": reason}))
        case "prove":
            plan = await engine.modals.prove(person, view)
            await engine.enqueue(Request(key, person, "gate", "approve", {"plan": plan, "how": "code"}))
        case "grant":
            words = await engine.modals.write_grant(person, view)
            return _replaced(notices.notice(notices.said(f"Allowed from now on: {words}. Every use shows a receipt.")))
        case "enrol":
            return _replaced(notices.notice(await engine.standing.enrol(person, proof.read_code(state))))
        case "unenrol":
            return _replaced(notices.notice(await engine.standing.unenrol(person, proof.read_code(state))))
    return {}


def _problem(view: Payload, error: MeshClawError) -> dict[str, Any]:
    """Beside the input it belongs to, where there is one; else in place of the modal."""
    inputs = [str(block["block_id"]) for block in view.get("blocks", ()) if block.get("type") == "input"]
    field = error.field if isinstance(error, PersonMends) else None
    if field in inputs:
        return {"response_action": "errors", "errors": {field: f"{error.message} {error.mend}".strip()}}
    return _replaced(notices.problem(error.message, error.mend))


async def _connect(engine: Engine, person: Person, view: Payload) -> dict[str, Any]:
    """Prove the login while the person looks at the form, if it is quick; else promise an answer by message."""
    word = str(view["private_metadata"])
    values = forms.read_form(view["state"]["values"])
    if not values:
        raise ValueError("no form of ours")
    proof = asyncio.create_task(engine.connect(person, word, values))
    try:
        message = await asyncio.wait_for(asyncio.shield(proof), _PROOF_TIME)
    except TimeoutError:
        proof.cancel()
        key = _key(view)
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
