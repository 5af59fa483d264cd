"""The methodologist's pages of instruments, drafts and releases, as a browser sees them."""

import csv
import io
import re
from collections.abc import Callable
from uuid import uuid4
from zipfile import ZipFile

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from tests.builders_library import (
    HARMLESS,
    LOWER,
    NEW_VERSION,
    PATCHED,
    PHQ,
    a_methodologist,
    advanced,
    lowered,
    some_files,
    zipped,
)
from tests.functional.browser import Browser, Page
from tests.world import Adult, World
from tirek.config import ROOT
from tirek.storage.models import (
    Account,
    AuditEntry,
    InstrumentDraft,
    InstrumentRelease,
    PilotRegion,
    ReleaseSignature,
    Replay,
)
from tirek.web.oversight.instrument_lint_words import LINTS

NewBrowser = Callable[..., Browser]
LIBRARY, DRAFTS = "/en/oversight/instruments", "/en/oversight/instrument-drafts"


@pytest.fixture
def author(world: World) -> Adult:
    made = a_methodologist(world)
    world.session.commit()
    return made


@pytest.fixture
def second(world: World) -> Adult:
    made = a_methodologist(world)
    world.session.commit()
    return made


@pytest.fixture
def at_work(browser: NewBrowser, author: Adult) -> Browser:
    return browser().sign_in(author)


def send(browser: Browser, *sent: tuple[str, bytes], base: str = "", status: int = 200) -> Page:
    """Upload files through the page's own form."""
    page = browser.open(DRAFTS)
    token = page.form("/instrument-drafts").find("input", attrs={"name": "csrf_token"})
    data = {
        "csrf_token": token["value"],  # type: ignore[index]
        "base": base,
        "files": [(io.BytesIO(content), name) for name, content in sent],
    }
    response = browser.client.post(DRAFTS, data=data, content_type="multipart/form-data")
    return browser._page(response, status)  # noqa: SLF001 - it checks the page as well


def test_the_library_is_searched_filtered_and_sorted(at_work: Browser) -> None:
    everything = at_work.open(LIBRARY).rows("Questionnaires")
    assert any("phq-a" in row[0] for row in everything)
    found = at_work.open(f"{LIBRARY}?q=phq-a").rows("Questionnaires")
    assert len(found) == 1
    assert found[0][1] == "On trial"
    of_parents = at_work.open(f"{LIBRARY}?subject=parent-about-self").rows("Questionnaires")
    assert {row[2] for row in of_parents} == {"A parent about themselves"}
    assert 0 < len(of_parents) < len(everything)
    by_items = at_work.open(f"{LIBRARY}?sort=items").rows("Questionnaires")
    numbers = [int(row[4]) for row in by_items]
    assert numbers == sorted(numbers)
    assert "No questionnaire fits" in at_work.open(f"{LIBRARY}?status=approved").text
    # Words that are not ours are passed over.
    assert at_work.open(f"{LIBRARY}?status=nonsense&sort=x&page=0").rows("Questionnaires")


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_every_page_speaks_both_languages(at_work: Browser, lang: str) -> None:
    page = send(at_work, ("a.zip", zipped(lowered())))
    draft = page.url.removeprefix("/en/")
    root = f"/{lang}/oversight/instruments"
    for path in ("", f"/{PHQ}", f"/{PHQ}?check=1", f"/{PHQ}/preview", f"/{PHQ}/wording"):
        at_work.open(root + path)
    at_work.open(f"/{lang}/oversight/instrument-drafts")
    for path in ("", "/changes", "/preview", "/wording"):
        at_work.open(f"/{lang}/{draft}{path}")


