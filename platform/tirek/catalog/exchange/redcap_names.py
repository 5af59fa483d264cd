"""What REDCap calls things: fields, forms, and codes for what was not answered."""

import re

from tirek.domain.instruments import AnswerState

# REDCap fields: small Latin letters, digits and underscores, a letter first, at most 100 of them;
# names above 26 are warned about, so ours stay short.
MAX_FIELD = 100
COMPLETE = "_complete"
# Negative, as REDCap projects name their missing-data codes; a skipped item is REDCap's empty cell.
BLANK_CODES = {
    AnswerState.DECLINED: "-98",
    AnswerState.UNSEEN: "-96",
    AnswerState.SKIPPED: "",
}


def form_name(instrument_id: str) -> str:
    """The form of an instrument: its id with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", instrument_id).strip("_")


def field_name(instrument_id: str, name: str) -> str:
    """A field of that form: unique over a project that holds several of our instruments."""
    found = f"{form_name(instrument_id)}_{re.sub(r'[^a-z0-9]+', '_', name.casefold())}"
    return found[:MAX_FIELD] if found[0].isalpha() else f"f_{found}"[:MAX_FIELD]
