"""The gate's own tool: letting agents change things in a connected account, which itself waits for a button."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from bot.contracts.connectors import Connections
from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.tools import Call, CallView, Effect, Outcome, Tool, ToolContext, Unfinished
from bot.gate.modes import Mode, Modes

_VERBS: Mapping[Mode, str] = {"ask": "Allow changes to", "read-only": "Allow only reading of"}


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    connection: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    account: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    to: Literal["ask", "read-only"]


class WidenTool(Tool):
    """`gate.widen`: the mode of one connection, for the very account the person saw. `titles`: what connectors are
    called, by their word."""

    name = "gate.widen"
    effect: Effect | None = Effect.ACCESS

    def __init__(self, modes: Modes, connections: Connections, titles: Mapping[str, str]) -> None:
        self._modes = modes
        self._connections = connections
        self._titles = titles

    def check(self, args: JsonObject) -> None:
        self._read(args)

    def describe(self, args: JsonObject) -> CallView:
        given = self._read(args)
        title = self._titles[given.connection]
        reversible = given.to == "ask"
        return CallView(_VERBS[given.to], f"{title}: {given.account}", "", (), reversible=reversible, own=True)

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        return args

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        given = self._read(args)
        person = context.person
        connection = await self._connections.get(person, given.connection)
        if connection is None or connection.label != given.account:
            return Outcome("failed", note="This account is not connected any more.")
        if await self._modes.connection_mode(person, given.connection) == given.to:
            return Outcome("done", count=1, note="It was so already.")
        await self._modes.set_connection(person, given.connection, given.to, person.user, datetime.now(UTC))
        return self._done(given)

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        given = self._read(args)
        if await self._modes.connection_mode(context.person, given.connection) == given.to:
            return Unfinished(self._done(given), None)
        return Unfinished(Outcome("done"), Call(self.name, args))

    def _done(self, given: _Arguments) -> Outcome:
        """Taking it back makes it narrower again; going back to wider is no undo, it needs a button of its own."""
        back = {"connection": given.connection, "account": given.account, "to": "read-only"}
        return Outcome("done", count=1, inverse=Call(self.name, back) if given.to == "ask" else None)

    def _read(self, args: JsonObject) -> _Arguments:
        try:
            given = _Arguments.model_validate(dict(args))
        except ValidationError:
            raise PersonMends("This is not how a connection is opened.", "Open it in the App Home.") from None
        if given.connection not in self._titles:
            raise PersonMends("There is no such connection.", "Look in the App Home at what can be connected.")
        return given
