"""Houses with a policy of their own, and the laboratory's plans laid before people in them."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import harness
from harness import DM, House, Json
from lab.agent import Back, Script
from sqlalchemy import text, update

from bot.contracts.agents import Turn
from bot.contracts.tools import Call, Plan
from bot.store.models import CardRow

ADA, BEN, CHEN, DANA, EVE = (f"U01{rest}" for rest in ("ADA00001", "BEN00002", "CHEN0003", "DANA0004", "EVE00005"))
GENERAL, DEPLOYS, SECRET = "C01GENERAL1", "C01DEPLOYS2", "C01SECRET03"
GROUP = "S01GROUP001"
"""The id of the first user group made in a workspace."""
AT_ONCE = '[clocks]\noutbox = "0s"\n'
"""A policy under which what is sent does not wait."""
_numbers = itertools.count(1)


@asynccontextmanager
async def governed(folder: Path, policy: str = "", *, people: Sequence[str] = (), **more: Any) -> AsyncIterator[House]:
    """A house with a laboratory, under this policy."""
    data = folder / "meshclaw"
    data.mkdir(mode=0o700, parents=True)
    (data / "policy.toml").write_text(policy, encoding="utf-8")
    async with harness.house(folder, people=people, lab=True, **more) as house:
        yield house


def deploy(service: str = "site", environment: str = "production", version: str = "v2") -> Call:
    return Call("lab.deploy", {"service": service, "version": version, "environment": environment})


def note(title: str, text: str = "something") -> Call:
    return Call("lab.note", {"title": title, "text": text})


def send(to: str, text: str = "hello") -> Call:
    return Call("lab.send", {"to": to, "text": text})


async def play(house: House, who: str, script: Script, channel: str = DM, name: str = "") -> str:
    """Have somebody ask the laboratory's agent to play this; the name it got."""
    name = name or f"script{next(_numbers)}"
    house.lab.agent.scripts[name] = script
    done = await house.human.command(who, f"/meshclaw lab {name}", channel)
    assert done["error"] is None, done
    return name


async def propose(house: House, who: str, *calls: Call, channel: str = DM, **plan: Any) -> Back:
    """Have somebody's agent lay a plan before whom it concerns; what came back for it."""
    given = Plan(**{"title": f"Plan {next(_numbers)}", **plan}, calls=calls)

    async def script(turn: Turn) -> None:
        await turn.propose(given)

    name = await play(house, who, script, channel)
    await house.lab.agent.until_ended(name)
    return house.lab.agent.backs(name)[-1]


async def ask(house: House, who: str, *calls: Call, title: str = "", channel: str = DM, **plan: Any) -> Json:
    """The card its person sees of such a plan."""
    title = title or f"Plan {next(_numbers)}"
    back = await propose(house, who, *calls, title=title, channel=channel, **plan)
    assert back.error is None, back.error
    return await house.human.message(who, waits(title))


def waits(title: str) -> Callable[[Json], bool]:
    """A card of that title that nobody has decided yet."""
    return titled(title, "Decide by")


def titled(title: str, *parts: str) -> Callable[[Json], bool]:
    """Messages under that heading that hold all these words."""
    says = harness.says(*parts)

    def wanted(shown: Json) -> bool:
        header = shown["blocks"][0] if shown["blocks"] else {}
        return header.get("type") == "header" and header["text"]["text"] == title and says(shown)

    wanted.__qualname__ = f"titled({title!r}, {parts})"
    return wanted


async def seen(house: House, who: str, title: str, channel: str = DM) -> Json | None:
    """The message under that heading as somebody sees it now, if they do."""
    found = [each for each in await house.human.messages(who, channel) if titled(title)(each)]
    return found[-1] if found else None


async def told(house: House, who: str, act: Callable[[], Awaitable[Any]], *parts: str, channel: str = DM) -> Json:
    """What somebody is told, in these words, of what they do."""
    before = await house.human.last(who, channel)
    await act()
    return await house.human.message(who, harness.says(*parts), channel, after=before)


def deployed(house: House) -> list[str]:
    """The services that were really deployed."""
    return [str(call.args["service"]) for call in house.lab.world.effects() if call.tool == "lab.deploy"]


async def rows(house: House, table: str, where: str = "true", column: str = "count(*)") -> Any:
    """One value out of the database."""
    async with house.app.storage.database.read() as session:
        return await session.scalar(text(f"select {column} from {table} where {where}"))


async def outbox_over(house: House) -> None:
    """The time in the outbox is over now, of whatever waits there."""
    async with house.app.storage.database.write() as session:
        await session.execute(update(CardRow).where(CardRow.state == "holding").values(hold_until=datetime.now(UTC)))
    await house.sweep()
