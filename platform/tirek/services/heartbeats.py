"""When each loop last did its work: a process that is alive but idle shows here alone."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tirek.storage.models import Sweep


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One loop, and for how long it has done nothing."""

    name: str
    seconds: float
    last_count: int


def record(session: Session, name: str, count: int = 0) -> None:
    """Write down, in the transaction of the work itself, that it was done."""
    row = insert(Sweep).values(name=name, last_ok_at=func.now(), last_count=count, total=count)
    session.execute(
        row.on_conflict_do_update(
            index_elements=[Sweep.name],
            set_={
                "last_ok_at": func.now(),
                "last_count": count,
                "total": Sweep.total + count,
            },
        )
    )


def silent(session: Session, seconds: float) -> list[Heartbeat]:
    """Loops that have done nothing for longer than this, by the database's clock."""
    since = func.extract("epoch", func.now() - Sweep.last_ok_at)
    rows = session.execute(
        select(Sweep.name, since.label("seconds"), Sweep.last_count)
        .where(since > seconds)
        .order_by(Sweep.name)
    )
    return [Heartbeat(row.name, float(row.seconds), row.last_count) for row in rows]


def known(session: Session) -> int:
    """How many loops have ever worked; none means that nothing runs at all."""
    return session.scalars(select(func.count()).select_from(Sweep)).one()
