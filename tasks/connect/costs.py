"""What a source does not say, and what the review cannot do without it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tasks.connect.proposal import Proposal
from tasks.connect.samples import Note
from tasks.shop.load import Shop


def costs_of(proposal: Proposal) -> list[Note]:
    """Return what is missing in one proposal and what that costs."""
    rules = {"feedback": _feedback, "order_line": _orders, "aftersale": _aftersales, "product": _products}
    return rules[proposal.table](proposal)


def costs_together(proposals: Sequence[Proposal], fed: Collection[str]) -> list[Note]:
    """Return which tables neither the proposals nor the shop's channels feed, and what that costs.

    Args:
        proposals: What is proposed now.
        fed: Tables that the shop's channels feed already.
    """
    tables = {*fed, *(proposal.table for proposal in proposals)}
    missing = {
        "feedback": Note("connect.no_feedback"),
        "order_line": Note("connect.no_orders"),
        "product": Note("connect.no_products"),
        "aftersale": Note("connect.no_aftersales"),
    }
    return [note for table, note in missing.items() if table not in tables]


def currencies_of(named: Collection[str], shop: Shop) -> list[Note]:
    """Return which other currencies than the shop's rows name, and which of these have no exchange rate yet."""
    home = shop.identity.currency
    foreign = sorted(set(named) - {home})
    unrated = [code for code in foreign if code not in shop.exchange_rates.convertible(home)]
    found = [Note("connect.other_currencies", {"codes": ", ".join(foreign), "home": home})] if foreign else []
    return (
        [*found, Note("connect.no_rates", {"codes": ", ".join(unrated), "code": unrated[0], "home": home})] if unrated else found
    )


def _feedback(one: Proposal) -> list[Note]:
    found = []
    if not (one.has("text") or one.has("title")):
        found.append(Note("connect.no_words"))
    if not one.has("order_ref"):
        found.append(Note("connect.no_order_ref"))
    if not one.has("sku") and not one.has("order_ref"):
        found.append(Note("connect.no_article"))
    if not one.has("customer_ref"):
        found.append(Note("connect.no_customer"))
    if not one.has("first_human_at"):
        found.append(Note("connect.no_first_reply"))
    if not one.has("closed_at"):
        found.append(Note("connect.no_closing"))
    if not one.has("source_id"):
        found.append(Note("connect.no_id"))
    if not one.has("batch_no"):
        found.append(Note("connect.no_batch_in_words"))
    return found


def _orders(one: Proposal) -> list[Note]:
    found = []
    if not one.has("signed_at"):
        found.append(Note("connect.no_signing" if one.has("shipped_at") else "connect.no_shipping"))
    if not one.has("batch_no"):
        found.append(Note("connect.no_batch"))
    if not one.has("paid_amount"):
        found.append(Note("connect.no_amount"))
    if not (one.has("carrier") or one.has("warehouse")):
        found.append(Note("connect.no_carrier"))
    return found


def _aftersales(one: Proposal) -> list[Note]:
    found = []
    if not one.has("oid"):
        found.append(Note("connect.no_order_of_return"))
    if not (one.has("refunded_at") or one.has("returned_at")):
        found.append(Note("connect.no_refund_time"))
    if not one.has("refund_amount"):
        found.append(Note("connect.no_refund"))
    if not one.has("reason_buyer_first"):
        found.append(Note("connect.no_reason"))
    return found


def _products(one: Proposal) -> list[Note]:
    return [] if one.has("cost") or one.has("price") else [Note("connect.no_price")]
