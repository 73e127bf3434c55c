"""Models that fail: what falls over to the next, what is never asked or paid twice, and what people are told."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx2
import pytest
from model_runs import run
from model_server import Answer, ModelServer, Script, calls, fails, hangs, says, too_long

from bot.contracts.errors import MeshClawError, OperatorMends, PersonMends, TimeMends
from bot.models import Catalogue, chain_of, failure

Offering = Callable[..., Catalogue]
OPENAI, ANTHROPIC = "openai:gpt-5", "anthropic:claude-sonnet-5-5"
BOTH = f"{OPENAI}, {ANTHROPIC}"
EACH = pytest.mark.parametrize("name", [OPENAI, ANTHROPIC, "local:llama3.2"])
SECRET = "the merger closes on Friday"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def dead() -> str:
    return f"http://127.0.0.1:{free_port()}/v1"


async def told(catalogue: Catalogue, name: str, *, streamed: bool = True) -> MeshClawError:
    """What a person hears of a run that fails."""
    with pytest.raises(MeshClawError) as failed:
        await run(catalogue, SECRET, chain_of(name), streamed=streamed)
    for words in (failed.value.message, failed.value.mend):
        assert SECRET not in words
        assert "You said" not in words
    return failed.value


FAILURES = [
    (fails(401), OperatorMends, "status 401"),
    (fails(403), OperatorMends, "status 403"),
    (fails(404), OperatorMends, "status 404"),
    (fails(400), OperatorMends, "status 400"),
    (fails(422), OperatorMends, "status 422"),
    (fails(402), OperatorMends, "used up"),
    (fails(429), TimeMends, "status 429"),
    (fails(429, retry_after=0), TimeMends, "status 429"),
    (fails(408), TimeMends, "status 408"),
    (fails(500), TimeMends, "status 500"),
    (fails(503), TimeMends, "status 503"),
    (fails(529), TimeMends, "status 529"),
    (fails(413), PersonMends, "more text"),
    (too_long(), PersonMends, "more text"),
    (says("Hal").cut(), TimeMends, "broke off"),
]


@pytest.mark.parametrize(
    ("name", "streamed"), [(OPENAI, True), (ANTHROPIC, True), ("local:llama3.2", True), (OPENAI, False)]
)
async def test_a_failure_says_who_mends_it_and_is_asked_once(offering: Offering, name: str, streamed: bool) -> None:
    async with ModelServer(Script([answer for answer, _, _ in FAILURES])) as server:
        catalogue = offering(server)
        for number, (answer, kind, words) in enumerate(FAILURES, 1):
            error = await told(catalogue, name, streamed=streamed)
            assert type(error) is kind, answer
            assert words in error.message, answer
            assert name in error.message
            assert error.mend
            assert len(server.asked) == number, answer


@pytest.mark.parametrize(
    ("name", "status", "setting"),
    [
        (OPENAI, 401, "OPENAI_API_KEY"),
        (ANTHROPIC, 403, "ANTHROPIC_API_KEY"),
        ("local:llama3.2", 401, "MESHCLAW_MODEL_KEY"),
        (OPENAI, 404, "OPENAI_BASE_URL"),
        (ANTHROPIC, 404, "MESHCLAW_MODEL"),
        ("local:llama3.2", 404, "MESHCLAW_MODEL_URL"),
    ],
)
async def test_the_setting_to_mend_is_named(offering: Offering, name: str, status: int, setting: str) -> None:
    async with ModelServer(Script([fails(status)])) as server:
        assert setting in (await told(offering(server), name)).mend


async def test_of_two_models_called_the_same_none_is_blamed(offering: Offering) -> None:
    async with ModelServer(Script([fails(401)])) as server:
        error = await told(offering(server, model="openai:gpt-5, local:gpt-5"), "openai:gpt-5, local:gpt-5")
    assert error.message == "The model refuses the key (status 401)."
    assert "OPENAI" not in error.mend


# --- the next model


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("first", [fails(500), fails(503), fails(429), fails(408), fails(402), hangs()], ids=str)
async def test_the_next_model_answers_where_the_first_is_away(
    offering: Offering, first: Answer, streamed: bool
) -> None:
    async with ModelServer(lambda asked: first if asked.protocol == "openai" else says("Here.")) as server:
        ran = await run(offering(server, model=BOTH, model_seconds=1), "Hello", streamed=streamed)
    assert ran.output == "Here."
    assert [asked.protocol for asked in server.asked] == ["openai", "anthropic"]
    assert len(server.paid) == 1


async def test_the_next_model_answers_where_the_first_is_dead(offering: Offering) -> None:
    async with ModelServer(Script([calls(("add", {"a": 1, "b": 2})), says("Three.")])) as server:
        catalogue = offering(server, model=BOTH, openai_url=dead())
        await catalogue.ready()
        started = time.monotonic()
        ran = await run(catalogue, "Hello")
        assert time.monotonic() - started < 5
    assert (ran.output, len(server.paid)) == ("Three.", 2)


@pytest.mark.parametrize("first", [fails(401), fails(404), fails(400), too_long(), says("Ha").cut()], ids=str)
async def test_what_somebody_has_to_mend_is_not_passed_over(offering: Offering, first: Answer) -> None:
    async with ModelServer(lambda asked: first if asked.protocol == "openai" else says("Here.")) as server:
        await told(offering(server), BOTH)
    assert [asked.protocol for asked in server.asked] == ["openai"]


async def test_where_all_are_away_each_is_named(offering: Offering) -> None:
    async with ModelServer(lambda asked: fails(500 if asked.protocol == "openai" else 429)) as server:
        error = await told(offering(server), BOTH)
    assert isinstance(error, TimeMends)
    for words in (OPENAI, "status 500", ANTHROPIC, "status 429"):
        assert words in error.message


async def test_where_all_fail_what_can_be_mended_is_told(offering: Offering) -> None:
    async with ModelServer(lambda asked: fails(500 if asked.protocol == "openai" else 402)) as server:
        error = await told(offering(server), BOTH)
    assert isinstance(error, OperatorMends)
    assert error.message == f"The account of {ANTHROPIC} is used up (status 402)."


# --- time


@EACH
@pytest.mark.parametrize(
    "answer", [hangs(), says("Ha").stalling(), says("Hello").after(30)], ids=["never", "mid", "late"]
)
async def test_a_request_ends_in_time(offering: Offering, name: str, answer: Answer) -> None:
    async with ModelServer(Script([answer])) as server:
        catalogue = offering(server, model_seconds=0.3)
        await catalogue.ready()
        started = time.monotonic()
        error = await told(catalogue, name)
        assert time.monotonic() - started < 5
    assert isinstance(error, TimeMends)
    assert "in time" in error.message
    assert len(server.asked) == 1


async def test_the_first_word_has_a_limit_of_its_own(offering: Offering) -> None:
    slow = says(0.5, "Here", 1.0, " it is.")
    async with ModelServer(Script([slow])) as server:
        assert isinstance(await told(offering(server, model_first_seconds=0.2), OPENAI), TimeMends)
    async with ModelServer(Script([slow])) as server:
        assert (await run(offering(server, model_first_seconds=1.4), "Hello", chain_of(OPENAI))).output == "Here it is."


# --- nothing twice


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Awaitable[object]]]:
    """What is called, one after another, each time a connection was refused."""
    then: list[Callable[[], Awaitable[object]]] = []
    send = httpx2.AsyncClient.send

    async def sending(self: httpx2.AsyncClient, request: httpx2.Request, **how: Any) -> httpx2.Response:
        try:
            return await send(self, request, **how)
        except httpx2.ConnectError:
            await then.pop(0)()
            raise

    monkeypatch.setattr(httpx2.AsyncClient, "send", sending)
    return then


async def test_a_connection_is_tried_a_second_time(
    offering: Offering, refused: list[Callable[[], Awaitable[object]]]
) -> None:
    server = ModelServer(Script([says("Awake.")]), port=free_port())
    refused.append(server.__aenter__)
    ran = await run(offering(server, model=OPENAI), "Hello")
    await server.__aexit__(None, None, None)
    assert ran.output == "Awake."
    assert len(server.asked) == 1


async def test_a_model_that_is_never_there_is_tried_twice_and_no_more(
    offering: Offering, refused: list[Callable[[], Awaitable[object]]]
) -> None:
    refused += [partial(asyncio.sleep, 0)] * 3
    error = await told(offering(ModelServer(Script([]), port=free_port()), openai_url=dead()), OPENAI)
    assert isinstance(error, TimeMends)
    assert "cannot be reached" in error.message
    assert len(refused) == 1


@EACH
async def test_a_request_that_was_sent_is_not_sent_again(offering: Offering, name: str) -> None:
    """The server takes the whole request and hangs up: it may be paid for."""
    heard = []

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    listening = await asyncio.start_server(deaf, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with ModelServer(Script([])) as server:
        catalogue = offering(server, openai_url=f"{url}/v1", model_url=f"{url}/v1", anthropic_url=url)
        assert isinstance(await told(catalogue, name), TimeMends)
    listening.close()
    assert len(heard) == 1


async def test_an_answer_that_was_given_stays_given(offering: Offering) -> None:
    """The second request of a run fails over: the first, answered and paid, is not made again."""
    answers = Script([calls(("add", {"a": 1, "b": 2}))], by=lambda asked: asked.protocol)

    async def script(asked: object) -> Answer:
        if getattr(asked, "protocol") == "anthropic":  # noqa: B009
            return says("Three.")
        return await answers(asked) if not getattr(asked, "results") else fails(503)  # type: ignore[arg-type] # noqa: B009

    async with ModelServer(script) as server:
        ran = await run(offering(server, model=BOTH), "Hello")
    assert ran.output == "Three."
    assert [(asked.protocol, len(asked.results)) for asked in server.paid] == [("openai", 0), ("anthropic", 1)]
    assert server.paid_twice == []


# --- other errors of a run


async def test_errors_of_the_run_itself(offering: Offering) -> None:
    from pydantic_ai import exceptions as raised

    people = [raised.UsageLimitExceeded("x"), raised.ContentFilterError("x"), raised.OutputTokenLimitExceeded("x")]
    for error in people:
        assert type(failure(error)) is PersonMends
    assert type(failure(raised.UnexpectedModelBehavior(SECRET, SECRET))) is TimeMends
    assert SECRET not in failure(raised.UnexpectedModelBehavior(SECRET, SECRET)).message
    assert type(failure(TimeoutError())) is TimeMends
    ours = PersonMends("a", "b")
    assert failure(ours) is ours


@pytest.mark.parametrize("error", [KeyError("a bug"), asyncio.CancelledError()], ids=["bug", "stopped"])
def test_what_is_no_failure_of_a_model_is_raised_as_it_came(error: BaseException) -> None:
    with pytest.raises(type(error)) as same:
        failure(error)
    assert same.value is error
