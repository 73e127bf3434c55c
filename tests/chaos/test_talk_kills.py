"""A conversation from the first word to the last, with kill -9 and a restart between any two of its steps: one answer,
one card, one effect, and nothing that was finished is paid for again."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from harness import ProcessHouse, is_card, process_house, says, words
from model_script import Answer, Asked
from model_script import calls as wants
from model_script import says as answers
from model_server import ModelServer
from shown import Json

LONG = os.environ.get("MESHCLAW_CHAOS") == "long"
LONGEST = 60.0
"""Seconds until the next thing is to be seen, a restart included."""

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

MOMENTS = (
    "first question asked",
    "looking begun to be shown",
    "second question asked",
    "card shown",
    "approved",
    "third question asked",
    "answer begun to be shown",
    "answered",
)
_ID = re.compile(r"\b\d+-[a-z2-7]{11}\b")
_LAST = "It is in your archive now."


@dataclass
class Story:
    """The model's part, and the kill at the chosen moment, once."""

    at: str
    home: ProcessHouse | None = None
    killed: bool = False
    kills: list[asyncio.Task[None]] = field(default_factory=list)

    async def moment(self, name: str) -> None:
        if name == self.at and not self.killed and self.home:
            self.killed = True
            await self.home.kill()
            await self.home.start()

    def __call__(self, asked: Asked) -> Answer | Awaitable[Answer]:
        return self._answer(asked)

    async def _answer(self, asked: Asked) -> Answer:
        results = [returned.text for told in asked.messages for returned in told.results]
        if not results:
            first = Answer(("I look. ", 0.3), (("mail_search", {"query": "robot"}),))
            return self._asked("first question asked", first)
        if len(results) == 1:
            found = _ID.search(results[0])
            assert found, results[0]
            second = wants(("mail_move", {"ids": [found[0]], "to": "archive"}))
            return self._asked("second question asked", second)
        return self._asked("third question asked", answers("It is in your ", 0.3, "archive now."))

    def _asked(self, name: str, answer: Answer) -> Answer:
        """The kill cuts the connection this answer goes out on, so it is done beside it, before the first byte."""
        if name != self.at or self.killed:
            return answer
        self.kills.append(asyncio.create_task(self.moment(name)))
        return answer.after(2.0)


def cases() -> list[tuple[str, str]]:
    """Every moment on both databases in the long form; in the short one, two."""
    if LONG:
        return [(moment, database) for moment in MOMENTS for database in ("sqlite", "postgresql")]
    return [(moment, ("sqlite", "postgresql")[number % 2]) for number, moment in enumerate(MOMENTS[3::4])]


@pytest.mark.parametrize(("moment", "database"), cases())
async def test_killed_at_any_step(tmp_path: Path, moment: str, database: str, request: pytest.FixtureRequest) -> None:
    made: Callable[..., str] | None = request.getfixturevalue("new_postgres") if database == "postgresql" else None
    story = Story(moment)
    async with ModelServer(story) as server:
        environment = {"MESHCLAW_MODEL": "local:test", "MESHCLAW_MODEL_URL": server.openai_url}
        address = made() if made else None
        async with process_house(tmp_path, database_url=address, environment=environment) as home:
            story.home = home
            before = len(archived(home))
            try:
                await told(home, story)
            except AssertionError as error:
                raise AssertionError("\n".join([str(error), *home.errors])) from None
            await asyncio.sleep(0.5)
            shown = await home.human.messages("ada")
            assert story.killed
            assert sum(map(whole, shown)) == 1, [words(each) for each in shown]
            assert not any(each["streaming"] for each in shown)
            assert sum("What ask wants to do" in words(each) for each in shown) == 1
            assert len(archived(home)) == before + 1
        assert not server.paid_twice


async def told(home: ProcessHouse, story: Story) -> None:
    """The person's part, from the question to the whole answer."""
    human = home.human
    await human.say("ada", "Archive a mail of the robot.")
    if story.at == "looking begun to be shown":
        await human.message("ada", says("I look."), seconds=LONGEST)
        await story.moment(story.at)
    card = await human.message("ada", is_card, seconds=LONGEST)
    await story.moment("card shown")
    await human.press("ada", card, "Approve")
    await story.moment("approved")
    if story.at == "answer begun to be shown":
        await human.message("ada", says("It is in your"), seconds=LONGEST)
        await story.moment(story.at)
    await human.message("ada", whole, seconds=LONGEST)
    await story.moment("answered")


def whole(message: Json) -> bool:
    return _LAST in words(message) and not message["streaming"]


def archived(home: ProcessHouse) -> list[Path]:
    return list((home.maildir("ada") / ".Archive" / "cur").glob("*"))
