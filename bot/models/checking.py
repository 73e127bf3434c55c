"""What `meshclaw doctor` says of models: which are set, whether each provider answers to its key and knows them.

It asks for the list of models, which costs nothing, and needs none of what a request needs.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from bot.contracts.connectors import Check
from bot.models.names import ModelName, is_word, nearest
from bot.models.settings import KEY_VARIABLES, URL_VARIABLES, ModelSettings

_SECONDS = 3.0
_MOST_BYTES = 4_000_000
_NEEDS = {"anthropic": "anthropic", "bedrock": "boto3", "google": "google.genai"}
_REFUSED = (401, 403)


@dataclass(frozen=True, slots=True)
class _Listing:
    """Where a provider lists its models."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)


async def checks(settings: ModelSettings, seconds: float = _SECONDS) -> Sequence[Check]:
    """One line for each provider of a model that is set. None is needed: MeshClaw works without a model."""
    names = tuple(dict.fromkeys((*settings.model, *settings.models)))
    if not names:
        return [Check("model", True, "none set; triage works without one", needed=False)]
    providers = dict.fromkeys(name.provider for name in names)
    looks = (_look(provider, [n for n in names if n.provider == provider], settings, seconds) for provider in providers)
    return await asyncio.gather(*looks)


async def _look(provider: str, names: Sequence[ModelName], settings: ModelSettings, seconds: float) -> Check:
    title = f"model {', '.join(map(str, names))}"
    if not _installed(provider):
        return Check(title, False, "not installed", f"Install it: pip install 'meshclaw[{provider}]'.", needed=False)
    if provider == "bedrock":
        return Check(title, True, "installed; AWS is asked only when it is used", needed=False)
    key = settings.key_of(provider)
    if not key and provider != "local":
        variable = KEY_VARIABLES[provider]
        return Check(title, False, f"{variable} is not set", f"Set {variable}.", needed=False)
    status, known = await _asked(_listing(provider, settings, key), seconds)
    well, says, mend = _judged(provider, names, status, known)
    return Check(title, well, says, mend, needed=False)


def _installed(provider: str) -> bool:
    try:
        return provider not in _NEEDS or find_spec(_NEEDS[provider]) is not None
    except ModuleNotFoundError:  # the package that would hold it
        return False


def _listing(provider: str, settings: ModelSettings, key: str | None) -> _Listing:
    if provider == "anthropic":
        headers = {"Authorization": f"Bearer {key}", "anthropic-version": "2026-10-21"}  # as Anthropic's own client
        return _Listing(f"{settings.anthropic_url}/v1/models?limit=1000", headers)
    if provider == "google":
        url = "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000"
        return _Listing(url, {"x-goog-api-key": key or ""})
    url = settings.model_url if provider == "local" else settings.openai_url
    return _Listing(f"{url}/models", {"Authorization": f"Bearer {key}"} if key else {})


async def _asked(listing: _Listing, seconds: float) -> tuple[int | None, frozenset[str] | None]:
    """The status, and the models that are listed; None for what did not come. The answer's words are not kept."""
    import httpx2

    try:
        async with (
            asyncio.timeout(seconds),
            httpx2.AsyncClient(timeout=None) as client,
            client.stream("GET", listing.url, headers=listing.headers) as response,
        ):
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES:
                    break
        return response.status_code, _models(bytes(body))
    except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError):
        return None, None


def _models(body: bytes) -> frozenset[str] | None:
    """Ids in a list as OpenAI and Anthropic give it (`data`, `id`) or Google (`models`, `name`)."""
    try:
        answer: Any = json.loads(body)
        rows = answer.get("data") or answer.get("models")
        found = frozenset(filter(is_word, (str(row.get("id") or row["name"]).removeprefix("models/") for row in rows)))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return found or None


def _judged(
    provider: str, names: Sequence[ModelName], status: int | None, known: frozenset[str] | None
) -> tuple[bool, str, str]:
    """Well or not, what is said, the mend."""
    url = URL_VARIABLES.get(provider)
    where = f"Check the network and {url}." if url else "Check the network."
    if status is None:
        return False, "does not answer", where
    if status in _REFUSED:
        return False, f"refuses the key (status {status})", f"Check {KEY_VARIABLES[provider]}."
    if status >= 400:
        return False, f"answers with status {status}", where
    if known is None:
        return True, "answers; it does not say which models it has", ""
    missing = [name for name in names if name.word not in known and f"{name.word}:latest" not in known]
    if not missing:
        return True, "answers, and has it" if len(names) == 1 else "answers, and has them", ""
    near = nearest(missing[0].word, known)
    mend = f"Did you mean {provider}:{near}?" if near else "Check the name in MESHCLAW_MODEL or MESHCLAW_MODELS."
    return False, f"does not list {', '.join(map(str, missing))}", mend
