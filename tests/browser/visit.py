"""What a visit to a page is: whose page, what leads there, how much it may weigh."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum

from playwright.sync_api import Page

from tests.browser.busy_school import BusySchool

KB = 1024


class Weight(Enum):
    """Most bytes as they travel: of the page itself, and of all it needs; most requests."""

    # Signing in and a pupil's pages; a parent's pages and lessons; what staff works with.
    LIGHT = (6 * KB, 30 * KB, 4)
    MIDDLE = (14 * KB, 60 * KB, 8)
    HEAVY = (30 * KB, 120 * KB, 10)


class Who(StrEnum):
    """Whose page it is; everybody has a window of their own."""

    VISITOR = "visitor"
    PUPIL = "pupil"
    PARENT = "parent"
    SCHOOL = "school"
    CENTRE = "centre"


@dataclass(frozen=True)
class Here:
    """Where a walk stands: the window, the site's address, the language, what there is to see."""

    page: Page
    url: str
    lang: str
    busy: BusySchool

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}/{self.lang}{path}")

    def press(self, selector: str = "main form button[type=submit]") -> None:
        """Press a button that leads on."""
        self.page.locator(selector).last.click()
        self.page.wait_for_load_state()


Path = str | Callable[[BusySchool], str]


@dataclass(frozen=True)
class Visit:
    """One page in one state; `by` goes on from the page at `path`."""

    endpoint: str
    who: Who
    path: Path
    weight: Weight
    case: str = ""
    by: Callable[[Here], None] | None = None
    status: int = 200

    @property
    def name(self) -> str:
        return f"{self.endpoint} {self.case}".strip().replace(" ", "-")

    def go(self, here: Here) -> None:
        here.open(self.path if isinstance(self.path, str) else self.path(here.busy))
        if self.by:
            self.by(here)
