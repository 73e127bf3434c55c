"""How Slack writes the workspace's things as JSON: messages, conversations, users, views. Pure."""

from __future__ import annotations

from bot.workspace.model import App, Conversation, Group, Json, Message, Person, Session, Team, View
from bot.workspace.seed import OTHER_TEAM
from bot.workspace.typed import rich_text


def message_json(message: Message, *, with_metadata: bool = True, reply_count: int = 0) -> Json:
    """A message as `conversations.history` and event payloads carry it."""
    result: Json = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
    }
    optional: Json = {
        "subtype": message.subtype,
        "blocks": message.blocks or ([rich_text(message.text)] if message.client_msg_id else []),
        "attachments": message.attachments,
        "files": message.files,
        "thread_ts": message.thread_ts or (message.ts if reply_count else None),
        "bot_id": message.bot_id,
        "app_id": message.app_id,
        "username": message.username,
        "edited": message.edited,
        "client_msg_id": message.client_msg_id,
        "metadata": message.metadata if with_metadata else None,
        "reactions": reactions_json(message),
    }
    result.update((key, value) for key, value in optional.items() if value)
    if reply_count:
        result["reply_count"] = reply_count
    if message.streaming:
        result["streaming"] = True
    return result


def reactions_json(message: Message) -> list[Json]:
    return [{"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()]


def human_message_json(message: Message, reply_count: int = 0) -> Json:
    """A message as the human side shows it: every field always there."""
    return {
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": message.user,
        "text": message.text,
        "blocks": message.blocks,
        "ephemeral": message.ephemeral_to is not None,
        "edited": message.edited,
        "streaming": message.streaming,
        "metadata": message.metadata,
        "reactions": reactions_json(message),
        "attachments": message.attachments,
        "files": message.files,
        "subtype": message.subtype,
        "bot_id": message.bot_id,
        "username": message.username,
        "reply_count": reply_count,
        "channel": message.channel,
    }


def channel_type(conversation: Conversation) -> str:
    """The `channel_type` of message events."""
    if conversation.kind == "channel":
        return "group" if conversation.is_private else "channel"
    return conversation.kind


def conversation_json(
    conversation: Conversation, app: App, *, shared: bool = False, count: int | None = None, user_deleted: bool = False
) -> Json:
    """`shared`: with another company; `count`: its members who are not deactivated."""
    is_channel = conversation.kind == "channel"
    always: Json = {
        "id": conversation.id,
        "created": conversation.created,
        "is_archived": conversation.is_archived,
        "is_im": conversation.kind == "im",
        "is_mpim": conversation.kind == "mpim",
        "is_org_shared": False,
    }
    if conversation.kind == "im":
        return {**always, "user": conversation.person, "is_user_deleted": user_deleted, "priority": 0}
    return {
        **always,
        "name": conversation.name,
        "name_normalized": conversation.name,
        "is_channel": is_channel and not conversation.is_private,
        "is_group": is_channel and conversation.is_private,
        "is_private": conversation.is_private,
        "is_general": conversation.name == "general",
        "is_member": app.bot_user_id in conversation.members,
        "is_shared": shared,
        "is_ext_shared": shared,
        "creator": conversation.creator,
        "num_members": len(conversation.members) if count is None else count,
        "topic": {"value": conversation.topic, "creator": "", "last_set": 0},
        "purpose": {"value": conversation.purpose, "creator": conversation.creator, "last_set": conversation.created},
    }


def user_json(person: Person, team: Team, now: float, *, with_email: bool) -> Json:
    """A person as `users.info` tells of them at this moment; of the deactivated it tells little."""
    team_id = OTHER_TEAM if person.is_stranger else team.id
    profile: Json = {
        "real_name": person.name,
        "real_name_normalized": person.name,
        "display_name": person.handle,
        "display_name_normalized": person.handle,
        "first_name": person.name.split()[0],
        "last_name": person.name.split()[-1],
        "title": "",
        "team": team_id,
    }
    if with_email:
        profile["email"] = person.email
    known: Json = {
        "id": person.id,
        "team_id": team_id,
        "name": person.handle,
        "deleted": not person.is_active,
        "profile": profile,
        "is_bot": False,
        "is_app_user": False,
        "updated": 0,
    }
    if not person.is_active:
        return known
    return {
        **known,
        "real_name": person.name,
        "tz": person.tz,
        "tz_label": person.tz,
        "tz_offset": person.tz_offset(now),
        "locale": person.locale,
        "is_admin": person.is_admin,
        "is_owner": person.is_admin,
        "is_primary_owner": person.is_admin,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        **({"is_stranger": True} if person.is_stranger else {}),
    }


def group_json(group: Group, team: Team, members: list[str], *, with_users: bool, with_count: bool) -> Json:
    """A user group as `usergroups.list` tells of it; `members`: those who are not deactivated."""
    return {
        "id": group.id,
        "team_id": team.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": group.created,
        "date_update": group.created,
        "date_delete": 0,
        "auto_type": None,
        "created_by": "USLACKBOT",
        "updated_by": "USLACKBOT",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
        **({"users": members} if with_users else {}),
        **({"user_count": len(members)} if with_count else {}),
    }


def bot_user_json(app: App, team: Team) -> Json:
    return {
        "id": app.bot_user_id,
        "team_id": team.id,
        "name": app.bot_handle,
        "deleted": False,
        "real_name": app.name,
        "tz": "UTC",
        "tz_label": "UTC",
        "tz_offset": 0,
        "profile": {
            "real_name": app.name,
            "display_name": app.bot_handle,
            "bot_id": app.bot_id,
            "api_app_id": app.id,
            "team": team.id,
        },
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": True,
        "is_app_user": False,
        "updated": 0,
    }


def view_json(view: View, app: App, team: Team, state_values: Json) -> Json:
    """A view as API answers and interaction payloads carry it."""
    body = view.body
    return {
        "id": view.id,
        "team_id": team.id,
        "type": view.type,
        "blocks": body.get("blocks") or [],
        "private_metadata": body.get("private_metadata") or "",
        "callback_id": body.get("callback_id") or "",
        "state": {"values": state_values},
        "hash": view.hash,
        "title": body.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": bool(body.get("clear_on_close")),
        "notify_on_close": bool(body.get("notify_on_close")),
        "close": body.get("close"),
        "submit": body.get("submit"),
        "previous_view_id": view.previous_view_id,
        "root_view_id": view.root_view_id,
        "app_id": app.id,
        "external_id": view.external_id,
        "app_installed_team_id": team.id,
        "bot_id": app.bot_id,
    }


def session_json(session: Session) -> Json:
    return {
        "channel_id": session.channel,
        "thread_ts": session.thread_ts,
        "status": session.status,
        "title": session.title,
    }
