"""The tables. `owner` is always a person's keyed pseudonym; whatever is theirs stands in sealed columns."""

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import DateTime, Dialect, Index, Integer, LargeBinary, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """An aware UTC time on every database (SQLite keeps none of its zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[type, object]] = {datetime: Moment, bytes: LargeBinary, str: String}


class InboxRow(Base):
    """One request, written before Slack gets its acknowledgement. `state`: new, done, failed."""

    __tablename__ = "inbox"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(unique=True)
    owner: Mapped[str]
    lane: Mapped[str]
    executor: Mapped[str]
    state: Mapped[str] = mapped_column(default="new")
    body: Mapped[bytes | None]
    received_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_inbox_open", "state", "lane", "id"),)


class PostRow(Base):
    """A message of ours: written before posting, `ts` filled after, so that a crash between posts it once."""

    __tablename__ = "posts"
    key: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    ts: Mapped[str | None]
    created_at: Mapped[datetime]


class DocumentRow(Base):
    """A sealed JSON document of one agent about one person."""

    __tablename__ = "documents"
    owner: Mapped[str] = mapped_column(primary_key=True)
    space: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[bytes]
    updated_at: Mapped[datetime]


class ConnectionRow(Base):
    """A person's account at an outside service, sealed."""

    __tablename__ = "connections"
    owner: Mapped[str] = mapped_column(primary_key=True)
    connector: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[bytes]
    updated_at: Mapped[datetime]


class PlanRow(Base):
    """What a turn wants done: the calls, sealed, and their digest. Never changed: an edit makes a new plan."""

    __tablename__ = "plans"
    id: Mapped[str] = mapped_column(primary_key=True)
    card: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str]
    digest: Mapped[str]
    body: Mapped[bytes]
    created_at: Mapped[datetime]


class CardRow(Base):
    """One card: a plan shown for decision, later its receipt.

    `topic` and `conversation` are pseudonyms; `needs`: how many different people have to approve; `policy`: version of
    the policy it was judged by. `plan` and `undo_plan` name the plans it stands for; `version` counts changes, `shown`
    the version last drawn in Slack, so that a card left behind by a crash is drawn again. `expires_at` ends the time to
    decide, `execute_by` the time to execute; until `hold_until` an approved plan waits in the outbox. `said`, sealed:
    who decided last and what they said, or why the card is paused.
    """

    __tablename__ = "cards"
    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    agent: Mapped[str]
    topic: Mapped[str] = mapped_column(default="")
    conversation: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    plan: Mapped[str]
    undo_plan: Mapped[str | None]
    needs: Mapped[int] = mapped_column(default=1)
    policy: Mapped[str] = mapped_column(default="")
    body: Mapped[bytes]
    said: Mapped[bytes | None]
    version: Mapped[int] = mapped_column(default=1)
    shown: Mapped[int] = mapped_column(default=0)
    channel: Mapped[str | None]
    ts: Mapped[str | None]
    decided_key: Mapped[str | None]
    undone_key: Mapped[str | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    execute_by: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_cards_state", "state", "expires_at"),
        Index("ix_cards_owner", "owner", "agent"),
        Index("ix_cards_conversation", "conversation", "state"),
    )


class ApprovalRow(Base):
    """One person's approval of one plan. `id`: pseudonym of plan and decider, so that nobody counts twice; `body`,
    sealed: who it was, and how (`button`, `code`, `break-glass`)."""

    __tablename__ = "approvals"
    id: Mapped[str] = mapped_column(primary_key=True)
    card: Mapped[str] = mapped_column(index=True)
    plan: Mapped[str]
    decider: Mapped[str]
    key: Mapped[str]
    body: Mapped[bytes]
    at: Mapped[datetime]


class ActionRow(Base):
    """The ledger: one effect. Written as `started` before it runs, with its outcome after. `effect` and `items` are
    what ceilings count."""

    __tablename__ = "ledger"
    id: Mapped[str] = mapped_column(primary_key=True)
    plan: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str]
    tool: Mapped[str]
    effect: Mapped[str]
    items: Mapped[int]
    digest: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int] = mapped_column(default=1)
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[bytes | None]
    __table_args__ = (Index("ix_ledger_ceilings", "owner", "effect", "started_at"),)


class GrantRow(Base):
    """A standing permission a person wrote. `tool`: pseudonym of the tool; `body`, sealed: its name, the patterns, all
    in words; `left`: things it may still touch. It ends at `until`, with `left` at 0, or when `revoked_at` is set."""

    __tablename__ = "grants"
    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    tool: Mapped[str]
    body: Mapped[bytes]
    left: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    until: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_grants_owner", "owner", "tool"),)


class ModeRow(Base):
    """What may be done: `read-only` or `ask`. `scope`: person, conversation or connection; `subject`: pseudonym of the
    conversation, name of the connection, empty for the person as a whole."""

    __tablename__ = "modes"
    owner: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    mode: Mapped[str]
    set_at: Mapped[datetime]


class StopRow(Base):
    """Somebody said stop. `scope`: person, conversation or all; `subject`: pseudonym of whom or what, empty for all.
    A lasting stop holds until `lifted_at`; another ends what was begun before `at`. `body`, sealed: who, and why."""

    __tablename__ = "stops"
    id: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str]
    subject: Mapped[str]
    lasting: Mapped[bool]
    body: Mapped[bytes]
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_stops_subject", "scope", "subject"), Index("ix_stops_at", "at"))


class FactorRow(Base):
    """A person's authenticator app. `body`, sealed: its secret; `last_step`: the time step of the last code taken, so
    that none is taken twice; after too many wrong codes none is taken until `locked_until`."""

    __tablename__ = "factors"
    owner: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[bytes]
    confirmed: Mapped[bool]
    last_step: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class OverrideRow(Base):
    """Break-glass: somebody named in the policy may decide what is not theirs to decide, until `until`. `body`, sealed:
    who, and why."""

    __tablename__ = "overrides"
    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(index=True)
    body: Mapped[bytes]
    at: Mapped[datetime]
    until: Mapped[datetime]


class AuditRow(Base):
    """One link of the audit chain. `own`: it tells of a person's own things and is theirs to read; `digest`: keyed, of
    what is told, which stands sealed in `body`, all bodies of one length; `seal` is keyed and covers every other column
    but the body, and the link before."""

    __tablename__ = "audit"
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    own: Mapped[bool]
    owner: Mapped[str] = mapped_column(index=True)
    digest: Mapped[str]
    body: Mapped[bytes]
    previous: Mapped[str]
    seal: Mapped[str]


class AgentRow(Base):
    """A person's own agent. `name`: pseudonym of owner and name; `body`, sealed: whose it is, its file, their zone;
    `digest`: keyed, of that file. `state`: private, proposed, shared. Others see `shared`, sealed: the file as it was
    reviewed (`reviewed_digest`), however often its owner has changed it since. `next_at`: when its schedule is due."""

    __tablename__ = "agents"
    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    name: Mapped[str]
    state: Mapped[str]
    digest: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    body: Mapped[bytes]
    shared: Mapped[bytes | None]
    reviewed_by: Mapped[str | None]
    reviewed_digest: Mapped[str | None]
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    updated_at: Mapped[datetime]
    __table_args__ = (
        Index("ix_agents_name", "owner", "name", unique=True),
        Index("ix_agents_state", "state"),
    )


class SpendingRow(Base):
    """What models came to in one month: for one person, or, under a pseudonym of its own, for the installation. `body`
    is sealed, and all are of one length."""

    __tablename__ = "spending"
    owner: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[bytes]
    updated_at: Mapped[datetime]
