"""users.*, bots.info, team.info and dnd.info."""

from __future__ import annotations

from bot.workspace.api.access import need
from bot.workspace.api.paging import page_of
from bot.workspace.api.registry import Args, NoArgs, method
from bot.workspace.errors import SlackError
from bot.workspace.limits import Tier
from bot.workspace.model import Json
from bot.workspace.services import Services
from bot.workspace.wire import bot_user_json, user_json


class UserArg(Args):
    user: str
    include_locale: bool = False


class ListUsers(Args):
    cursor: str = ""
    limit: int = 0
    include_locale: bool = False


class LookupByEmail(Args):
    email: str


class BotArg(Args):
    bot: str | None = None


class OptionalUser(Args):
    user: str | None = None


@method("users.info", UserArg, scopes="users:read", tier=Tier.T4)
def info(services: Services, args: UserArg) -> Json:
    return {"user": _user(services, args.user, args.include_locale)}


@method("users.list", ListUsers, scopes="users:read", tier=Tier.T2)
def list_users(services: Services, args: ListUsers) -> Json:
    ids = [*services.state.people, services.state.app.bot_user_id]
    page, cursor = page_of(ids, args.cursor, args.limit or len(ids))
    members = [_user(services, id, args.include_locale) for id in page]
    return {"members": members, "cache_ts": int(services.clock()), "response_metadata": {"next_cursor": cursor}}


@method("users.lookupByEmail", LookupByEmail, scopes="users:read.email", tier=Tier.T3)
def lookup_by_email(services: Services, args: LookupByEmail) -> Json:
    wanted = args.email.lower()
    person = next((one for one in services.state.people.values() if one.email == wanted and one.is_active), None)
    if person is None:
        raise SlackError("users_not_found")
    return {"user": _user(services, person.id, False)}


@method("bots.info", BotArg, scopes="users:read", tier=Tier.T3)
def bot_info(services: Services, args: BotArg) -> Json:
    app = services.state.app
    if args.bot not in (None, app.bot_id):
        raise SlackError("bot_not_found")
    return {
        "bot": {
            "id": app.bot_id,
            "deleted": False,
            "name": app.name,
            "updated": 0,
            "app_id": app.id,
            "user_id": app.bot_user_id,
        }
    }


@method("team.info", NoArgs, scopes="team:read", tier=Tier.T3)
def team_info(services: Services, args: NoArgs) -> Json:
    team = services.state.team
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "url": f"{services.base_url()}/"}}


@method("dnd.info", OptionalUser, scopes="dnd:read", tier=Tier.T3)
def dnd_info(services: Services, args: OptionalUser) -> Json:
    if args.user is not None and args.user not in services.state.people:
        raise SlackError("user_not_found")
    return {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}


def _user(services: Services, id: str, locale: bool) -> Json:
    state = services.state
    need(state.app, "users:read")
    if id == state.app.bot_user_id:
        return bot_user_json(state.app, state.team)
    if id not in state.people:
        raise SlackError("user_not_found")
    with_email = "users:read.email" in state.app.scopes
    user = user_json(state.people[id], state.team, services.clock(), with_email=with_email)
    if not locale:
        user.pop("locale", None)
    return user
