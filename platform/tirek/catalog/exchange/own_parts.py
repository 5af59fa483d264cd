"""Our own parts inside a foreign format, word for word: what goes out comes back the same."""

import json
from collections.abc import Iterator, Sequence

from tirek.catalog.exchange import fhir_read
from tirek.catalog.exchange.draft import Draft
from tirek.catalog.exchange.fhir_names import PART
from tirek.catalog.exchange.fhir_write import exported_wordings, written_json
from tirek.catalog.exchange.wanted import Wanted
from tirek.catalog.instrument_files import WORDING, InstrumentFiles

# Excel keeps at most 32,767 characters in a cell; longer parts go in pieces.
PIECE = 30_000


def parts_of(files: InstrumentFiles, wanted: Wanted) -> Iterator[tuple[str, str]]:
    """Yield (part, JSON) of all that may leave the house; nothing in a copy for the public."""
    if wanted.is_public:
        return
    wordings = exported_wordings(files.instrument, wanted.lang)
    for name, document in files.documents.items():
        lang = name.removeprefix(WORDING)
        if name == "release" or (lang != name and lang not in wordings):
            continue
        yield name, written_json(document.data)


def draft_of_parts(pairs: Sequence[tuple[str, str]]) -> Draft:
    """Return the draft that our own parts make; raise ExchangeError where they make none."""
    structure = next((content for name, content in pairs if name == "structure"), "{}")
    try:
        version = json.loads(structure).get("version")
    except (ValueError, AttributeError):
        version = None
    extension = [
        {
            "url": PART,
            "extension": [
                {"url": "name", "valueString": name},
                {"url": "content", "valueString": content},
            ],
        }
        for name, content in pairs
    ]
    resource = {"resourceType": "Questionnaire", "version": version, "extension": extension}
    return fhir_read.read(json.dumps(resource).encode(), "own")


def pieces(content: str) -> list[str]:
    """Return a text in pieces that a cell can hold; at least one."""
    return [content[at : at + PIECE] for at in range(0, len(content), PIECE)] or [""]
