"""What kind of error kept a channel from being read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a pull of before is of no particular kind."""
    op.add_column("pull", sa.Column("problem", sa.String(), nullable=False, server_default="other"))
