"""Who asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A person in one Slack team. `owner` names the rows that are theirs."""

    team: str
    user: str

    @property
    def owner(self) -> str:
        return f"{self.team}/{self.user}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack tells about a person. `tz` is an IANA name, `locale` like `en-GB`."""

    name: str
    tz: str
    locale: str


@dataclass(frozen=True, slots=True)
class Member:
    """What Slack says of somebody at this moment. `active`: the account exists and is not deactivated; `guest`: of a
    limited account, or of another company (Slack Connect); `admin`: administers the workspace."""

    user: str
    team: str
    active: bool
    guest: bool
    bot: bool
    admin: bool
