"""The files of deploy/ are read by the programs they are for."""

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import Server
from tirek.cli.cluster.servers import nginx_program
from tirek.cli.parser import CommandError
from tirek.config import ROOT

DEPLOY = ROOT / "deploy"


@pytest.fixture
def nginx() -> str:
    try:
        return nginx_program()
    except CommandError:
        pytest.skip("no nginx here")


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tirek.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_nginx_takes_the_site_file(tmp_path: Path, nginx: str):
    _certificate(tmp_path)
    site = (DEPLOY / "nginx" / "tirek.conf").read_text()
    site = site.replace("/etc/tirek/nginx", str(DEPLOY / "nginx"))
    site = site.replace("/etc/tirek/tls", str(tmp_path)).replace("listen [::]:", "# listen ")
    # Ports that an ordinary account may have; nothing listens on them in the end.
    site = site.replace("listen 80;", "listen 127.0.0.1:18080;").replace("443 ssl", "18443 ssl")
    (tmp_path / "site.conf").write_text(site)
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log crit;\nevents {{}}\nhttp {{\n"
        + "".join(
            f"{kind}_temp_path {tmp_path}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"include {tmp_path}/site.conf;\n}}\n"
    )
    checked = subprocess.run(
        [nginx, "-t", "-c", str(whole)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr.replace('the "user" directive', "")


def test_postgresql_takes_every_line_of_its_settings(server: Server, tmp_path: Path):
    lines = re.findall(
        r"^(\w+) = (.+)$", (DEPLOY / "postgresql.conf").read_text(), flags=re.MULTILINE
    )
    assert len(lines) > 15
    with psycopg.connect(server.admin_url.replace("+psycopg", "")) as connection:
        known = {row[0] for row in connection.execute("SELECT name FROM pg_settings").fetchall()}
        assert {name.lower() for name, _ in lines} <= {name.lower() for name in known}
        for name, value in lines:
            kind = connection.execute(
                "SELECT vartype, unit FROM pg_settings WHERE lower(name) = lower(%s)", (name,)
            ).fetchone()
            assert kind is not None
            if kind[0] == "bool":
                assert value in {"on", "off"}


def test_systemd_takes_the_units(tmp_path: Path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here")
    for unit in (DEPLOY / "systemd").iterdir():
        # The program need not be installed for its unit to be read.
        text = re.sub(
            r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE
        )
        for name in {unit.name.replace("@.", f"@{one}.") for one in ("1", "8001")}:
            (tmp_path / name).write_text(text)
    checked = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],  # noqa: S607
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in checked.stderr.splitlines() if "tirek" in line]
    assert not ours
    assert checked.returncode == 0, checked.stderr


def test_every_variable_of_the_sample_is_one_that_tirek_reads():
    named = re.findall(r"^([A-Z_]+)=", (DEPLOY / "tirek.env").read_text(), flags=re.MULTILINE)
    read = (ROOT / "platform" / "tirek" / "config.py").read_text()
    assert named
    assert [name for name in named if f'"{name}"' not in read] == []
