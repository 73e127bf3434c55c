"""The manifest is one Slack takes, and asks for no more than the code uses.

Limits: docs.slack.dev, "App manifest reference"; scopes of each method: the method's own page there.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import agents
from bot.engine.commands import Commands, Free, Run, Say
from bot.views import question

ROOT = Path(__file__).parent.parent
SPEAKERS = ("handlers", "connectors/slack")
"""The rooms that call Slack's Web API."""

HISTORY = ("im:history", "channels:history", "groups:history")
CONVERSATIONS = ("channels:read", "groups:read")
SCOPES: dict[str, tuple[str, ...]] = {
    "agents_sessions_rename": ("chat:write",),
    "agents_sessions_setStatus": ("chat:write",),
    "apps_connections_open": (),  # the app-level token's own scope, connections:write
    "assistant_threads_setStatus": ("assistant:write",),
    "assistant_threads_setSuggestedPrompts": ("assistant:write",),
    "assistant_threads_setTitle": ("assistant:write",),
    "auth_test": (),
    "chat_appendStream": ("chat:write",),
    "chat_delete": ("chat:write",),
    "chat_postEphemeral": ("chat:write",),
    "chat_postMessage": ("chat:write",),
    "chat_startStream": ("chat:write",),
    "chat_stopStream": ("chat:write",),
    "chat_stream": ("chat:write",),
    "chat_update": ("chat:write",),
    "conversations_history": HISTORY,
    "conversations_info": CONVERSATIONS,
    "conversations_members": CONVERSATIONS,
    "conversations_open": ("im:write",),
    "conversations_replies": HISTORY,
    "reactions_add": ("reactions:write",),
    "reactions_remove": ("reactions:write",),
    "set_status": ("assistant:write",),  # Bolt's listener arguments
    "set_suggested_prompts": ("assistant:write",),
    "usergroups_users_list": ("usergroups:read",),
    "users_conversations": CONVERSATIONS,
    "users_info": ("users:read",),
    "users_list": ("users:read",),
    "views_open": (),
    "views_publish": (),
    "views_push": (),
    "views_update": (),
}
EVENT_SCOPES: dict[str, str | None] = {
    "agent_session_stopped": None,
    "app_context_changed": None,
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
}
MESSAGES = {"message.channels", "message.groups", "message.im"}
"""What `app.event("message")` hears: direct messages, and `!stop` in a channel."""
FAMILIES = "agents apps assistant auth blocks bots chat conversations dnd files reactions team usergroups users views"
WEB_API = tuple(f"{family}_" for family in FAMILIES.split())


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())
    return loaded


def _calls() -> Iterator[ast.Call]:
    for room in SPEAKERS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def _method(call: ast.Call) -> str | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "api_call" and call.args and isinstance(call.args[0], ast.Constant):
        return str(call.args[0].value).replace(".", "_")
    known = name.startswith(WEB_API) or name in SCOPES
    return name if known else None


def _events() -> set[str]:
    """What `app.event(…)` registers, in the manifest's words."""
    found: set[str] = set()
    for call in _calls():
        if isinstance(call.func, ast.Attribute) and call.func.attr == "event":
            (name, *_) = [word.value for word in ast.walk(call.args[0]) if isinstance(word, ast.Constant)]
            found |= MESSAGES if name == "message" else {str(name)}
    return found


def test_display_information_is_within_slacks_limits(manifest: dict[str, Any]) -> None:
    shown = manifest["display_information"]
    assert shown["name"] == "MeshClaw"
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert set(shown) <= {"name", "description", "long_description", "background_color"}


def test_features_are_within_slacks_limits(manifest: dict[str, Any]) -> None:
    features = manifest["features"]
    assert set(features) == {"app_home", "bot_user", "agent_view", "slash_commands", "shortcuts"}
    assert features["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }
    assert features["bot_user"]["display_name"] == "meshclaw"
    agent = features["agent_view"]
    assert set(agent) == {"agent_description", "suggested_prompts"}
    assert len(agent["agent_description"]) <= 300
    assert 1 <= len(agent["suggested_prompts"]) <= 4
    assert all(set(prompt) == {"title", "message"} for prompt in agent["suggested_prompts"])


def test_what_is_suggested_is_understood(manifest: dict[str, Any]) -> None:
    talking: Any = None
    commands = Commands(agents.discover(talking), ["mail"])
    for prompt in manifest["features"]["agent_view"]["suggested_prompts"]:
        understood = commands.understand(prompt["message"])  # raises for an option that is not there
        assert isinstance(understood, Run | Say | Free)
        assert isinstance(understood, Free) == prompt["message"].endswith("?")


def test_shortcuts_are_within_slacks_limits_and_answered(manifest: dict[str, Any]) -> None:
    (shortcut,) = manifest["features"]["shortcuts"]
    assert shortcut["type"] == "message"
    assert shortcut["callback_id"] == question.CALLBACK
    assert len(shortcut["name"]) <= 24
    assert len(shortcut["description"]) <= 150


def test_one_command_is_the_whole_command_line(manifest: dict[str, Any]) -> None:
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == "/meshclaw"
    assert len(command["command"]) <= 32
    assert "url" not in command, "Socket Mode needs no address"
    assert command["usage_hint"]


def test_socket_mode_and_interactivity_are_on(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["org_deploy_enabled"] is False
    assert settings["token_rotation_enabled"] is False
    assert "request_url" not in settings["event_subscriptions"]


def test_every_event_has_its_listener_and_every_listener_its_event(manifest: dict[str, Any]) -> None:
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == _events()


def test_scopes_are_just_those_the_code_uses(manifest: dict[str, Any]) -> None:
    methods = {method for call in _calls() if (method := _method(call))}
    unknown = methods - SCOPES.keys()
    assert not unknown, f"say in SCOPES which scope these need: {sorted(unknown)}"
    used: set[str | None] = {scope for method in methods for scope in SCOPES[method]}
    used |= {EVENT_SCOPES[event] for event in manifest["settings"]["event_subscriptions"]["bot_events"]}
    used |= {"commands"} if manifest["features"].get("slash_commands") else set()
    used |= {"assistant:write"} if manifest["features"].get("agent_view") else set()
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == used - {None}
    assert set(manifest["oauth_config"]["scopes"]) == {"bot"}
