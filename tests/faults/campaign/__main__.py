"""All runs: `make faults`, its short form, and single runs that are repeated by their seed.

python -m tests.faults.campaign [--short] [--seed N] [--only "F5 PostgreSQL SIGSTOP"] ...
"""

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random, SystemRandom

from tests.faults.campaign import bell
from tests.faults.campaign.campaign import Campaign, Size
from tirek.config import ROOT

FULL = Size(singles=1500, mixes=12, mixed=3900, rate=42.0, faults=12)
SHORT = Size(singles=0, mixes=2, mixed=1550, rate=26.0, faults=5)


def main() -> int:
    """Run what was asked for; 0 when nothing was lost, doubled, half or late."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="two mixed runs, for CI")
    parser.add_argument("--seed", type=int, help="repeat a campaign")
    parser.add_argument("--only", help="one fault by itself, by its beginning")
    parser.add_argument("--submissions", type=int, help="in each run")
    parser.add_argument("--rate", type=float, help="submissions a second")
    parser.add_argument("--mixes", type=int, help="number of mixed runs")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary one)")
    parser.add_argument("--bell", action="store_true", help="F15: 300 pupils in one minute")
    parser.add_argument("--list", action="store_true", help="the faults, and those not had here")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else SystemRandom().randrange(10**9)
    size = (SHORT if options.short else FULL).changed(options)
    with tempfile.TemporaryDirectory(prefix="tirek-faults-") as temporary:
        folder = options.folder or Path(temporary)
        if options.bell:
            return bell.main(folder, seed)
        campaign = Campaign(folder, seed, size, Random(seed))  # noqa: S311 - it must repeat
        if options.list:
            campaign.print_faults()
            return 0
        return campaign.run(only=options.only, report=ROOT / "var" / "faults")


if __name__ == "__main__":
    sys.exit(main())
