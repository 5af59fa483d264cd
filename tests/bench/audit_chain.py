"""How fast entries are sealed and verified: `python -m tests.bench.audit_chain --rows 1000000`.

On a durable server of its own. What is asked: 2,000 entries a second sealed, 1,000,000 verified in
a minute, in memory that does not grow.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine, text

from tirek.config import Keys
from tirek.domain.scope import Scope
from tirek.services.audit_heads import Signer, heads
from tirek.services.audit_verify import take_snapshot, verify
from tirek.storage import embedded, migrate
from tirek.storage.session import app_engine, open_session, owner_engine
from tirek.tasks.audit import AuditSealer

AT_ONCE = 50_000
ADD = text(
    "INSERT INTO audit_entries (school_year, action, entity, entity_id, outcome, account_id, role,"
    " student_id, school_id) SELECT extract(year FROM now() - interval '8 months')::int,"
    " 'response.record', 'administration', gen_random_uuid()::text, 'done',"
    " CASE WHEN i % 2 = 0 THEN gen_random_uuid() END, 'student', gen_random_uuid(),"
    " gen_random_uuid() FROM generate_series(1, :number) AS i"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="tirek-bench-") as folder:
        # PostgreSQL may have to run as another account, which must get through to it.
        Path(folder).chmod(0o711)
        server = embedded.start(Path(folder), durable=True)
        try:
            owner = owner_engine(server.url())
            migrate.upgrade(owner)
            for number in range(0, rows, AT_ONCE):
                with owner.begin() as connection:
                    connection.execute(ADD, {"number": min(AT_ONCE, rows - number)})
            owner.dispose()
            return _measure(app_engine(server.url()), Path(folder) / "heads.jsonl", rows)
        finally:
            server.stop()


def _measure(engine: Engine, heads_file: Path, rows: int) -> int:
    signer = Signer(Keys.parse(Keys.fresh()).audit_key)
    sealer = AuditSealer(engine, signer, heads_file)
    begun, sealed = time.monotonic(), 0
    while sealed < rows:
        sealed += sealer.sweep()
    sealing = time.monotonic() - begun
    begun = time.monotonic()
    with open_session(engine, Scope.system()) as session:
        take_snapshot(session)
        report = verify(session, list(heads(session)), {signer.public})
    verifying = time.monotonic() - begun
    engine.dispose()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"sealed    {rows} entries in {sealing:.1f} s: {rows / sealing:,.0f} a second")
    print(f"verified  {report.entries} entries in {verifying:.1f} s; {memory:.0f} MB at most")
    is_fast = rows / sealing >= 2_000 and verifying <= 60 * max(1, rows / 1_000_000)
    return 0 if report.is_intact and report.entries == rows and is_fast else 1


if __name__ == "__main__":
    sys.exit(main())
