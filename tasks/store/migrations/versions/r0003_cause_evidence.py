"""What data say of a cause has named fields: `evidence` in place of the pairs under `facts`."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FIELDS = {
    "arrived": ("dimension", "value", "before", "after"),
    "ruled_out": ("dimension", "raised", "compared"),
    "forecast": ("period", "mean", "low", "high"),
    "forecast_graded": ("mean", "low", "high", "actual"),
}
"""Old name → the fields that its values had by their place."""

KEPT = ("weekly", "families", "supplier", "component_supplier", "coincides", "change_point")
"""Names that stay; others were read by nobody."""


def upgrade() -> None:
    """Write every stored cause anew."""
    cause = sa.table(
        "cause",
        sa.column("report", sa.String),
        sa.column("period", sa.String),
        sa.column("revision", sa.Integer),
        sa.column("cause_id", sa.String),
        sa.column("body", sa.JSON),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(cause)).all():
        body = dict(row.body)
        body["evidence"] = evidence(dict(body.pop("facts", ())))
        connection.execute(
            cause.update()
            .where(
                cause.c.report == row.report,
                cause.c.period == row.period,
                cause.c.revision == row.revision,
                cause.c.cause_id == row.cause_id,
            )
            .values(body=body)
        )


def evidence(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the named fields of one cause's facts."""
    out = {name: facts[name] for name in KEPT if facts.get(name) is not None}
    for name in ("arrived", "ruled_out"):
        out[name] = [dict(zip(FIELDS[name], one, strict=True)) for one in facts.get(name, ())]
    if foretold := facts.get("forecast"):
        out["forecast"] = dict(zip(FIELDS["forecast"], foretold, strict=True))
    if graded := facts.get("forecast_graded"):
        out["graded"] = dict(zip(FIELDS["forecast_graded"], graded, strict=True))
    return out
