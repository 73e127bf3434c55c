"""api.test, auth.test, apps.connections.open and oauth.v2.access."""

from __future__ import annotations

from pydantic import ConfigDict

from bot.workspace.api.registry import Args, NoArgs, method
from bot.workspace.errors import SlackError
from bot.workspace.limits import Tier
from bot.workspace.model import BOT_TOKEN, Json
from bot.workspace.seed import PEOPLE
from bot.workspace.services import Services
from bot.workspace.sockets import LINK_PATH


class AnyArgs(Args):
    model_config = ConfigDict(extra="allow")

    error: str | None = None


class OAuthAccess(Args):
    code: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    redirect_uri: str | None = None
    grant_type: str | None = None
    refresh_token: str | None = None


@method("api.test", AnyArgs, tier=Tier.FREE, caller="anybody")
def api_test(services: Services, args: AnyArgs) -> Json:
    given = {name: value for name, value in (args.model_extra or {}).items() if name != "token"}
    if args.error:
        raise SlackError(args.error, args={"error": args.error, **given})
    return {"args": given}


@method("auth.test", NoArgs, tier=Tier.FREE, caller="any")
def auth_test(services: Services, args: NoArgs) -> Json:
    state = services.state
    return {
        "url": f"{services.base_url()}/",
        "team": state.team.name,
        "user": state.app.bot_handle,
        "team_id": state.team.id,
        "user_id": state.app.bot_user_id,
        "bot_id": state.app.bot_id,
        "app_id": state.app.id,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", NoArgs, tier=Tier.T1, caller="app")
def connections_open(services: Services, args: NoArgs) -> Json:
    ticket = services.sockets.link()
    address = services.base_url().replace("http://", "ws://")
    return {"url": f"{address}{LINK_PATH}?ticket={ticket}&app_id={services.state.app.id}"}


@method("oauth.v2.access", OAuthAccess, tier=Tier.T4, caller="anybody")
def oauth_access(services: Services, args: OAuthAccess) -> Json:
    if not args.code:
        raise SlackError("invalid_code")
    state = services.state
    return {
        "access_token": BOT_TOKEN,
        "token_type": "bot",
        "scope": ",".join(sorted(state.app.scopes)),
        "bot_user_id": state.app.bot_user_id,
        "app_id": state.app.id,
        "team": {"name": state.team.name, "id": state.team.id},
        "enterprise": None,
        "is_enterprise_install": False,
        "authed_user": {"id": PEOPLE[0].id},
    }
