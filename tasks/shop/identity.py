"""Name, zone, currency and bases of a shop."""

from typing import Literal

from pydantic import Field

from tasks.shop.section import Section


class Identity(Section):
    """Say who the shop is and what its figures rest on."""

    name: str
    name_en: str = ""
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    base: Literal["orders", "reviews", "records"] = Field(
        "orders",
        description="What a quality rate is measured on: signed orders, reviews, or nothing (counts against earlier counts).",
    )
    complaint_max_rating: float | None = Field(
        None, description="A rating of this many stars or fewer counts as a complaint where nothing else says so."
    )
    negative_max_rating: float = 3
    languages: list[Literal["zh-CN", "en"]] = ["zh-CN"]
    notes: list[dict[str, str]] = Field(
        default_factory=list,
        description="Sentences by language that every edition prints beside its data (a sample's bias, say).",
    )
    minimum_n: int = Field(30, description="Below this many cases: no percentages, no words of significance.")
