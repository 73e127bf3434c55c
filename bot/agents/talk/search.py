"""Without a model: what was asked for is looked for, everywhere there is something to look in."""

import asyncio

from bot.agents.talk.parts import Definition
from bot.contracts.agents import Turn
from bot.contracts.errors import MeshClawError
from bot.contracts.tools import Reading
from bot.views import talk as views

_SEARCHES = ".search"
_SECONDS = 20.0


async def search(turn: Turn, text: str, definition: Definition) -> None:
    """Answer with what every search of the agent's tools finds, and how a model is set."""
    ours = turn.narrowed(definition.tools)
    tools = [name for name, one in (await ours.offered()).items() if one.reads and name.endswith(_SEARCHES)]
    await turn.thread.status("is looking…")
    found = await asyncio.gather(*(_one(ours, tool, text) for tool in tools))
    place = await turn.thread.place()
    shown = [reading for reading in found if reading is not None]
    if place is not None:
        members = place.members - {turn.person.user}
        shown = [one for one in shown if one.seen_by is None or not (place.outside or members - one.seen_by)]
    await turn.answer("found", views.found(text, [(one.origin, one.text) for one in shown], alone=place is None))
    await turn.thread.status("")


async def _one(turn: Turn, tool: str, text: str) -> Reading | None:
    try:
        async with asyncio.timeout(_SECONDS):
            return await turn.read(tool, {"query": text})
    except (MeshClawError, TimeoutError):
        return None
