"""What an operator asks of a backfill; the Prefect UI makes its form from it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.errors import UserError
from tasks.model.periods import Period

LONGEST = {"week": 160, "month": 60, "quarter": 24}


class BackfillRequest(BaseModel):
    """Which periods to review again."""

    model_config = ConfigDict(extra="forbid")

    first: str = Field(title="First period", description="A week (2026-W40), month (2026-09) or quarter (2026-Q3).")
    last: str = Field("", title="Last period", description="Of the same kind as the first. Empty: only the first period.")
    grain: Literal["week", "month", "quarter"] = Field(
        "week", title="Kind of period", description="Must fit the two periods above."
    )
    which: Literal["missing", "failed", "stale", "all"] = Field(
        "missing",
        title="Which of them",
        description="missing: no report yet. failed: last attempt failed. stale: data or configuration changed since. all: every period.",
    )
    dry_run: bool = Field(False, title="Only show the plan", description="List what would be done, without doing it.")
    send: bool = Field(False, title="Mail the reports", description="Off: no mail is sent.")

    @model_validator(mode="after")
    def _is_possible(self) -> "BackfillRequest":
        try:
            periods = self.periods()
        except UserError as error:
            raise ValueError(f"{error.what} {error.hint}") from error
        if periods[0].grain != self.grain:
            raise ValueError(f"{periods[0]} is a {periods[0].grain}, but the kind of period says {self.grain}. Make the two fit.")
        if len(periods) > LONGEST[self.grain]:
            raise ValueError(f"{len(periods)} periods are too many for one backfill. Ask for at most {LONGEST[self.grain]}.")
        return self

    def periods(self) -> list[Period]:
        """Return the periods in order."""
        return Period.span(f"{self.first.strip()}..{(self.last or self.first).strip()}")
