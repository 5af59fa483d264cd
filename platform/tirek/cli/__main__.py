"""`python -m tirek.cli` is `tirek`."""

import sys

from tirek.cli import main

sys.exit(main())
