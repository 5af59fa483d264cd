"""Remarks on single texts of a wording, and what became of each."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.builders_library import PHQ, a_methodologist, reading
from tests.world import Adult, World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.life import CommentEnd
from tirek.services import wording_review


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=1, coded=0)
    system.commit()
    return made


@pytest.fixture
def reader(world: World) -> Adult:
    made = a_methodologist(world)
    world.session.commit()
    return made


def test_a_remark_is_made_once_and_ended_once(engine: Engine, world: World, reader: Adult) -> None:
    phq = world.catalog.instruments[PHQ]
    with reading(engine, world, reader) as unit:
        first = wording_review.add(unit, phq, "kk", "q1.text", " Too long. ")
    with reading(engine, world, reader) as unit:
        assert wording_review.add(unit, phq, "kk", "q1.text", "Too long.") == first
        wording_review.add(unit, phq, "ru", "q1.text", "Good.")
        both = next(one for one in wording_review.pairs(unit, phq) if one.key == "q1.text")
        assert [one.words for one in both.remarks] == ["Too long.", "Good."]
        assert set(both.texts) == {"kk", "ru"}
        assert all(both.texts.values())
        assert wording_review.open_counts(unit, [phq])[phq.hashes.wordings["kk"]] == 1
        wording_review.end(unit, phq, first, CommentEnd.KEPT)
        open_now = wording_review.open_remarks(unit, phq)
        assert [one.words for one in open_now] == ["Good."]
    with pytest.raises(ConflictError), reading(engine, world, reader) as unit:
        wording_review.end(unit, phq, first, CommentEnd.CHANGED)
    with pytest.raises(NotFoundError), reading(engine, world, reader) as unit:
        wording_review.end(unit, world.catalog.instruments["who-5"], first, CommentEnd.KEPT)
    with reading(engine, world, reader) as unit:
        (ended,) = [one for one in wording_review.remarks(unit, phq) if not one.is_open]
    assert (ended.ended_as, ended.ended_by) == (CommentEnd.KEPT, reader.account.display_name)


def test_a_remark_is_on_a_text_that_there_is(engine: Engine, world: World, reader: Adult) -> None:
    phq = world.catalog.instruments[PHQ]
    with reading(engine, world, reader) as unit:
        for language, key in (("kk", "q99.text"), ("en", "q1.text")):
            with pytest.raises(wording_review.UnknownTextError):
                wording_review.add(unit, phq, language, key, "What?")
        for words in (" ", "a" * (wording_review.LONGEST + 1)):
            with pytest.raises(wording_review.EmptyRemarkError):
                wording_review.add(unit, phq, "kk", "q1.text", words)
