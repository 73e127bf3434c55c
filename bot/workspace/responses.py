"""`response_url`: where an app answers a command or click without a token, five times within half an hour.

Source: docs.slack.dev/interactivity/handling-user-interaction (message responses).
"""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bot.workspace.api.gateway import drop
from bot.workspace.errors import SlackError
from bot.workspace.model import Json, Message, ResponseUrl
from bot.workspace.posting import answer, revise
from bot.workspace.services import Services

METHOD = "response_url"  # its name among calls and faults


class Responses:
    """Serves `/response/<token>`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, request: web.Request) -> web.StreamResponse:
        services = self._services
        fault = services.faults.take(METHOD)
        body: Json = {}
        try:
            body = await _body(request)
            if fault and fault.kind == "drop_before":
                services.record(METHOD, body, "dropped")
                return drop(request)
            if fault and fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
            if fault and fault.error:
                raise SlackError(fault.error)
            self._answer(services.tickets.respond(request.match_info["token"]), body)
            await services.journal.settled()
        except SlackError as error:
            services.record(METHOD, body, error.code)
            gone = error.code in ("expired_url", "used_url")
            return web.json_response({"ok": False, "error": error.code, **error.extra}, status=404 if gone else 400)
        services.record(METHOD, body, None)
        return drop(request) if fault and fault.kind == "drop_after" else web.json_response({"ok": True})

    def _answer(self, link: ResponseUrl, body: Json) -> None:
        state = self._services.state
        original = self._original(link)
        if body.get("delete_original") and original:
            state.delete(original)
        elif body.get("replace_original") and original:
            revise(
                state,
                original,
                text=str(body.get("text") or ""),
                blocks=list(body.get("blocks") or []),
                attachments=list(body.get("attachments") or []),
            )
        elif not body.get("delete_original"):
            answer(state, state.conversations[link.channel], link.person, body)

    def _original(self, link: ResponseUrl) -> Message | None:
        if link.ts is None:
            return None
        return self._services.state.seen_by(self._services.state.people[link.person], link.channel, link.ts)


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise SlackError("invalid_payload") from None
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    return body
