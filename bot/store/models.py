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

    `plan` and `undo_plan` name the plans it stands for; `version` counts changes, `shown` the version last drawn in
    Slack, so that a card left behind by a crash is drawn again.
    """

    __tablename__ = "cards"
    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    agent: Mapped[str]
    state: Mapped[str]
    plan: Mapped[str]
    undo_plan: Mapped[str | None]
    body: Mapped[bytes]
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
    __table_args__ = (Index("ix_cards_state", "state", "expires_at"), Index("ix_cards_owner", "owner", "agent"))


class ActionRow(Base):
    """The ledger: one effect. Written as `started` before it runs, with its outcome after."""

    __tablename__ = "ledger"
    id: Mapped[str] = mapped_column(primary_key=True)
    plan: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str]
    tool: Mapped[str]
    digest: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int] = mapped_column(default=1)
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[bytes | None]


class AuditRow(Base):
    """One link of the audit chain; `seal` is keyed and covers every other column and the link before."""

    __tablename__ = "audit"
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    owner: Mapped[str]
    event: Mapped[str]
    tool: Mapped[str]
    plan: Mapped[str]
    digest: Mapped[str]
    result: Mapped[str]
    previous: Mapped[str]
    seal: Mapped[str]
