"""What a person is told at once about agents and models: who there is, and who thinks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.agents.talk.conversation import name_of
from bot.agents.talk.parts import SPACE, Talking
from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.contracts.slack import Message
from bot.contracts.usage import read_ceiling
from bot.store.documents import Documents
from bot.usage.budgets import ceiling_words
from bot.usage.meter import Meter
from bot.views import models as views
from bot.views.values import CommandHelp

USAGE = (
    CommandHelp(
        "model",
        "Shows or chooses the language model that works for you",
        (
            ("/meshclaw model", "show which there are"),
            ("/meshclaw model anthropic:claude-sonnet-5-5", "choose one of them"),
            ("/meshclaw model default", "as whoever installed MeshClaw set it"),
        ),
    ),
    CommandHelp(
        "budget",
        "Shows or sets the most that models may cost you a month",
        (
            ("/meshclaw budget", "show it, and what this month came to; nobody else sees either"),
            ("/meshclaw budget $20", "in dollars"),
            ("/meshclaw budget 500k tokens", "in tokens, where nobody knows a price"),
            ("/meshclaw budget none", "without a ceiling of yours"),
        ),
    ),
)


class Roster:
    """Answers these words. Each is a few quick queries: the acknowledgement waits for it."""

    def __init__(self, talking: Talking, documents: Documents, meter: Meter) -> None:
        self._talking = talking
        self._documents = documents
        self._meter = meter
        self._answers: Mapping[str, Callable[[Person, str], Awaitable[Message]]] = {
            "model": self._model,
            "budget": self._budget,
        }

    @property
    def words(self) -> Sequence[str]:
        return tuple(self._answers)

    @property
    def usage(self) -> Sequence[CommandHelp]:
        return USAGE

    async def answer(self, person: Person, word: str, rest: str) -> Message:
        """Do what the word asks. Raises PersonMends."""
        return await self._answers[word](person, rest.strip())

    async def talks(self, person: Person, conversation: str) -> bool:
        """Whether there is such a conversation (by its pseudonym) of that person."""
        return await self._documents.has(person, SPACE, name_of(conversation))

    def talks_as(self, agent: str) -> bool:
        """Whether that agent is one that is talked to."""
        return agent in self._talking.built_in

    async def _model(self, person: Person, rest: str) -> Message:
        catalogue = self._talking.catalogue
        if rest:
            await self._choose(person, "" if rest.lower() == "default" else rest)
        chosen = await self._documents.load(person, SPACE, "model")
        return views.models(
            offered=tuple(map(str, catalogue.names)),
            default=tuple(map(str, catalogue.default)),
            chosen=str(chosen or ""),
        )

    async def _budget(self, person: Person, rest: str) -> Message:
        if rest:
            await self._meter.set_ceiling(person, read_ceiling(rest))
        month, ceiling = await self._meter.month(person), await self._meter.ceiling(person)
        return views.budget(month, ceiling_words(ceiling))

    async def _choose(self, person: Person, text: str) -> None:
        """Raises PersonMends for what is not offered."""
        if not self._talking.catalogue.names:
            raise PersonMends("No language model is set up here.", "Whoever installed MeshClaw sets one.")
        chain = self._talking.catalogue.chosen(text) if text else ()
        await self._documents.save(person, SPACE, "model", ", ".join(map(str, chain)))
