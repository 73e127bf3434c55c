"""One Web API request: arguments, token, faults, limits, scopes, the method itself, and the answer."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import sqlite3
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import ValidationError

from bot.workspace.api import METHODS
from bot.workspace.api.access import need
from bot.workspace.api.registry import Method
from bot.workspace.errors import SlackError
from bot.workspace.limits import Fault
from bot.workspace.model import APP_TOKEN, BOT_TOKEN, Json
from bot.workspace.services import Services

logger = logging.getLogger(__name__)

_TOKENS = {"bot": (BOT_TOKEN,), "app": (APP_TOKEN,), "any": (BOT_TOKEN, APP_TOKEN)}
# Arguments whose malformed JSON has an error of its own.
_MALFORMED = {
    "attachments": "invalid_attachments",
    "blocks": "invalid_blocks_format",
    "chunks": "invalid_chunks",
    "metadata": "invalid_metadata_format",
}


class Gateway:
    """Serves `/api/<method>`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            arguments = await _arguments(request)
        except SlackError as error:
            return self._reply(error=error)
        fault = self._services.faults.take(name) if name != "socket" else None
        if fault and fault.kind == "drop_before":
            self._services.record(name, arguments, "dropped")
            return drop(request)
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        try:
            answer = await self._call(name, arguments, _token(request, arguments), fault)
        except SlackError as error:
            self._services.record(name, arguments, error.code)
            return self._reply(error=error)
        self._services.record(name, arguments, None)
        if fault and fault.kind == "drop_after":
            return drop(request)
        return self._reply(answer)

    async def _call(self, name: str, arguments: Json, token: str | None, fault: Fault | None) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        _check_token(method, token)
        if fault and fault.kind == "ratelimited":
            raise SlackError("ratelimited", retry_after=max(1, round(fault.seconds)))
        if fault and fault.error:
            raise SlackError(fault.error)
        services = self._services
        need(services.state.app, *method.scopes)
        self._limit(method, arguments)
        try:
            args = method.args.model_validate(arguments)
        except ValidationError as error:
            raise _invalid(error) from None
        answer = method.run(services, args)
        if inspect.isawaitable(answer):
            answer = await answer
        try:
            await services.journal.settled()
        except sqlite3.Error as error:
            logger.error("the workspace cannot be written to disk: %s", error)
            raise SlackError("fatal_error") from error
        return answer

    def _limit(self, method: Method, arguments: Json) -> None:
        wait = self._services.limits.wait(method.name, method.tier, str(arguments.get("channel")))
        if wait is not None:
            raise SlackError("ratelimited", retry_after=wait)

    def _reply(self, answer: Json | None = None, error: SlackError | None = None) -> web.Response:
        headers = {"X-OAuth-Scopes": ",".join(sorted(self._services.state.app.scopes))}
        status = 200
        if error is None:
            body: Json = {"ok": True, **(answer or {})}
        else:
            extra = dict(error.extra)
            if error.code == "ratelimited":
                status = 429
                headers["Retry-After"] = str(extra.pop("retry_after"))
            body = {"ok": False, "error": error.code, **extra}
        return web.json_response(body, status=status, headers=headers)


async def _arguments(request: web.Request) -> Json:
    """Query string, then form or JSON body; JSON text in the query and the form is decoded by the method's model."""
    arguments: Json = dict(request.query)
    if request.method != "POST":
        return arguments
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return {**arguments, **{key: value for key, value in body.items() if value is not None}}
    if request.content_type == "multipart/form-data":
        form = await request.post()
        return {**arguments, **{key: value for key, value in form.items() if isinstance(value, str)}}
    return {**arguments, **dict(parse_qsl(await request.text(), keep_blank_values=True))}


def _token(request: web.Request, arguments: Json) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    given = arguments.get("token")
    return str(given) if given else None


def _check_token(method: Method, token: str | None) -> None:
    if method.caller == "anybody":
        return
    if token is None:
        raise SlackError("not_authed")
    if token in _TOKENS[method.caller]:
        return
    raise SlackError("not_allowed_token_type" if token in (BOT_TOKEN, APP_TOKEN) else "invalid_auth")


def _invalid(error: ValidationError) -> SlackError:
    """What Slack answers to arguments that are missing or no JSON of their kind."""
    reasons = []
    code = "invalid_arguments"
    for problem in error.errors(include_url=False, include_input=False):
        path = "/".join(str(part) for part in problem["loc"])
        if problem["type"] == "missing":
            reasons.append(f"missing required field: {path}")
        else:
            reasons.append(f"{problem['msg']} [json-pointer:/{path}]")
            code = _MALFORMED.get(path, code)
    return SlackError.because(code, *reasons)


def drop(request: web.Request) -> web.StreamResponse:
    """Cuts the connection; what is returned never arrives."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
