"""Name, zone, currency and bases of a shop."""

from typing import Literal

from pydantic import Field, field_validator

from tasks.shop.currencies import CODES, currency_code
from tasks.shop.names import HOUSE_LANGUAGE, LanguageTag, Name, Proper
from tasks.shop.zones import Zone


class Identity(Proper):
    """Who the shop is, and what its figures are based on."""

    zone: Zone = "Asia/Shanghai"
    currency: str = "CNY"
    base: Literal["orders", "reviews", "records"] = Field(
        "orders",
        description="What a quality rate is measured on: signed orders, reviews, or nothing (counts against earlier counts).",
    )
    complaint_max_rating: float | None = Field(
        None, description="A rating of this many stars or fewer counts as a complaint if nothing else decides."
    )
    negative_max_rating: float = 3
    languages: list[LanguageTag] = Field(
        default=[HOUSE_LANGUAGE], min_length=1, description="Languages of the editions; the first is the shop's own."
    )
    notes: list[Name] = Field(
        default_factory=list,
        description="Sentences by language that every edition prints with its data, for example on a sample's bias.",
    )
    minimum_n: int = Field(30, description="Below this many cases: no percentages, no words of significance.")

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, value: str) -> str:
        if value not in CODES:
            known = currency_code(value, "")
            raise ValueError(f"{value} is not the code of a currency; write {known or 'three letters as CNY, GBP or USD'}")
        return value
