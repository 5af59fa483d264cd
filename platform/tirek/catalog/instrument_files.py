"""One instrument's folder, read part by part into typed facts and the lines they stand on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tirek.catalog.canonical import canonical, content_hash, release_hash
from tirek.catalog.cases import GoldenCase, read_cases
from tirek.catalog.errors import CatalogError, Finding
from tirek.catalog.interpretation import read_interpretation
from tirek.catalog.release import Release, read_release, release_label
from tirek.catalog.scoring import read_scoring
from tirek.catalog.structure import read_structure
from tirek.catalog.todo import todos
from tirek.catalog.wording import read_wording
from tirek.catalog.yaml_subset import Document, read
from tirek.domain.instruments import (
    Instrument,
    Part,
    PartHashes,
    PartKind,
    ReleaseStatus,
    Structure,
    Wording,
)
from tirek.domain.interpretation import Interpretation
from tirek.domain.scales import Scoring

LANGUAGES = ("kk", "ru")
WORDING = "wording."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InstrumentFiles:
    """An instrument with its golden cases, and the documents it was read from, by part."""

    folder: Path
    instrument: Instrument
    cases: tuple[GoldenCase, ...]
    release: Release | None
    documents: Mapping[str, Document]

    def finding(self, lint: str, part: str, keys: tuple[str | int, ...], reason: str) -> Finding:
        """Return a finding at the line where these keys of a part lead."""
        document = self.documents[part]
        return Finding(lint, document.path, document.line(*keys), reason)

    def case_finding(self, lint: str, reason: str, case: GoldenCase | None = None) -> Finding:
        """Return a finding about one case, or about the cases as a whole."""
        return Finding(lint, self.documents["cases"].path, case.line if case else 1, reason)


class Reader:
    """Reads files one by one and keeps what is wrong with each, so an author sees all at once."""

    def __init__(self, folder: Path) -> None:
        """Start with nothing read and nothing wrong."""
        self.folder = folder
        self.documents: dict[str, Document] = {}
        self.findings: list[Finding] = []

    def part(self, name: str, typed: Callable[[Document], T]) -> T | None:
        """Return the typed part, or None after noting why there is none."""
        try:
            document = read(self.folder / f"{name}.yaml")
            self.documents[name] = document
            left = todos(document)
            self.findings += left
            return None if left else typed(document)
        except CatalogError as error:
            self.findings.append(Finding("format", error.path, error.line, error.reason))
            return None

    def files(self) -> InstrumentFiles | None:
        """Return the whole instrument, or None when a part could not be read."""
        if not self.folder.name.isdecimal():
            reason = "the folder of a major version is called by its number"
            self.findings.append(Finding("format", self.folder, 1, reason))
        structure = self.part("structure", read_structure)
        scoring = self.part("scoring", read_scoring)
        interpretation = self.part("interpretation", read_interpretation)
        wordings = {lang: self.part(WORDING + lang, read_wording) for lang in self._languages()}
        cases = self.part("cases", read_cases)
        release = self.part("release", read_release) if self._is_published() else None
        read_wordings = {lang: wording for lang, wording in wordings.items() if wording}
        if self.findings or not (structure and scoring and interpretation and cases is not None):
            return None
        instrument = self._instrument(structure, read_wordings, scoring, interpretation, release)
        return InstrumentFiles(self.folder, instrument, cases, release, self.documents)

    def _languages(self) -> list[str]:
        found = {path.name.split(".")[1] for path in self.folder.glob(f"{WORDING}*.yaml")}
        return sorted(found | set(LANGUAGES))

    def _is_published(self) -> bool:
        return (self.folder / "release.yaml").exists()

    def _instrument(
        self,
        structure: Structure,
        wordings: dict[str, Wording],
        scoring: Scoring,
        interpretation: Interpretation,
        release: Release | None,
    ) -> Instrument:
        parts = (
            self._part(PartKind.STRUCTURE, structure.version),
            self._part(PartKind.SCORING, scoring.version),
            self._part(PartKind.INTERPRETATION, interpretation.version),
            *(self._part(PartKind.WORDING, w.version, lang) for lang, w in wordings.items()),
        )
        return Instrument(
            id=structure.id,
            major=int(self.folder.name),
            structure=structure,
            wordings=wordings,
            scoring=scoring,
            interpretation=interpretation,
            hashes=_hashes(parts),
            release=release_label(structure, wordings, scoring, interpretation),
            status=release.status if release else ReleaseStatus.DRAFT,
            parts=parts,
        )

    def _part(self, kind: PartKind, version: str, language: str = "") -> Part:
        document = self.documents[WORDING + language if language else kind]
        return Part(kind, version, content_hash(document.data), canonical(document.data), language)


def _hashes(parts: tuple[Part, ...]) -> PartHashes:
    hashes = {part.name: part.hash for part in parts}
    return PartHashes(
        structure=hashes["structure"],
        scoring=hashes["scoring"],
        interpretation=hashes["interpretation"],
        wordings={part.language: part.hash for part in parts if part.language},
        release=release_hash(list(hashes.values())),
    )


def read_files(folder: Path) -> tuple[InstrumentFiles | None, list[Finding]]:
    """Return the instrument in a folder, or what keeps its files from being read."""
    reader = Reader(folder)
    return reader.files(), reader.findings
