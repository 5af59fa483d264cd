"""A questionnaire whose items have parameters, for tests only: none is calibrated in Kazakhstan."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from tests.world import the_catalog
from tirek.catalog.instruments import load_instruments
from tirek.catalog.library import Catalog
from tirek.domain.instruments import Subject

FOLDER = Path(__file__).parent / "data" / "short_runs"
NAME = "short-mood"


@cache
def catalog_with_short_runs() -> Catalog:
    """The product's catalog, and beside it the invented questionnaire."""
    catalog = the_catalog()
    return replace(catalog, instruments={**catalog.instruments, **load_instruments(FOLDER)})


def asked_of(subject: Subject) -> Catalog:
    """The same, with the invented questionnaire asked of pupils or of their guardians."""
    catalog = catalog_with_short_runs()
    mood = catalog.instruments[NAME]
    changed = replace(mood, structure=replace(mood.structure, subject=subject))
    return replace(catalog, instruments={**catalog.instruments, NAME: changed})
