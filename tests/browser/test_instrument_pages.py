"""Pages of instruments, drafts and releases, in two languages, as the walk looks at them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select, update

from tests.browser.walk import Ground, Stop, Told, Walk, each_of
from tests.builders_library import (
    HARMLESS,
    LOWER,
    PATCHED,
    PHQ,
    a_draft,
    a_methodologist,
    lowered,
    reading,
    some_files,
)
from tests.world import World
from tirek.domain.life import CommentEnd
from tirek.services import pilots, release_signing, replays, wording_review
from tirek.services.release_signing import Seen, Statement
from tirek.storage.models import InstrumentRelease, Replay

AUTHOR = "author"
DRAFT, RELEASE = "/oversight/instrument-drafts/{draft}", "/oversight/instrument-releases/{release}"
WRONG = "/oversight/instrument-drafts/{wrong}"
# Endpoint and case, who opens it, its path below the language.
PAGES = [
    ("oversight.instruments", AUTHOR, "/oversight/instruments"),
    ("oversight.instruments none", AUTHOR, "/oversight/instruments?q=zzz"),
    ("oversight.instrument", AUTHOR, "/oversight/instruments/phq-a?check=1"),
    ("oversight.instrument_preview", AUTHOR, "/oversight/instruments/phq-a/preview"),
    ("oversight.instrument_wording", AUTHOR, "/oversight/instruments/phq-a/wording"),
    ("oversight.instrument_drafts", AUTHOR, "/oversight/instrument-drafts"),
    ("oversight.instrument_draft", AUTHOR, DRAFT),
    ("oversight.instrument_draft wrong", AUTHOR, WRONG),
    ("oversight.instrument_draft signed", AUTHOR, "/oversight/instrument-drafts/{signed}"),
    ("oversight.instrument_draft_sign", AUTHOR, f"{DRAFT}/sign"),
    ("oversight.instrument_draft_changes", AUTHOR, f"{DRAFT}/changes"),
    ("oversight.instrument_draft_preview", AUTHOR, f"{DRAFT}/preview"),
    ("oversight.instrument_draft_wording", AUTHOR, f"{DRAFT}/wording?show=open"),
    ("oversight.instrument_replay", AUTHOR, f"{DRAFT}/replays/{{done}}"),
    ("oversight.instrument_replay waiting", AUTHOR, f"{WRONG}/replays/{{waiting}}"),
    ("oversight.instrument_release", AUTHOR, RELEASE),
    ("oversight.instrument_release_sign", AUTHOR, f"{RELEASE}/sign"),
    ("oversight.instrument_release_pilot", AUTHOR, f"{RELEASE}/pilot"),
    ("oversight.instrument_pilot_stop", AUTHOR, f"{RELEASE}/pilot/{{pilot}}/stop"),
    ("oversight.instrument_release_retire", AUTHOR, f"{RELEASE}/retire"),
]  # fmt: skip
# What answers a GET, but is no page.
NOT_PAGES = {
    "oversight.instrument_remarks_file": "a table",
    "oversight.instrument_draft_remarks_file": "a table",
    "oversight.instrument_draft_bundle": "a folder",
    "oversight.instrument_remark_end": "sends back to the texts",
    "oversight.instrument_draft_remark_end": "sends back to the texts",
    "oversight.instrument_draft_replay": "sends back to the draft",
    "oversight.instrument_draft_withdraw": "sends back to the draft",
    "oversight.instrument_replay_cancel": "sends back to the replay",
    "oversight.instrument_release_approve": "sends back to the release",
}
STATEMENT = Statement(frozenset({Seen.PREVIEW, Seen.CASES}), "Екі тілде де оқып шықтым.")
RESULT = {
    "total": 1480,
    "unreadable": 2,
    "levels": [
        {"before": "medium", "after": "medium", "count": 96},
        {"before": "none", "after": "medium", "count": 41},
        {"before": "none", "after": "none", "count": 1343},
    ],
    "flags": [
        {
            "flag": "totalMedium",
            "level": "medium",
            "gained": 41,
            "lost": 0,
            "groups": [
                {"dimension": "language", "group": "kk", "gained": 24, "lost": 0},
                {"dimension": "language", "group": "ru", "gained": 17, "lost": 0},
                {"dimension": "sex", "group": "f", "gained": 29, "lost": 0},
                {"dimension": "sex", "group": "m", "gained": 12, "lost": 0},
                {"dimension": "age", "group": "11-13", "gained": None, "lost": 0},
                {"dimension": "age", "group": "14-15", "gained": 33, "lost": 0},
                {"dimension": "region", "group": "KZ-71", "gained": None, "lost": 0},
                {"dimension": "region", "group": "KZ-11", "gained": None, "lost": 0},
            ],
        }
    ],
}


def _story(engine: Engine, _owner: Engine, world: World) -> Told:
    author, second = a_methodologist(world), a_methodologist(world)
    # Two people sign, so the second has a name of her own.
    second.account.display_name = "Динара Оспан"
    world.session.commit()
    lower = a_draft(engine, world, author, lowered())
    small = ("interpretation.yaml", 'version: "1.0.0"', 'version: "1.0.1"')
    wrong = a_draft(engine, world, second, some_files(LOWER, small))
    signed = a_draft(engine, world, author, some_files(HARMLESS, PATCHED))
    phq = world.catalog.instruments[PHQ]
    for adult in (author, second):
        with reading(engine, world, adult) as unit:
            release_signing.sign_draft(unit, signed.id, STATEMENT)
    with reading(engine, world, second) as unit:
        done, waiting = replays.request(unit, lower.id), replays.request(unit, wrong.id)
        unit.session.execute(
            update(Replay)
            .where(Replay.id == done)
            .values(state="done", result=RESULT, total=1482, done=1482)
        )
        unit.session.execute(
            update(Replay).where(Replay.id == waiting).values(state="running", total=1482, done=500)
        )
        one = wording_review.add(unit, phq, "kk", "q1.text", "Сөйлем тым ұзақ, балаға ауыр.")
        wording_review.end(unit, phq, one, CommentEnd.KEPT)
        wording_review.add(unit, phq, "ru", "q1.text", "Слишком длинно для 11 лет.")
        release = unit.session.scalars(
            select(InstrumentRelease).where(InstrumentRelease.instrument_id == PHQ)
        ).one()
        opened, *others = pilots.of_release(unit, release.id)
        for pilot in others[3:]:
            pilots.stop(unit, release.id, pilot.id)
        release_signing.sign_release(unit, release.id, STATEMENT)
    ids = {
        "draft": lower.id,
        "wrong": wrong.id,
        "signed": signed.id,
        "done": done,
        "waiting": waiting,
        "release": release.id,
        "pilot": opened.id,
    }
    return Told(world, {AUTHOR: author}, ids)


@pytest.fixture(scope="module")
def walk(ground: Ground) -> Iterator[Walk]:
    with ground.walk(_story, pupils=1, coded=0) as walk:
        yield walk


@each_of(PAGES)
def test_page(page: Stop, lang: str, walk: Walk) -> None:
    walk.look(page, lang)
