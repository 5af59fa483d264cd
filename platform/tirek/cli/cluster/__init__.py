"""`tirek cluster`: all of Tirek on one machine, as it runs on several."""

import signal
import sys
import threading
from argparse import ArgumentParser, Namespace, _SubParsersAction

from tirek.cli.cluster.fleet import Cluster
from tirek.config import Config

__all__ = ["Cluster", "add_parser", "run"]


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek cluster`."""
    parser = subparsers.add_parser("cluster", help="everything on one machine, behind nginx")
    parser.add_argument("--webs", type=int, default=2, help="web servers (default: 2)")
    parser.add_argument("--workers", type=int, default=2, help="Celery workers (default: 2)")
    parser.add_argument("--relays", type=int, default=1, help="relays (default: 1)")
    parser.add_argument("--no-redis", action="store_true", help="relays alone: no Redis, no Celery")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Start it, print where it is, and end it in good order on SIGTERM or Ctrl-C."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    config = Config.from_env()
    cluster = Cluster(
        config.var_dir,
        config.port,
        with_redis=not arguments.no_redis,
        webs=arguments.webs,
        workers=arguments.workers,
        relays=arguments.relays,
    )
    try:
        cluster.start()
        sys.stdout.write(_screen(cluster))
        sys.stdout.flush()
        ended.wait()
    finally:
        cluster.stop()
    return 0


def _screen(cluster: Cluster) -> str:
    rows = [f"  {name:10} process {cluster.pid(name)}" for name in cluster.names()]
    webs = " ".join(f"127.0.0.1:{port}" for port in cluster.web_ports)
    return "\n".join(
        [
            f"Tirek: {cluster.address} (nginx), before the webs {webs}",
            *rows,
            f"Each has a log in {cluster.folder}; Ctrl-C ends all of them.",
            "",
        ]
    )
