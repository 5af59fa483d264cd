"""What must hold of a whole database once it is quiet: its referrals, their clocks, its audit."""

from pathlib import Path

from sqlalchemy.orm import Session

from tirek.config import Keys
from tirek.domain.scope import Scope
from tirek.services import fold, promises
from tirek.services.audit_heads import Signer, heads, read_all
from tirek.services.audit_verify import take_snapshot, verify
from tirek.storage.session import open_session, owner_engine

NAMED = 3


def complaints(url: str, keys: Keys, heads_file: Path) -> list[str]:
    """Every promise that is broken, in a sentence; `url` is that of the tables' owner."""
    engine = owner_engine(url)
    try:
        with open_session(engine, Scope.system()) as session:
            take_snapshot(session)
            return [*_referrals(session), *_audit(session, keys, heads_file)]
    finally:
        engine.dispose()


def _referrals(session: Session) -> list[str]:
    folded = fold.mismatches(session)
    counted = promises.findings(session)
    return [
        *(f"referral {one.referral_id}: {one.said}" for one in folded.mismatches[:NAMED]),
        *(f"{number} {name}" for name, number in counted.items()),
    ]


def _audit(session: Session, keys: Keys, heads_file: Path) -> list[str]:
    laid_down = heads_file.read_text(encoding="utf-8").splitlines()
    kept = dict.fromkeys([*read_all(laid_down), *heads(session)])
    report = verify(session, kept, {Signer(keys.audit_key).public, *keys.audit_keys_past})
    said = [f"audit: {one.kind} at link {one.seq}: {one.said}" for one in report.findings[:NAMED]]
    return said if report.links else [*said, "audit: nothing was sealed"]
