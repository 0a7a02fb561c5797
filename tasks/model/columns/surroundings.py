"""Columns of the tables around feedback and orders: denominators, published figures, regulators, batches, costs, products."""

from __future__ import annotations

from tasks.model.columns.column import Column, day, flag, number, text, texts, time, whole

EXPOSURE: dict[str, Column] = {
    "day": day("Day that is counted."),
    "kind": text(
        "What is counted: the denominators of rates.",
        "units_signed", "parcels_shipped", "conversations", "human_conversations", "replied_3min", "active_devices",
        "reviews", "aftersales",
    ),
    "platform": text("Platform, by the shop's own code; empty for all."),
    "sku": text("SKU; empty for all."),
    "line": text("Product line; empty for all."),
    "queue": text("Queue of the service desk; empty for all."),
    "shift": text("Shift of the service desk; empty for all."),
    "app_version": text("Version of the app; empty for all."),
    "os": text("Operating system; empty for all."),
    "warehouse": text("Warehouse; empty for all."),
    "n": number("How many."),
}  # fmt: skip

PLATFORM_METRIC: dict[str, Column] = {
    "platform": text("Platform that publishes it, by the shop's own code."),
    "shop": text("Store on the platform."),
    "metric_code": text("Code of the figure."),
    "metric_name": text("Its name, as the platform writes it."),
    "value": number("Its value, as published; never recomputed."),
    "window_days": whole("Days that it looks back over."),
    "as_published_at": time("When it was published."),
    "warn_line": number("Value at which the platform warns."),
    "bad_line": number("Value at which the platform punishes."),
    "formula_version": text("Version of the platform's formula."),
}

REGULATOR_CASE: dict[str, Column] = {
    "case_no_hash": text("Case number, hashed."),
    "body": text("Who received it.", "12315", "12345", "platform", "media", "letter"),
    "kind": text("Whether somebody complains or reports.", "complaint", "report"),
    "received_at": time("When the shop received it."),
    "must_act_by": time("By when the shop must answer."),
    "first_contact_at": time("When the shop first called the customer."),
    "answered_at": time("When the shop answered."),
    "accepted": flag("Whether the body took the case."),
    "result": text("How it ended."),
    "amount": number("Money at stake, in `currency`."),
    "currency": text("Currency of the money, ISO 4217; the shop's where it is empty."),
    "law_cited": text("Law that the letter cites."),
    "order_ref": text("Number of the order."),
}

BATCH: dict[str, Column] = {
    "batch_no": text("Production batch."),
    "sku": text("SKU."),
    "supplier": text("Supplier of the goods."),
    "component_supplier": text("Supplier of the component that matters."),
    "made_on": day("Day of production."),
    "qty_in": whole("Pieces received."),
    "qty_shipped": whole("Pieces shipped."),
    "qty_stock": whole("Pieces in stock."),
    "qty_transit": whole("Pieces on their way."),
    "qty_at_supplier": whole("Pieces still at the supplier."),
    "first_ship": day("First day of shipment."),
    "last_ship": day("Last day of shipment."),
    "cut_in_of": text("Action that takes effect with this batch."),
}

COST_RATE: dict[str, Column] = {
    "valid_from": day("First day on which it holds."),
    "item": text("What costs: freight, inspection, a service minute …"),
    "amount": number("What one unit of it costs, in the shop's currency."),
    "unit": text("What one unit is."),
}

PRODUCT: dict[str, Column] = {
    "sku": text("SKU."),
    "name": text("Name."),
    "line": text("Product line."),
    "listed_on": day("First day on sale."),
    "maturity_days": whole("Days after signing until most complaints have come."),
    "price": number("Price, in the shop's currency."),
    "cost": number("Cost of goods, in the shop's currency."),
    "aliases": texts("Other codes and names under which the SKU is typed."),
}
