"""The parts of a running workspace, as its request handlers see them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.workspace.assistants import Assistants
from bot.workspace.changelog import ChangeLog
from bot.workspace.dispatcher import Dispatcher
from bot.workspace.events import Events
from bot.workspace.limits import Faults, RateLimits
from bot.workspace.model import Json
from bot.workspace.persistence import Journal
from bot.workspace.schedule import Schedule
from bot.workspace.sockets import Sockets
from bot.workspace.state import State
from bot.workspace.surfaces import Surfaces
from bot.workspace.tickets import Tickets
from bot.workspace.uploads import Uploads

CALLS_KEPT = 10_000
_JSON = ("attachments", "blocks", "chunks", "files", "message", "metadata", "prompts", "view")
_SECRETS = ("token", "client_secret", "refresh_token")


@dataclass(frozen=True)
class Services:
    clock: Callable[[], float]
    base_url: Callable[[], str]
    state: State
    surfaces: Surfaces
    tickets: Tickets
    sockets: Sockets
    dispatcher: Dispatcher
    events: Events
    assistants: Assistants
    uploads: Uploads
    schedule: Schedule
    changes: ChangeLog
    journal: Journal
    limits: RateLimits
    faults: Faults
    calls: deque[Json] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))

    def record(self, method: str, arguments: Json, error: str | None) -> None:
        """Remembers one call of the app, without its secrets."""
        shown = {key: _decoded(key, value) for key, value in arguments.items() if key not in _SECRETS}
        self.calls.append({"at": self.clock(), "method": method, "args": shown, "ok": error is None, "error": error})


def _decoded(name: str, value: Any) -> Any:
    """Lists and objects that came as JSON text are shown as what they are."""
    if name in _JSON and isinstance(value, str):
        with suppress(ValueError):
            return json.loads(value)
    return value
