"""What a request cost, by the price list that comes with genai-prices: no network, and unknown is not free."""

from decimal import Decimal
from typing import TYPE_CHECKING

from bot.models.names import ModelName

if TYPE_CHECKING:
    from genai_prices.types import AbstractUsage

_SELLERS = {"openai": "openai", "anthropic": "anthropic", "bedrock": "aws", "google": "google"}
"""Our providers, as the price list calls them. A local model's costs are nobody's list."""


def cost(model: ModelName, usage: "AbstractUsage") -> Decimal | None:
    """The price in US dollars of what the provider says it used; None where it is not known, and never zero for that.

    `usage`: pydantic-ai's `RequestUsage` or `RunUsage`, or genai-prices' own. The first call loads the list, which
    takes most of a second unless `Catalogue.ready` did.
    """
    seller = _SELLERS.get(model.provider)
    unmeasured: object = getattr(usage, "unmeasured_requests", 0)  # pydantic-ai's: answers that broke off uncounted
    if seller is None or unmeasured:
        return None
    from genai_prices import calc_price

    try:
        price = calc_price(usage, model.word, provider_id=seller).total_price
    except (LookupError, ValueError):  # no such model; counts that contradict each other
        return None
    return price if price > 0 else None


def load_list() -> None:
    """Read the price list; blocks for most of a second."""
    from genai_prices.data_snapshot import get_snapshot

    get_snapshot()
