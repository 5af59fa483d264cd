"""The whole story of a tired parent on a cheap telephone, with and without JavaScript.

An account of one's own, questions about oneself, three lessons, a task on paper, a meeting and its
file for the calendar; the language is changed in the middle of each, and nothing is lost.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from icalendar import Calendar
from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.browser.conftest import OpenPage, Site
from tests.browser.test_paper import MOST_PAGES, pages_of
from tests.builders_about import ATTITUDES
from tests.builders_families import NEW_PASSWORD
from tests.builders_talks import a_day, a_host, some_slots
from tests.builders_trials import approve
from tests.telling import telling
from tests.world import HOME
from tirek.domain.consultations import BookingState
from tirek.services.letters import Letters
from tirek.services.parcels import Mail, Packer
from tirek.storage.models import (
    Account,
    Booking,
    HelpRequest,
    LessonProgress,
    OutboxMessage,
    SelfReport,
)

PHONE = {"width": 360, "height": 640}
# 400 ms there and back, 400 kbit/s: a village at the edge of 3G.
LATENCY, BYTES_A_SECOND = 400, 400 * 1000 // 8
EMAIL = "sharshagan.ana@example.kz"
COURSE = "calm-parent"
WORDS = "Кешке үйде айқай көбейіп кетті."
SUMMARY = "Кездесу / Встреча"
# The library types what a key holds as all that any key may hold.
Entry = Any


@dataclass
class Parent:
    """A parent with a telephone; notes what a bystander could have read."""

    page: Page
    site: Site
    lang: str
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda sent: self.seen.append(sent.url))

    @property
    def there(self) -> str:
        """The other language."""
        return "ru" if self.lang == "kk" else "kk"

    def open(self, path: str) -> None:
        self.page.goto(self.site.at(f"/{self.lang}{path}"))
        self._look()

    def press(self, selector: str) -> None:
        """Press what leads to another page, and wait until it is there."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        self._look()

    def speak(self, lang: str) -> None:
        """Change the language where one stands."""
        button = f"button[name=switch][value={lang}]"
        waits = self.page.locator(button).count() > 0
        self.press(button if waits else f"nav a[hreflang={lang}]")
        assert f"/{lang}/" in self.page.url
        self.lang = lang

    def switched(self, there: Callable[[], object]) -> None:
        """The same page in the other language, and back."""
        here = self.lang
        self.speak(self.there)
        there()
        self.speak(here)
        there()

    def main(self) -> str:
        return self.page.inner_text("main")

    def saved_file(self, selector: str) -> tuple[str, str]:
        """What a link saves: under which name, and what is in it."""
        with self.page.expect_download() as saved:
            self.page.locator(selector).first.click()
        name = saved.value.suggested_filename
        self.seen.append(name)
        return name, Path(saved.value.path()).read_text(encoding="utf-8")

    def _look(self) -> None:
        self.seen += [self.page.url, self.page.title()]


@pytest.fixture
def parent(site: Site, open_page: OpenPage, lang: str, *, javascript: bool) -> Parent:
    host = a_host(site.world.unit(), site.world.home.specialist)
    some_slots(site.world.unit(), host, 3, a_day(2))
    site.world.session.commit()
    # This parent has no child at a school yet, so what is only on trial is not offered.
    approve(site.world, ATTITUDES)
    page = open_page(site.at(f"/{lang}/"), javascript=javascript, viewport=PHONE)
    if javascript:
        # Without scripts there is less to load; the line is the slower case with them.
        line = {"latency": LATENCY, "downloadThroughput": BYTES_A_SECOND}
        page.context.new_cdp_session(page).send(
            "Network.emulateNetworkConditions",
            {"offline": False, "uploadThroughput": BYTES_A_SECOND, **line},
        )
    return Parent(page, site, lang)


def test_a_parent_from_the_first_page_to_the_meeting(parent: Parent, system: Session) -> None:
    opens_an_account(parent)
    confirms_the_address(parent, system)
    answers_about_themselves(parent)
    reads_three_lessons(parent)
    event = agrees_on_a_meeting(parent)
    everything_is_still_there(parent, event)

    system.rollback()
    account = system.scalars(select(Account).where(Account.email == EMAIL)).one()
    assert account.verified_at is not None
    booking = system.scalars(select(Booking).where(Booking.account_id == account.id)).one()
    assert (booking.state, str(booking.id)) == (BookingState.BOOKED, str(event["UID"]))
    assert system.scalars(select(SelfReport.state)).all() == ["completed"]
    assert len(system.scalars(select(LessonProgress.lesson_id)).all()) >= 3
    assert system.scalars(select(HelpRequest.id)).all() == []
    account_id = account.id
    assert telling(*parent.seen) == [], [one for one in parent.seen if telling(one)]
    letters_tell_nothing(parent, system, account_id)


def opens_an_account(parent: Parent) -> None:
    page = parent.page
    parent.open("/parent/register")
    page.fill("#email", EMAIL)
    page.fill("#password", NEW_PASSWORD)
    page.select_option("#region", HOME)
    parent.speak(parent.there)
    # A password is never sent back by a server; the rest of what was typed is there.
    assert page.input_value("#email") == EMAIL
    assert page.input_value("#region") == HOME
    page.fill("#password", NEW_PASSWORD)
    parent.press("main form button[type=submit]")
    assert page.url.endswith("/parent/registered")
    parent.press("main a.govuk-button")
    page.fill("#email", EMAIL)
    page.fill("#password", NEW_PASSWORD)
    parent.press("main form button[type=submit]")
    assert page.url.endswith(f"/{parent.lang}/parent")


