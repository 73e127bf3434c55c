"""The models themselves: the one module that knows the agent library. Importing it takes two seconds.

Every client tries a request once; what comes after is one rule of ours, in `_Connecting` and in `failures.falls_over`.
"""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import httpx2
from openai import AsyncOpenAI
from pydantic_ai.models import Model
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles import ModelProfile, merge_profile
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings as RequestSettings

from bot.contracts.errors import OperatorMends
from bot.models import prices
from bot.models.failures import falls_over
from bot.models.names import Chain, ModelName
from bot.models.settings import KEY_VARIABLES, ModelSettings

_CONNECT_SECONDS = 5.0
_PAUSE = 0.2  # seconds before the second try to connect
_LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
_NO_KEY = "none"  # the client wants one; a server without keys does not look at it


class _Connecting(httpx2.AsyncClient):
    """Tries a second time where no connection came about: nothing was sent, so nothing can be paid twice. A request
    that was sent is never sent again, answered or not."""

    async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:
        try:
            return await super().send(request, **how)
        except httpx2.ConnectError:
            await asyncio.sleep(_PAUSE)
            return await super().send(request, **how)


@dataclass(frozen=True, slots=True)
class Built:
    """All models of an installation, and the one HTTP client they share. A model that cannot be had is the reason."""

    models: dict[ModelName, Model | OperatorMends]
    http: httpx2.AsyncClient

    def chain(self, chain: Chain) -> Model:
        """One model, or several as one. Raises OperatorMends when one of them is not to be had."""
        found = [self._one(name) for name in chain]
        return found[0] if len(found) == 1 else FallbackModel(found[0], *found[1:], fallback_on=falls_over)

    def _one(self, name: ModelName) -> Model:
        model = self.models[name]
        if isinstance(model, OperatorMends):
            raise OperatorMends(model.message, model.mend)
        return model


def build(settings: ModelSettings, names: Sequence[ModelName]) -> Built:
    """Make the models; blocks for a second, reaches nobody."""
    prices.load_list()
    http = _Connecting(timeout=_timeout(settings), limits=_LIMITS, verify=_trusted())
    makers: dict[str, _Maker] = {}
    models: dict[ModelName, Model | OperatorMends] = {}
    for name in names:
        try:
            maker = makers.get(name.provider) or _MAKERS[name.provider](settings, http)
            makers[name.provider] = maker
            models[name] = maker.model(name.word)
        except OperatorMends as missing:
            models[name] = missing
    return Built(models, http)


class _Maker(ABC):
    """One provider: its client, made once for all its models."""

    def __init__(self, settings: ModelSettings, http: httpx2.AsyncClient) -> None:
        self.settings = settings
        self.http = http

    @abstractmethod
    def model(self, word: str) -> Model: ...


class _OpenAI(_Maker):
    def __init__(self, settings: ModelSettings, http: httpx2.AsyncClient) -> None:
        super().__init__(settings, http)
        self._provider = OpenAIProvider(
            openai_client=_openai_client(settings, http, settings.openai_url, _key(settings, "openai"))
        )

    def model(self, word: str) -> Model:
        return OpenAIChatModel(word, provider=self._provider, settings=_requests(self.settings))


class _Local(_Maker):
    def __init__(self, settings: ModelSettings, http: httpx2.AsyncClient) -> None:
        super().__init__(settings, http)
        client = _openai_client(settings, http, settings.model_url, settings.key_of("local") or _NO_KEY)
        self._provider = OpenAICompatibleProvider("local", openai_client=client, profile=_local_profile)

    def model(self, word: str) -> Model:
        return OpenAIChatModel(word, provider=self._provider, settings=_requests(self.settings))


class _Anthropic(_Maker):
    def __init__(self, settings: ModelSettings, http: httpx2.AsyncClient) -> None:
        super().__init__(settings, http)
        self._models = _extra("anthropic", "pydantic_ai.models.anthropic")
        client = import_module("anthropic").AsyncAnthropic(
            api_key=_key(settings, "anthropic"),
            base_url=settings.anthropic_url,
            http_client=http,
            timeout=_timeout(settings),
            max_retries=0,
        )
        self._provider = import_module("pydantic_ai.providers.anthropic").AnthropicProvider(anthropic_client=client)

    def model(self, word: str) -> Model:
        made: Model = self._models.AnthropicModel(word, provider=self._provider, settings=_requests(self.settings))
        return made


class _Google(_Maker):
    def __init__(self, settings: ModelSettings, http: httpx2.AsyncClient) -> None:
        super().__init__(settings, http)
        self._models = _extra("google", "pydantic_ai.models.google")
        provider = import_module("pydantic_ai.providers.google").GoogleProvider
        self._provider = provider(api_key=_key(settings, "google"), http_client=http)

    def model(self, word: str) -> Model:
        made: Model = self._models.GoogleModel(word, provider=self._provider, settings=_requests(self.settings))
        return made


class _Bedrock(_Maker):
    def __init__(self, settings: ModelSettings, http: httpx2.AsyncClient) -> None:
        super().__init__(settings, http)
        self._models = _extra("bedrock", "pydantic_ai.models.bedrock")
        config = import_module("botocore.config").Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=settings.model_seconds,
            retries={"total_max_attempts": 1},
        )
        try:
            client = import_module("boto3").client(
                "bedrock-runtime", region_name=settings.bedrock_region, config=config
            )
        except import_module("botocore.exceptions").BotoCoreError:
            raise OperatorMends("AWS is not set up for Bedrock.", "Set AWS_REGION and the AWS credentials.") from None
        self._provider = import_module("pydantic_ai.providers.bedrock").BedrockProvider(bedrock_client=client)

    def model(self, word: str) -> Model:
        made: Model = self._models.BedrockConverseModel(
            word, provider=self._provider, settings=_requests(self.settings)
        )
        return made


_MAKERS: dict[str, type[_Maker]] = {
    "openai": _OpenAI,
    "anthropic": _Anthropic,
    "bedrock": _Bedrock,
    "google": _Google,
    "local": _Local,
}


def _requests(settings: ModelSettings) -> RequestSettings:
    """What every request is sent with. `cache` marks what repeats, where the provider has prices for that."""
    return RequestSettings(
        max_tokens=settings.model_tokens,
        request_timeout=settings.model_seconds,
        first_event_timeout=min(settings.model_first_seconds, settings.model_seconds),
        cache=True,
    )


def _openai_client(settings: ModelSettings, http: httpx2.AsyncClient, url: str, key: str) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=url, api_key=key, http_client=http, timeout=_timeout(settings), max_retries=0)


def _local_profile(word: str) -> ModelProfile | None:
    """What Ollama knows of a family of models holds for the other servers too; all of them know `max_tokens`."""
    return merge_profile(
        OllamaProvider.model_profile(word), OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
    )


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted: 70 ms, once."""
    return httpx2.create_ssl_context()


def _timeout(settings: ModelSettings) -> httpx2.Timeout:
    return httpx2.Timeout(settings.model_seconds, connect=_CONNECT_SECONDS)


def _key(settings: ModelSettings, provider: str) -> str:
    if key := settings.key_of(provider):
        return key
    variable = KEY_VARIABLES[provider]
    raise OperatorMends(f"{variable} is not set.", f"Set {variable}, or take {provider}:… out of MESHCLAW_MODEL.")


def _extra(provider: str, module: str) -> Any:
    """A module of an optional dependency. Raises OperatorMends where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise missing_extra(provider) from None


def missing_extra(provider: str) -> OperatorMends:
    return OperatorMends(
        f"What {provider}:… models need is not installed.", f"Install it: pip install 'meshclaw[{provider}]'."
    )
