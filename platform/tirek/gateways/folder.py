"""Lays a message down in a folder, whole or not at all."""

import os
import tempfile
from pathlib import Path


def lay_down(folder: Path, name: str, content: bytes) -> None:
    """Write a file that its owner alone may read; raise `OSError` when that cannot be done."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".new")
    new = Path(temporary)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        new.replace(folder / name)
    except OSError:
        new.unlink(missing_ok=True)
        raise
