"""The 17 regions and 3 cities of the country (ISO 3166-2:KZ), with the tile of each on the map."""

import csv
from importlib.resources import files

from tirek.storage.models import Region


def all_regions() -> tuple[Region, ...]:
    """Read the facts of every region as rows that belong to no session yet."""
    text = (files("tirek.storage") / "regions.csv").read_text(encoding="utf-8")
    return tuple(_region(line) for line in csv.DictReader(text.splitlines()))


def _region(line: dict[str, str]) -> Region:
    return Region(
        iso=line["iso"],
        name_kk=line["name_kk"],
        name_ru=line["name_ru"],
        name_en=line["name_en"],
        centre_kk=line["centre_kk"],
        centre_ru=line["centre_ru"],
        kind=line["kind"],
        tile_col=int(line["tile_col"]),
        tile_row=int(line["tile_row"]),
    )
