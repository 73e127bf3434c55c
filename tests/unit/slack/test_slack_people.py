"""Who somebody is and who is where, asked of Slack at the moment it matters."""

from pathlib import Path
from typing import Any

import pytest
from human import Human
from slack_parts import DEPLOYS, GENERAL, SECRET, LocalSlack, local_slack, own_manifest, person

from bot.contracts.errors import OperatorMends
from bot.contracts.people import Member
from bot.contracts.slack import Place, SlackAway
from bot.workspace.seed import BOT_USER_ID, PEOPLE, TEAM
from connectors.slack import people

ADA, BEN, CHEN, DANA, EVE = (person(each.handle).user for each in PEOPLE)


def member(user: str, **more: Any) -> Member:
    given = {"team": TEAM.id, "active": True, "guest": False, "bot": False, "admin": False, **more}
    return Member(user=user, **given)


async def standing(human: Human, who: str, **change: bool) -> None:
    await human.post("member", user=who, **change)


async def test_a_member_is_what_slack_says(slack: LocalSlack) -> None:
    assert await slack.sender.member(ADA) == member(ADA, admin=True)
    assert await slack.sender.member(BEN) == member(BEN)
    assert await slack.sender.member(EVE) == member(EVE, guest=True)
    assert (await slack.sender.member(BOT_USER_ID)).bot


async def test_nobody_of_that_id_is_not_active(slack: LocalSlack) -> None:
    nobody = await slack.sender.member("U0NOBODY000")
    assert (nobody.user, nobody.active, nobody.admin) == ("U0NOBODY000", False, False)


async def test_a_members_status_is_never_from_memory(slack: LocalSlack) -> None:
    assert (await slack.sender.member(ADA)).admin
    await standing(slack.human, "ada", active=False)
    assert await slack.sender.member(ADA) == member(ADA, active=False)
    await standing(slack.human, "ada", active=True, is_admin=False)
    assert await slack.sender.member(ADA) == member(ADA)


async def test_somebody_of_another_company_is_a_guest_and_never_an_admin(slack: LocalSlack) -> None:
    await standing(slack.human, "ben", is_stranger=True)
    stranger = await slack.sender.member(BEN)
    assert (stranger.guest, stranger.admin, stranger.active) == (True, False, True)
    assert stranger.team != TEAM.id


class Answering:
    """Slack's client, answering what one test needs to be said."""

    def __init__(self, user: dict[str, Any], **channel: Any) -> None:
        self.user, self.channel = user, channel

    async def auth_test(self) -> dict[str, Any]:
        return {"team_id": "T1", "user_id": "UAPP"}

    async def users_info(self, **asked: Any) -> dict[str, Any]:
        return {"user": {"id": asked["user"], **self.user}}

    async def users_list(self, **asked: Any) -> dict[str, Any]:
        return {"members": [{"id": "U1", **self.user}]}

    async def conversations_info(self, **asked: Any) -> dict[str, Any]:
        return {"channel": {"name": "x", "is_member": True, **self.channel}}

    async def conversations_members(self, *, cursor: str, **asked: Any) -> dict[str, Any]:
        """Three pages of one."""
        number = int(cursor or 0)
        more = str(number + 1) if number < 2 else ""
        return {"members": [f"U{number}", "UAPP"], "response_metadata": {"next_cursor": more}}


@pytest.mark.parametrize(
    ("told", "guest", "admin"),
    [
        ({"team_id": "T1"}, False, False),
        ({"team_id": "T1", "is_owner": True}, False, True),
        ({"team_id": "T1", "is_ultra_restricted": True, "is_admin": True}, True, False),
        ({"team_id": "T1", "is_stranger": True, "is_admin": True}, True, False),
        ({"team_id": "T2", "is_owner": True}, True, False),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T1", "T2"]}}, False, False),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T3"]}}, True, False),
        ({"is_admin": True}, True, False),
        ({"team_id": "T1", "deleted": True, "is_admin": True}, False, False),
    ],
)
async def test_flags_as_slack_documents_them(told: dict[str, Any], guest: bool, admin: bool) -> None:
    found = await people.People(Answering(told)).member("U1")  # type: ignore[arg-type]
    assert (found.guest, found.admin, found.active) == (guest, admin, not told.get("deleted"))
    admins = await people.People(Answering(told)).admins()  # type: ignore[arg-type]
    assert admins == ({"U1"} if admin else set())


async def test_slackbot_is_a_bot() -> None:
    assert (await people.People(Answering({"team_id": "T1"})).member("USLACKBOT")).bot  # type: ignore[arg-type]


