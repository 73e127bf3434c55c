"""The gate, put together: policy, cards, ledger and what stands between cards, over one storage and one Slack."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.contracts.connectors import Connector
from bot.contracts.policy import Policy
from bot.contracts.slack import Message
from bot.contracts.tools import Tool
from bot.engine.connect import Accounts
from bot.engine.decisions import Decisions
from bot.engine.drawing import Drawing
from bot.engine.durable import Durable
from bot.engine.entitlement import Entitlement
from bot.engine.inbox import Inbox
from bot.engine.modals import Modals
from bot.engine.notify import Notices
from bot.engine.posts import Posts
from bot.engine.proposals import Proposals
from bot.engine.records import Records
from bot.engine.running import Running
from bot.engine.standing import Standing, StandingParts
from bot.engine.upkeep import Upkeep
from bot.gate.anchor import Anchor
from bot.gate.audit import Audit
from bot.gate.cards import Cards
from bot.gate.ceilings import Ceilings
from bot.gate.codes import Codes
from bot.gate.grants import Grants
from bot.gate.ledger import Ledger
from bot.gate.modes import Modes
from bot.gate.overrides import Overrides
from bot.gate.permits import Permits
from bot.gate.stops import Stops
from bot.gate.widening import WidenTool
from bot.store.database import Database
from bot.store.documents import ConnectionStore, Documents
from bot.store.sealing import Vault
from connectors.slack import Sender, SlackConnector


@dataclass(frozen=True, slots=True)
class Storage:
    """What is kept, opened."""

    database: Database
    vault: Vault
    documents: Documents
    connections: ConnectionStore


class Tools:
    """All tools by name: those of the connectors as they stand now, and the gate's own, which no other takes the place
    of."""

    def __init__(self, services: Collection[Connector], *own: Tool) -> None:
        self._services = services
        self._own = own
        self._seen: tuple[Sequence[Tool], ...] = ()
        self._tools: dict[str, Tool] = {}

    def get(self, name: str) -> Tool | None:
        return self._all().get(name)

    def names(self) -> list[str]:
        return sorted(self._all())

    def _all(self) -> Mapping[str, Tool]:
        """Put together anew when a connector offers other tools than before."""
        offered = tuple(service.tools() for service in self._services)
        if len(offered) != len(self._seen) or any(new is not old for new, old in zip(offered, self._seen, strict=True)):
            self._seen = offered
            named = zip(self._services, offered, strict=True)
            self._tools = {
                tool.name: tool
                for service, tools in named
                for tool in tools
                if tool.name.startswith(f"{service.name}.")
            }
            self._tools |= {tool.name: tool for tool in self._own}
        return self._tools


class Between:
    """What holds between cards, over one storage."""

    def __init__(self, storage: Storage) -> None:
        database, vault = storage.database, storage.vault
        self.audit = Audit(database, vault)
        self.stops = Stops(database, vault, self.audit)
        self.grants = Grants(database, vault, self.audit)
        self.modes = Modes(database, vault, self.audit)
        self.codes = Codes(database, vault, self.audit)
        self.overrides = Overrides(database, vault, self.audit)
        self.ceilings = Ceilings(database, vault)


class Gate:
    """All parts of the gate of one replica. `services`: the connectors by name; Slack's own is added here."""

    def __init__(
        self,
        policy: Policy,
        storage: Storage,
        services: Mapping[str, Connector],
        slack: Sender,
        executor: str,
        is_dead: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._policy, self._storage, self._slack = policy, storage, slack
        database, vault = storage.database, storage.vault
        posting = SlackConnector(slack)
        accounts = {name: service for name, service in services.items() if service.form()}
        self.sources: Mapping[str, Any] = {**services, posting.name: posting}
        self.posts = Posts(database, slack)
        self.between = between = Between(storage)
        self.accounts = Accounts(services, storage.connections, between.modes)
        self.tools = tools = Tools(
            (*services.values(), posting),
            WidenTool(between.modes, storage.connections, {name: one.title for name, one in accounts.items()}),
        )
        self.cards = cards = Cards(database, vault, between.audit)
        permits = Permits(policy, between.grants, between.stops, between.modes, between.ceilings, accounts)
        self.ledger = Ledger(database, vault, between.audit, cards, permits, tools, executor, is_dead)
        self._entitlement = Entitlement(policy, slack, between.overrides)
        self.proposals = Proposals(
            cards,
            tools,
            policy,
            between.grants,
            between.modes,
            between.stops,
            between.ceilings,
            self._entitlement,
            vault,
            accounts,
        )
        self.running = Running(between.stops, self.proposals.check_stopped)
        self._notices = Notices(cards, slack, self.posts, policy)
        self._drawing = Drawing(cards, self.ledger, tools, slack, self.posts, between.grants, policy)
        self._records = Records(database, storage.documents, between.grants, tools)
        self.decisions = Decisions(
            cards,
            self.ledger,
            tools,
            policy,
            self._entitlement,
            self.proposals,
            self._drawing,
            self._notices,
            self._records,
        )
        self.modals = self._modals()
        self.standing = self._standing()

    def _modals(self) -> Modals:
        return Modals(
            self.cards,
            self.ledger,
            self.tools,
            self._slack,
            self._drawing,
            self.decisions,
            self._entitlement,
            self._storage.documents,
            self._records,
            self.between.grants,
            self.between.codes,
        )

    def _standing(self) -> Standing:
        between = self.between
        return Standing(
            StandingParts(
                policy=self._policy,
                tools=self.tools,
                slack=self._slack,
                cards=self.cards,
                audit=between.audit,
                stops=between.stops,
                modes=between.modes,
                grants=between.grants,
                codes=between.codes,
                overrides=between.overrides,
                entitlement=self._entitlement,
                notices=self._notices,
                running=self.running,
                accounts=self.accounts,
            )
        )

    def upkeep(
        self,
        inbox: Inbox,
        durable: Durable,
        rooms: Sequence[str],
        purge_usage: Callable[[datetime], Awaitable[None]],
    ) -> Upkeep:
        """What the clock does for these parts."""

        async def post(channel: str, message: Message, key: str) -> None:
            await self.posts.put(key, channel, message)

        policy, between = self._policy, self.between
        anchor = Anchor(between.audit, file=policy.audit_file, channel=policy.audit_channel, post=post)
        return Upkeep(
            self.decisions,
            inbox,
            durable,
            self.posts,
            self._storage.documents,
            between.grants,
            between.stops,
            anchor,
            policy.audit_every,
            tuple(rooms),
            purge_usage,
        )
