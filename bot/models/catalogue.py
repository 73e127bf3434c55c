"""The models of an installation, from names to what an agent runs with."""

import asyncio
from typing import TYPE_CHECKING

from bot.contracts.errors import MeshClawError, OperatorMends
from bot.models.failures import failure
from bot.models.names import Chain, ModelName, chosen_among
from bot.models.settings import ModelSettings

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from bot.models.providers import Built


class Catalogue:
    """`default`: the installation's own chain, empty where it has no model. `names`: all that people may choose among.

    Making one costs nothing; `ready` loads what models need, at the first use of one.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings
        self.default: Chain = settings.model
        self.names: tuple[ModelName, ...] = tuple(dict.fromkeys((*settings.model, *settings.models)))
        self._built: Built | None = None
        self._building = asyncio.Lock()

    def chosen(self, text: str) -> Chain:
        """What a person typed: one name, or several with commas. It is that and no more: a person who chose a model of
        the house is not served by another provider when it is away. Raises PersonMends with the nearest right name."""
        return chosen_among(text, self.names)

    async def ready(self) -> None:
        """Load the agent library and make all models, in a thread; once. Raises OperatorMends when none is set."""
        if not self.names:
            raise _none_set()
        async with self._building:
            if self._built is None:
                self._built = await asyncio.to_thread(_build, self.settings, self.names)

    def model(self, chain: Chain | None = None) -> "Model":
        """What an agent runs with: the chain's models as one, or the installation's. Call `ready` before. Raises
        OperatorMends where a key or an optional dependency is missing, or no model is set."""
        wanted = self.default if chain is None else chain
        if not wanted:
            raise _none_set()
        if self._built is None:
            raise RuntimeError("Catalogue.ready comes before Catalogue.model")
        if not set(wanted) <= set(self.names):  # chosen once, and offered no longer
            raise OperatorMends("A model that was chosen is not set up any more.", "Choose another model.")
        return self._built.chain(wanted)

    def failure(self, error: BaseException, chain: Chain | None = None) -> MeshClawError:
        """As `failures.failure`, for a run with this chain, or with the installation's."""
        return failure(error, self.default if chain is None else chain)

    async def close(self) -> None:
        """Close all connections; the catalogue may be made ready again."""
        async with self._building:
            built, self._built = self._built, None
        if built is not None:
            await built.http.aclose()


def _none_set() -> OperatorMends:
    return OperatorMends("No model is set up.", "Set MESHCLAW_MODEL, such as openai:gpt-5 or local:llama3.2.")


def _build(settings: ModelSettings, names: tuple[ModelName, ...]) -> "Built":
    from bot.models.providers import build  # two seconds, 60 MB

    return build(settings, names)
