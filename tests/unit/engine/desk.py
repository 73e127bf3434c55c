"""The gate with its Slack, and people who press buttons in it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from slack_fake import FakeSlack
from sqlalchemy import update
from world import ADA, Gate, MarkTool, World, new_key, unmark

from bot.contracts.agents import Proposed
from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.policy import Policy
from bot.contracts.requests import Request
from bot.contracts.tools import Call, Effect, Plan, Tool
from bot.engine.decisions import Decided, Decisions
from bot.engine.drawing import Drawing
from bot.engine.entitlement import Entitlement
from bot.engine.notify import Notices
from bot.engine.posts import Posts
from bot.engine.proposals import Proposals
from bot.engine.records import Records
from bot.gate.card import Card
from bot.gate.overrides import Overrides
from bot.store.database import Database
from bot.store.documents import Documents
from bot.store.models import CardRow
from bot.store.sealing import Vault


def tools(world: World) -> tuple[Tool, ...]:
    """Marks of several effects; `mail` is a connector that people connect accounts of."""
    return (
        MarkTool(world),
        unmark(world),
        MarkTool(world, name="box.send", effect=Effect.SEND),
        MarkTool(world, name="box.share", effect=Effect.ACCESS, inverse="box.unshare"),
        MarkTool(world, name="box.unshare", effect=Effect.ACCESS, sign="-"),
        MarkTool(world, name="box.deploy", effect=Effect.DEPLOY, environment="production"),
        MarkTool(world, name="box.fetch", effect=Effect.FETCH),
        MarkTool(world, name="box.read", effect=Effect.READ),
        MarkTool(world, name="mail.move"),
    )


class Desk(Gate):
    """`made`: every card proposed here, in order; `timers`: what was to be carried on with, and when."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        world: World,
        *,
        policy: Policy | None = None,
        slack: FakeSlack | None = None,
        draws: type[Drawing] = Drawing,
    ) -> None:
        super().__init__(database, vault, *tools(world), policy=policy)
        self.world = world
        self.slack = slack or FakeSlack()
        self.documents = Documents(database, vault)
        self.overrides = Overrides(database, vault, self.audit)
        self.made: list[Card] = []
        self.timers: list[tuple[datetime, str]] = []
        self._draws = draws
        self.sit_down(self.policy)

    def sit_down(self, policy: Policy, executor: str = "one") -> None:
        """As after a restart: with this policy, everything else from the database."""
        self.policy = policy
        database, vault, slack = self.database, self.vault, self.slack
        self.ledger = self.another(executor)
        posts = Posts(database, slack)
        self.entitlement = Entitlement(policy, slack, self.overrides)
        self.proposals = Proposals(
            self.cards, self.tools, policy, self.grants, self.modes, self.stops, self.ceilings, self.entitlement, vault,
            ("mail",),
        )  # fmt: skip
        self.drawing = self._draws(self.cards, self.ledger, self.tools, slack, posts, self.grants, policy)
        self.records = Records(database, self.documents, self.grants, self.tools)
        notices = Notices(self.cards, slack, posts, policy)
        self.decisions = Decisions(
            self.cards, self.ledger, self.tools, policy, self.entitlement, self.proposals, self.drawing, notices,
            self.records,
        )  # fmt: skip
        self.decisions.at = lambda when, card: self.timers.append((when, card.id))

    def request(self, person: Person = ADA, key: str = "", channel: str | None = None, thread: str = "") -> Request:
        """What an agent works on when it proposes."""
        return Request(
            key or new_key(), person, "test", "run", channel=channel, thread_ts=thread, received=datetime.now(UTC)
        )

    async def propose(
        self, *calls: Call, request: Request | None = None, person: Person = ADA, topic: str = ""
    ) -> Proposed:
        """Lay a plan before people; its cards are the last in `made`."""
        asking = request or self.request(person)
        plan = Plan("Tidy", calls, topic=topic)
        proposed, _ = await self.decisions.propose(asking, plan)
        self.made += await self.cards.made(f"{asking.key}:{plan.digest()}")
        return proposed

    async def card(self, *calls: Call, person: Person = ADA, **more: Any) -> Card:
        """The one card of a plan."""
        before = len(self.made)
        await self.propose(*calls, person=person, **more)
        assert len(self.made) == before + 1
        return self.made[-1]

    async def press(self, action: str, card: Card, user: Person | None = None, key: str = "", **args: Json) -> Any:
        """What a button does: the Decided, or None while the story goes on."""
        if action == "carry_on":
            args = {"card": card.id}
        request = Request(key or new_key(), user or card.person, "gate", action, {"plan": card.plan_id, **args})
        return await self.decisions.actions[action](request)

    async def set(self, card: Card, **values: object) -> Card:
        """Change a card's row, such as its clocks; the card as it is then."""
        async with self.database.write() as session:
            await session.execute(update(CardRow).where(CardRow.id == card.id).values(values))
        return await self.cards.get(card.id)


def ended(decided: Decided | None) -> tuple[str, Sequence[str]]:
    """How a story ended: the card's state, and its calls'."""
    assert decided
    return decided.card.state, [one.outcome.state if one.outcome else "open" for one in decided.results]
