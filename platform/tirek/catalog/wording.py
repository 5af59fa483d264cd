"""wording.<lang>.yaml: all texts of an instrument in one language."""

from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import Document
from tirek.domain.instruments import StatusEvidence, Wording, WordingStatus


def read_wording(document: Document) -> Wording:
    """Return the typed wording, or raise CatalogError."""
    with Fields.of(document) as fields:
        with fields.fields("base") as base:
            base_lang, base_origin = base.text("lang"), base.text("origin")
        return Wording(
            instrument=fields.text("instrument"),
            structure=fields.text("structure"),
            lang=fields.text("lang"),
            version=fields.text("version"),
            status=fields.choice("status", WordingStatus),
            status_evidence=_evidence(fields.fields("status_evidence")),
            base_lang=base_lang,
            base_origin=base_origin,
            strings=fields.named_texts("strings"),
            same=fields.maybe_texts("same"),
            no_change_of_meaning=fields.maybe_texts("no_change_of_meaning"),
            topics_only=fields.maybe_true("topics_only"),
        )


def _evidence(fields: Fields) -> StatusEvidence:
    with fields:
        return StatusEvidence(
            by=fields.text("by"),
            date=fields.maybe_text("date"),
            method=fields.text("method"),
            approvers=fields.texts("approvers"),
            document=fields.maybe_text("document"),
        )
