"""Who somebody is, and who is where, as Slack tells at this moment."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.people import Member, Person, Profile
from bot.contracts.slack import Place
from connectors.slack.api import CLOSED, NO_GROUP, NOBODY, Refused, ask, pages

_PROFILE_KEPT = 3600.0  # seconds; a changed time zone shows within the hour
_PAGE = 999
_SLACKBOT = "USLACKBOT"  # which Slack does not count among the bots


@dataclass(frozen=True, slots=True)
class _App:
    """Who the app is itself: the same for as long as its token."""

    team: str
    user: str


class People:
    """People, their groups and the conversations they are in. Only names, zones and languages are kept for a
    while, and who the admins are, by which nothing is decided."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._profiles: dict[str, tuple[float, Profile]] = {}
        self._app: _App | None = None
        self._admins: tuple[float, frozenset[str]] | None = None

    async def profile(self, person: Person) -> Profile:
        kept = self._profiles.get(person.user)
        if kept and time.monotonic() - kept[0] < _PROFILE_KEPT:
            return kept[1]
        answer = await ask(lambda: self._client.users_info(user=person.user, include_locale=True))
        user: Mapping[str, Any] = answer["user"]
        profile = Profile(
            name=str(user.get("real_name") or user.get("name") or ""),
            tz=str(user.get("tz") or "UTC"),
            locale=str(user.get("locale") or "en-GB"),
        )
        self._profiles[person.user] = (time.monotonic(), profile)
        return profile

    async def member(self, user: str) -> Member:
        """Never from memory: an account may have been closed a second ago."""
        app = await self._itself()
        try:
            answer = await ask(lambda: self._client.users_info(user=user))
        except Refused as refused:
            if refused.code not in NOBODY:
                raise
            return Member(user, "", active=False, guest=True, bot=False, admin=False)
        return _member(answer["user"], app.team)

    async def group(self, group: str) -> frozenset[str]:
        try:
            answer = await ask(lambda: self._client.usergroups_users_list(usergroup=group))
        except Refused as refused:
            if refused.code not in NO_GROUP:
                raise
            return frozenset()
        return frozenset(str(user) for user in answer["users"])

    async def admins(self) -> frozenset[str]:
        now = time.monotonic()
        if self._admins is None or now - self._admins[0] > _PROFILE_KEPT:
            team = (await self._itself()).team
            found: set[str] = set()
            async for page in pages(lambda cursor: self._client.users_list(limit=_PAGE, cursor=cursor)):
                members = (_member(user, team) for user in page["members"])
                found |= {member.user for member in members if member.admin and not member.bot}
            self._admins = (now, frozenset(found))
        return self._admins[1]

    async def place(self, channel: str) -> Place | None:
        try:
            return await (self._direct(channel) if channel.startswith("D") else self._channel(channel))
        except Refused as refused:
            if refused.code not in CLOSED:
                raise
            return None

    async def channels(self, user: str | None = None) -> Mapping[str, str]:
        """The channels the app is in, or those of a person that the app may know of: id → "#name". Archived ones
        are left out."""
        found: dict[str, str] = {}
        async for page in pages(
            lambda cursor: self._client.users_conversations(
                user=user, types="public_channel,private_channel", exclude_archived=True, limit=_PAGE, cursor=cursor
            )
        ):
            found |= {str(each["id"]): f"#{each['name']}" for each in page["channels"]}
        return found

    async def _itself(self) -> _App:
        if self._app is None:
            answer = await ask(self._client.auth_test)
            self._app = _App(str(answer["team_id"]), str(answer["user_id"]))
        return self._app

    async def _direct(self, channel: str) -> Place:
        """Opened again, which tells whose it is: `conversations.info` would need a scope more."""
        answer = await ask(lambda: self._client.conversations_open(channel=channel, return_im=True))
        return Place(channel, "direct messages", is_private=True, members=frozenset({str(answer["channel"]["user"])}))

    async def _channel(self, channel: str) -> Place | None:
        app = await self._itself()
        answer = await ask(lambda: self._client.conversations_info(channel=channel))
        about: Mapping[str, Any] = answer["channel"]
        if not (about.get("is_member") or about.get("is_mpim")):
            return None
        return Place(
            channel,
            name="a group message" if about.get("is_mpim") else f"#{about['name']}",
            is_private=bool(about.get("is_private") or about.get("is_mpim")),
            members=await self._members(channel) - {app.user},
            outside=bool(about.get("is_ext_shared") or about.get("is_shared")),
        )

    async def _members(self, channel: str) -> frozenset[str]:
        found: set[str] = set()
        async for page in pages(
            lambda cursor: self._client.conversations_members(channel=channel, limit=_PAGE, cursor=cursor)
        ):
            found |= {str(user) for user in page["members"]}
        return frozenset(found)


def _member(user: Mapping[str, Any], team: str) -> Member:
    """Slack's user object, as seen from that workspace."""
    limited = any(user.get(flag) for flag in ("is_restricted", "is_ultra_restricted", "is_stranger"))
    guest = limited or team not in _teams(user)
    active = not user.get("deleted")
    return Member(
        user=str(user["id"]),
        team=str(user.get("team_id") or ""),
        active=active,
        guest=guest,
        bot=bool(user.get("is_bot")) or user["id"] == _SLACKBOT,
        # an admin of another company's workspace is none of this one
        admin=active and not guest and bool(user.get("is_admin") or user.get("is_owner")),
    )


def _teams(user: Mapping[str, Any]) -> frozenset[str]:
    """The workspaces somebody belongs to: one, or several of one company (Enterprise)."""
    company = user.get("enterprise_user") or {}
    return frozenset([str(user.get("team_id") or ""), *map(str, company.get("teams") or ())])
