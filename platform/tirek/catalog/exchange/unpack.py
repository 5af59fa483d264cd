"""Archives from outside: their files by path, kept small, with a sentence for what is broken."""

import lzma
import zlib
from io import BytesIO
from posixpath import normpath
from zipfile import BadZipFile, ZipFile, ZipInfo

from tirek.catalog.exchange.foreign import MAX_BYTES, ExchangeError

MAX_FILES = 2_000
MAX_UNPACKED = 60_000_000
# What reading an archive raises that was cut short, locked, damaged, or packed in an unknown way.
BROKEN = (
    BadZipFile,
    RuntimeError,
    NotImplementedError,
    OSError,
    ValueError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
)


def is_archive(content: bytes) -> bool:
    """Whether the bytes begin as a .zip does."""
    return content.startswith(b"PK\x03\x04")


def unpacked(content: bytes) -> dict[str, bytes]:
    """Return the files of a .zip; raise ExchangeError when it is broken, huge or locked."""
    if len(content) > MAX_BYTES:
        raise ExchangeError("the file", f"is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        with ZipFile(BytesIO(content)) as archive:
            entries = small_enough(archive)
            return {normpath(each.filename): archive.read(each) for each in entries}
    except BadZipFile:
        raise ExchangeError("the file", "is no archive that can be opened") from None
    except BROKEN as error:
        raise ExchangeError("the file", f"cannot be unpacked ({type(error).__name__})") from None


def small_enough(archive: ZipFile) -> list[ZipInfo]:
    """Return the files of an archive, or raise ExchangeError when they are too many or too large.

    The sizes that an archive states are the ones that its reader keeps to.
    """
    entries = [each for each in archive.infolist() if not each.is_dir()]
    if len(entries) > MAX_FILES or sum(each.file_size for each in entries) > MAX_UNPACKED:
        raise ExchangeError("the file", "unpacks to more than we read")
    return entries
