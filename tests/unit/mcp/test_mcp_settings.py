"""The file of servers: read as other clients write it, and explained where it does not hold."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.errors import OperatorMends
from connectors import mcp
from connectors.mcp.process import environment
from connectors.mcp.settings import Server, load, read
from tests.unit.mcp.mcp_parts import Kept


def test_the_known_shape_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    servers = {
        "time": {"command": "mcp-server-time", "args": ["--local-timezone", "UTC"], "env": {"A": "b"}, "timeout": 5},
        "intern": {"type": "http", "url": "http://tools.intern/mcp", "headers": {"Authorization": "Bearer x"}},
    }
    file.write_text(json.dumps({"mcpServers": servers, "inputs": []}))
    found = load(file)
    assert found["time"].args == ("--local-timezone", "UTC")
    assert (found["time"].timeout, found["intern"].timeout) == (5.0, 30.0)
    assert (found["time"].place, found["intern"].place) == ("mcp-server-time", "tools.intern")
    assert load(None) == {}


@pytest.mark.parametrize(
    ("server", "where"),
    [
        ({}, "either a command or a url"),
        ({"command": "a", "url": "https://x.example"}, "either a command or a url"),
        ({"command": ""}, "time.command"),
        ({"command": "a", "args": "b"}, "time.args"),
        ({"command": "a", "args": ["b\0"]}, "NUL"),
        ({"command": "a", "env": {"A": "sk-secret\0"}}, "NUL"),
        ({"command": "a", "env": {"A": 7}}, "time.env.A"),
        ({"command": "a", "headers": {"A": "b"}}, "headers belong to a url"),
        ({"url": "https://x.example", "env": {"A": "b"}}, "belong to a command"),
        ({"command": "a", "timeout": 0}, "time.timeout"),
        ({"command": "a", "comand": "b"}, "time.comand"),
    ],
)
def test_what_does_not_hold_is_named_without_its_value(server: dict[str, Any], where: str) -> None:
    with pytest.raises(OperatorMends) as caught:
        read({"mcpServers": {"time": server}}, "mcp.json")
    said = caught.value.message + caught.value.mend
    assert where in said
    assert "mcpServers.time" in said
    assert "secret" not in said


@pytest.mark.parametrize("name", ["", "Time", "my server", "a.b", "x" * 31, "tïme", "1st"])
def test_names_stand_in_names_of_tools(name: str) -> None:
    with pytest.raises(OperatorMends, match="names an MCP server"):
        read({"mcpServers": {name: {"command": "a"}}}, "mcp.json")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = st.dictionaries(st.sampled_from(["command", "args", "env", "url", "headers", "timeout", "type"]), json_values)


@given(json_values | st.fixed_dictionaries({"mcpServers": json_values | st.dictionaries(st.text(max_size=5), fields)}))
def test_any_content_is_read_or_refused_in_words(content: Any) -> None:
    try:
        found = read(content, "mcp.json")
    except OperatorMends:
        return
    assert all(isinstance(server, Server) for server in found.values())


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_json_is_said(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mcp.json"
    with pytest.raises(OperatorMends, match="cannot be read"):
        load(file)
    file.write_bytes(content)
    with pytest.raises(OperatorMends):
        load(file)


async def test_a_file_that_does_not_hold_is_told_by_the_doctor_and_starts_nothing(tmp_path, monkeypatch) -> None:
    file = tmp_path / "mcp.json"
    file.write_text('{"mcpServers": {"time": {}}}')
    monkeypatch.setenv("MESHCLAW_MCP", str(file))
    made = mcp.connector(Kept())
    (check,) = await made.checks()
    assert not check.well
    assert "mcp.json" in check.says
    assert made.problem is not None
    assert made.tools() == ()
    file.write_text('{"mcpServers": {"time": {"command": "a"}}}')
    assert [seen.name for seen in mcp.connector(Kept()).seen()] == ["time"]
    monkeypatch.delenv("MESHCLAW_MCP")
    (check,) = await mcp.connector(Kept()).checks()
    assert check.well


def test_a_child_gets_three_variables_and_those_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("PATH", "/usr/bin")
    found = environment(Server(command="a", env={"TOKEN": "t", "HOME": "/its/own"}), "/tmp/new")
    assert found.keys() == {"PATH", "HOME", "LANG", "TOKEN"}
    assert (found["PATH"], found["HOME"], found["TOKEN"]) == ("/usr/bin", "/its/own", "t")
