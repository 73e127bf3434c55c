"""The Web API methods the workspace serves. A method is one decorated function; its arguments are a pydantic model."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.workspace.limits import Tier
from bot.workspace.model import Json
from bot.workspace.services import Services

Caller = Literal["bot", "app", "any", "anybody"]


class Args(BaseModel):
    """Arguments of a method. Slack ignores those it does not know; numbers may stand for strings."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class NoArgs(Args):
    pass


def _from_json(value: Any) -> Any:
    """Form bodies and query strings carry lists and objects as JSON text."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value else None


def _from_commas(value: Any) -> Any:
    if isinstance(value, str):
        return _from_json(value) if value.startswith("[") else [one.strip() for one in value.split(",") if one.strip()]
    return value


JsonList = Annotated[list[Any] | None, BeforeValidator(_from_json)]
JsonObject = Annotated[dict[str, Any] | None, BeforeValidator(_from_json)]
Names = Annotated[list[str], BeforeValidator(_from_commas)]

A = TypeVar("A", bound=Args)
Handler = Callable[[Services, Any], Json | Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Method:
    """`scopes`: any one of them suffices. `caller`: whose token it takes; `anybody` needs none."""

    name: str
    args: type[Args]
    run: Handler
    scopes: tuple[str, ...]
    tier: Tier
    caller: Caller


METHODS: dict[str, Method] = {}


def method(
    name: str,
    args: type[A],
    *,
    scopes: tuple[str, ...] | str = (),
    tier: Tier = Tier.T3,
    caller: Caller = "bot",
) -> Callable[[Callable[[Services, A], Any]], Callable[[Services, A], Any]]:
    """Serves the decorated function as the Web API method of that name."""

    def register(run: Callable[[Services, A], Any]) -> Callable[[Services, A], Any]:
        METHODS[name] = Method(name, args, run, (scopes,) if isinstance(scopes, str) else scopes, tier, caller)
        return run

    return register
