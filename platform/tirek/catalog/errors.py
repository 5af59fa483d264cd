"""What is wrong with a file of the catalog, and where."""

from dataclasses import dataclass
from pathlib import Path


class CatalogError(Exception):
    """A catalog file is wrong at this line; nothing starts until it is mended."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        """Keep the place and the reason apart, for those who print or test them."""
        super().__init__(path, line, reason)
        self.path = path
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one lint says about one line."""

    lint: str
    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.lint}] {self.reason}"

    def error(self) -> CatalogError:
        """Return the same as an error that stops the start."""
        return CatalogError(self.path, self.line, f"[{self.lint}] {self.reason}")