def test_one_instrument_shows_where_it_comes_from_and_what_lints_say(at_work: Browser) -> None:
    page = at_work.open(f"{LIBRARY}/{PHQ}")
    assert "found in a source" in page.text
    assert "from memory, not verified yet" in page.text
    assert [row[2][:7] for row in page.rows("Wordings")] == ["Working", "Working"]
    assert any("totalMedium" in row[0] and row[1] == "total ≥ 11" for row in page.rows("Flags"))
    assert "Nothing is wrong" not in page.text
    checked = at_work.submit(page, f"/instruments/{PHQ}")
    assert "Nothing is wrong" in checked.text
    assert "golden cases give what their sources say" in checked.text


def test_the_preview_shows_every_question_in_both_languages(at_work: Browser) -> None:
    page = at_work.open(f"{LIBRARY}/{PHQ}/preview")
    for number in range(1, 14):
        for lang in ("kk", "ru"):
            fieldset = page.html.find(id=f"{lang}-q{number}-item")
            assert fieldset is not None
            column = fieldset.find_parent(attrs={"lang": True})
            assert column is not None
            assert column["lang"] == lang
    # The row of refusal speaks the language of its questions.
    assert len(page.html.find_all("input", attrs={"value": "declined"})) == 26


def test_a_folder_is_uploaded_compared_signed_by_two_and_downloaded(
    at_work: Browser, browser: NewBrowser, second: Adult, system: Session
) -> None:
    page = send(at_work, ("phq.zip", zipped(some_files(HARMLESS, PATCHED))))
    assert "The draft is kept" in page.html.text
    assert page.rows("Versions") == [
        [
            "Structure: who is asked what, with which answers",
            "1.0.0 → 1.0.1",
            "third number",
            "third number",
            "Enough",
        ]
    ]
    changes = at_work.open(page.link("See every change"))
    assert changes.rows("Structure")[0] == ["minutes", "4", "5", "third number"]
    release = system.scalars(
        select(InstrumentRelease).where(InstrumentRelease.instrument_id == PHQ)
    ).one()
    same = at_work.submit(changes, "/changes", against=str(release.id))
    assert same.rows("Structure") == changes.rows("Structure")
    refused = at_work.submit(page, "/sign", status=422)
    assert "Tick what you have looked at." in refused.text
    signed = at_work.submit(page, "/sign", seen=["lints", "changes"], comment="Four was too few.")
    assert "Another methodologist must sign too" in signed.text
    assert "Four was too few." in signed.text
    assert signed.html.find("a", string="Download the signed folder (.zip)") is None
    bundle = f"{signed.url}/bundle.zip"
    assert at_work.client.get(bundle).status_code == 422
    # Sent twice: the second press finds the first one's signature.
    at_work.submit(page, "/sign", status=409, seen=["lints"], comment="Again.")
    other = browser().sign_in(second)
    both = other.submit(other.open(signed.url), "/sign", seen=["preview"], comment="So be it.")
    answer = other.client.get(both.link("Download the signed folder"))
    assert answer.mimetype == "application/zip"
    with ZipFile(io.BytesIO(answer.get_data())) as archive:
        assert "phq-a/1/release.yaml" in archive.namelist()
        text = archive.read("phq-a/1/release.yaml").decode()
    assert second.account.display_name in text
    actions = set(system.scalars(select(AuditEntry.action)))
    assert {"draft.upload", "release.sign", "draft.download"} <= actions


def test_single_files_stand_on_what_is_published(at_work: Browser) -> None:
    files = lowered()
    sent = [(name, files[name].encode()) for name in ("interpretation.yaml", "cases.yaml")]
    page = send(at_work, *sent, base=PHQ)
    assert "Nothing is wrong" in page.text
    assert "a replay must be run before anybody signs" in page.text
    assert "It cannot be signed yet" in page.text
    # The rule says 10 from now on, the flag's own words still 11, in both languages.
    assert "the flag's text still says the old one" in page.text
    assert "Сумма 11 и больше" in page.text


