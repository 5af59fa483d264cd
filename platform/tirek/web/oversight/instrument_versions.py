"""What the line of versions in a release's label says, in words."""

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from tirek.web.access import catalog

# 1.0.0+w1.0.0(kk),1.0.0(ru)+s1.0.0+i1.0.0, as the catalog writes it.
_LABEL = re.compile(r"([^+]+)\+w([^+]*)\+s([^+]+)\+i([^+]+)")
_WORDING = re.compile(r"([^,()]+)\((\w+)\)")
_NAMES: Mapping[str, Any] = {
    "structure": _l("structure"),
    "wording.kk": _l("text in Kazakh"),
    "wording.ru": _l("text in Russian"),
    "scoring": _l("scoring"),
    "interpretation": _l("interpretation"),
}


def versions_of(label: str) -> dict[str, str]:
    """The version of each part; nothing for a label that is written otherwise."""
    found = _LABEL.fullmatch(label)
    if found is None:
        return {}
    structure, wordings, scoring, interpretation = found.groups()
    texts = {f"wording.{lang}": version for version, lang in _WORDING.findall(wordings)}
    return {
        "structure": structure,
        **texts,
        "scoring": scoring,
        "interpretation": interpretation,
    }


def versions_in_words(label: str) -> str:
    """The versions of all parts, each part by its name."""
    named = [f"{_name(part)} {version}" for part, version in versions_of(label).items()]
    return ", ".join(named) or label


def steps_in_words(label: str, instrument_id: str) -> list[str]:
    """The parts whose version is not the one in use, each with both versions."""
    published = catalog().instruments.get(instrument_id)
    before = versions_of(published.release) if published else {}
    return [
        f"{_name(part)} {before.get(part, '–')} → {version}"  # noqa: RUF001 - as in the tables
        for part, version in versions_of(label).items()
        if before.get(part) != version
    ]


def _name(part: str) -> str:
    return str(_NAMES.get(part, part))
