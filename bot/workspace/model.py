"""What a workspace holds: its team, people, app, conversations, messages and views.

People, groups, conversations, messages and views change while the workspace runs; their fields hold JSON values only,
so that one of them is one JSON record on disk (`bot.workspace.persistence`). Team and app stay as they were made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

Json = dict[str, Any]
ConversationKind = Literal["channel", "im", "mpim"]

# Fixed and public on purpose: they open nothing but a workspace on this machine.
BOT_TOKEN = "xoxb-local"  # noqa: S105
APP_TOKEN = "xapp-local"  # noqa: S105
SIGNING_SECRET = "local"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Team:
    id: str
    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Person:
    """`is_guest`: of a limited account; `is_stranger`: of another company; `is_active`: not deactivated."""

    id: str
    handle: str
    name: str
    tz: str
    locale: str = "en-US"
    is_admin: bool = False
    is_guest: bool = False
    is_stranger: bool = False
    is_active: bool = True

    @property
    def email(self) -> str:
        return f"{self.handle}@example.com"

    def tz_offset(self, at: float) -> int:
        """Seconds east of UTC at a POSIX time, as `users.info` gives them."""
        offset = datetime.fromtimestamp(at, ZoneInfo(self.tz)).utcoffset()
        return int(offset.total_seconds()) if offset else 0


@dataclass(frozen=True, slots=True)
class Group:
    """A user group: people who are mentioned together, as `@handle`."""

    id: str
    handle: str
    name: str
    members: list[str]
    created: int


@dataclass(frozen=True, slots=True)
class App:
    """The one app installed in the workspace. `events` and `commands` are None where no manifest restricts them."""

    id: str
    name: str
    bot_id: str
    bot_user_id: str
    bot_handle: str
    description: str
    scopes: frozenset[str]
    events: frozenset[str] | None
    commands: tuple[Mapping[str, Any], ...]
    any_command: bool
    shortcuts: tuple[Mapping[str, Any], ...]
    suggested_prompts: tuple[Mapping[str, Any], ...]
    is_agent: bool

    def subscribes(self, event: str) -> bool:
        return self.events is None or event in self.events


@dataclass(slots=True)
class Conversation:
    """A channel, a direct message with the app (`im`) or a group direct message (`mpim`)."""

    id: str
    name: str
    kind: ConversationKind
    is_private: bool
    members: list[str]
    created: int
    creator: str
    person: str | None = None  # the human side of an `im`
    topic: str = ""
    purpose: str = ""
    is_archived: bool = False


@dataclass(slots=True)
class Message:
    """One message. `stream` holds a live message's parts and is None for any other."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    subtype: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    metadata: Json | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    stream: list[Json] | None = None
    task_display_mode: str = "timeline"
    broadcast: bool = False
    client_msg_id: str | None = None
    ephemeral_to: str | None = None

    @property
    def streaming(self) -> bool:
        return self.stream is not None

    def as_draft(self) -> Json:
        """Its fields as JSON, for a message that is yet to be posted."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(slots=True)
class View:
    """A modal or an App Home as one person sees it. `body` is what the app sent, `values` what the person entered."""

    id: str
    type: Literal["modal", "home"]
    person: str
    body: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    values: dict[str, dict[str, Json]] = field(default_factory=dict)

    @property
    def external_id(self) -> str:
        return str(self.body.get("external_id") or "")

    @property
    def blocks(self) -> list[Json]:
        return list(self.body.get("blocks") or [])


@dataclass(slots=True)
class Session:
    """An agent session in one thread (docs.slack.dev/ai/agent-sessions)."""

    channel: str
    thread_ts: str
    status: Literal["active", "processing", "suspended", "closed"]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A message waiting for its time, `post_at` in POSIX seconds; `message` holds its fields."""

    id: str
    post_at: int
    message: Json


@dataclass(slots=True)
class ResponseUrl:
    """Where an answer to one command or click goes: `ts` is the message that was clicked, if any."""

    token: str
    person: str
    channel: str
    expires: float
    ts: str | None = None
    ephemeral: bool = False
    thread_ts: str | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that became different in the workspace, told to every observer of the state."""

    kind: str
    channel: str | None = None
    ts: str | None = None
    thread_ts: str | None = None
    person: str | None = None  # the only person who sees it; None: everyone in the conversation
    actor: str | None = None
    message: Message | None = None
    previous: Json | None = None
    name: str | None = None
