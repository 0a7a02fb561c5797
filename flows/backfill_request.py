"""What an operator asks of a backfill: the form of the Prefect UI."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.errors import UserError
from tasks.model.periods import Period

LONGEST = {"week": 160, "month": 60, "quarter": 24}


class BackfillRequest(BaseModel):
    """Which periods are reviewed again."""

    model_config = ConfigDict(extra="forbid")

    first: str = Field(title="First period", description="A week as 2026-W40, a month as 2026-09 or a quarter as 2026-Q3.")
    last: str = Field("", title="Last period", description="The same kind as the first. Empty: only the first.")
    grain: Literal["week", "month", "quarter"] = Field(
        "week", title="Kind of period", description="Must fit the two periods above."
    )
    which: Literal["missing", "failed", "stale", "all"] = Field(
        "missing",
        title="Which of them",
        description="missing: without a report. failed: the last attempt failed. stale: data or configuration changed since. all: every one.",
    )
    dry_run: bool = Field(False, title="Only show the plan", description="List what would be done, and do nothing.")
    send: bool = Field(False, title="Mail the reports", description="Off: nobody is mailed.")

    @model_validator(mode="after")
    def _is_possible(self) -> "BackfillRequest":
        try:
            periods = self.periods()
        except UserError as error:
            raise ValueError(f"{error.what} {error.hint}") from error
        if periods[0].grain != self.grain:
            raise ValueError(f"{periods[0]} is a {periods[0].grain}, but the kind of period says {self.grain}. Make the two fit.")
        if len(periods) > LONGEST[self.grain]:
            raise ValueError(
                f"{len(periods)} periods are too many for one backfill; at most {LONGEST[self.grain]}. Ask for fewer."
            )
        return self

    def periods(self) -> list[Period]:
        """Return the periods in order."""
        return Period.span(f"{self.first.strip()}..{(self.last or self.first).strip()}")
