"""Two tables that nothing wrote are gone: what editions claimed, and how periods stand."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop both."""
    op.drop_table("claim")
    op.drop_table("period_state")
