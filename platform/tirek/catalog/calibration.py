"""scoring.yaml, `irt` and `adaptive`: parameters of calibrated items, the plan of shorter runs."""

from enum import StrEnum

from tirek.catalog.fields import Fields
from tirek.domain.calibration import Area, Calibration, CalibrationStatus, Parameters, ShortPlan


class Model(StrEnum):
    """The models that can be scored so far."""

    GRADED = "graded"


def read_calibration(fields: Fields) -> Calibration:
    """Return the typed parameters, or raise CatalogError."""
    with fields:
        fields.choice("model", Model)
        return Calibration(
            parameters=fields.named(
                "parameters", lambda node: _parameters(Fields(fields.path, node))
            ),
            source=fields.text("source"),
            population=fields.text("population"),
            langs=fields.texts("langs"),
            status=fields.choice("status", CalibrationStatus),
        )


def _parameters(fields: Fields) -> Parameters:
    with fields:
        return Parameters(fields.number("a"), fields.some("b", fields.numbers("b")))


def read_short_plan(fields: Fields) -> ShortPlan:
    """Return the typed plan, or raise CatalogError."""
    with fields:
        return ShortPlan(
            most=fields.integer("most"),
            least=fields.integer("least"),
            error=fields.number("error"),
            first=fields.maybe_text("first"),
            always=fields.maybe_texts("always"),
            always_after=fields.maybe_integer("always_after"),
            areas=fields.each("areas", _area) if fields.has("areas") else (),
        )


def _area(fields: Fields) -> Area:
    return Area(fields.text("name"), fields.texts("items"), fields.number("share"))
