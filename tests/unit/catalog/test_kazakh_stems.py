import pytest

from tirek.catalog.content.kazakh_stems import stems


@pytest.mark.parametrize(
    ("form", "stem"),
    [
        ("балаларымыздан", "бала"),
        ("сабағыңызды", "сабақ"),
        ("мектепке", "мектеп"),
        ("кітабымды", "кітап"),
        ("орнында", "орын"),
        ("оқуға", "оқы"),
        ("айқайламаймыз", "айқай"),
        ("көмектесесіз", "көмек"),
        ("үйдегілермен", "үй"),
    ],
)
def test_endings_are_peeled_off(form: str, stem: str) -> None:
    assert stem in stems(form)


@pytest.mark.parametrize(
    ("misspelt", "stem"), [("балалер", "бала"), ("мектепга", "мектеп"), ("көмекты", "көмек")]
)
def test_an_ending_that_breaks_harmony_is_no_ending(misspelt: str, stem: str) -> None:
    assert stem not in stems(misspelt)


def test_a_word_is_always_its_own_stem() -> None:
    assert "бала" in stems("бала")
    assert stems("үй") == {"үй"}
