"""What somebody sends is read or refused with a reason, however broken it is."""

import random
from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest

from tirek.catalog.draft_files import unpacked
from tirek.catalog.exchange import unpack
from tirek.catalog.exchange.foreign import ExchangeError
from tirek.domain.draft_upload import UnusableFilesError


def packed(method: int) -> bytes:
    made = BytesIO()
    text = random.Random(1).randbytes(3000).hex()  # noqa: S311
    with ZipFile(made, "w", method) as archive:
        archive.writestr("structure.yaml", text)
    return made.getvalue()


def read_as_draft(content: bytes) -> object:
    return unpacked("a.zip", content)


@pytest.mark.parametrize("method", [ZIP_DEFLATED, ZIP_LZMA, ZIP_BZIP2])
@pytest.mark.parametrize(
    ("read", "refusal"),
    [(read_as_draft, UnusableFilesError), (unpack.unpacked, ExchangeError)],
)
def test_an_archive_damaged_on_the_way_is_refused_with_a_reason(
    method: int, read: Callable[[bytes], object], refusal: type[Exception]
) -> None:
    whole, refused = packed(method), 0
    chance = random.Random(2)  # noqa: S311
    for _ in range(300):
        broken = bytearray(whole)
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        try:
            read(bytes(broken))
        except refusal:
            refused += 1
    assert refused > 200
