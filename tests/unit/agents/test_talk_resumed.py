"""An answer taken up again after its process died: nothing is shown that may not be shown there."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.agents.talk.answering import Answering
from bot.agents.talk.conversation import Conversation
from bot.agents.talk.parts import Definition
from bot.agents.talk.showing import Showing
from bot.contracts.people import Person
from bot.contracts.slack import Place

ADA = Person("T1", "UADA")
SAID = {"kind": "response", "parts": [{"part_kind": "text", "content": "Ann earns 300."}]}
ASKED = {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "What does Ann earn?"}]}


@dataclass
class Channel:
    """A thread of a channel, and what is shown in it."""

    members: frozenset[str]
    shown: list[str] = field(default_factory=list)
    posted: None = None

    async def place(self) -> Place:
        return Place("C1", "#general", False, self.members)

    async def clear(self, begun: str, known: object) -> None:
        self.shown.append("cleared")

    async def status(self, text: str, loading: object = ()) -> None:
        return None

    def stream(self, began: object) -> "Channel":
        return self

    async def text(self, markdown: str) -> None:
        self.shown.append(markdown)


@dataclass
class Turn:
    thread: Channel
    person: Person = ADA
    conversation: str = "c"


@pytest.mark.parametrize(("members", "seen"), [({"UADA", "UBEN"}, True), ({"UADA", "UBEN", "UDANA"}, False)])
async def test_words_of_before_are_shown_again_only_to_those_who_may_see_them(members: set[str], seen: bool) -> None:
    talk = Conversation(agent="ask", history=[ASKED, SAID], began=1, state="working", seen_by=["UBEN"])
    turn: Any = Turn(Channel(frozenset(members)))
    shown: list[Showing] = []

    async def save() -> None:
        return None

    class Resumed(Answering):
        async def _one_answer(self, showing: Showing) -> None:
            shown.append(showing)
            self._talk.state = "idle"

    nothing: Any = None
    answering = Resumed(nothing, turn, Definition("ask", "", "", ()), talk, save)
    await answering.run()
    assert ("Ann earns 300." in "".join(turn.thread.shown)) is seen
    assert ("Ann earns 300." in shown[0].kept) is not seen
    assert turn.thread.shown[0] == "cleared"
