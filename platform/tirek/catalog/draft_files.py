"""Files of a release that somebody proposes: unpacked, read and checked, but never published."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from stat import S_ISLNK
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tirek.catalog.errors import Finding
from tirek.catalog.exchange.unpack import BROKEN
from tirek.catalog.instrument_files import InstrumentFiles, read_files
from tirek.catalog.instrument_lints import lint_content
from tirek.domain.draft_upload import (
    MOST_BYTES,
    MOST_FILES,
    DraftFault,
    UnusableFilesError,
    is_part_name,
)
from tirek.domain.instruments import Instrument

RELEASE = "release.yaml"
# What packing programs add of their own.
IGNORED = ("__MACOSX/",)


@dataclass(frozen=True, slots=True)
class DraftReading:
    """What a draft's files say, and everything that is wrong with them."""

    files: InstrumentFiles | None
    findings: tuple[Finding, ...]

    @property
    def instrument(self) -> Instrument | None:
        """What would be asked; None where the files cannot be read whole."""
        return self.files.instrument if self.files else None

    @property
    def is_clean(self) -> bool:
        """Whether it could be published as far as its files go."""
        return self.files is not None and not self.findings


def unpacked(name: str, content: bytes) -> dict[str, str]:
    """The YAML files in an upload, by name: of a .zip with one folder, or one .yaml file.

    Raises `UnusableFilesError`: too large, too many, not text, a name that leads elsewhere.
    """
    if name.lower().endswith(".zip"):
        return _from_zip(content)
    file_name = name.replace("\\", "/").rpartition("/")[2]
    if not is_part_name(file_name):
        raise UnusableFilesError(DraftFault.NAME, file_name)
    if len(content) > MOST_BYTES:
        raise UnusableFilesError(DraftFault.LARGE, file_name)
    return {file_name: _text(file_name, content)}


def _from_zip(content: bytes) -> dict[str, str]:
    try:
        with ZipFile(BytesIO(content)) as archive:
            return _members(archive)
    except BROKEN:
        raise UnusableFilesError(DraftFault.ZIP) from None


def _members(archive: ZipFile) -> dict[str, str]:
    infos = [one for one in archive.infolist() if not _is_passed_over(one)]
    if len(infos) > MOST_FILES:
        raise UnusableFilesError(DraftFault.MANY)
    if len({_folder(one.filename) for one in infos}) > 1:
        raise UnusableFilesError(DraftFault.FOLDERS)
    found: dict[str, str] = {}
    left = MOST_BYTES
    for info in infos:
        name = _safe_name(info)
        if name in found:
            raise UnusableFilesError(DraftFault.TWICE, name)
        # The size that the archive states may be a lie: never more than what is left is unpacked.
        with archive.open(info) as packed:
            raw = packed.read(left + 1)
        left -= len(raw)
        if left < 0:
            raise UnusableFilesError(DraftFault.LARGE, name)
        found[name] = _text(name, raw)
    return found


def _is_passed_over(info: ZipInfo) -> bool:
    return info.is_dir() or info.filename.startswith(IGNORED)


def _folder(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[0]


def _safe_name(info: ZipInfo) -> str:
    """The file's own name; raises where its path leads out of the folder or is no part of ours."""
    path = info.filename.replace("\\", "/")
    steps = path.split("/")
    is_link = S_ISLNK(info.external_attr >> 16)
    leads_out = path.startswith("/") or ".." in steps or ":" in path
    if leads_out or is_link or not is_part_name(steps[-1]):
        raise UnusableFilesError(DraftFault.NAME, info.filename[:100])
    return steps[-1]


def _text(name: str, raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableFilesError(DraftFault.NOT_TEXT, name) from None
    # PostgreSQL's text holds no zero byte, and no part needs one.
    if "\0" in text:
        raise UnusableFilesError(DraftFault.NOT_TEXT, name)
    return text


def read_draft(instrument_id: str, major: int, files: Mapping[str, str]) -> DraftReading:
    """Read and lint files as if they lay in the folder of this instrument and major version."""
    with TemporaryDirectory(prefix="tirek-draft-") as place:
        folder = Path(place) / instrument_id / str(major)
        folder.mkdir(parents=True)
        for name, text in files.items():
            if is_part_name(name) and name != RELEASE:
                (folder / name).write_text(text, encoding="utf-8")
        found, findings = read_files(folder)
        return DraftReading(found, tuple(findings if found is None else lint_content(found)))


def read_stored(instrument_id: str, major: int, parts: Mapping[str, Any]) -> InstrumentFiles | None:
    """A published release from its stored parts (name to content); it has no golden cases.

    None where they are of a format that is no longer read.
    """
    files = {f"{name}.yaml": json.dumps(data, ensure_ascii=False) for name, data in parts.items()}
    return read_draft(instrument_id, major, {**files, "cases.yaml": "[]"}).files


def published_files(root: Path, instrument_id: str) -> dict[str, str]:
    """The files of the newest major of an instrument of the repository, but not its release."""
    folders = [one for one in (root / instrument_id).glob("*") if one.name.isdecimal()]
    if not folders:
        return {}
    newest = max(folders, key=lambda folder: int(folder.name))
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(newest.glob("*.yaml"))
        if path.name != RELEASE
    }


def packed(folder: str, files: Mapping[str, str]) -> bytes:
    """Files zipped as one folder; the same files give the same bytes."""
    held = BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(ZipInfo(f"{folder}/{name}"), text.encode(), ZIP_DEFLATED)
    return held.getvalue()


def bytes_hash(files: Mapping[str, str]) -> str:
    """The sha256 of names and texts: what stands for files that cannot be read yet."""
    return sha256(json.dumps(sorted(files.items()), ensure_ascii=False).encode()).hexdigest()
