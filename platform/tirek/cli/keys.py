"""`tirek keys new`: the secrets that must never lie in the database."""

import os
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from tirek.cli.parser import CommandError
from tirek.config import Keys


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Register `tirek keys new`."""
    verbs = subparsers.add_parser("keys", help="secrets kept outside the database").add_subparsers(
        metavar="VERB", required=True
    )
    new = verbs.add_parser("new", help="write a new keys file for its owner alone")
    new.add_argument("file", type=Path)
    new.set_defaults(run=run_new)


def run_new(arguments: Namespace) -> int:
    """Write fresh keys; refuse to touch a file that is there, since it may open answers."""
    path: Path = arguments.file
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} is there already; without its keys nothing opens.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(Keys.fresh())
    sys.stdout.write(f"Keep {path} and a copy apart from the database: lost keys lose answers.\n")
    return 0
