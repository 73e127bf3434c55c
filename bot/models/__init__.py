"""Language models: what they are called, how they are reached, what they cost, and what their failures mean.

All of it is light but `providers`, which needs the agent library (two seconds, 60 MB). `Catalogue.ready` loads that, in
a thread, at the first use of a model: an installation without one never does. What a provider says when it fails
reaches nobody from here, for it may repeat the prompt: failures keep a status code at most.
"""

from bot.models.catalogue import Catalogue
from bot.models.checking import checks
from bot.models.failures import failure
from bot.models.names import Chain, ModelName, chain_of, name_of
from bot.models.prices import cost
from bot.models.settings import ModelSettings, load
from bot.models.tokens import Count, Counter

__all__ = [
    "Catalogue",
    "Chain",
    "Count",
    "Counter",
    "ModelName",
    "ModelSettings",
    "chain_of",
    "checks",
    "cost",
    "failure",
    "load",
    "name_of",
]
