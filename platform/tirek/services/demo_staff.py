"""The demo's adults: named people at every school and PSC, and a few above them."""

import random
from dataclasses import dataclass, field
from uuid import UUID

from tirek.domain.people import Actor, Role
from tirek.services import accounts
from tirek.services.demo_places import DemoPlace, DemoPlaces
from tirek.services.demo_size import Workshop
from tirek.services.staffing import new_password
from tirek.services.unit import Unit
from tirek.storage.models import Account

# Addresses of `.example` can belong to nobody (RFC 2606).
MAIL = "tirek.example"
# Schools that also have these people, so that every role can be tried.
SCHOOLS_WITH_MORE = 4
# PSCs that answer at every hour have more people.
AT_EVERY_HOUR = ("KZ-71", "KZ-75")
RESPONDER = "responder"


@dataclass(frozen=True, slots=True)
class Login:
    """An account as it is handed out: this once with its password and second factor."""

    account: Account
    password: str
    totp_secret: str | None
    # Where this person works: the key and the words of var/demo.json.
    place: dict[str, str] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """The person behind it."""
        return accounts.actor_of(self.account)


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """Every login of staff, and who it is at each school and PSC."""

    logins: tuple[Login, ...]
    psychologists: dict[UUID, Actor]
    specialists: dict[UUID, Actor]
    supervisors: dict[UUID, Actor]
    # Only some schools have one.
    pedagogues: dict[UUID, Actor]

    @property
    def psychologist_ids(self) -> dict[UUID, UUID]:
        """The account of each school's psychologist."""
        people = self.psychologists.items()
        return {school: one.account_id for school, one in people if one.account_id is not None}


def new_login(
    unit: Unit, email: str, role: Role, name: str, language: str, **place: object
) -> Login:
    """Add an account with a fresh password."""
    password = new_password()
    account, secret = accounts.new_account(unit, email, password, role, name, **place)
    account.language = language
    return Login(account, password, secret)


def name_of(workshop: Workshop, chance: random.Random, language: str) -> str:
    """An invented name, family name first; three of four of these people are women."""
    sex = "f" if chance.random() < 3 / 4 else "m"
    names = workshop.words.names
    last, first = (names[language, f"{part}_{sex}"] for part in ("last", "first"))
    return f"{chance.choice(last)} {chance.choice(first)}"


def build_staff(workshop: Workshop, places: DemoPlaces) -> DemoStaff:
    """Add everybody who works at a school, at a PSC, in a region or for the whole country."""
    chance = workshop.random("staff")
    with workshop.begin() as unit:
        team = _Team(workshop, unit, chance)
        for place in places.schools:
            team.hire_school(place)
        for iso, center in places.centers.items():
            language = "kk" if chance.random() < 1 / 2 else "ru"
            at = {"psc": center.name_ru, "psc_id": str(center.id), "region_iso": iso}
            for role, word in ((Role.PSC_SPECIALIST, "psc"), (Role.PSC_SUPERVISOR, "psc-head")):
                email = f"{word}.{iso[3:]}"
                team.hire(role, email, language, at, support_center_id=center.id)
        for iso in AT_EVERY_HOUR:
            center = places.centers[iso]
            at = {"psc": center.name_ru, "psc_id": str(center.id), "region_iso": iso}
            for number in (2, 3):
                email = f"psc-{number}.{iso[3:]}"
                team.hire(Role.PSC_SPECIALIST, email, "kk", at, support_center_id=center.id)
        _hire_above(team, places)
        unit.session.flush()
    return team.whole()


def _hire_above(team: "_Team", places: DemoPlaces) -> None:
    """A coordinator and a deputy in every region, and those who work for the whole country."""
    for iso, region in places.regions.items():
        at = {"region": region.name_ru, "region_iso": iso}
        for word in ("region", RESPONDER):
            email = f"{word}.{iso[3:]}"
            team.hire(Role.REGIONAL_COORDINATOR, email, "ru", at, region_iso=iso)
    for email in ("national-duty", "national-duty-2"):
        team.hire(Role.NATIONAL_DUTY, email, "ru", {})
    for role in (Role.METHODOLOGIST, Role.OBSERVER, Role.ADMINISTRATOR):
        team.hire(role, role.value, "kk", {})
    # Nobody approves a questionnaire alone.
    team.hire(Role.METHODOLOGIST, f"{Role.METHODOLOGIST.value}-2", "ru", {})


class _Team:
    """Hires people one after another and remembers who is where."""

    def __init__(self, workshop: Workshop, unit: Unit, chance: random.Random) -> None:
        self._workshop, self._unit, self._chance = workshop, unit, chance
        self._logins: list[Login] = []

    def hire_school(self, place: DemoPlace) -> None:
        """The people of one school; in the first few more than the psychologist."""
        at = {"school": place.school.name_ru, "school_id": str(place.school.id)}
        roles = [(Role.PSYCHOLOGIST, "psychologist")]
        if sum(login.account.role == Role.DEPUTY_DIRECTOR for login in self._logins) < (
            SCHOOLS_WITH_MORE
        ):
            roles += [(Role.SOCIAL_PEDAGOGUE, "pedagogue"), (Role.DEPUTY_DIRECTOR, "deputy")]
        for role, word in roles:
            email = f"{word}.{place.number}"
            self.hire(role, email, place.language, at, school_id=place.school.id)

    def hire(
        self, role: Role, email: str, language: str, at: dict[str, str], **place: object
    ) -> None:
        """One person with an invented name."""
        name = name_of(self._workshop, self._chance, language)
        login = new_login(self._unit, f"{email}@{MAIL}", role, name, language, **place)
        login.place.update(at)
        self._logins.append(login)

    def whole(self) -> DemoStaff:
        """Everybody hired so far."""
        return DemoStaff(
            tuple(self._logins),
            self._by_place(Role.PSYCHOLOGIST),
            self._by_place(Role.PSC_SPECIALIST),
            self._by_place(Role.PSC_SUPERVISOR),
            self._by_place(Role.SOCIAL_PEDAGOGUE),
        )

    def _by_place(self, role: Role) -> dict[UUID, Actor]:
        actors = [login.actor for login in self._logins if login.account.role == role]
        # Whoever was hired first.
        return {
            place: actor
            for actor in reversed(actors)
            if (place := actor.school_id or actor.support_center_id)
        }