async def test_the_admins_are_people_who_administer_and_are_asked_for_once_an_hour(
    slack: LocalSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await slack.sender.admins() == {ADA}
    await standing(slack.human, "ben", is_admin=True)
    assert await slack.sender.admins() == {ADA}
    monkeypatch.setattr(people, "_PROFILE_KEPT", -1.0)
    assert await slack.sender.admins() == {ADA, BEN}


async def test_a_group_is_who_is_in_it_now(slack: LocalSlack) -> None:
    made = await slack.human.post("group", handle="oncall", members=["ada", "ben"])
    assert await slack.sender.group(made["id"]) == {ADA, BEN}
    await slack.human.post("group", handle="oncall", members=["ben", "chen"])
    assert await slack.sender.group(made["id"]) == {BEN, CHEN}


async def test_no_such_group_is_nobody(slack: LocalSlack) -> None:
    assert await slack.sender.group("S0NOSUCH00") == frozenset()


@pytest.mark.parametrize("code", ["plan_upgrade_required", "no_such_subteam"])
async def test_a_workspace_without_groups_has_nobody_in_them(slack: LocalSlack, code: str) -> None:
    await slack.human.fault("usergroups.users.list", f"error:{code}", count=1)
    assert await slack.sender.group("S0ANY00000") == frozenset()


async def test_a_missing_scope_is_named_and_no_group_is_empty_for_it(tmp_path: Path) -> None:
    manifest = own_manifest()
    manifest["oauth_config"]["scopes"]["bot"].remove("usergroups:read")
    async with local_slack(tmp_path, manifest) as slack:
        await slack.human.fault("usergroups.users.list", "error:missing_scope", count=0)  # meant here
        with pytest.raises(OperatorMends) as caught:
            await slack.sender.group("S0ANY00000")
    assert "usergroups:read" in caught.value.mend


async def test_slack_being_away_is_no_empty_group(slack: LocalSlack) -> None:
    await slack.human.fault("usergroups.users.list", "drop_before", count=2)  # reads are tried twice
    with pytest.raises(SlackAway):
        await slack.sender.group("S0ANY00000")


async def test_a_place_is_its_name_and_the_people_in_it(slack: LocalSlack) -> None:
    assert await slack.sender.place(DEPLOYS) == Place(DEPLOYS, "#deploys", False, frozenset({ADA, BEN, CHEN, DANA}))
    assert await slack.sender.place(SECRET) == Place(SECRET, "#secret", True, frozenset({ADA, BEN}))


async def test_a_place_is_as_it_is_now(slack: LocalSlack) -> None:
    await slack.sender.place(DEPLOYS)
    await slack.human.post("rename", channel="#deploys", name="releases")
    await slack.human.post("kick", channel="#releases", user="chen")
    place = await slack.sender.place(DEPLOYS)
    assert place == Place(DEPLOYS, "#releases", False, frozenset({ADA, BEN, DANA}))


async def test_people_of_another_company_are_told_of(slack: LocalSlack) -> None:
    await standing(slack.human, "eve", is_guest=False, is_stranger=True)
    general, deploys = await slack.sender.place(GENERAL), await slack.sender.place(DEPLOYS)
    assert general is not None
    assert general.outside
    assert deploys is not None
    assert not deploys.outside


@pytest.mark.parametrize("channel", ["#deploys", "#secret"])
async def test_a_channel_the_app_is_not_in_is_no_place(slack: LocalSlack, channel: str) -> None:
    await slack.human.post("kick", channel=channel, user="meshclaw")
    assert await slack.sender.place(DEPLOYS if channel == "#deploys" else SECRET) is None


async def test_a_channel_that_is_not_there_is_no_place(slack: LocalSlack) -> None:
    assert await slack.sender.place("C0NOSUCH00") is None
    assert await slack.sender.place("D0NOSUCH00") is None


async def test_direct_messages_are_a_place_of_one(slack: LocalSlack) -> None:
    channel = await slack.sender.direct(person("chen"))
    assert await slack.sender.place(channel) == Place(channel, "direct messages", True, frozenset({CHEN}))


async def test_members_are_read_to_the_last_page() -> None:
    client = Answering({}, is_ext_shared=True)
    place = await people.People(client).place("C1")  # type: ignore[arg-type]
    assert place is not None
    assert (place.members, place.outside) == (frozenset({"U0", "U1", "U2"}), True)


async def test_channels_of_the_app_and_of_a_person(slack: LocalSlack) -> None:
    assert set((await slack.sender.channels()).values()) == {"#general", "#deploys", "#secret"}
    assert set((await slack.sender.channels(CHEN)).values()) == {"#general", "#deploys"}
