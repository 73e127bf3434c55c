"""Servers as they are in the world: two public ones, and one over HTTP on this machine."""

import asyncio
import gzip
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web as web_server

from bot.contracts.errors import OperatorMends, OutcomeUnknown, PersonMends
from bot.contracts.tools import Effect
from bot.network.resolve import GuardedResolver
from connectors.mcp import McpConnector
from connectors.mcp.settings import Server
from tests.unit.mcp.mcp_parts import ADA, BESIDE, CONTEXT, QUICK, SERVERS, Kept, Liar, classified, served, tool


@pytest.fixture
async def opened() -> AsyncIterator[list[McpConnector]]:
    """Connectors to close at the end."""
    made: list[McpConnector] = []
    yield made
    for connector in made:
        await connector.close()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server over HTTP, and the folder it writes its calls down in."""
    folder = tmp_path_factory.mktemp("served")
    with served(folder) as address:
        yield address, folder


def over_http(address: str, opened: list[McpConnector], **more: object) -> McpConnector:
    connector = McpConnector(Kept(), {"served": Server(url=address, timeout=10.0, **more)}, limits=QUICK)
    opened.append(connector)
    return connector


async def test_public_servers_are_listed_classified_and_read(opened, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    servers = {
        "time": Server(command=str(BESIDE / "mcp-server-time")),
        "git": Server(command=str(BESIDE / "mcp-server-git"), args=("--repository", str(tmp_path))),
    }
    connector = McpConnector(Kept(), servers)
    opened.append(connector)
    checks = await connector.checks()
    assert [(check.name, check.well) for check in checks] == [("mcp time", True), ("mcp git", True)]
    assert "2 tools, 2 of them of unknown effect" in checks[0].says
    names = {each.name for each in connector.tools()}
    assert {"mcp.time.get_current_time", "mcp.git.git_status", "mcp.git.git_reset"} <= names
    now = await classified(connector, "mcp.time.get_current_time", "read")
    with pytest.raises(PersonMends, match="timezone"):
        now.check({})
    reading = await now.read(CONTEXT, {"timezone": "Europe/London"})
    assert '"timezone": "Europe/London"' in reading.text
    with pytest.raises(PersonMends, match="time could not do it"):
        await now.read(CONTEXT, {"timezone": "Nowhere/At_All"})
    status = await classified(connector, "mcp.git.git_status", "read")
    assert "No commits yet" in (await status.read(CONTEXT, {"repo_path": str(tmp_path)})).text
    assert (await classified(connector, "mcp.git.git_reset", "read")).effect is None, "its own hints say more"
    for each in connector.tools():
        offer = tool(connector, each.name).offer()
        assert offer is not None
        assert offer.schema["type"] == "object"


async def test_a_server_over_http_is_used_as_any_other(opened, web: tuple[str, Path]) -> None:
    address, folder = web
    connector = over_http(address, opened)
    await connector.refresh()
    assert {each.name for each in connector.tools()} == {"mcp.served.add", "mcp.served.flood"}
    adding = await classified(connector, "mcp.served.add", "send")
    outcome = await adding.perform(CONTEXT, {"a": 2, "b": 3})
    assert (outcome.state, outcome.reading and outcome.reading.text) == ("done", "5")
    with pytest.raises(OutcomeUnknown):
        await tool(connector, "mcp.served.flood").perform(CONTEXT, {})
    assert (await adding.perform(CONTEXT, {"a": 1, "b": 1})).state == "done", "a new connection was made"
    assert (folder / "calls").read_text() == "2 3\n1 1\n"


@pytest.fixture
async def odd() -> AsyncIterator[str]:
    """A web server that is no MCP server."""

    async def packed(request: web_server.Request) -> web_server.Response:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web_server.Response(body=gzip.compress(b" " * 50_000_000), headers=headers)

    async def away(request: web_server.Request) -> web_server.Response:
        return web_server.Response(status=307, headers={"Location": "http://127.0.0.2:9/mcp"})

    async def endless(request: web_server.Request) -> web_server.StreamResponse:
        answer = web_server.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        while True:
            await answer.write(b" " * 100_000)

    async def page(request: web_server.Request) -> web_server.Response:
        return web_server.Response(text="<h1>Hello</h1>", content_type="text/html")

    app = web_server.Application()
    for handler in (packed, away, endless, page):
        app.router.add_post(f"/{handler.__name__}", handler)
    runner = web_server.AppRunner(app)
    await runner.setup()
    site = web_server.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_one_that_has_itself_asked_again_and_again_is_ended(opened, monkeypatch) -> None:
    monkeypatch.setattr("connectors.mcp.link.address._REQUEST_COSTS", 2_000_000)
    asked, called = 0, asyncio.Event()

    async def answer(request: web_server.Request) -> web_server.Response:
        nonlocal asked
        asked += 1
        if request.method == "GET":
            await called.wait()
            return web_server.Response(text="retry: 0\nid: 1\ndata: {}\n\n", content_type="text/event-stream")
        message = await request.json() if request.method == "POST" else {}
        if "id" not in message:
            return web_server.Response(status=202)
        results = {
            "initialize": {
                "protocolVersion": "2025-06-18",
                "serverInfo": {"name": "x", "version": "1"},
                "capabilities": {"tools": {}},
            },
            "tools/list": {"tools": [{"name": "say", "inputSchema": {"type": "object"}}]},
        }
        if message["method"] == "tools/call":
            called.set()
            return web_server.Response(text="retry: 0\nid: 1\ndata:\n\n", content_type="text/event-stream")
        reply = {"jsonrpc": "2.0", "id": message["id"], "result": results[message["method"]]}
        return web_server.json_response(reply, headers={"Mcp-Session-Id": "1"})

    app = web_server.Application()
    app.router.add_route("*", "/mcp", answer)
    runner = web_server.AppRunner(app)
    await runner.setup()
    site = web_server.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    connector = over_http(f"http://127.0.0.1:{runner.addresses[0][1]}/mcp", opened)
    await connector.refresh()
    with pytest.raises(OutcomeUnknown):
        await tool(connector, "mcp.served.say").perform(CONTEXT, {})
    for _ in range(500):
        if connector.seen()[0].state == "dead":
            break
        await asyncio.sleep(0.02)
    before = asked
    await asyncio.sleep(0.2)
    await runner.cleanup()
    assert asked == before < 20
    assert connector.seen()[0].state == "dead"


@pytest.mark.parametrize("how", ["packed", "away", "endless", "page", "nothing"])
async def test_what_answers_otherwise_than_it_was_asked_is_not_followed(opened, odd: str, how: str) -> None:
    connector = over_http(f"{odd}/{how}", opened)
    await connector.refresh()
    (seen,) = connector.seen()
    assert (seen.state, seen.tools) == ("dead", ())
    assert seen.why.startswith("served does not run")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/mcp",
        "https://127.0.0.1/mcp",
        "https://localhost/mcp",
        "https://[::1]/mcp",
        "https://user:secret@mcp.invalid/mcp",
        "https://nowhere.invalid/mcp",
        "ftp://mcp.invalid/",
        "",
    ],
)
async def test_from_slack_only_servers_on_the_internet_are_added(opened, tmp_path: Path, url: str) -> None:
    kept = Kept()
    connector = McpConnector(kept, {}, limits=QUICK)
    opened.append(connector)
    with pytest.raises(PersonMends):
        await connector.add("inside", url.format(port=9))
    assert connector.seen() == ()
    assert kept.written == 0


async def test_servers_are_added_and_removed_for_everybody(opened, web: tuple[str, Path], monkeypatch) -> None:
    guard = GuardedResolver(["127.0.0.1", "localhost"])
    monkeypatch.setattr("connectors.mcp.link.address.resolver", lambda server, named: guard)
    monkeypatch.setitem(McpConnector.add.__globals__, "GuardedResolver", lambda: guard)
    kept, address = Kept(), web[0]
    connector, other = McpConnector(kept, {}, limits=QUICK), McpConnector(kept, {}, limits=QUICK)
    opened += [connector, other]
    await connector.add("sums", address)
    await connector.add("sums", address)
    with pytest.raises(PersonMends, match="already"):
        await connector.add("sums", address + "2")
    with pytest.raises(PersonMends, match="cannot be called"):
        await connector.add("Sums!", address)
    await classified(connector, "mcp.sums.add", "read")
    await other.load()
    gone = tool(other, "mcp.sums.add")
    assert gone.effect is Effect.READ
    assert (await gone.read(CONTEXT, {"a": 1, "b": 2})).text == "3"
    (seen,) = other.seen()
    assert (seen.name, seen.place, seen.named) == ("sums", "127.0.0.1", False)
    await connector.remove("sums")
    with pytest.raises(PersonMends, match="no server sums any more"):
        await gone.read(CONTEXT, {"a": 1, "b": 2})
    await other.load()
    assert (connector.tools(), other.tools()) == ((), ())
    with pytest.raises(PersonMends, match="no server"):
        await connector.remove("sums")
    await connector.add("sums", address.replace("127.0.0.1", "localhost"))
    assert tool(connector, "mcp.sums.add").seen.state == "changed", "another server under the same name"
    assert tool(connector, "mcp.sums.add").effect is None


async def test_what_an_operator_named_is_not_removed_from_slack(opened, tmp_path: Path) -> None:
    connector = McpConnector(Kept(), {"liar": Liar("plain", tmp_path).server()})
    opened.append(connector)
    with pytest.raises(PersonMends, match="named in a file"):
        await connector.remove("liar")
    with pytest.raises(PersonMends, match="already"):
        await connector.add("liar", "https://mcp.invalid/")
    await connector.load()
    with pytest.raises(PersonMends, match="no such effect"):
        await connector.classify("mcp.liar.say", "0" * 64, "harmless", ADA)


async def test_without_the_library_the_rest_works_and_the_mend_is_said(opened, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "connectors.mcp.link", None)
    connector = McpConnector(Kept(), {"liar": Liar("plain", tmp_path).server()})
    opened.append(connector)
    (check,) = await connector.checks()
    assert (check.well, check.needed) == (False, False)
    assert "meshclaw[mcp]" in check.mend
    assert connector.tools() == ()
    with pytest.raises(OperatorMends, match="not installed"):
        await connector._link("other", Server(url="https://mcp.invalid/"), named=False)


def test_the_library_is_loaded_on_first_use_only() -> None:
    code = "import sys, connectors.mcp; sys.exit(bool({'mcp', 'httpx2', 'mcp_types'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=SERVERS.parents[1]).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_what_runs_beside_it_cannot_read_this_process() -> None:
    told = "import ctypes, connectors.mcp.process as p; p.conceal(); print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "0", done.stderr
