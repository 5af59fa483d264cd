"""The demo's logins: as var/demo.json for scripts, and on one screen for people."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tirek.domain.access_code import pretty
from tirek.domain.people import Role
from tirek.services.demo import Demo
from tirek.services.demo_open import OpenCode
from tirek.services.demo_pupils import Family
from tirek.services.demo_rounds import BY_GUARDIANS, MAIN
from tirek.services.demo_size import OPEN_FOR, Workshop
from tirek.services.demo_staff import Login

Listing = dict[str, Any]


def listing(made: Demo, base_url: str, workshop: Workshop) -> Listing:
    """Everything that is handed out; names of places in Russian, ids as further keys."""
    return {
        "base_url": base_url,
        "seed": workshop.seed,
        "made_at": workshop.now.isoformat(timespec="seconds"),
        "codes_valid_until": (workshop.now + OPEN_FOR).isoformat(timespec="seconds"),
        "students": [_student(code) for code in made.codes],
        "parents": [_parent(family) for family in made.families],
        "staff": [_staff(login) for login in made.staff],
    }


def write(path: Path, content: Listing) -> None:
    """Write it whole or not at all, for its owner alone: it opens every account of the demo."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
    fresh.replace(path)


def screen(content: Listing, path: str) -> str:
    """One screen: an address, a code in each language, and one login of each role."""
    base = content["base_url"]
    lines = ["", f"Tirek demo (all data is invented): {base}/kk/", ""]
    lines += [
        f"  pupil ({lang})   {base}/{lang}/s   {pretty(code)}   {MAIN}"
        for lang in ("kk", "ru")
        if (code := _first_code(content, lang))
    ]
    lines += ["", f"  adults       {base}/kk/login"]
    logins = [*_one_of_each(content["staff"]), *content["parents"][:1]]
    lines += [
        f"  {one.get('role', 'guardian'):<22}{one['email']:<36}{one['password']}" for one in logins
    ]
    lines += [
        "",
        "  The second factor of staff:  .venv/bin/tirek demo --totp EMAIL",
        f"  All codes and logins:        {path}",
        "",
    ]
    return "\n".join(lines)


def _first_code(content: Listing, lang: str) -> str | None:
    codes = (one for one in content["students"] if one["lang"] == lang)
    return next((str(one["code"]) for one in codes if one["instrument"] == MAIN), None)


def _one_of_each(staff: Iterable[Listing]) -> list[Listing]:
    """The first login of each role, in the order of the roles."""
    firsts: dict[str, Listing] = {}
    for one in staff:
        firsts.setdefault(one["role"], one)
    return [firsts[role] for role in Role if role in firsts]


def _student(code: OpenCode) -> Listing:
    place = code.pupil.place
    return {
        "code": code.code,
        "instrument": code.instrument_id,
        "lang": place.language,
        "school": place.school.name_ru,
        "psc": place.center.name_ru,
        "age": code.age,
        "pupil": code.pupil.student.school_code,
        "region_iso": place.center.region_iso,
        "school_id": str(place.school.id),
        "psc_id": str(place.center.id),
        "student_id": str(code.pupil.student.id),
    }


def _parent(family: Family) -> Listing:
    place = family.pupils[0].place
    return {
        "email": family.login.account.email,
        "password": family.login.password,
        "name": family.login.account.display_name,
        "lang": place.language,
        "school": place.school.name_ru,
        "instrument": BY_GUARDIANS,
        "children": [pupil.student.school_code for pupil in family.pupils],
        "school_id": str(place.school.id),
        "student_ids": [str(pupil.student.id) for pupil in family.pupils],
    }


def _staff(login: Login) -> Listing:
    return {
        "role": login.account.role,
        "email": login.account.email,
        "password": login.password,
        "totp_secret": login.totp_secret,
        "name": login.account.display_name,
        "lang": login.account.language,
        **login.place,
    }