def letters(parent: Parent, system: Session) -> list[Mail]:
    """What has been written so far, as it leaves."""
    system.rollback()
    world = parent.site.world
    packer = Packer(Letters(world.catalog.messages, parent.site.url), world.vault)
    waiting = system.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
    packed = [packer.pack(system, message, uuid4()) for message in waiting]
    # A session left open in a transaction is ended by the database while the parent reads.
    system.rollback()
    return [one for one in packed if isinstance(one, Mail) and one.to == EMAIL]


def confirms_the_address(parent: Parent, system: Session) -> None:
    (letter,) = letters(parent, system)
    (link,) = re.findall(r"http://\S+", letter.letter.body)
    parent.page.goto(link)
    parent.press("main form button[type=submit]")
    parent.open("/parent")


def answers_about_themselves(parent: Parent) -> None:
    page = parent.page
    parent.open("/parent/about-me")
    parent.press("main a[href*='/about-me/new/']")
    page.check("main input[name=child][value=other]")
    page.select_option("#age", "8")
    parent.press("main form button[type=submit]")
    # Three answers, and the other language: they are there, and the questions go on.
    for item in ("q1", "q2", "q3"):
        page.check(f"#{item}-2")
    parent.speak(parent.there)
    assert all(page.is_checked(f"#{item}-2") for item in ("q1", "q2", "q3"))
    while "/page/" in page.url:
        hard = page.locator("fieldset.item input[value='4']").count() == 0
        for box in page.locator(f"fieldset.item input[value='{0 if hard else 2}']").all():
            box.check()
        parent.press("#answers button[value=next]")
    assert page.url.endswith("/done")
    parent.switched(lambda: is_a_picture_in_words(parent))


def is_a_picture_in_words(parent: Parent) -> None:
    """Sentences, strengths first; no number, no label, no word of ours for a scale."""
    told = parent.page.locator("main ul.govuk-list--bullet").all_inner_texts()
    assert len(told[0]) > 40
    assert not re.search(r"\d|%|[a-z_]{4,}", " ".join(told)), told
    assert len(parent.page.locator("main h3.card__title").all()) <= 3
    parent.page.locator("main h3.card__title").first.wait_for()


def reads_three_lessons(parent: Parent) -> None:
    page = parent.page
    parent.open("/courses")
    parent.press(f"main a[href$='/courses/{COURSE}']")
    parent.press(f"main a[href*='/courses/{COURSE}/']")
    first = page.url
    prints_the_task(parent)
    assert page.url == first
    for number in range(3):
        parent.press("main .no-print > form .govuk-button")
        if number == 1:
            parent.speak(parent.there)
    parent.open("/parent/reading")
    parent.switched(lambda: _reading_goes_on(parent))


def _reading_goes_on(parent: Parent) -> None:
    lessons = parent.site.world.catalog.courses[COURSE].lessons
    onward = parent.page.locator("#go-on ~ a.govuk-button").get_attribute("href") or ""
    assert onward.partition("#")[0].endswith(f"/{parent.lang}/courses/{COURSE}/{lessons[3].id}")


def prints_the_task(parent: Parent) -> None:
    page = parent.page
    parent.press("main a[href$='/print']")
    assert page.locator("section[data-kind=try]").is_visible()
    assert 1 <= pages_of(page.pdf(prefer_css_page_size=True)) <= MOST_PAGES
    parent.press("header a[href*='/courses/']")


def agrees_on_a_meeting(parent: Parent) -> Entry:
    page = parent.page
    parent.open("/parent/talks")
    parent.press("main a[href$='/talks/times']")
    parent.press("main form[action*='/talks/times/'] button")
    page.check("input[name=medium][value=in_person]")
    page.check("input[name=topic][value=family]")
    page.fill("#words", WORDS)
    parent.speak(parent.there)
    assert page.is_checked("input[name=topic][value=family]")
    assert page.input_value("#words") == WORDS
    parent.press("#details button[type=submit]")
    assert re.search(r"/parent/talks/[0-9a-f-]{36}$", page.url)
    return the_entry(parent)


def the_entry(parent: Parent) -> Entry:
    """The calendar's file, opened by a library; it says when, and nothing else."""
    name, written = parent.saved_file("main a[href$='.ics']")
    assert name == "kezdesu.ics"
    assert telling(written) == []
    event: Entry
    (event,) = Calendar.from_ical(written).walk("VEVENT")
    assert event["SUMMARY"] == SUMMARY
    assert event["DTSTART"].dt.utcoffset() == timedelta()
    assert event["DTSTART"].to_ical().endswith(b"Z")
    assert WORDS not in written
    UUID(str(event["UID"]))
    return event


def everything_is_still_there(parent: Parent, event: Entry) -> None:
    """In the other language: the meeting, the same entry, what was read, what was answered."""
    assert WORDS in parent.main()
    parent.speak(parent.there)
    assert WORDS in parent.main()
    again = the_entry(parent)
    assert {key: again[key] for key in ("UID", "SUMMARY", "DTSTART")} == {
        key: event[key] for key in ("UID", "SUMMARY", "DTSTART")
    }
    parent.open("/parent/talks")
    assert parent.page.locator("section[aria-labelledby=ahead] li").count() == 1
    parent.open("/parent/reading")
    _reading_goes_on(parent)
    parent.open("/parent/about-me")
    assert parent.page.locator("section[aria-labelledby=earlier] li").count() == 1
    parent.open("/parent")


def letters_tell_nothing(parent: Parent, system: Session, account: UUID) -> None:
    written = letters(parent, system)
    assert len(written) >= 2
    for one in written:
        body = one.letter.body.replace(str(account), "")
        assert telling(one.letter.subject, body) == [], one.letter
        assert WORDS not in body
