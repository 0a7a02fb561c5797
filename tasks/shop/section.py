"""The base of every configuration model."""

from pydantic import BaseModel, ConfigDict


class ConfigSection(BaseModel):
    """Base of every configuration model: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
