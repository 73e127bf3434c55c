"""Catalogues whose providers are the scripted server, with nothing of the outer environment in their settings."""

import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from model_server import ModelServer

from bot.models import Catalogue, ModelSettings, load
from bot.models.settings import ModelSettings as _Settings

OUTSIDE = ("OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_", "AWS_", "TIKTOKEN_")
CHAIN = "openai:gpt-5, anthropic:claude-sonnet-5-5, local:llama3.2"
Offering = Callable[..., Catalogue]


@pytest.fixture(autouse=True)
def settings_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(OUTSIDE):
            monkeypatch.delenv(name)
    monkeypatch.setitem(_Settings.model_config, "env_file", None)


def settings_for(server: ModelServer, **given: Any) -> ModelSettings:
    """All providers at this server."""
    ours = {
        "model": CHAIN,
        "openai_url": server.openai_url,
        "openai_key": "sk-openai",
        "anthropic_url": server.anthropic_url,
        "anthropic_key": "sk-anthropic",
        "model_url": server.openai_url,
    }
    return load(**ours | given)


@pytest.fixture
async def offering() -> AsyncIterator[Offering]:
    """`offering(server, model="openai:gpt-5", …)`: a catalogue, closed at the end of the test."""
    made: list[Catalogue] = []

    def offer(server: ModelServer, **given: Any) -> Catalogue:
        made.append(Catalogue(settings_for(server, **given)))
        return made[-1]

    yield offer
    for catalogue in made:
        await catalogue.close()
