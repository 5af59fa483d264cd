"""Move the demo's rows to their moments, and let the clocks that ran out meanwhile have rung."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from tirek.services import ladder
from tirek.services.demo_clocks import set_clocks, stamped
from tirek.services.demo_moments import Diary
from tirek.services.demo_size import Workshop
from tirek.services.unit import Unit
from tirek.storage import backdate

# Mail about what is older than this is not sent any more.
SETTLED_AFTER = timedelta(minutes=30)
AT_ONCE = 500


def move_into_the_past(
    owner: Engine,
    workshop: Workshop,
    diary: Diary,
    until_next: Mapping[UUID, timedelta] | None = None,
) -> None:
    """Give every row its moment, in one transaction of the tables' owner.

    `until_next` says of classrooms how long before today they answer next: what ended is until
    the next move as old as it will be then.
    """
    with owner.begin() as connection, workshop.begin() as unit:
        backdate.switch_rules(connection, on=False)
        backdate.write_down(connection, diary.moves)
        before = stamped(connection)
        backdate.move_windows(connection, diary.windows)
        backdate.move(connection)
        set_clocks(connection, unit.catalog.protocol, diary.levels, before)
        backdate.set_ends(connection)
        if until_next:
            backdate.end_later(connection, until_next)
        backdate.switch_rules(connection, on=True)
    diary.turn_page()


def ring(owner: Engine, workshop: Workshop) -> None:
    """Ring what has run out with the product's own ladder, each at its hour; settle old mail."""
    with owner.begin() as connection, workshop.begin() as unit:
        backdate.switch_rules(connection, on=False)
        backdate.wind(connection)
        _ring_all(connection, unit)
        backdate.unwind(connection)
        backdate.settle(connection, workshop.now - SETTLED_AFTER)
        backdate.switch_rules(connection, on=True)


def _ring_all(connection: Connection, unit: Unit) -> None:
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        sweeping = replace(unit, session=session)
        while ladder.fire_due(sweeping, AT_ONCE):
            pass
        session.commit()
