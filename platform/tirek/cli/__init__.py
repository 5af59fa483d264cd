"""The command line: `tirek COMMAND ...`, one module for each group of commands."""

import sys
from collections.abc import Sequence
from importlib import import_module

from tirek.catalog.errors import CatalogError
from tirek.cli.parser import CommandError, Parser
from tirek.config import ConfigError

# Command -> the module of this package that adds it. Each module has `add_parser(subparsers)`,
# which sets `run`: a function from the parsed arguments to the exit code. Only the module that is
# asked for is loaded: scoring on the command line waits for no web framework and no database.
COMMANDS = {
    "audit": "audit",
    "beat": "beat",
    "cluster": "cluster",
    "content": "content",
    "demo": "demo",
    "drill": "drill",
    "duty": "duty",
    "heartbeat": "heartbeat",
    "instruments": "instruments",
    "keys": "keys",
    "measure": "measure",
    "migrate": "migrate",
    "protocols": "protocols",
    "referrals": "referrals",
    "relay": "relay",
    "report": "report",
    "serve": "serve",
    "users": "users",
    "worker": "worker",
}
REFUSED = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a refusal is one sentence on stderr and 2."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = parser(words[:1]).parse_args(words)
        code: int = arguments.run(arguments)
    except (CommandError, CatalogError, ConfigError) as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return REFUSED
    return code


def parser(first_words: Sequence[str] = ()) -> Parser:
    """Return the parser of the command these words name, or of every command."""
    whole = Parser(prog="tirek", description="Screening, referral and courses for schools.")
    subparsers = whole.add_subparsers(metavar="COMMAND", required=True)
    named = {COMMANDS[word] for word in first_words if word in COMMANDS}
    for module in sorted(named or set(COMMANDS.values())):
        import_module(f"tirek.cli.{module}").add_parser(subparsers)
    return whole
