"""agents.sessions.* and assistant.threads.*: what an agent shows of its work."""

from __future__ import annotations

from bot.workspace.api.access import need, postable
from bot.workspace.api.registry import Args, JsonList, method
from bot.workspace.errors import SlackError
from bot.workspace.limits import Tier
from bot.workspace.model import Change, Json, Session
from bot.workspace.services import Services
from bot.workspace.state import normal_ts
from bot.workspace.wire import session_json

STATUSES = ("active", "processing", "suspended", "closed")
_LOADING_MESSAGES = 10
_TITLE_LIMIT = 200
_PROMPTS = 4


class SetSessionStatus(Args):
    channel_id: str
    thread_ts: str
    status: str
    title: str | None = None


class RenameSession(Args):
    channel_id: str
    thread_ts: str
    title: str


class SetThreadStatus(Args):
    channel_id: str
    thread_ts: str
    status: str
    loading_messages: JsonList = None


class SetSuggestedPrompts(Args):
    channel_id: str
    thread_ts: str | None = None
    title: str | None = None
    prompts: JsonList = None


class SetTitle(Args):
    channel_id: str
    thread_ts: str
    title: str


@method("agents.sessions.setStatus", SetSessionStatus, scopes="chat:write", tier=Tier.T3)
def set_session_status(services: Services, args: SetSessionStatus) -> Json:
    app = services.state.app
    if not app.is_agent:
        raise SlackError("not_an_agent")
    if args.status not in STATUSES:
        raise SlackError.because("invalid_arguments", f"status must be one of {', '.join(STATUSES)}")
    channel, thread_ts = _thread(services, args.channel_id, args.thread_ts)
    session = set_session(services, channel, thread_ts, args.status, args.title)
    answer: Json = {"session": session_json(session)}
    if args.status == "processing" and not app.subscribes("agent_session_stopped"):
        warning = "missing_agent_session_stopped_event_subscription"
        answer |= {"warning": warning, "response_metadata": {"warnings": [warning]}}
    return answer


@method("agents.sessions.rename", RenameSession, scopes="chat:write", tier=Tier.T3)
def rename_session(services: Services, args: RenameSession) -> Json:
    channel, thread_ts = _thread(services, args.channel_id, args.thread_ts)
    session = services.state.sessions.get((channel, thread_ts))
    if session is None:
        raise SlackError("session_not_found")
    session.title = _title(args.title)
    services.state.tell(Change("session", channel=channel, thread_ts=thread_ts))
    return {"session": session_json(session)}


@method("assistant.threads.setStatus", SetThreadStatus, tier=Tier.T3)
def set_thread_status(services: Services, args: SetThreadStatus) -> Json:
    need(services.state.app, "assistant:write", "chat:write")
    messages = [str(one) for one in args.loading_messages or []]
    if len(messages) > _LOADING_MESSAGES:
        raise SlackError.because("invalid_arguments", f"at most {_LOADING_MESSAGES} loading_messages")
    channel, thread_ts = _thread(services, args.channel_id, args.thread_ts)
    services.assistants.set_status(channel, thread_ts, args.status, messages)
    return {}


@method("assistant.threads.setSuggestedPrompts", SetSuggestedPrompts, scopes="assistant:write", tier=Tier.T3)
def set_suggested_prompts(services: Services, args: SetSuggestedPrompts) -> Json:
    prompts = args.prompts or []
    complete = all(isinstance(one, dict) and one.get("title") and one.get("message") for one in prompts)
    if not 0 < len(prompts) <= _PROMPTS or not complete:
        raise SlackError.because("invalid_arguments", f"prompts: 1 to {_PROMPTS} objects with title and message")
    conversation = postable(services, args.channel_id)
    services.assistants.set_prompts(conversation.id, args.thread_ts, args.title, prompts)
    return {}


@method("assistant.threads.setTitle", SetTitle, scopes="assistant:write", tier=Tier.T3)
def set_title(services: Services, args: SetTitle) -> Json:
    channel, thread_ts = _thread(services, args.channel_id, args.thread_ts)
    if session := services.state.sessions.get((channel, thread_ts)):
        session.title = _title(args.title)
        services.state.tell(Change("session", channel=channel, thread_ts=thread_ts))
    return {}


def set_session(services: Services, channel: str, thread_ts: str, status: str, title: str | None = None) -> Session:
    """Creates or moves a session; the title counts on creation only."""
    sessions = services.state.sessions
    session = sessions.get((channel, thread_ts))
    if session is None:
        session = sessions[channel, thread_ts] = Session(channel, thread_ts, "active", _title(title or ""))
    session.status = status  # type: ignore[assignment]  # checked against STATUSES by every caller
    services.state.tell(Change("session", channel=channel, thread_ts=thread_ts, name=status))
    return session


def _thread(services: Services, channel: str, thread_ts: str) -> tuple[str, str]:
    conversation = postable(services, channel)
    root = services.state.root_of(conversation.id, normal_ts(thread_ts) or "")
    if root is None:
        raise SlackError("thread_not_found")
    return conversation.id, root


def _title(title: str) -> str:
    if len(title) > _TITLE_LIMIT:
        raise SlackError.because("invalid_arguments", f"title: at most {_TITLE_LIMIT} characters")
    return title
