"""`make restore-drill`: lose a server under load and see what comes back, and how soon.

Twice: with COMMITs that do not wait for the backup host (the usual way), and with such that do.
Prints figures for people, and as JSON with --json; exit code 1 when a promise was not kept.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from random import SystemRandom

from tests.faults.restore.drill import Drill, stamp


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of load (default: 20)")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    is_good = True
    for commits_wait in (False, True):
        with tempfile.TemporaryDirectory(prefix="tirek-drill-") as folder:
            # PostgreSQL may have to run as another account, which must get through to it.
            Path(folder).chmod(0o711)
            drill = Drill(
                Path(folder), arguments.seconds, commits_wait=commits_wait, seed=arguments.seed
            )
            figures = drill.run()
        is_good = is_good and figures.is_good
        if arguments.json:
            print(json.dumps({"at": stamp(), "seed": arguments.seed, **asdict(figures)}))
        else:
            print(f"\nRestore drill {stamp()}, seed {arguments.seed}")
            print("\n".join(figures.lines()), flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
