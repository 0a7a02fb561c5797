"""The first ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make all tables."""
    _actions()
    _causes()
    _editions()
    _contents()
    _runs()
    _backfills()
    _deliveries()


def _actions() -> None:
    """Actions and what became of them."""
    op.create_table(
        "action",
        sa.Column("action_id", sa.String(), nullable=False),
        sa.Column("proposed_at", Moment, nullable=False),
        sa.Column("edition_id", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause_id", sa.String(), nullable=False),
        sa.Column("leaf", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("due", Moment, nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("target", sa.Double(), nullable=True),
        sa.Column("target_text", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_action")),
    )
    op.create_index(op.f("ix_action_cause_id"), "action", ["cause_id"], unique=False)
    op.create_index(op.f("ix_action_period"), "action", ["period"], unique=False)
    op.create_table(
        "action_event",
        sa.Column("action_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by_whom", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("due", Moment, nullable=True),
        sa.Column("cut_in_actual", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.action_id"], name=op.f("fk_action_event_action_id")),
        sa.PrimaryKeyConstraint("action_id", "seq", name=op.f("pk_action_event")),
    )
    op.create_index(op.f("ix_action_event_at"), "action_event", ["at"], unique=False)


def _causes() -> None:
    """Causes and what people decided of them."""
    op.create_table(
        "cause",
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cause_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("period_start", Moment, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("leaf", sa.String(), nullable=False),
        sa.Column("slice", sa.JSON(), nullable=False),
        sa.Column("contribution", sa.Double(), nullable=True),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("report", "period", "revision", "cause_id", name=op.f("pk_cause")),
    )
    op.create_index(op.f("ix_cause_cause_id"), "cause", ["cause_id"], unique=False)
    op.create_table(
        "cause_decision",
        sa.Column("cause_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", Moment, nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("cause_id", "seq", name=op.f("pk_cause_decision")),
    )


def _editions() -> None:
    """Editions with their configuration and files."""
    op.create_table(
        "config_blob",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_config_blob")),
    )
    op.create_table(
        "edition",
        sa.Column("edition_id", sa.String(), nullable=False),
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("as_of", Moment, nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("config_sha256", sa.String(), nullable=False),
        sa.Column("taxonomy_version", sa.String(), nullable=False),
        sa.Column("headline", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_edition")),
        sa.UniqueConstraint(
            "report",
            "period",
            "audience",
            "language",
            "revision",
            name=op.f("uq_edition_report_period_audience_language_revision"),
        ),
    )
    op.create_index(op.f("ix_edition_period"), "edition", ["period"], unique=False)
    op.create_table(
        "edition_config",
        sa.Column("edition_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.edition_id"], name=op.f("fk_edition_config_edition_id")),
        sa.ForeignKeyConstraint(["sha256"], ["config_blob.sha256"], name=op.f("fk_edition_config_sha256")),
        sa.PrimaryKeyConstraint("edition_id", "name", name=op.f("pk_edition_config")),
    )
    op.create_table(
        "edition_file",
        sa.Column("edition_id", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.edition_id"], name=op.f("fk_edition_file_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "path", name=op.f("pk_edition_file")),
    )


def _contents() -> None:
    """What an edition says: its numbers and claims."""
    op.create_table(
        "number",
        sa.Column("edition_id", sa.String(), nullable=False),
        sa.Column("number_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("n", sa.Double(), nullable=True),
        sa.Column("range_text", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("rows_filter", sa.String(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.edition_id"], name=op.f("fk_number_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "number_id", name=op.f("pk_number")),
    )
    op.create_table(
        "claim",
        sa.Column("edition_id", sa.String(), nullable=False),
        sa.Column("claim_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("check_period", sa.String(), nullable=False),
        sa.Column("rows_filter", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.edition_id"], name=op.f("fk_claim_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "claim_id", name=op.f("pk_claim")),
    )


def _runs() -> None:
    """Pulls, leases and how periods stand."""
    op.create_table(
        "pull",
        sa.Column("pull_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("window_start", Moment, nullable=False),
        sa.Column("window_end", Moment, nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_new", sa.Integer(), nullable=False),
        sa.Column("rows_changed", sa.Integer(), nullable=False),
        sa.Column("rows_unchanged", sa.Integer(), nullable=False),
        sa.Column("rows_quarantined", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("complete_through", Moment, nullable=True),
        sa.Column("watermark", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pull_id", name=op.f("pk_pull")),
    )
    op.create_index(op.f("ix_pull_channel_started_at"), "pull", ["channel", "started_at"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("acquired_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "period_state",
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("grain", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("completeness", sa.JSON(), nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("period", "grain", name=op.f("pk_period_state")),
    )


def _backfills() -> None:
    """Backfills and their periods."""
    op.create_table(
        "backfill",
        sa.Column("backfill_id", sa.String(), nullable=False),
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("grain", sa.String(), nullable=False),
        sa.Column("which", sa.String(), nullable=False),
        sa.Column("send", sa.Boolean(), nullable=False),
        sa.Column("as_of", Moment, nullable=False),
        sa.Column("planned_at", Moment, nullable=False),
        sa.Column("finished_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("backfill_id", name=op.f("pk_backfill")),
    )
    op.create_table(
        "backfill_period",
        sa.Column("backfill_id", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["backfill_id"], ["backfill.backfill_id"], name=op.f("fk_backfill_period_backfill_id")),
        sa.PrimaryKeyConstraint("backfill_id", "period", name=op.f("pk_backfill_period")),
    )


def _deliveries() -> None:
    """Mails."""
    op.create_table(
        "delivery",
        sa.Column("key_sha256", sa.String(), nullable=False),
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("queued_at", Moment, nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.Column("claimed_at", Moment, nullable=True),
        sa.Column("settled_at", Moment, nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key_sha256", name=op.f("pk_delivery")),
        sa.UniqueConstraint("message_id", name=op.f("uq_delivery_message_id")),
    )
    op.create_index(op.f("ix_delivery_period"), "delivery", ["period"], unique=False)
    op.create_index(op.f("ix_delivery_state"), "delivery", ["state"], unique=False)
