"""The parts of a workspace put together, and its state taken up from the folder it was kept in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.workspace import seed
from bot.workspace.assistants import Assistants
from bot.workspace.changelog import ChangeLog
from bot.workspace.dispatcher import Dispatcher
from bot.workspace.events import Events
from bot.workspace.limits import Faults, RateLimits
from bot.workspace.persistence import Journal, Keeper, Lookup
from bot.workspace.schedule import Schedule
from bot.workspace.services import Services
from bot.workspace.sockets import Sockets
from bot.workspace.state import State
from bot.workspace.surfaces import Surfaces
from bot.workspace.tickets import Tickets
from bot.workspace.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient the workspace is, in seconds: with an acknowledgement, and before each redelivery of an event."""

    ack: float = 3.0
    retries: tuple[float, ...] = (0.0, 1.0, 5.0)


SLACKS_OWN = Timing()


async def assemble(
    data: Path,
    manifest: Mapping[str, Any] | None,
    clock: Callable[[], float],
    timing: Timing,
    base_url: Callable[[], str],
) -> Services:
    """A workspace ready to serve, on what `data` holds. Raises `sqlite3.Error` when it cannot be kept there."""
    journal = await Journal.open(data)
    state = State(seed.app_from_manifest(manifest), clock)
    surfaces = Surfaces(state, clock)
    changes = ChangeLog()
    faults = Faults()
    sockets = Sockets(state.app.id, lambda: changes.add("app"), timing.ack)
    dispatcher = Dispatcher(sockets, faults, timing.retries)
    events = Events(state, dispatcher, clock)
    assistants = Assistants(state, clock)
    schedule = Schedule(state, journal, clock)
    keeper = Keeper(journal, Lookup(state.people, state.groups, state.conversations, surfaces.homes, state.sessions))
    tickets = Tickets(clock, lambda token, link: journal.put("response", token, link))
    await _restore(journal, state, surfaces, schedule, tickets, clock)
    state.observers += [keeper.observe, assistants.observe, changes.observe, events.observe]
    return Services(
        clock=clock,
        base_url=base_url,
        state=state,
        surfaces=surfaces,
        tickets=tickets,
        sockets=sockets,
        dispatcher=dispatcher,
        events=events,
        assistants=assistants,
        uploads=Uploads(data / "files", clock),
        schedule=schedule,
        changes=changes,
        journal=journal,
        limits=RateLimits(),
        faults=faults,
    )


async def _restore(
    journal: Journal, state: State, surfaces: Surfaces, schedule: Schedule, tickets: Tickets, clock: Callable[[], float]
) -> None:
    """Takes up what the folder holds, or begins a fresh workspace in it."""
    kept = await journal.load()
    conversations: list[Any] = kept["conversation"]
    if not conversations:
        conversations = seed.fresh_conversations(state.app, int(clock()))
        for conversation in conversations:
            journal.put("conversation", conversation.id, conversation)
        await journal.settled()
    messages: list[Any] = kept["message"]
    people: list[Any] = kept["person"]
    groups: list[Any] = kept["group"]
    state.populate(conversations, messages, people, groups)
    sessions: list[Any] = kept["session"]
    state.sessions.update(((one.channel, one.thread_ts), one) for one in sessions)
    homes: list[Any] = kept["home"]
    surfaces.populate(homes)
    for message in messages:
        message.stream = None  # no stream outlives the process that was writing it
    scheduled: list[Any] = kept["scheduled"]
    schedule.populate(scheduled)
    responses: list[Any] = kept["response"]
    tickets.populate(responses)