def test_the_files_in_use_come_back_as_a_draft_only_changed(at_work: Browser) -> None:
    page = at_work.open(f"{DRAFTS}?base={PHQ}")
    answer = at_work.client.get(page.link(f"Download the files in use of {PHQ}"))
    with ZipFile(io.BytesIO(answer.data)) as archive:
        files = {
            name.rpartition("/")[2]: archive.read(name).decode() for name in archive.namelist()
        }
    assert files == some_files()
    assert "Exactly this is published" in send(at_work, ("a.zip", answer.data), status=422).text
    assert at_work.client.get(f"{LIBRARY}/nothing/folder.zip").status_code == 404


def test_every_lint_is_told_in_words() -> None:
    sources = (ROOT / "platform/tirek/catalog/instrument_lints").glob("*.py")
    told = {name for one in sources for name in re.findall(r"Lint `([a-z-]+)`", one.read_text())}
    assert len(told) > 20
    assert told <= set(LINTS)


def test_what_is_wrong_is_named_with_file_and_line(at_work: Browser) -> None:
    page = send(at_work, ("a.zip", zipped(some_files(LOWER, NEW_VERSION))))
    rows = page.rows("What lints and golden cases find")
    assert any(row[0].startswith("cases.yaml:") for row in rows)
    assert {row[1] for row in rows} == {"A golden case gives something else than it should [case]"}
    assert "It cannot be signed yet" in page.text
    rows = at_work.open(page.url.replace("/en/", "/ru/", 1)).rows(
        "Что нашли проверки и эталонные примеры"
    )
    assert all(row[2].startswith("пример ") for row in rows)
    small = ("interpretation.yaml", 'version: "1.0.0"', 'version: "1.0.1"')
    page = send(at_work, ("a.zip", zipped({**lowered(), **some_files(LOWER, small)})))
    assert page.rows("Versions")[0][2:] == ["first number", "third number", "Refused"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.zip", b"no zip", "cannot be unpacked"),
        ("a.zip", zipped(some_files(PATCHED), "../"), "no part of an instrument"),
        ("a.exe", b"MZ", "no part of an instrument"),
        ("structure.yaml", b"id: 0.0000001", "structure.yaml:1: 0.0000001 is too near to 0"),
        ("scoring.yaml", b"a: 1", "Without a readable structure.yaml"),
        ("a.zip", zipped(some_files()), "Exactly this is published already"),
    ],
)
def test_what_cannot_be_a_draft_is_refused_in_words(
    at_work: Browser, system: Session, name: str, content: bytes, words: str
) -> None:
    page = send(at_work, (name, content), base="", status=422)
    assert words in page.text
    assert system.scalars(select(InstrumentDraft)).all() == []


