"""Small whole things to test with: plain functions whose defaults make sense."""

from collections.abc import Mapping
from fractions import Fraction

from tirek.domain.instruments import (
    Ages,
    Answer,
    AnswerState,
    Instrument,
    Item,
    Layout,
    Licence,
    Option,
    PartHashes,
    ReleaseStatus,
    Required,
    Source,
    StatusEvidence,
    Structure,
    Subject,
    Wording,
    WordingStatus,
)
from tirek.domain.interpretation import (
    Band,
    Condition,
    FlagRule,
    Interpretation,
    Moment,
    Norm,
    NormStatus,
    Precision,
)
from tirek.domain.levels import Level
from tirek.domain.scales import BlankAs, Method, MissingRule, Scale, Scoring, Worse


def answered(code: str | int) -> Answer:
    return Answer(AnswerState.ANSWERED, str(code))


def answers(row: str) -> dict[str, Answer]:
    """Answers to q1, q2... written as one character each; "-" is a skipped item."""
    return {
        f"q{number}": Answer.read(None) if code == "-" else answered(code)
        for number, code in enumerate(row, start=1)
    }


def an_item(item_id: str = "q1", **given: object) -> Item:
    defaults = {"options": "often", "required": Required.SOFT, "worse": Worse.HIGH}
    return Item(id=item_id, **{**defaults, **given})


def a_missing_rule(
    max_blanks: int = 0, blank_as: BlankAs = BlankAs.NONE, **given: object
) -> MissingRule:
    return MissingRule(max_blanks, blank_as, **given)


def a_scale(scale_id: str = "total", *, items: int = 3, **given: object) -> Scale:
    """A sum over q1 to q<items>, each 0 to 3, that tolerates no blank."""
    defaults = {
        "method": Method.SUM,
        "items": tuple(f"q{number}" for number in range(1, items + 1)),
        "lowest": Fraction(0),
        "highest": Fraction(3 * items),
        "step": Fraction(1),
        "missing": a_missing_rule(),
    }
    return Scale(id=scale_id, **{**defaults, **given})


def a_second_order_scale(scale_id: str, source: str, method: Method, **given: object) -> Scale:
    defaults = {"lowest": Fraction(0), "highest": Fraction(100), "step": Fraction(1)}
    return Scale(id=scale_id, source=source, method=method, **{**defaults, **given})


def a_flag(
    flag_id: str,
    when: Condition,
    *,
    at: Moment = Moment.COMPLETE,
    level: Level = Level.MEDIUM,
) -> FlagRule:
    return FlagRule(flag_id, when, at, level, source="Author 2000, table 1")


def a_precision(**given: object) -> Precision:
    """Mean 6, sd 5.5, reliability .84: the worked example of reference instruments §6.8."""
    defaults = {
        "scale": "total",
        "population": "pupils",
        "sex": None,
        "mean": Fraction(6),
        "sd": Fraction("5.5"),
        "reliability": Fraction("0.84"),
        "reliability_kind": "retest",
        "source": "Author 2000, table 2",
        "confidence": "S",
    }
    return Precision(**{**defaults, **given})


def a_norm(
    *,
    norm_id: str = "all",
    scale: str = "total",
    mean: int | None = 8,
    sd: int | None = 4,
    langs: tuple[str, ...] = ("kk", "ru"),
    status: NormStatus = NormStatus.LOCAL,
    **given: object,
) -> Norm:
    """A norm for both sexes and every age, unless told."""
    defaults = {"population": "girls and boys", "year": 2020, "n": 500, "sex": None}
    figures = {
        "mean": None if mean is None else Fraction(mean),
        "sd": None if sd is None else Fraction(sd),
    }
    said = {"source": "Author 2000, table 3", "confidence": "S", "status": status}
    return Norm(id=norm_id, scale=scale, langs=langs, **{**defaults, **figures, **said, **given})


def a_wording(lang: str = "kk", strings: Mapping[str, str] | None = None) -> Wording:
    return Wording(
        instrument="moods",
        structure="^1.0.0",
        lang=lang,
        version="1.0.0",
        status=WordingStatus.WORKING,
        status_evidence=StatusEvidence("us", "2026-01-01", "written from topics"),
        base_lang="en",
        base_origin="topics",
        strings=strings or {"title": f"title in {lang}"},
    )


def a_structure(items: tuple[Item, ...], weights: tuple[int, ...] = (0, 1, 2, 3)) -> Structure:
    """Items that share the option set "often"; "yesno" is there too."""
    often = tuple(Option(str(weight), Fraction(weight)) for weight in weights)
    permissions = ("display", "store", "export_wording", "translate")
    return Structure(
        id="moods",
        version="1.0.0",
        url="https://tirek.example/fhir/Questionnaire/moods",
        subject=Subject.CHILD,
        ages=Ages(11, 17),
        recall="P14D",
        minutes=2,
        source=Source("Author 2000", None, None, None, "S", None),
        licence=Licence("Author", "free", None, None, "S", None, dict.fromkeys(permissions, True)),
        option_sets={"often": often, "yesno": often[:2]},
        items=items,
        may_decline=True,
        may_be_unsure=False,
        layout=Layout(back=True, shuffle=False, audio="none"),
    )


def an_instrument(
    *scales: Scale,
    items: int | tuple[Item, ...] = 3,
    weights: tuple[int, ...] = (0, 1, 2, 3),
    flags: tuple[FlagRule, ...] = (),
    bands: Mapping[str, Mapping[str, int]] | None = None,
    precision: tuple[Precision, ...] = (),
    quality: tuple[str, ...] = ("longstring", "irv"),
) -> Instrument:
    """An instrument of alike items, scored as one sum unless scales are given."""
    numbered = range(1, items + 1) if isinstance(items, int) else ()
    asked = items if isinstance(items, tuple) else tuple(an_item(f"q{n}") for n in numbered)
    named = {
        scale: tuple(Band(name, Fraction(le)) for name, le in bounds.items())
        for scale, bounds in (bands or {}).items()
    }
    return Instrument(
        id="moods",
        major=1,
        structure=a_structure(asked, weights),
        wordings={lang: a_wording(lang) for lang in ("kk", "ru")},
        scoring=Scoring("1.0.0", scales or (a_scale(items=len(asked)),), quality),
        interpretation=Interpretation("1.0.0", named, flags, precision=precision),
        hashes=PartHashes("s", "c", "i", {"kk": "k", "ru": "r"}, "all"),
        release="1.0.0+w1.0.0(kk),1.0.0(ru)+s1.0.0+i1.0.0",
        status=ReleaseStatus.PILOT,
    )
