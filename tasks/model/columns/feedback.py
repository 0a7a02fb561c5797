"""Columns of feedback: complaints, questions, suggestions and praise of every channel."""

from __future__ import annotations

from tasks.model.coded import Nature
from tasks.model.columns.column import TRAFFIC_SOURCES, Column, flag, number, text, texts, time, whole

FEEDBACK: dict[str, Column] = {
    "record_id": text("Id of the record: 16 hex digits made of channel and the source's own id."),
    "origin": text("Whether it was said online or in a shop.", "online", "offline"),
    "source": text(
        "Kind of channel it came by.",
        "ticket", "chat", "mail", "review", "social", "form", "store", "call", "regulator", "aftersale", "survey",
    ),
    "platform": text("Platform on which it was said or bought, by the shop's own code."),
    "market": text("Country or site that it was sold to, by the shop's own code."),
    "shop": text("Store on the platform."),
    "submitted_at": time("When the customer said it; decides the period it is counted in."),
    "occurred_at": time("When it happened, as the customer says."),
    "customer_ref": text("Customer, keyed: the same person has the same key, the key leads to nobody."),
    "customer_tier": text("What kind of customer, as the source says.", "new", "returning", "vip", "unknown"),
    "age_band": text("Age band of the customer, as the source gives it."),
    "region": text("Province of the customer or of the delivery."),
    "habit": text("Usage group of the customer, as the source gives it."),
    "order_ref": text("Number of the order or order line, as it was typed."),
    "waybill": text("Waybill number, as it was typed."),
    "sku": text("SKU or one of its aliases."),
    "product_model": text("Model, as it was typed."),
    "batch_no": text("Production batch, as it was typed."),
    "serial_no": text("Serial number of the unit."),
    "purchase_channel": text("Where it was bought, as the customer says."),
    "purchased_at": time("When it was bought, as the customer says."),
    "unit_price": number("Price of one unit, in `currency`."),
    "currency": text("Currency of the amounts, ISO 4217; the shop's where it is empty."),
    "title": text("Title or subject in the customer's words, scrubbed of personal data."),
    "text": text("The customer's words, scrubbed of personal data."),
    "language": text("Language of the words, ISO 639-1."),
    "attachments": whole("Number of pictures, videos and files."),
    "image_hash": text("Hashes of the pictures, separated by commas."),
    "rating": number("Stars of a review, on the scale of the shop's identity."),
    "frequency": text("How often it happens, as the customer says.", "occasional", "often"),
    "impact": text("How bad it is, as the customer says.", "minor", "severe", "critical"),
    "request": text(
        "What the customer wants.", "refund", "exchange", "repair", "reship", "compensate", "improve", "other"
    ),
    "expected_solution": text("What the customer wants, in words."),
    "source_code": text("The source's own reason or category, before mapping."),
    "issue": text("Leaf or node of the taxonomy that the source's code maps to."),
    "issue_source": text("Who gave the source's code: buyer, agent, form …"),
    "nature": text("What the record is.", *(nature.value for nature in Nature)),
    "causes": texts("Causes that the source names."),
    "emotion": whole("How angry, 1 calm to 5 furious."),
    "status": text("State of the record in its source."),
    "outcome": text("How it ended, in the source's words."),
    "refund_amount": number("Money refunded, in `currency`."),
    "currency_rate": number("Units of the shop's currency for one of `currency`."),
    "agent_ref": text("Agent, keyed."),
    "traffic_source": text("Where the buyer came from.", *TRAFFIC_SOURCES),
    "session_id": text("Live session of the purchase."),
    "queue": text("Queue of the service desk."),
    "shift": text("Shift of the service desk."),
    "app_version": text("Version of the app."),
    "os": text("Operating system of the device."),
    "first_bot_at": time("First reply of a robot."),
    "first_human_at": time("First reply of a person."),
    "solution_at": time("When a solution was offered."),
    "flagged_at": time("When it was marked as urgent."),
    "reviewed_at": time("When somebody senior looked at it."),
    "closed_at": time("When it was closed."),
    "promised_at": time("When the customer was promised an answer."),
    "must_act_by": time("Deadline given from outside."),
    "reopened_at": time("When it was opened again."),
    "milestone_met": flag("Whether the source says that its own deadline was kept."),
    "csat": whole("Satisfaction with the service, 1 to 5."),
    "contact_count": whole("Number of contacts, where the source counts them."),
    "thread_ref": text("Record that this one follows: a later version or 追评."),
    "carrier": text("Carrier of the parcel."),
    "warehouse": text("Warehouse that shipped it."),
    "destination": text("Address, keyed: the same door has the same key."),
    "last_scan_at": time("Last scan of the parcel."),
}  # fmt: skip

CHANGING = frozenset(
    {
        "status", "outcome", "refund_amount", "first_bot_at", "first_human_at", "solution_at", "flagged_at", "reviewed_at", "closed_at",
        "promised_at", "reopened_at", "milestone_met", "csat", "contact_count", "last_scan_at", "agent_ref", "emotion",
    }
)  # fmt: skip
"""What becomes of a record while it is handled; all else says which record it is."""
