"""What models are called: `openai:gpt-5`, `local:llama3.2`; and what was probably meant by what is no such name."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.contracts.errors import PersonMends

PROVIDERS = ("openai", "anthropic", "bedrock", "google", "local")
"""`local` is any server that speaks OpenAI's chat completions: Ollama, vLLM, llama.cpp, LM Studio."""

_MEANT = {
    "aws": "bedrock",
    "azure": "openai",
    "chatgpt": "openai",
    "claude": "anthropic",
    "gemini": "google",
    "gpt": "openai",
    "llamacpp": "local",
    "llama.cpp": "local",
    "lmstudio": "local",
    "ollama": "local",
    "vertex": "google",
    "vllm": "local",
}
_FAMILIES = {
    "gpt": "openai",
    "chatgpt": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "claude": "anthropic",
    "gemini": "google",
}
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
_LIKE = 0.6
MOST_IN_CHAIN = 8


@dataclass(frozen=True, slots=True, order=True)
class ModelName:
    """One model: who serves it, and what they call it."""

    provider: str
    word: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.word}"


Chain = tuple[ModelName, ...]
"""Models in the order in which they are tried; never empty where one is asked for."""


def name_of(text: str) -> ModelName:
    """The name a person typed. Raises PersonMends, with the nearest right word, and without what was typed."""
    provider, colon, word = (part.strip() for part in text.strip().partition(":"))
    provider = provider.lower()
    if not colon:
        raise PersonMends("A model is named with its provider before it.", _with_provider(provider))
    if provider not in PROVIDERS:
        raise PersonMends("There is no such provider of models.", _nearest_provider(provider))
    if not is_word(word):
        raise PersonMends("That is no name of a model.", f"Name it as in {provider}:{_EXAMPLES[provider]}.")
    return ModelName(provider, word)


def chain_of(text: str) -> Chain:
    """Names with commas between them, each once, in their order; empty for no text. Raises PersonMends."""
    names = tuple(dict.fromkeys(name_of(part) for part in text.split(",") if part.strip()))
    if len(names) > MOST_IN_CHAIN:
        raise PersonMends("Those are too many models.", f"Name {MOST_IN_CHAIN} at most.")
    return names


def chosen_among(text: str, known: Collection[ModelName]) -> Chain:
    """What a person chose, out of what the installation offers. Raises PersonMends with the nearest that is offered."""
    offered = ", ".join(map(str, known))
    if not known:
        raise PersonMends("No model is set up here.", "Ask whoever installed MeshClaw.")
    chain = chain_of(text)
    if not chain:
        raise PersonMends("No model was named.", f"Choose among {offered}.")
    for name in chain:
        if name not in known:
            near = nearest(str(name), map(str, known))
            mend = f"Did you mean {near}?" if near else f"Choose among {offered}."
            raise PersonMends("That model is not offered here.", mend)
    return chain


def is_word(text: str) -> bool:
    """Whether it can be a model's word: safe to show, whoever sent it."""
    return _WORD.fullmatch(text) is not None


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, if one is."""
    lower = {each.lower(): each for each in known}
    found = get_close_matches(word.lower(), lower, n=1, cutoff=_LIKE)
    return lower[found[0]] if found else None


_EXAMPLES = {
    "openai": "gpt-5",
    "anthropic": "claude-sonnet-5-5",
    "bedrock": "us.anthropic.claude-sonnet-5-5",
    "google": "gemini-3.8-flash",
    "local": "llama3.2",
}


def _with_provider(word: str) -> str:
    if provider := next((provider for start, provider in _FAMILIES.items() if word.startswith(start)), None):
        known = word if is_word(word) else _EXAMPLES[provider]
        return f"Did you mean {provider}:{known}?"
    return f"Name it as in {_listed([f'{provider}:{_EXAMPLES[provider]}' for provider in ('openai', 'local')])}."


def _nearest_provider(word: str) -> str:
    meant = _MEANT.get(word.replace("-", "").replace("_", "")) or nearest(word, PROVIDERS)
    return f"Did you mean {meant}:…?" if meant else f"The providers are {_listed(PROVIDERS)}."


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
