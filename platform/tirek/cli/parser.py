"""Arguments that are refused in one sentence."""

from argparse import ArgumentParser
from typing import NoReturn


class CommandError(Exception):
    """What was asked for cannot be done; the message is the sentence the caller reads."""


class Parser(ArgumentParser):
    """An argument parser that raises instead of printing its usage and leaving."""

    def error(self, message: str) -> NoReturn:
        """Raise the refusal as a CommandError."""
        raise CommandError(f"{self.prog}: {message}")
