from datetime import UTC, datetime

import pytest

from tirek.catalog.instrument_files import read_files
from tirek.catalog.release import RepublishedError, publish, read_release, written
from tirek.catalog.yaml_subset import read
from tirek.domain.instruments import ReleaseStatus

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def publish_files(copied):
    files, findings = read_files(copied.folder)
    assert not findings
    release = publish(files.instrument, files.release, now=NOW)
    copied.write("release", written(release))
    return release


def raise_version(copied, part, version):
    text = copied.read(part)
    copied.write(part, text.replace('version: "1.0.0"', f'version: "{version}"', 1))


def test_what_is_written_is_read_back(copy):
    copied = copy("gad-7")
    release = publish_files(copied)
    assert read_release(read(copied.folder / "release.yaml")) == release
    assert copied.check() == []


def test_a_first_release_is_a_pilot_that_nobody_has_signed(copy):
    release = publish_files(copy("gad-7"))
    assert (release.status, release.signatures) == (ReleaseStatus.PILOT, ())
    assert (release.supersedes, release.published_at) == (None, "2026-11-22T09:30:00+00:00")


def test_a_published_instrument_has_the_status_of_its_release(copy):
    copied = copy("gad-7")
    publish_files(copied)
    assert read_files(copied.folder)[0].instrument.status is ReleaseStatus.PILOT


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("structure", "minutes: 2", "minutes: 3"),
        ("scoring", "quality: [longstring, irv]", "quality: [irv]"),
        ("interpretation", "level: medium", "level: low"),
        ("wording.kk", "Іштей", "Ішімнен"),
    ],
)
def test_a_published_part_that_was_edited_stops_the_start(copy, part, old, new):
    copied = copy("gad-7")
    release = publish_files(copied)
    copied.replace(part, old, new)
    found = copied.check()
    line = copied.read("release").splitlines().index("parts:") + 2
    line += [published.name for published in release.parts].index(part)
    assert {finding.lint for finding in found} == {"release"}
    assert line in {finding.line for finding in found}
    assert "is not what was published" in found[0].reason


def test_the_same_version_with_other_content_is_refused(copy):
    copied = copy("gad-7")
    publish_files(copied)
    copied.replace("interpretation", "level: medium", "level: low")
    with pytest.raises(RepublishedError, match=r"interpretation 1\.0\.0 is already published"):
        publish_files(copied)


def test_a_new_version_is_published_and_supersedes(copy):
    copied = copy("gad-7")
    first = publish_files(copied)
    copied.replace("interpretation", "level: medium", "level: low")
    raise_version(copied, "interpretation", "2.0.0")
    second = publish_files(copied)
    assert second.supersedes == first.label
    assert copied.check() == []


def test_a_version_stays_taken_when_it_is_superseded(copy):
    copied = copy("gad-7")
    publish_files(copied)
    copied.replace("interpretation", "level: medium", "level: low")
    raise_version(copied, "interpretation", "2.0.0")
    publish_files(copied)
    copied.replace("interpretation", 'version: "2.0.0"', 'version: "1.0.0"')
    with pytest.raises(RepublishedError):
        publish_files(copied)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("instrument: gad-7", "instrument: phq-a", "instrument"),
        ('release: "1.0.0', 'release: "1.0.1', "release"),
        ('sha256: "', 'sha256: "0', "sha256"),
    ],
)
def test_a_release_that_speaks_of_something_else_stops_the_start(copy, old, new, key):
    copied = copy("gad-7")
    publish_files(copied)
    line = copied.replace("release", old, new)
    assert ("release", "release.yaml", line) in copied.found()
    assert any(finding.reason.startswith(f"{key} is ") for finding in copied.check())


def test_a_part_missing_from_the_release_stops_the_start(copy):
    copied = copy("gad-7")
    publish_files(copied)
    copied.replace("release", "part: wording.ru", "part: wording.en")
    line = copied.read("release").splitlines().index("parts:") + 1
    assert ("release", "release.yaml", line) in copied.found()


def test_a_manifest_mended_by_hand_does_not_pass_for_a_publication(copy):
    copied = copy("gad-7")
    was = publish_files(copied)
    copied.replace("interpretation", "level: medium", "level: low")
    files, _ = read_files(copied.folder)
    now = files.instrument.hashes
    line = copied.replace("release", was.parts[2].sha256, now.interpretation)
    copied.replace("release", was.sha256, now.release)
    assert copied.found() == {("release", "release.yaml", line)}
    history = copied.replace("release", was.parts[2].sha256, now.interpretation)
    assert history > line
    assert copied.check() == [], "who rewrites all of it leaves no trace here, only in the database"


def test_a_version_that_was_used_before_stays_found_after_a_mend_by_hand(copy):
    copied = copy("gad-7")
    publish_files(copied)
    copied.replace("interpretation", "level: medium", "level: low")
    raise_version(copied, "interpretation", "2.0.0")
    release = publish_files(copied)
    copied.write("release", written(release).replace('version: "2.0.0"', 'version: "1.0.0"'))
    copied.replace("interpretation", 'version: "2.0.0"', 'version: "1.0.0"')
    assert any("stands for other content" in found.reason for found in copied.check())


@pytest.mark.parametrize(
    "signatures", ["[]", '[{by: "A", date: "d"}]', '[{by: "A", date: "d"}, {by: "A", date: "e"}]']
)
def test_an_approved_release_bears_two_peoples_signatures(copy, signatures):
    copied = copy("gad-7")
    publish_files(copied)
    copied.replace("release", "signatures: []", f"signatures: {signatures}")
    line = copied.replace("release", "status: pilot", "status: approved")
    assert copied.found() == {("format", "release.yaml", line)}


def test_two_signatures_approve(copy):
    copied = copy("gad-7")
    publish_files(copied)
    signed = 'signatures: [{by: "A", date: "2026-12-01"}, {by: "B", date: "2026-12-02"}]'
    copied.replace("release", "signatures: []", signed)
    copied.replace("release", "status: pilot", "status: approved")
    assert copied.check() == []
