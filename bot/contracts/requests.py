"""What a person wants, as one durable row: every way in from Slack ends in a Request."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.contracts.json import JsonObject
from bot.contracts.people import Person


@dataclass(frozen=True, slots=True)
class Request:
    """One wish of one person.

    `key`: idempotency key made of Slack's own ids; a redelivery has the same one and runs once.
    `agent`, `action`: who handles it: an agent's name or `gate`, and one of its actions.
    `args`: what the person chose, plain JSON. `channel`: where they were, if anywhere.
    `lane`: requests of one lane run one after another, in order; by default that of the thread it came from, or the
    person's own. `received`: when it was written down, known once it is read back.
    """

    key: str
    person: Person
    agent: str
    action: str
    args: JsonObject = field(default_factory=dict)
    channel: str | None = None
    thread_ts: str | None = None
    lane: str = ""
    received: datetime | None = None

    def __post_init__(self) -> None:
        if not self.lane:
            object.__setattr__(self, "lane", self.conversation)

    @property
    def conversation(self) -> str:
        """What this belongs to: a thread, else the person's own conversation with MeshClaw."""
        return f"{self.person.team}/{self.channel}/{self.thread_ts}" if self.thread_ts else self.person.owner
