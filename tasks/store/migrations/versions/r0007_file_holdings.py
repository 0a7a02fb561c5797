"""Which rows each file holds, so that a corrected file takes back what it no longer holds; how many rows a pull withdrew."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and the count."""
    op.create_table(
        "file_holding",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("replaced", sa.JSON(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pull_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "name", name=op.f("pk_file_holding")),
    )
    op.add_column("pull", sa.Column("rows_withdrawn", sa.Integer(), nullable=False, server_default="0"))
