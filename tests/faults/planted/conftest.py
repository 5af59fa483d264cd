"""The same world as the plays have."""

from tests.properties.conftest import ground

__all__ = ["ground"]
