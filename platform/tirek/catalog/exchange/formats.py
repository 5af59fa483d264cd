"""The formats in which an instrument goes out and comes in; one line here for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tirek.catalog.exchange import fhir_read, fhir_write, lforms, redcap, reproschema, xlsform
from tirek.catalog.exchange.draft import Draft
from tirek.catalog.exchange.fhir_names import FhirVersion
from tirek.catalog.exchange.wanted import Wanted
from tirek.catalog.instrument_files import InstrumentFiles


@dataclass(frozen=True, slots=True)
class Format:
    """One foreign format: how a definition is written in it, and how one is read from it.

    `read` takes the file's content and its name, for an id where the content says none; it raises
    ExchangeError, never anything else, whatever the content is.
    """

    name: str
    title: str
    write: Callable[[InstrumentFiles, Wanted], bytes] | None
    read: Callable[[bytes, str], Draft] | None


ALL = (
    Format(
        "fhir-r4",
        "FHIR R4 Questionnaire",
        partial(fhir_write.write, version=FhirVersion.R4),
        fhir_read.read,
    ),
    Format(
        "fhir-r5",
        "FHIR R5 Questionnaire",
        partial(fhir_write.write, version=FhirVersion.R5),
        fhir_read.read,
    ),
    Format("lforms", "LHC-Forms (.json), in only", None, lforms.read),
    Format("redcap", "REDCap data dictionary (.csv)", redcap.write, redcap.read),
    Format("xlsform", "XLSForm for ODK and Kobo (.xlsx)", xlsform.write, xlsform.read),
    Format("reproschema", "ReproSchema activity (.zip)", reproschema.write, reproschema.read),
)
FORMATS: Mapping[str, Format] = {each.name: each for each in ALL}
WRITABLE = tuple(each.name for each in ALL if each.write)
READABLE = tuple(each.name for each in ALL if each.read)
