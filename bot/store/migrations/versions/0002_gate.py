"""The gate: who decides, modes, grants, stops, authenticator codes, break-glass; the audit sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _cards()
    _ledger()
    _standing()
    _stopping()
    _audit()


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, server_default=default)


def _moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _sealed(name: str, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def _given_by_us(table: str, *columns: str) -> None:
    """The defaults were for the rows there are; whoever writes a row says what it holds."""
    with op.batch_alter_table(table) as altered:
        for column in columns:
            altered.alter_column(column, server_default=None)


def _cards() -> None:
    with op.batch_alter_table("cards") as cards:
        for column in (_text("topic", ""), _text("conversation", ""), _text("policy", "")):
            cards.add_column(column)
        cards.add_column(sa.Column("needs", sa.Integer(), nullable=False, server_default="1"))
        cards.add_column(_sealed("said", nullable=True))
        for name in ("execute_by", "hold_until", "reminded_at"):
            cards.add_column(_moment(name, nullable=True))
    _given_by_us("cards", "topic", "conversation", "policy", "needs")
    op.create_index("ix_cards_conversation", "cards", ["conversation", "state"], unique=False)
    op.create_table(
        "approvals",
        _text("id"),
        _text("card"),
        _text("plan"),
        _text("decider"),
        _text("key"),
        _sealed("body"),
        _moment("at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_approvals_card"), "approvals", ["card"], unique=False)


def _ledger() -> None:
    with op.batch_alter_table("ledger") as ledger:
        ledger.add_column(_text("effect", "deploy"))
        ledger.add_column(sa.Column("items", sa.Integer(), nullable=False, server_default="1"))
    _given_by_us("ledger", "effect", "items")
    op.create_index("ix_ledger_ceilings", "ledger", ["owner", "effect", "started_at"], unique=False)


def _standing() -> None:
    """What a person lets happen."""
    op.create_table(
        "grants",
        _text("id"),
        _text("owner"),
        _text("tool"),
        _sealed("body"),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("until"),
        _moment("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_grants_owner", "grants", ["owner", "tool"], unique=False)
    op.create_table(
        "modes",
        _text("owner"),
        _text("scope"),
        _text("subject"),
        _text("mode"),
        _moment("set_at"),
        sa.PrimaryKeyConstraint("owner", "scope", "subject"),
    )
    op.create_table(
        "factors",
        _text("owner"),
        _sealed("body"),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        _moment("locked_until", nullable=True),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("owner"),
    )


def _stopping() -> None:
    """What ends work, and what goes past the usual deciders."""
    op.create_table(
        "stops",
        _text("id"),
        _text("scope"),
        _text("subject"),
        sa.Column("lasting", sa.Boolean(), nullable=False),
        _sealed("body"),
        _moment("at"),
        _moment("lifted_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_stops_subject", "stops", ["scope", "subject"], unique=False)
    op.create_index("ix_stops_at", "stops", ["at"], unique=False)
    op.create_table(
        "overrides",
        _text("id"),
        _text("owner"),
        _sealed("body"),
        _moment("at"),
        _moment("until"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_overrides_owner"), "overrides", ["owner"], unique=False)


def _audit() -> None:
    """The chain begins anew: its links are sealed now, and no release has made any yet."""
    op.drop_table("audit")
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        _moment("at"),
        sa.Column("own", sa.Boolean(), nullable=False),
        _text("owner"),
        _text("digest"),
        _sealed("body"),
        _text("previous"),
        _text("seal"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(op.f("ix_audit_owner"), "audit", ["owner"], unique=False)
