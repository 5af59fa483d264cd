"""Ages in bands: close enough to talk with a child, too wide to find one by."""

from dataclasses import dataclass

# First year of each band: primary school, its end, middle school, upper school, adulthood.
STARTS = (0, 7, 11, 14, 16, 18)


@dataclass(frozen=True, slots=True)
class AgeBand:
    """Completed years from `low` to `high`, both included; `high` is None in the last band."""

    low: int
    high: int | None


def age_band(years: int) -> AgeBand:
    """The band of an age in completed years, zero and above."""
    index = max(place for place, start in enumerate(STARTS) if start <= years)
    following = STARTS[index + 1 : index + 2]
    return AgeBand(STARTS[index], following[0] - 1 if following else None)
