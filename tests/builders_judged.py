"""Conversations about many children, and a night counted at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, insert, select

from tests.builders_measured import Crowd
from tests.world import World
from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.services import measurements
from tirek.services.unit import Unit
from tirek.storage.models import Score, ScreeningOutcome
from tirek.storage.session import open_session


def count(engine: Engine, world: World) -> None:
    """Tonight, to its end."""

    @contextmanager
    def begin() -> Iterator[Unit]:
        with open_session(engine, Scope.system()) as session, session.begin():
            yield Unit(session, world.catalog, world.vault, SYSTEM)

    world.session.commit()
    measurements.count_all(begin)


def judge(world: World, crowd: Crowd, *, blind: bool = True) -> None:
    """The specialist speaks with everybody; the higher the score, the oftener it is confirmed."""
    scores = world.session.scalars(
        select(Score).where(Score.administration_id.in_(crowd.sheets), Score.scale == "total")
    ).all()
    for at, score in enumerate(scores):
        is_there = (score.value or 0) + (at % 7) > 13
        world.session.execute(
            insert(ScreeningOutcome).values(
                school_year=score.school_year,
                administration_id=score.administration_id,
                student_id=score.student_id,
                school_id=score.school_id,
                verdict="confirmed" if is_there else "not_confirmed",
                saw_score=not blind,
                recorded_by=world.home.specialist.account.id,
                support_center_id=world.home.id,
            )
        )
