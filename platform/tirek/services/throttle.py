"""Count failures in the database, so that a limit holds over all processes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.throttle import Limit
from tirek.services.unit import Unit
from tirek.storage.models import ThrottleBucket


@dataclass(frozen=True, slots=True)
class Bucket:
    """One limit and whom it is counted for; the name is hashed with a key before it is stored."""

    kind: str
    name: str
    limit: Limit


def wait_seconds(unit: Unit, buckets: Sequence[Bucket]) -> float:
    """The longest wait that any of the buckets asks for; 0 when the try may go on."""
    keys = {_key(unit, bucket): bucket for bucket in buckets}
    age = func.extract("epoch", func.now() - ThrottleBucket.updated_at)
    rows = unit.session.execute(
        select(ThrottleBucket.key, ThrottleBucket.tokens, age).where(ThrottleBucket.key.in_(keys))
    )
    return max(
        (
            (limit := keys[bytes(key)].limit).wait_seconds(limit.tokens_after(tokens, float(idle)))
            for key, tokens, idle in rows
        ),
        default=0.0,
    )


def count_failure(unit: Unit, buckets: Sequence[Bucket]) -> None:
    """Take one token out of each bucket; never below zero, so a wait has an end."""
    # Always in the same order, so that two failures at once cannot wait for each other.
    for key, limit in sorted(
        ((_key(unit, bucket), bucket.limit) for bucket in buckets), key=lambda pair: pair[0]
    ):
        _take(unit, key, limit)


def _take(unit: Unit, key: bytes, limit: Limit) -> None:
    idle = func.extract("epoch", func.now() - ThrottleBucket.updated_at)
    refilled = func.least(limit.capacity, ThrottleBucket.tokens + idle / limit.refill_seconds)
    statement = insert(ThrottleBucket).values(
        key=key, tokens=limit.capacity - 1, updated_at=func.now()
    )
    unit.session.execute(
        statement.on_conflict_do_update(
            index_elements=[ThrottleBucket.key],
            set_={"tokens": func.greatest(0, refilled - 1), "updated_at": func.now()},
        )
    )


def _key(unit: Unit, bucket: Bucket) -> bytes:
    return unit.vault.index(f"{bucket.kind}|{bucket.name}")
