"""All instruments of a folder, read and checked; a wrong one stops the start."""

from pathlib import Path

from tirek.catalog.errors import CatalogError, Finding
from tirek.catalog.instrument_files import InstrumentFiles, read_files
from tirek.catalog.instrument_lints import lint
from tirek.domain.instruments import Instrument


def load_instruments(root: Path) -> dict[str, Instrument]:
    """Return the newest major of every instrument by id; raise CatalogError at a wrong file.

    Older majors are checked too: administrations may still be running on them.
    """
    if not root.is_dir():
        raise CatalogError(root, 1, "there is no folder of instruments")
    loaded = [load_instrument(folder) for folder in folders(root)]
    return {
        instrument.id: instrument
        for instrument in sorted(loaded, key=lambda instrument: (instrument.id, instrument.major))
    }


def load_instrument(folder: Path) -> Instrument:
    """Return the instrument of one folder; raise CatalogError with the first finding."""
    files, findings = check(folder)
    if findings:
        raise findings[0].error()
    if files is None:
        raise CatalogError(folder, 1, "the instrument cannot be read")
    return files.instrument


def check(folder: Path) -> tuple[InstrumentFiles | None, list[Finding]]:
    """Return what could be read of one folder, and everything that is wrong with it."""
    files, findings = read_files(folder)
    return files, findings if files is None else lint(files)


def folders(root: Path, instrument_id: str = "*") -> list[Path]:
    """Return the folder of every major below `root`, the oldest major first; or of one id only."""
    found = [path for path in root.glob(f"{instrument_id}/*") if path.is_dir()]
    return sorted(found, key=lambda path: (path.parent.name, len(path.name), path.name))
