"""What `meshclaw doctor` says of models: asked of a server that lists them, at no cost."""

import asyncio
import json
import time
from collections.abc import Callable

import pytest
from model_runs import run
from model_server import ModelServer, Script, says

from bot.models import Catalogue, checks, load
from bot.models import checking as examined

Offering = Callable[..., Catalogue]


async def test_without_a_model_all_is_well() -> None:
    (check,) = await checks(load())
    assert (check.name, check.well, check.needed) == ("model", True, False)


async def test_every_provider_is_asked_for_its_list_and_nothing_is_paid(offering: Offering) -> None:
    async with ModelServer(Script([])) as server:
        found = await checks(offering(server, models="openai:gpt-5-mini").settings)
    assert [check.name for check in found] == [
        "model openai:gpt-5, openai:gpt-5-mini",
        "model anthropic:claude-sonnet-5-5",
        "model local:llama3.2",
    ]
    assert [(check.well, check.says) for check in found] == [
        (True, "answers, and has them"),
        (True, "answers, and has it"),
        (True, "answers, and has it"),
    ]
    assert not any(check.needed for check in found)
    assert len(server.listed) == 3
    assert server.asked == []


async def test_the_key_is_shown_as_the_provider_wants_it(offering: Offering) -> None:
    """As its own client does, whichever version of it is installed."""
    async with ModelServer(Script([says("Hi")]), key="sk-anthropic") as server:
        catalogue = offering(server, model="anthropic:claude-sonnet-5-5")
        assert all(check.well for check in await checks(catalogue.settings))
        await run(catalogue, "Hello")
    for header in ("authorization", "anthropic-version"):
        assert server.listed[0][header] == server.asked[0].headers[header]


async def test_a_refused_key_is_named(offering: Offering) -> None:
    async with ModelServer(Script([]), key="another") as server:
        found = await checks(offering(server, model_key="sk-local").settings)
    assert [check.says for check in found] == ["refuses the key (status 401)"] * 3
    mends = " ".join(check.mend for check in found)
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "MESHCLAW_MODEL_KEY"):
        assert variable in mends
    assert "sk-" not in mends


async def test_a_missing_key_is_named_and_nobody_asked(offering: Offering) -> None:
    async with ModelServer(Script([])) as server:
        found = await checks(offering(server, model="openai:gpt-5", openai_key=None).settings)
    assert [(check.well, check.says) for check in found] == [(False, "OPENAI_API_KEY is not set")]
    assert server.listed == []


async def test_a_misspelt_model_gives_the_nearest_the_provider_has(offering: Offering) -> None:
    async with ModelServer(Script([])) as server:
        found = await checks(offering(server, model="openai:gpt5, local:zzzzzz").settings)
    assert [check.well for check in found] == [False, False]
    assert "Did you mean openai:gpt-5?" in found[0].mend
    assert "MESHCLAW_MODEL" in found[1].mend


async def test_a_server_that_is_away_is_said_with_its_setting() -> None:
    found = await checks(load(model="local:llama3.2", model_url="http://127.0.0.1:1/v1"))
    assert [(check.well, check.says) for check in found] == [(False, "does not answer")]
    assert "MESHCLAW_MODEL_URL" in found[0].mend


async def test_a_server_that_hangs_is_not_waited_for() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    started = time.monotonic()
    found = await checks(load(model="local:llama3.2", model_url=f"http://127.0.0.1:{port}/v1"), seconds=0.2)
    server.close()
    assert found[0].says == "does not answer"
    assert time.monotonic() - started < 5


async def test_a_missing_extra_is_named(offering: Offering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examined, "find_spec", lambda name: None)
    async with ModelServer(Script([])) as server:
        found = await checks(offering(server, model="anthropic:x, bedrock:x, google:x").settings)
    for check, provider in zip(found, ("anthropic", "bedrock", "google"), strict=True):
        assert not check.well
        assert f"meshclaw[{provider}]" in check.mend
    assert server.listed == []


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ({"data": [{"id": "a"}, {"id": "b:latest"}]}, {"a", "b:latest"}),
        ({"models": [{"name": "models/gemini"}]}, {"gemini"}),
        ({"data": [{"id": "\x1b[31mred"}, {"id": "<@U1>"}, {"id": "fine"}]}, {"fine"}),
        ({"data": []}, None),
        ({"data": ["a"]}, None),
        ({"data": 3}, None),
        ([1], None),
        ("<html>", None),
    ],
)
def test_any_list_is_read_or_let_be(body: object, known: set[str] | None) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    assert examined._models(text.encode()) == known


def test_a_list_nested_without_end_is_let_be() -> None:
    assert examined._models(b"[" * 100_000) is None
