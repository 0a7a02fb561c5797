"""Which contents of files have been read and stored."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "file_read",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("declaration", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("first_read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pull_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "sha256", "declaration", name=op.f("pk_file_read")),
    )
