from hashlib import sha256

import pytest

from tirek.catalog.canonical import content_hash
from tirek.catalog.errors import CatalogError
from tirek.catalog.instruments import folders, load_instrument, load_instruments
from tirek.domain.instruments import ReleaseStatus


def root_of(copied):
    return copied.folder.parents[1]


def test_instruments_are_loaded_by_id(copy):
    root = root_of(copy("gad-7"))
    copy("who-5")
    assert list(load_instruments(root)) == ["gad-7", "who-5"]


def test_the_newest_major_is_the_one_to_use(copy):
    copied = copy("gad-7")
    for major in ("2", "10"):
        text = {part.name: part.read_text(encoding="utf-8") for part in copied.folder.iterdir()}
        newer = copied.folder.with_name(major)
        newer.mkdir()
        for name, content in text.items():
            raised = content.replace('version: "1.0.0"', f'version: "{major}.0.0"')
            raised = raised.replace('"^1.0.0"', f'"^{major}.0.0"')
            (newer / name).write_text(raised, encoding="utf-8")
    assert [folder.name for folder in folders(root_of(copied))] == ["1", "2", "10"]
    assert load_instruments(root_of(copied))["gad-7"].major == 10


def test_a_wrong_file_stops_the_start(copy):
    copied = copy("gad-7")
    line = copied.replace("scoring", "range: [0, 21]", "range: [0, 20]")
    with pytest.raises(CatalogError) as caught:
        load_instruments(root_of(copied))
    assert str(caught.value).startswith(f"{copied.folder / 'scoring.yaml'}:{line}: [range] ")


def test_an_older_major_that_went_wrong_stops_the_start_too(copy):
    copied = copy("gad-7")
    copied.folder.with_name("2").mkdir()
    with pytest.raises(CatalogError, match="missing"):
        load_instruments(root_of(copied))


def test_a_missing_folder_is_not_an_empty_catalog(tmp_path):
    with pytest.raises(CatalogError, match="no folder"):
        load_instruments(tmp_path / "nowhere")


def test_an_unpublished_instrument_is_a_draft(copy):
    assert load_instrument(copy("gad-7").folder).status is ReleaseStatus.DRAFT


def test_a_release_names_the_version_of_every_part(copy):
    copied = copy("gad-7")
    copied.replace("wording.ru", 'version: "1.0.0"', 'version: "1.0.1"')
    copied.replace("interpretation", 'version: "1.0.0"', 'version: "1.2.0"')
    label = load_instrument(copied.folder).release
    assert label == "1.0.0+w1.0.0(kk),1.0.1(ru)+s1.0.0+i1.2.0"


def test_a_part_carries_the_content_that_its_hash_stands_for(copy):
    for part in load_instrument(copy("gad-7").folder).parts:
        assert sha256(part.content.encode()).hexdigest() == part.hash


def test_comments_and_layout_do_not_change_a_hash(copy):
    copied = copy("gad-7")
    before = load_instrument(copied.folder).hashes
    copied.write("scoring", "# a remark\n" + copied.read("scoring").replace(", q2", ",   q2"))
    assert load_instrument(copied.folder).hashes == before


def test_one_changed_word_changes_one_part_and_the_release(copy):
    copied = copy("gad-7")
    before = load_instrument(copied.folder).hashes
    copied.replace("wording.kk", "Соңғы екі", "Соңғы  екі")
    after = load_instrument(copied.folder).hashes
    assert after.wordings["ru"] == before.wordings["ru"]
    assert after.wordings["kk"] != before.wordings["kk"]
    assert (after.scoring, after.structure) == (before.scoring, before.structure)
    assert after.release != before.release


def test_golden_cases_are_no_part_of_what_is_pinned(copy):
    copied = copy("gad-7")
    before = load_instrument(copied.folder).hashes
    copied.replace("cases", "age: 15", "age: 16")
    assert load_instrument(copied.folder).hashes == before


def test_an_empty_mapping_has_the_hash_of_its_text():
    assert content_hash({}) == (
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # sha256 of {}
    )
