"""How items are laid out on pages."""

from pathlib import Path

import pytest

from tirek.catalog.instruments import load_instruments
from tirek.domain.administration import ITEMS_A_PAGE, age_in_years, pages_for

INSTRUMENTS = load_instruments(Path(__file__).parents[3] / "instruments")


@pytest.fixture(params=sorted(INSTRUMENTS))
def instrument(request):
    return INSTRUMENTS[request.param]


@pytest.mark.parametrize("age", [8, 12, 13, 17])
def test_every_item_stands_once_in_its_order(instrument, age):
    laid_out = [item for page in pages_for(instrument, age) for item in page]
    assert laid_out == [item.id for item in instrument.items]


@pytest.mark.parametrize("age", [8, 12, 13, 17])
def test_a_critical_item_is_alone_on_its_page(instrument, age):
    for page in pages_for(instrument, age):
        assert len(page) == 1 or not any(instrument.is_critical(item) for item in page)


def test_up_to_twelve_there_is_one_item_a_page(instrument):
    assert all(len(page) == 1 for page in pages_for(instrument, 12))


def test_above_twelve_pages_are_not_too_long(instrument):
    assert all(len(page) <= ITEMS_A_PAGE for page in pages_for(instrument, 13))


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [((2012, 11), (2026, 11), 14), ((2012, 12), (2026, 11), 13), ((2012, 1), (2026, 12), 14)],
)
def test_age_counts_whole_months(born, today, age):
    assert age_in_years(*born, *today) == age
