"""Columns that coding adds to feedback; a shop's own dimensions (config/dimensions.yaml) come on top."""

from __future__ import annotations

from tasks.model.coded import Severity, Track
from tasks.model.columns.column import Column, flag, text, texts, time, whole

CODED: dict[str, Column] = {
    "leaf": text("The problem: a leaf or node of the taxonomy, UNK where no rule recognised one."),
    "leaf_source": text("Who says so: the source's mapped code, the rules, or nobody."),
    "leaves": texts("Every problem that the record names, `leaf` first."),
    "symptom": text("Facet of the leaf."),
    "hedged": flag("Whether the customer only supposes it."),
    "vague": flag("Whether the words say nothing that could be told."),
    "family": text("Lag family: on which clock such complaints arrive."),
    "department": text("Who owns the remedy."),
    "severity": text("How urgent it is.", *(severity.value for severity in Severity)),
    "severity_why": texts("The rules that made it so urgent."),
    "track": text("Which route it takes.", *(track.value for track in Track)),
    "claim_cluster": text("Suspected cluster of abnormal claims, where it lies in one."),
    "case_id": text("Case: the record that opened it."),
    "counted": flag("Whether it is the one record by which its case is counted."),
    "contacts": whole("Contacts of its case."),
    "sku_known": flag("Whether the product table or the order knows the SKU."),
    "oid": text("Order line that it was linked to."),
    "tid": text("Order that it was linked to."),
    "talent_ref": text("Of its order line: talent who sold it, keyed."),
    "listing_version": text("Of its order line: version of the listing."),
    "paid_at": time("Of its order line: when it was paid."),
    "shipped_at": time("Of its order line: when it was shipped."),
    "signed_at": time("Of its order line: when it was signed for."),
}
