"""A fresh workspace: its team, its five people, its three channels, and the app a manifest describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.workspace.model import App, Conversation, Person, Team

TEAM = Team("T01LOCALWS0", "Local Workspace", "local-workspace")
OTHER_TEAM = "T02OTHERCO0"  # where people of another company are at home

PEOPLE = (
    Person("U01ADA00001", "ada", "Ada Lindqvist", "Europe/London", "en-GB", is_admin=True),
    Person("U01BEN00002", "ben", "Ben Ortega", "America/Los_Angeles"),
    Person("U01CHEN0003", "chen", "Chen Yi-Ting", "Asia/Taipei", "zh-TW"),
    Person("U01DANA0004", "dana", "Dana Vogel", "Europe/Berlin", "de-DE"),
    Person("U01EVE00005", "eve", "Eve Marchetti", "Europe/Rome", is_guest=True),
)

APP_ID = "A01MESHCLAW"
BOT_ID = "B01MESHCLAW"
BOT_USER_ID = "U01MESHCLAW"

# Without a manifest the app may do all that the served methods and events need, so that any app runs at once.
DEFAULT_SCOPES = frozenset(
    (
        *("app_mentions:read", "assistant:write", "chat:write", "commands", "dnd:read", "files:read", "files:write"),
        *("channels:history", "channels:join", "channels:read", "groups:history", "groups:read", "groups:write"),
        *("im:history", "im:read", "im:write", "mpim:history", "mpim:read", "mpim:write"),
        *("reactions:read", "reactions:write", "team:read", "usergroups:read", "users:read", "users:read.email"),
    )
)
DEFAULT_COMMAND = {"command": "/meshclaw", "description": "Ask MeshClaw", "usage_hint": "triage | help"}


def app_from_manifest(manifest: Mapping[str, Any] | None) -> App:
    """The app a manifest describes (docs.slack.dev/reference/app-manifest); without one, MeshClaw unrestricted."""
    source = manifest or {}
    features = source.get("features") or {}
    scopes = ((source.get("oauth_config") or {}).get("scopes")) or {}
    events = ((source.get("settings") or {}).get("event_subscriptions") or {}).get("bot_events") or ()
    agent = features.get("agent_view") or {}
    display = source.get("display_information") or {}
    name = str((features.get("bot_user") or {}).get("display_name") or display.get("name") or "MeshClaw")
    return App(
        id=APP_ID,
        name=str(display.get("name") or "MeshClaw"),
        bot_id=BOT_ID,
        bot_user_id=BOT_USER_ID,
        bot_handle=name.lower().replace(" ", ""),
        description=str(display.get("description") or ""),
        scopes=frozenset([*scopes.get("bot", ()), *scopes.get("bot_optional", ())]) if manifest else DEFAULT_SCOPES,
        events=frozenset(events) if manifest else None,
        commands=tuple(features.get("slash_commands") or ()) if manifest else (DEFAULT_COMMAND,),
        any_command=manifest is None,
        shortcuts=tuple(features.get("shortcuts") or ()),
        suggested_prompts=tuple(agent.get("suggested_prompts") or ()),
        is_agent="agent_view" in features if manifest else True,
    )


def fresh_conversations(app: App, now: int) -> list[Conversation]:
    """`#general`, `#deploys` and the private `#secret`, the app being a member of each."""
    everyone = [person.id for person in PEOPLE]
    full = [person.id for person in PEOPLE if not person.is_guest]
    ada, ben = PEOPLE[0].id, PEOPLE[1].id

    def channel(id: str, name: str, members: list[str], purpose: str, is_private: bool = False) -> Conversation:
        return Conversation(
            id=id,
            name=name,
            kind="channel",
            is_private=is_private,
            members=[*members, app.bot_user_id],
            created=now,
            creator=ada,
            purpose=purpose,
        )

    return [
        channel("C01GENERAL1", "general", everyone, "Company-wide talk"),
        channel("C01DEPLOYS2", "deploys", full, "What goes out, and when"),
        channel("C01SECRET03", "secret", [ada, ben], "Not for everyone", is_private=True),
    ]
