"""The invented places and names that demo data is made of: demo/*.csv."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tirek.catalog.errors import CatalogError


@dataclass(frozen=True, slots=True)
class DemoSchool:
    """An invented school: its region, which of the region's districts (1, 2, 3), its language."""

    region_iso: str
    district: int
    name_kk: str
    name_ru: str
    language: str


@dataclass(frozen=True, slots=True)
class DemoWords:
    """All of it; rows of `districts` and `centers` by region, the others by language and part."""

    districts: Mapping[str, tuple[Mapping[str, str], ...]]
    centers: Mapping[str, Mapping[str, str]]
    schools: tuple[DemoSchool, ...]
    names: Mapping[tuple[str, str], tuple[str, ...]]
    notes: Mapping[tuple[str, str], tuple[str, ...]]


def load_demo(folder: Path) -> DemoWords:
    """Read the five files of `folder`; raise `CatalogError` when one is absent or has a gap."""
    districts = _grouped(_lines(folder / "districts.csv"), "region_iso")
    return DemoWords(
        {region: tuple(lines) for (region,), lines in districts.items()},
        {line["region_iso"]: line for line in _lines(folder / "centers.csv")},
        tuple(_school(line) for line in _lines(folder / "schools.csv")),
        _texts(folder / "names.csv"),
        _texts(folder / "notes.csv"),
    )


def _texts(path: Path) -> dict[tuple[str, str], tuple[str, ...]]:
    groups = _grouped(_lines(path), "language", "part")
    return {(lang, part): tuple(x["name"] for x in lines) for (lang, part), lines in groups.items()}


def _lines(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogError(path, 1, f"cannot be read: {error.strerror}") from error
    lines: list[dict[str, str]] = []
    for number, line in enumerate(csv.DictReader(text.splitlines(), strict=True), start=2):
        if None in line or not all(line.values()):
            raise CatalogError(path, number, "every column holds something, and no more")
        lines.append(line)
    return lines


def _grouped(
    lines: list[dict[str, str]], *columns: str
) -> dict[tuple[str, ...], list[dict[str, str]]]:
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for line in lines:
        groups.setdefault(tuple(line[column] for column in columns), []).append(line)
    return groups


def _school(line: dict[str, str]) -> DemoSchool:
    return DemoSchool(
        line["region_iso"],
        int(line["district"]),
        line["name_kk"],
        line["name_ru"],
        line["language"],
    )
