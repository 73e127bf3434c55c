"""A turn of a conversation, from the person's message to the answer, a card, or a pause."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

from bot.agents.talk import prompts
from bot.agents.talk.compaction import compacted
from bot.agents.talk.conversation import Conversation, Said, Wanted
from bot.agents.talk.parts import Definition, Talking
from bot.agents.talk.showing import Showing
from bot.agents.talk.thinking import (
    MOST_TIME,
    Answered,
    Exhausted,
    Thinking,
    Wants,
    record,
    replay,
    with_message,
)
from bot.contracts.agents import Turn
from bot.contracts.errors import BudgetReached, MeshClawError, OperatorMends, PersonMends, Stopped, TimeMends
from bot.contracts.slack import Blocks, Place, SlackAway
from bot.contracts.tools import Plan
from bot.views import answer as answers
from bot.views import talk as views

_WINDOW = 60_000
"""Tokens of history that are kept, about."""

_BEFORE = 40
_DRY = "This is a dry run: it was not done, and was asked of nobody. Say what would have been done, and end."
_SAID = "The person stopped this. Nothing more of it was done."


class Answering:
    """What one request does in a conversation. `save` writes the conversation down."""

    def __init__(
        self,
        talking: Talking,
        turn: Turn,
        definition: Definition,
        talk: Conversation,
        save: Callable[[], Awaitable[None]],
    ) -> None:
        self._talking = talking
        self._turn = turn
        self._definition = definition
        self._talk = talk
        self._place: Place | None = None
        self._fresh = False
        self.save = save

    async def take(self, said: Said, *, about: str = "") -> None:
        """Take the person's next message in, with what was said in the thread by others since."""
        talk = self._talk
        self._place = await self._turn.thread.place()
        secluded = self._place is None  # nobody else writes there
        heard = () if secluded else await self._turn.thread.messages(_BEFORE)
        before = [one for one in heard if talk.seen < one.ts < (said.ts or "9") and one.ts not in talk.answers]
        before = [one for one in before if not one.by_us and (one.user != self._turn.person.user or not talk.history)]
        text = prompts.message(said.text, before=before, about=about, after=talk.after)
        talk.seen = said.ts or talk.seen
        talk.typed = sorted({*talk.typed, *prompts.addresses(said.text)})[-50:]
        talk.history = compacted(with_message(talk.history, text), _WINDOW)
        talk.began = len(talk.history)
        talk.asks, talk.after, talk.wanted, talk.turned_down = 0, [], [], False
        talk.used, talk.cost, talk.past, talk.rests_at = 0, Decimal(0), 0, ""
        talk.state = "working"
        self._fresh = True
        await self.save()

    async def run(self) -> None:
        """Answer, until there is nothing more to do without the person. Raises Stopped, SlackAway."""
        turn, talk = self._turn, self._talk
        if talk.state == "waiting":
            talk.state, talk.began = "working", len(talk.history)
        if not self._fresh:
            self._place = await turn.thread.place()
            await turn.thread.clear(talk.streaming, talk.answers)
            talk.streaming = ""
        await self._check_place()
        await record(self._talking, turn, talk, self._definition)
        while talk.state == "working":
            showing = Showing(turn.thread, talk, self.save, secluded=self._place is None)
            await showing.at_work()
            if not self._fresh:
                await self._judge(showing)  # before a word of it is shown again
                await replay(talk, showing)
            self._fresh = False
            await self._one_answer(showing)
            if self._rests() and talk.queue:
                await self.take(talk.queue.pop(0))

    async def _check_place(self) -> None:
        """Raises PersonMends in a channel the agent is not meant for."""
        place, meant = self._place, self._definition.channels
        if place is not None and meant and not {place.channel, place.name} & set(meant):
            self._talk.state = "idle"
            await self.save()
            where = ", ".join(meant)
            raise PersonMends(f"{self._definition.name} is meant for {where}.", "Ask it there, or in direct messages.")

    def _rests(self) -> bool:
        return self._talk.state == "idle"

    async def _one_answer(self, showing: Showing) -> None:
        talk = self._talk
        try:
            async with asyncio.timeout(MOST_TIME.total_seconds()):
                await self._think(showing)
        except asyncio.CancelledError:
            await self._broken_off(showing)
            raise
        except (Stopped, SlackAway):
            raise
        except BudgetReached as reached:
            talk.rests_at = reached.past
            await self._pause(showing, reached.message, reached.mend, go_on=bool(reached.past))
        except MeshClawError as error:
            await self._pause(showing, error.message, error.mend)
        except TimeoutError:
            await self._pause(showing, "This took too long, and I stopped.", "Go on, or ask for less at once.")
        except Exception as error:
            meant = self._talking.catalogue.failure(error)
            if not isinstance(meant, TimeMends | OperatorMends | PersonMends):
                raise
            await self._pause(showing, meant.message, meant.mend)
        if not talk.waits and talk.state == "waiting":
            talk.state = "working"

    async def _think(self, showing: Showing) -> None:
        """Ask the model until it has answered, or a card waits."""
        talk, turn = self._talk, self._turn
        while True:
            thinking = Thinking(
                self._talking, turn, self._definition, talk, showing, self.save, lambda: self._judge(showing)
            )
            ended = await thinking.run()
            if isinstance(ended, Exhausted):
                limit = f"I have taken {self._definition.most_asks} steps on this, the most there are for one message."
                await self._pause(showing, limit, "")
                return
            if isinstance(ended, Answered):
                await self._finish(showing)
                return
            await self._propose(ended)
            if talk.waits:
                talk.state = "waiting"
                await showing.close(answers.waiting(), waits=True)
                await self.save()
                return

    async def _propose(self, wants: Wants) -> None:
        """Lay what the model wants before the person: one plan, whose cards are noted with the calls they hold."""
        talk = self._talk
        if talk.dry:
            talk.wanted = [_wanted(key, call.tool, call.digest(), result=_DRY) for key, call in wants.calls]
            return
        calls = tuple(call for _, call in wants.calls)
        plan = Plan(
            f"What {self._definition.name} wants to do",
            calls,
            sources=", ".join(talk.origins),
            topic=self._turn.conversation,
        )
        try:
            proposed = await self._turn.propose(plan)
        except PersonMends as refused:
            told = f"Refused: {refused.message} {refused.mend}".strip()
            talk.wanted = [_wanted(key, call.tool, call.digest(), result=told) for key, call in wants.calls]
            return
        cards = [(card, digest) for card, digests in proposed.cards.items() for digest in digests]
        denied = "Refused: " + (" ".join(proposed.denied) or "this is not allowed here.")
        talk.wanted = []
        for key, call in wants.calls:
            digest = call.digest()
            found = next((one for one in cards if one[1] == digest), None)
            if found:
                cards.remove(found)
            talk.wanted.append(
                _wanted(key, call.tool, digest, card=found[0] if found else "", result=None if found else denied)
            )

    async def _judge(self, showing: Showing) -> None:
        """Before the model says more: may all who read there see it?"""
        place = self._place
        if place is not None and (place.outside or not self._talk.for_all_of(place.members, self._turn.person.user)):
            showing.keeps = True

    async def _finish(self, showing: Showing) -> None:
        talk, place = self._talk, self._place
        if showing.kept.strip() and place is not None:
            seen_by = frozenset(talk.seen_by or ())
            await self._turn.reply(f"answer:{talk.asked}", showing.kept.strip(), seen_by=seen_by)
            await showing.close(answers.released_by_you(place.name))
        else:
            await showing.close(self._closing())
        talk.state = "idle"
        await self.save()

    def _closing(self) -> Blocks:
        read = self._talk.origins if self._place is None else ()
        return answers.closing(self._name(), model=self._talk.served, read=tuple(read))

    def _name(self) -> str:
        """The answer's name, as its buttons carry it."""
        return f"{self._turn.conversation}:{self._talk.asked}"

    async def _pause(self, showing: Showing, message: str, mend: str, *, go_on: bool = True) -> None:
        talk = self._talk
        await showing.paragraph()
        await showing.close(answers.paused(message, mend, go_on=go_on, answer=self._name()))
        talk.state = "paused" if go_on else "idle"
        await self.save()

    async def _broken_off(self, showing: Showing) -> None:
        """Cancelled: by a stop, and then that is the end of it; or because this process ends, and then it goes on."""
        if not await self._turn.is_stopped():
            return
        talk = self._talk
        await showing.close(views.stopped(), stopped=True)
        talk.state, talk.queue, talk.wanted = "idle", [], []
        talk.after.append(f"[{_SAID}]")
        await self.save()


def _wanted(key: str, tool: str, digest: str, *, card: str = "", result: str | None = None) -> Wanted:
    return Wanted(id=key, tool=tool, digest=digest, card=card, result=result)
