"""usergroups.*: people who are mentioned together."""

from __future__ import annotations

from bot.workspace.api.registry import Args, method
from bot.workspace.errors import SlackError
from bot.workspace.limits import Tier
from bot.workspace.model import Json
from bot.workspace.services import Services
from bot.workspace.wire import group_json


class ListGroups(Args):
    include_count: bool = False
    include_users: bool = False
    include_disabled: bool = False


class GroupArg(Args):
    usergroup: str
    include_disabled: bool = False


@method("usergroups.list", ListGroups, scopes="usergroups:read", tier=Tier.T2)
def list_groups(services: Services, args: ListGroups) -> Json:
    state = services.state
    shown = [
        group_json(
            group,
            state.team,
            state.active(group.members),
            with_users=args.include_users,
            with_count=args.include_count,
        )
        for group in state.groups.values()
    ]
    return {"usergroups": shown}


@method("usergroups.users.list", GroupArg, scopes="usergroups:read", tier=Tier.T2)
def list_users(services: Services, args: GroupArg) -> Json:
    state = services.state
    group = state.groups.get(args.usergroup)
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": state.active(group.members)}
