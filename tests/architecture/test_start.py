"""What few pages need is not read when the site starts: each web process would pay for it."""

import subprocess
import sys

from tirek.config import ROOT

START = """
import sys
from tirek.app import create_app
from tirek.config import Config, Keys
create_app(Config(keys=Keys.parse(Keys.fresh()), testing=True), "postgresql+psycopg://nobody@/nowhere")
print(*sorted({"reportlab", "scipy.stats"} & set(sys.modules)))
"""


def test_the_site_starts_without_what_draws_certificates():
    done = subprocess.run(
        [sys.executable, "-c", START],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "platform"), "PATH": ""},
    )
    assert done.stdout.strip() == ""
