"""release.yaml: which content each published version of a part stands for, for ever."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tirek.catalog.errors import Finding
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import Document
from tirek.domain.instruments import Instrument, ReleaseStatus, Structure, Wording
from tirek.domain.interpretation import Interpretation
from tirek.domain.scales import Scoring


class RepublishedError(Exception):
    """A version that was published before would be given other content."""


@dataclass(frozen=True, slots=True)
class PublishedPart:
    """One version of a part and the content it stands for."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Who approved the release, and when."""

    by: str
    date: str


@dataclass(frozen=True, slots=True)
class Release:
    """What release.yaml says; `history` holds every part version ever published."""

    instrument: str
    label: str
    sha256: str
    status: ReleaseStatus
    published_at: str
    signatures: tuple[Signature, ...]
    supersedes: str | None
    parts: tuple[PublishedPart, ...]
    history: tuple[PublishedPart, ...]


def release_label(
    structure: Structure,
    wordings: Mapping[str, Wording],
    scoring: Scoring,
    interpretation: Interpretation,
) -> str:
    """Return the versions of all parts in one line: 1.0.0+w1.0.0(kk),1.0.0(ru)+s1.0.0+i1.0.0."""
    words = ",".join(f"{wordings[lang].version}({lang})" for lang in sorted(wordings))
    return f"{structure.version}+w{words}+s{scoring.version}+i{interpretation.version}"


def parts_of(instrument: Instrument) -> tuple[PublishedPart, ...]:
    """Return the parts as they are in the files."""
    return tuple(PublishedPart(part.name, part.version, part.hash) for part in instrument.parts)


def read_release(document: Document) -> Release:
    """Return the typed release, or raise CatalogError."""
    with Fields.of(document) as fields:
        release = Release(
            instrument=fields.text("instrument"),
            label=fields.text("release"),
            sha256=fields.text("sha256"),
            status=fields.choice("status", ReleaseStatus),
            published_at=fields.text("published_at"),
            signatures=fields.each("signatures", _signature),
            supersedes=fields.nullable_text("supersedes"),
            parts=fields.each("parts", _part),
            history=fields.each("history", _part),
        )
        signers = {signature.by for signature in release.signatures}
        if release.status is ReleaseStatus.APPROVED and len(signers) < 2:  # noqa: PLR2004
            raise fields.error("status", "an approved release bears two people's signatures")
        return release


def release_findings(document: Document, release: Release, instrument: Instrument) -> list[Finding]:
    """Return where the files are not what was published."""
    found = parts_of(instrument)
    return [
        *_changed(document, release, found),
        *_rewritten(document, release),
        *_mislabelled(document, release, instrument),
    ]


def publish(instrument: Instrument, before: Release | None, *, now: datetime) -> Release:
    """Return the release of the files as they are, to be tried out as a pilot.

    Raises RepublishedError when a version already stands for other content.
    """
    parts = parts_of(instrument)
    known = {(part.name, part.version): part for part in (before.history if before else ())}
    for part in parts:
        published = known.setdefault((part.name, part.version), part)
        if published != part:
            raise RepublishedError(
                f"{instrument.id}: {part.name} {part.version} is already published with other "
                "content; give it a new version"
            )
    return Release(
        instrument=instrument.id,
        label=instrument.release,
        sha256=instrument.hashes.release,
        status=ReleaseStatus.PILOT,
        published_at=now.isoformat(timespec="seconds"),
        signatures=(),
        supersedes=before.label if before else None,
        parts=parts,
        history=tuple(known.values()),
    )


def written(release: Release) -> str:
    """Return the release as the text of release.yaml."""
    return "\n".join(
        [
            "# Made by `tirek instruments publish`. Do not edit: a published part never changes.",
            f"instrument: {release.instrument}",
            f'release: "{release.label}"',
            f'sha256: "{release.sha256}"',
            f"status: {release.status}",
            f'published_at: "{release.published_at}"',
            *_signature_lines(release),
            f'supersedes: "{release.supersedes}"' if release.supersedes else "supersedes: null",
            "parts:",
            *map(_line, release.parts),
            "history:",
            *map(_line, release.history),
            "",
        ]
    )


def _line(part: PublishedPart) -> str:
    return f'  - {{part: {part.name}, version: "{part.version}", sha256: "{part.sha256}"}}'


def _signature_lines(release: Release) -> list[str]:
    if not release.signatures:
        return ["signatures: []"]
    # JSON's quotes are YAML's: a name may hold any letter.
    return ["signatures:"] + [
        f"  - {{by: {json.dumps(one.by, ensure_ascii=False)}, date: {json.dumps(one.date)}}}"
        for one in release.signatures
    ]


def _signature(fields: Fields) -> Signature:
    return Signature(fields.text("by"), fields.text("date"))


def _part(fields: Fields) -> PublishedPart:
    return PublishedPart(fields.text("part"), fields.text("version"), fields.text("sha256"))


def _changed(
    document: Document, release: Release, found: tuple[PublishedPart, ...]
) -> list[Finding]:
    published = {part.name: part for part in release.parts}
    return [
        Finding(
            "release",
            document.path,
            _line_of(document, release, part.name),
            f"{part.name} {part.version} is not what was published; "
            "give it a new version and run `tirek instruments publish`",
        )
        for part in found
        if published.get(part.name) != part
    ]


def _rewritten(document: Document, release: Release) -> list[Finding]:
    """A version that stands for two contents: the manifest was mended by hand, not published."""
    first: dict[tuple[str, str], str] = {}
    findings = []
    for key, parts in (("history", release.history), ("parts", release.parts)):
        for index, part in enumerate(parts):
            known = first.setdefault((part.name, part.version), part.sha256)
            if known != part.sha256:
                reason = f"{part.name} {part.version} stands for other content before this line"
                place = document.line(key, index)
                findings.append(Finding("release", document.path, place, reason))
    unknown = [part for part in release.parts if part not in release.history]
    findings += [
        Finding(
            "release",
            document.path,
            _line_of(document, release, part.name),
            f"{part.name} {part.version} is not in the history of what was published",
        )
        for part in unknown
    ]
    return findings


def _line_of(document: Document, release: Release, name: str) -> int:
    names = [part.name for part in release.parts]
    return document.line("parts", names.index(name)) if name in names else document.line("parts")


def _mislabelled(document: Document, release: Release, instrument: Instrument) -> list[Finding]:
    pairs = {
        "instrument": (release.instrument, instrument.id),
        "release": (release.label, instrument.release),
        "sha256": (release.sha256, instrument.hashes.release),
    }
    return [
        Finding("release", document.path, document.line(key), f"{key} is {says}, the files {are}")
        for key, (says, are) in pairs.items()
        if says != are
    ]
