"""Shorter words that may stand inside a Kazakh one, whose endings hang on endings.

A dictionary knows few of the forms; a form is believed when some stem of it is known. The rules
are looser than the grammar: an advisory report that doubts half of the words is read by nobody.
"""

import re
from collections.abc import Iterator

SHORTEST_STEM = 2
MOST_ENDINGS = 6
# Each in its front and back, voiced and voiceless shape.
ENDINGS = frozenset(
    re.findall(
        r"\w+",
        """
        лар лер дар дер тар тер ым ім м ың ің ң ы і сы сі ымыз іміз мыз міз ыңыз іңіз ңыз ңіз
        ыңдар іңдер ның нің дың дің тың тің ға ге қа ке на не а е я ны ні ды ді ты ті н да де та
        те нда нде дан ден тан тен нан нен мен бен пен менен дағы дегі тағы тегі ндағы ндегі ғы
        гі қы кі нікі дікі тікі лық лік дық дік тық тік лы лі шы ші сыз сіз шыл шіл дай дей тай
        тей ша ше шама шеме ла ле лас лес лан лен лат лет далас дас дес тас тес ып іп п ай ей й
        ар ер р с са се сын сін сам сем саң сең сақ сек саңыз сеңіз сыңыз сіңіз ған ген қан кен
        мақ мек бақ бек пақ пек у уы уі улы улі ушы уші ма ме ба бе па пе май мей бай бей пай
        пей мас мес бас бес пас пес атын етін йтын йтін тын тін мын мін бын бін пын пін быз біз
        пыз піз сыңдар сіңдер сыздар сіздер дым дім тым тім к қ айық ейік йық йік айын ейін йын
        йін алық ғанда генде қанда кенде ғанша генше қанша кенше ғалы гелі қалы келі ғай гей қай
        кей ғыз гіз қыз кіз дыр дір тыр тір т ыл іл л ын ін ыс іс ғыш гіш қыш кіш ық ік рақ рек
        ырақ ірек дау деу тау теу лау леу шақ шек қой ғана ғой ау ақ ндай ндей сің еді екен ыншы
        інші сыңы ғысы гісі қысы кісі ғым гім қым кім
        """,
    )
)
# These keep their shape whatever stands before them.
STIFF = frozenset(
    ["мен", "бен", "пен", "менен", "нікі", "дікі", "тікі", "еді", "екен", "ғой", "ғана"]
)
# A hard consonant softens before a vowel: сабақ, сабағы.
HARDER = {"ғ": "қ", "г": "к", "б": "п"}
BACK, FRONT, EITHER = frozenset("аоұыяюё"), frozenset("әөүіеэ"), frozenset("иу")
VOWELS = BACK | FRONT
VOICELESS = frozenset("пткқсшщфхцчһбвгд")
NASAL = frozenset("мнң")
NARROW = {True: "і", False: "ы"}
# A narrow vowel between these goes when a possessive comes: орын, орны.
SLIDING = frozenset("знлрңсмй")


def stems(word: str) -> set[str]:
    """Return the word and everything that may be left of it when endings go."""
    found, layer = {word}, {word}
    for _ending in range(MOST_ENDINGS):
        layer = {stem for one in layer for stem in _shorter(one)} - found
        found |= layer
    return found


def _shorter(word: str) -> Iterator[str]:
    for length in range(1, min(7, len(word) - SHORTEST_STEM + 1)):
        stem, ending = word[:-length], word[-length:]
        if ending not in ENDINGS:
            continue
        if _joins(stem, ending):
            yield stem
        yield from _changed(stem, ending)


def _joins(stem: str, ending: str) -> bool:
    """Whether the ending may follow the stem: by the harmony of vowels and the last letter."""
    return (ending in STIFF or _is_in_harmony(stem, ending)) and _touches(stem[-1], ending)


def _is_in_harmony(stem: str, ending: str) -> bool:
    heard = next((letter for letter in reversed(stem) if letter in VOWELS), None)
    said = next((letter for letter in ending if letter in VOWELS), None)
    return heard is None or said is None or (heard in FRONT) == (said in FRONT)


def _touches(last: str, ending: str) -> bool:
    first = ending[0]
    if first in VOWELS | EITHER:
        return last not in VOWELS
    is_lonely = not set(ending) & (VOWELS | EITHER) or ending[1:2] not in VOWELS | EITHER
    if is_lonely and first != "т":
        return last in VOWELS | EITHER
    return last in _AFTER.get(first, _ANY)


_ANY = frozenset("аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя")
_VOICED = _ANY - VOICELESS
_AFTER = {
    "т": VOICELESS | VOWELS | frozenset("рлйу"),
    "қ": VOICELESS,
    "к": VOICELESS,
    "п": VOICELESS | frozenset("зж"),
    "ғ": _VOICED,
    "г": _VOICED,
    "д": _VOICED,
    "л": VOWELS | EITHER | frozenset("рйлмнңзжқкт"),
    "н": VOWELS | EITHER | NASAL,
    "м": VOWELS | EITHER | NASAL | frozenset("рлйзж"),
    "б": NASAL | frozenset("зжлр"),
}


def _changed(stem: str, ending: str) -> Iterator[str]:
    """The stem as it is written alone, where the ending has changed its last letters."""
    narrow = NARROW[next((one in FRONT for one in reversed(stem) if one in VOWELS), False)]
    if ending[0] in VOWELS | EITHER and stem[-1] in HARDER and _is_in_harmony(stem, ending):
        yield stem[:-1] + HARDER[stem[-1]]
    if ending[0] == "у" and stem[-1] not in VOWELS:
        yield stem + narrow
    is_possessive = ending[0] in "ыі" and _is_in_harmony(stem, ending)
    if is_possessive and len(stem) > SHORTEST_STEM and stem[-1] in SLIDING:
        yield stem[:-1] + narrow + stem[-1]
