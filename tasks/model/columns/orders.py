"""Columns of what was sold and what came back: order lines, after-sales orders, inspections of returned goods."""

from __future__ import annotations

from tasks.model.columns.column import TRAFFIC_SOURCES, Column, flag, number, text, time, whole

ORDER_LINE: dict[str, Column] = {
    "oid": text("Order line."),
    "tid": text("Order; holds one or more lines."),
    "shop": text("Store on the platform."),
    "platform": text("Platform, by the shop's own code."),
    "market": text("Country or site that it was sold to, by the shop's own code."),
    "traffic_source": text("Where the buyer came from.", *TRAFFIC_SOURCES),
    "room_id": text("Live room."),
    "session_id": text("Live session."),
    "talent_ref": text("Talent who sold it, keyed."),
    "sku": text("SKU."),
    "listing_version": text("Version of the listing that the buyer saw."),
    "qty": whole("Pieces, 1 or more."),
    "paid_amount": number("Money paid for the line, in `currency`."),
    "currency": text("Currency of the money paid, ISO 4217; the shop's where it is empty."),
    "cost_amount": number("What the line costs the shop, in the shop's currency."),
    "is_gift": flag("Whether it is a gift."),
    "is_presale": flag("Whether it was sold before it was in stock."),
    "paid_at": time("When it was paid."),
    "promised_ship_at": time("By when shipment was promised."),
    "shipped_at": time("When it was shipped."),
    "promised_delivery_at": time("By when delivery was promised."),
    "signed_at": time("When the parcel was signed for."),
    "cancelled_before_ship": flag("Whether it was cancelled before shipment."),
    "warehouse": text("Warehouse that ships it."),
    "waybill": text("Waybill number."),
    "carrier": text("Carrier."),
    "dest_province": text("Province of the delivery."),
    "dest_city": text("City of the delivery."),
    "batch_no": text("Production batch."),
    "batch_source": text("How the batch is known.", "sn", "wms_lot", "date_window", "none"),
    "serial_no": text("Serial number of the unit."),
}

REPEATED_TEXTS = (
    "shop", "platform", "market", "traffic_source", "room_id", "session_id", "talent_ref", "sku", "listing_version", "warehouse", "carrier",
    "dest_province", "dest_city", "batch_no", "batch_source", "currency",
)  # fmt: skip
"""Texts of an order line that take few values: on their way they are held as categories, a quarter of the memory of texts."""

AFTERSALE: dict[str, Column] = {
    "aftersale_id": text("After-sales order."),
    "oid": text("Order line it belongs to."),
    "platform": text("Platform, by the shop's own code."),
    "market": text("Country or site that it was sold to, by the shop's own code."),
    "sku": text("SKU."),
    "qty": whole("Pieces, 1 or more."),
    "type": text(
        "What is asked for.", "refund_only", "return_refund", "exchange", "resend", "repair", "price_protect"
    ),
    "phase": text("Where the goods were when it was asked for.", "before_ship", "in_transit", "after_sign"),
    "goods_status": text("Where the goods are, in the platform's words."),
    "applied_at": time("When it was asked for."),
    "must_act_by": time("The platform's deadline for the shop's next step."),
    "agreed_at": time("When the shop agreed, or time ran out for it."),
    "returned_at": time("When the buyer sent the goods back."),
    "received_at": time("When the goods came back."),
    "refunded_at": time("When money was refunded."),
    "closed_at": time("When it was closed."),
    "refund_amount": number("Money refunded, in `currency`."),
    "freight_amount": number("Freight of the return, in `currency`."),
    "freight_borne_by": text("Who bears the freight."),
    "freight_insurance": flag("Whether freight insurance pays."),
    "compensation_amount": number("Compensation paid, in `currency`."),
    "currency": text("Currency of the amounts, ISO 4217; the shop's where it is empty."),
    "reason_buyer_first": text("Reason that the buyer chose first."),
    "reason_buyer_last": text("Reason that the buyer chose last."),
    "reason_agent": text("Reason that the agent noted."),
    "reason_inspection": text("Reason that the inspection found."),
    "decided_by": text("Who decided it.", "merchant", "auto_timeout", "platform", "insurer"),
    "platform_involved": flag("Whether the platform was called in."),
    "involved_at": time("When the platform was called in."),
    "evidence_at": time("When the shop gave evidence."),
    "liability": text("Who is held liable.", "merchant", "buyer", "carrier", "none", "pending"),
    "auto_refund": flag("Whether the platform refunded without asking."),
}  # fmt: skip

RETURN_INSPECTION: dict[str, Column] = {
    "aftersale_id": text("After-sales order whose goods were inspected."),
    "inspected_at": time("When they were inspected."),
    "result": text(
        "What was found.", "ok_resell", "ok_refurb", "scrap", "wrong_item", "missing_parts", "used", "empty"
    ),
    "fault_confirmed": flag("Whether the fault that the buyer named is there."),
    "fault_code": text("The warehouse's own code of the fault."),
    "batch_no": text("Production batch, read from the goods."),
    "serial_no": text("Serial number, read from the goods."),
    "photo_count": whole("Number of photos."),
    "loss_amount": number("What the goods lost in value, in `currency`."),
    "currency": text("Currency of the loss, ISO 4217; the shop's where it is empty."),
}  # fmt: skip
