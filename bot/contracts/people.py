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
