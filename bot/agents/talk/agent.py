"""An agent that is talked to: in commands and in threads."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bot.agents.talk.conversation import Conversation, Said, load, save
from bot.agents.talk.deciding import outcomes, readings
from bot.agents.talk.parts import SPACE, Definition, Talking
from bot.agents.talk.search import search
from bot.contracts.agents import Description, Store, Turn
from bot.contracts.errors import PersonMends
from bot.contracts.json import Json, JsonObject
from bot.contracts.people import Person
from bot.contracts.slack import Message, View
from bot.views import answer as answers
from bot.views import help
from bot.views import talk as views
from bot.views.values import CommandHelp

if TYPE_CHECKING:
    from bot.agents.talk.answering import Answering

ASK = "ask"
_MOST_TEXT = 20_000


class TalkAgent:
    """One of the agents that ship with MeshClaw; the one called `ask` also lends its voice to those people wrote."""

    def __init__(self, description: Description, talking: Talking) -> None:
        self.description = description
        self.talking = talking

    @property
    def actions(self) -> Mapping[str, Callable[[Turn], Awaitable[None]]]:
        return {
            "run": self.run,
            "heard": self.heard,
            "decided": self.decided,
            "undone": self.undone,
            "go_on": self.go_on,
            "edited": self.edited,
            "feedback": self.feedback,
        }

    def parse(self, text: str) -> JsonObject:
        if not text.strip():
            raise PersonMends("There is no question.", f"For example: {self.description.usage[0][0]}")
        if len(text) > _MOST_TEXT:
            raise PersonMends("That is too long for one message.", f"It may have {_MOST_TEXT:,} characters.")
        return {"text": text.strip(), "as": self.description.name}

    def help(self) -> Message:
        one = self.description
        return help.command_help(CommandHelp(one.name, one.description, one.usage))

    async def view(self, name: str, person: Person, args: JsonObject, store: Store) -> View:
        raise PersonMends("There is nothing to open here.")

    async def run(self, turn: Turn) -> None:
        """Asked by a command: in a thread of its own, in the person's direct messages."""
        args = turn.request.args
        definition = await self.talking.definition(turn.person, str(args.get("as") or ASK))
        if turn.request.thread_ts:
            await self.heard(turn)
            return
        await refuse_guests(turn)
        posted = await turn.say("root", views.asked(definition.name, str(args["text"])))
        await turn.follow("heard", "heard", {**args, "ts": posted.ts}, posted)

    async def heard(self, turn: Turn) -> None:
        """A message of the person in a thread."""
        await refuse_guests(turn)
        store, args = turn.room(SPACE), turn.request.args
        talk = await load(store, turn.conversation) or Conversation(
            agent=str(args.get("as") or ASK), dry=bool(args.get("dry"))
        )
        talk.model = str(await store.load("model") or "")
        definition = await self.talking.definition(turn.person, talk.agent)
        if not self.talking.catalogue.default and not definition.model:
            await search(turn, str(args["text"]), definition)
            return
        answering = await self._answering(turn, definition, talk)
        said = Said(key=turn.request.key, ts=str(args.get("ts") or ""), text=str(args["text"]))
        if talk.take_in(said.key):
            if files := args.get("files"):
                await turn.answer("files", views.files([str(name) for name in _listed(files)]))
            if not said.text.strip():
                await answering.save()
                return
            if talk.waits:
                talk.queue.append(said)
                await answering.save()
                await turn.answer("waits", views.waits_for_card())
                return
            await answering.take(said, about=str(args.get("about") or ""))
        elif talk.state != "working":
            return
        await answering.run()

    async def decided(self, turn: Turn) -> None:
        """A card of this conversation came to an end: what became of it goes to the model."""
        talk = await load(turn.room(SPACE), turn.conversation)
        if talk is None:
            return
        args = turn.request.args
        talk.settle(str(args["card"]), outcomes(args))
        for reading in readings(args):  # who may see it counts, however it came to be read
            talk.read(reading)
        talk.turned_down = talk.turned_down or args["state"] in ("denied", "expired", "called_back")
        await self._carry_on(turn, talk, ready=not talk.waits and talk.state in ("waiting", "working"))

    async def undone(self, turn: Turn) -> None:
        """Told to the model with the next message."""
        store = turn.room(SPACE)
        talk = await load(store, turn.conversation)
        if talk is not None and talk.take_in(turn.request.key):
            talk.after.append("[Since then, the person has taken back what was done by their last card.]")
            await save(store, turn.conversation, talk)

    async def go_on(self, turn: Turn) -> None:
        """The person wants it to go on, past a limit or after a failure."""
        talk = await load(turn.room(SPACE), turn.conversation)
        if talk is None:
            raise PersonMends("This conversation is not kept any more.", "Ask anew.")
        if talk.take_in(turn.request.key) and talk.state == "paused":
            if talk.rests_at == "month":
                await self.talking.meter.go_on(turn.person, f"{turn.conversation}:{talk.asked}")
            talk.past += talk.rests_at == "message"
            talk.asks, talk.rests_at, talk.state = 0, "", "working"
            talk.began = len(talk.history)  # what was said before stands there
        await self._carry_on(turn, talk, ready=talk.state == "working" and not talk.waits)

    async def edited(self, turn: Turn) -> None:
        """The person changed or deleted a message of theirs: what is not taken in yet follows it."""
        store, args = turn.room(SPACE), turn.request.args
        talk = await load(store, turn.conversation)
        ts, text = str(args["ts"]), str(args.get("text") or "")
        if talk is None:
            return
        waiting = [said for said in talk.queue if said.ts == ts]
        for said in waiting:
            said.text = text
        talk.queue = [said for said in talk.queue if said.text]
        await save(store, turn.conversation, talk)
        if not waiting and text:
            await turn.answer("edited", views.read_already())

    async def feedback(self, turn: Turn) -> None:
        """Kept for the person's own digest, and for nobody else."""
        pressed = answers.chosen(str(turn.request.args.get("value") or ""))
        if pressed is not None:
            answer, good = pressed
            kept: JsonObject = {"answer": answer, "good": good, "at": turn.now.isoformat()}
            await turn.room(SPACE).save(f"feedback:{turn.request.key}", kept)
            await turn.whisper(views.thanks())

    async def _carry_on(self, turn: Turn, talk: Conversation, *, ready: bool) -> None:
        definition = await self.talking.definition(turn.person, talk.agent)
        answering = await self._answering(turn, definition, talk)
        await answering.save()
        if ready:
            await turn.stoppable(answering.run)

    async def _answering(self, turn: Turn, definition: Definition, talk: Conversation) -> "Answering":
        """Raises OperatorMends where the models are not set up as they should be."""
        await self.talking.catalogue.ready()
        await asyncio.to_thread(_load)
        from bot.agents.talk.answering import Answering

        store = turn.room(SPACE)
        ours = turn.narrowed(definition.tools)
        return Answering(self.talking, ours, definition, talk, lambda: save(store, turn.conversation, talk))


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


def _load() -> None:
    """What needs the agent library: seconds, where it is not loaded yet."""
    import bot.agents.talk.answering  # noqa: F401


async def refuse_guests(turn: Turn) -> None:
    """People of other companies, and guests, are not served here. Raises PersonMends."""
    member = await turn.member()
    if member.guest or not member.active:
        raise PersonMends("MeshClaw works for members of this workspace only.", "Ask one of them to ask me.")
