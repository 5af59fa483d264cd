"""When each loop last did its work: a process that is alive but idle shows here alone."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tirek.domain.watch import Loop
from tirek.storage.models import OutboxMessage, Sweep


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


def loops(session: Session) -> list[Loop]:
    """Every loop that has ever worked, with its silence by the database's clock."""
    since = func.extract("epoch", func.now() - Sweep.last_ok_at)
    rows = session.execute(
        select(Sweep.name, since.label("seconds"), Sweep.last_count).order_by(Sweep.name)
    )
    return [Loop(row.name, max(0.0, float(row.seconds)), row.last_count) for row in rows]


def late_messages(session: Session, seconds: float) -> int:
    """How many messages have been due for longer than this; stuck ones are counted elsewhere."""
    since = func.extract("epoch", func.now() - OutboxMessage.due_at)
    return session.scalars(
        select(func.count()).where(
            OutboxMessage.done_at.is_(None), OutboxMessage.stuck_at.is_(None), since > seconds
        )
    ).one()


def retire(session: Session, name: str) -> bool:
    """Forget a loop that is not coming back; for the owner of the tables alone."""
    gone = session.execute(delete(Sweep).where(Sweep.name == name).returning(Sweep.name))
    return gone.one_or_none() is not None
