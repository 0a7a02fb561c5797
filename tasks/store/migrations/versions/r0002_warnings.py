"""Early warnings, and what happened to each."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "warning",
        sa.Column("warning_id", sa.String(), nullable=False),
        sa.Column("matter_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("last_seen", Moment, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("warning_id", name=op.f("pk_warning")),
    )
    op.create_index(op.f("ix_warning_opened_at"), "warning", ["opened_at"], unique=False)
    op.create_table(
        "warning_event",
        sa.Column("warning_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("letters", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["warning_id"], ["warning.warning_id"], name=op.f("fk_warning_event_warning_id")),
        sa.PrimaryKeyConstraint("warning_id", "seq", name=op.f("pk_warning_event")),
    )