def test_nothing_chosen_and_too_much_are_refused(at_work: Browser, system: Session) -> None:
    assert "Choose a .zip folder" in send(at_work, status=422).text
    # Not through the client's own encoder, which leaves its temporary file open.
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="cases.yaml"\r\n\r\n'
    body = head + b"-" * (3 * 1024 * 1024) + b"\r\n--b--\r\n"
    answer = at_work.client.post(DRAFTS, data=body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 413
    # Other addresses take no more than before.
    other = f"{LIBRARY}/{PHQ}/wording"
    answer = at_work.client.post(
        other, data=b"a" * (300 * 1024), content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413
    system.rollback()
    assert system.scalars(select(InstrumentDraft)).all() == []


def test_a_replay_is_asked_for_watched_and_read(
    at_work: Browser, engine: Engine, world: World, system: Session
) -> None:
    page = send(at_work, ("a.zip", zipped(lowered())))
    waiting = at_work.submit(page, "/replay")
    assert "Waits for its turn" in waiting.text
    again = at_work.submit(page, "/replay")
    assert again.url == waiting.url
    while advanced(engine, world):
        pass
    done = at_work.open(waiting.url)
    assert "Nobody has answered these questions to the end yet" in done.text
    stopped = at_work.submit(page, "/replay")
    stopped = at_work.submit(stopped, "/cancel")
    assert "Somebody stopped it." in stopped.text
    states = system.scalars(select(Replay.state).order_by(Replay.requested_at)).all()
    assert states == ["done", "failed"]
    signed = at_work.submit(
        at_work.open(page.url), "/sign", seen=["replay"], comment="Nobody is touched."
    )
    assert "You have signed" in signed.text


def test_a_result_of_a_replay_hides_small_cells(at_work: Browser, system: Session) -> None:
    page = send(at_work, ("a.zip", zipped(lowered())))
    waiting = at_work.submit(page, "/replay")
    groups = [
        {"dimension": "region", "group": "KZ-71", "gained": 12, "lost": 0},
        {"dimension": "region", "group": "KZ-11", "gained": None, "lost": 0},
        {"dimension": "sex", "group": "f", "gained": None, "lost": 0},
    ]
    flag = {"flag": "totalMedium", "level": "medium", "gained": 12, "lost": 0, "groups": groups}
    levels = [{"before": "none", "after": "medium", "count": None}]
    result = {"total": 24, "unreadable": 1, "levels": levels, "flags": [flag]}
    system.execute(
        update(Replay).values(state="done", result=result, total=24, done=24, ended_at=None)
    )
    system.commit()
    done = at_work.open(waiting.url)
    assert done.rows("By group")[0][0] == "Region"
    assert done.rows("By group")[0][2] == "12"
    assert done.rows("By group")[1] == ["Sex", "Girls", "hidden (fewer than 10)", "0"]
    assert "Regions whose figures are hidden (fewer than 10): Akmola" in done.text
    assert "1 could not be opened" in done.text
    before, after, number = done.rows("Highest level")[0]
    assert (before, after, number) == ("no flag", "Medium", "hidden (fewer than 10)")


def test_a_draft_is_withdrawn(at_work: Browser) -> None:
    page = send(at_work, ("a.zip", zipped(some_files(HARMLESS, PATCHED))))
    gone = at_work.submit(page, "/withdraw")
    assert "Nobody proposes anything now" in gone.text
    at_work.open(page.url, status=404)
    at_work.submit(page, "/withdraw", status=409)


def _release_url(system: Session) -> str:
    system.rollback()
    release = system.scalars(
        select(InstrumentRelease).where(InstrumentRelease.instrument_id == PHQ)
    ).one()
    return f"/en/oversight/instrument-releases/{release.id}"


def test_a_release_is_signed_by_two_approved_and_retired(
    at_work: Browser, browser: NewBrowser, second: Adult, system: Session
) -> None:
    url = _release_url(system)
    page = at_work.submit(at_work.open(url), "/sign", seen=["cases"], comment="Right.")
    assert page.html.find("form", attrs={"action": lambda a: a and a.endswith("/approve")}) is None
    other = browser().sign_in(second)
    page = other.submit(other.open(url), "/sign", seen=["preview"], comment="Right too.")
    stale = at_work.open(url)
    approved = other.submit(page, "/approve")
    assert "Approved" in approved.text
    # The other tab had the same button.
    at_work.submit(stale, "/approve", status=409)
    retire = at_work.open(approved.link("Retire this release for good"))
    assert "Write why." in at_work.submit(retire, "/retire", status=422).text
    retired = at_work.submit(retire, "/retire", reason="A better one is there.")
    assert "A better one is there." in retired.text
    assert "Retire this release" not in retired.text
    actions = system.scalars(select(AuditEntry.action)).all()
    assert [one for one in actions if one in {"release.approve", "release.retire"}] == [
        "release.approve",
        "release.retire",
    ]


def test_a_signature_of_who_left_does_not_count(
    at_work: Browser, browser: NewBrowser, second: Adult, system: Session
) -> None:
    url = _release_url(system)
    other = browser().sign_in(second)
    other.submit(other.open(url), "/sign", seen=["preview"], comment="Right.")
    page = at_work.submit(at_work.open(url), "/sign", seen=["cases"], comment="Right too.")
    approve = page.form("/approve")
    system.execute(update(Account).where(Account.id == second.account.id).values(is_active=False))
    system.commit()
    page = at_work.submit(page, "/approve")
    assert approve is not None
    assert "Two methodologists must sign first." in page.html.text
    assert "no longer in office: does not count" in page.text
    assert system.scalars(select(ReleaseSignature)).all()


def test_a_trial_begins_and_ends_region_by_region(at_work: Browser, system: Session) -> None:
    url = _release_url(system)
    system.execute(update(PilotRegion).values(closed_at=PilotRegion.opened_at))
    system.commit()
    page = at_work.open(url)
    assert "Nowhere: no school can assign it." in page.text
    assert "Tick at least one region." in at_work.submit(page, "/pilot", status=422).text
    opened = at_work.submit(page, "/pilot", regions=["KZ-71", "KZ-11"])
    assert "The trial begins in 2 regions." in opened.html.text
    assert len(opened.rows("Regions of the trial")) == 2
    sure = at_work.open(opened.link("End the trial there"))
    ended = at_work.submit(sure)
    assert len(ended.rows("Regions of the trial")) == 1
    # The button pressed twice, or its address opened later, leads back.
    assert at_work.submit(sure).url == ended.url == at_work.open(sure.url).url


def _remark(browser: Browser, words: str, status: int = 200) -> Page:
    url = f"{LIBRARY}/{PHQ}/wording"
    form = browser.open(f"{url}?q=q1.topic").html.select_one(f'form[method=post][action="{url}"]')
    assert form is not None
    token = form.find("input", attrs={"name": "csrf_token"})
    data = {"csrf_token": token["value"], "key": "q1.topic"}  # type: ignore[index]
    response = browser.client.post(url, data={**data, "language": "ru", "words": words})
    return browser._page(response, status)  # noqa: SLF001 - it checks the page as well


def test_remarks_on_a_text_are_made_ended_and_exported(at_work: Browser) -> None:
    empty = _remark(at_work, "  ", status=422)
    assert "Write what you remark" in empty.text
    kept = _remark(at_work, "=too long")
    assert "1 open remark." in kept.text
    data = at_work.client.get(f"{LIBRARY}/{PHQ}/remarks.csv").get_data().decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(data))
    assert len(head) == 6
    assert (row[0], row[1], row[3]) == ("ru", "q1.topic", "'=too long")
    only = at_work.open(f"{LIBRARY}/{PHQ}/wording?show=open")
    ended = at_work.submit(only, "/end", how="changed")
    assert "0 open remarks." in ended.text
    assert "The text is being changed" in ended.text
    at_work.submit(only, "/end", status=409, how="kept")


def test_nobody_else_reads_or_changes_anything(
    world: World, browser: NewBrowser, at_work: Browser, system: Session
) -> None:
    draft = send(at_work, ("a.zip", zipped(lowered())))
    release = _release_url(system)
    for adult in (world.school.psychologist, world.school.guardian, world.home.supervisor):
        other = browser().sign_in(adult).client
        for path in (LIBRARY, f"{LIBRARY}/{PHQ}", DRAFTS, draft.url, release):
            assert other.get(path).status_code == 403, path
        for path in (f"{release}/approve", f"{draft.url}/sign", f"{release}/retire"):
            assert other.post(path).status_code in {400, 403}, path
    stranger = browser().client
    assert stranger.get(LIBRARY).status_code == 302


def test_what_is_not_there_is_not_found(at_work: Browser) -> None:
    missing = uuid4()
    for path in (
        f"{LIBRARY}/nothing",
        f"{LIBRARY}/nothing/preview",
        f"{DRAFTS}/{missing}",
        f"{DRAFTS}/{missing}/sign",
        f"{DRAFTS}/{missing}/bundle.zip",
        f"{DRAFTS}/{missing}/replays/{missing}",
        f"/en/oversight/instrument-releases/{missing}",
        f"/en/oversight/instrument-releases/{missing}/approve",
    ):
        at_work.open(path, status=404)
