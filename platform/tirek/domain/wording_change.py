"""How far a changed text may shift an answer: a comma does not, another word may."""

from unicodedata import category

# What a person reads before an answer, besides the items and options themselves.
BEFORE_ANSWERS = frozenset({"title", "intro", "recall"})
# Texts that nobody reads while answering: for staff, for parents afterwards, for the end.
AFTER_ANSWERS = ("scale.", "flag.", "picture.", "help.")
END, TOPIC, AUDIO = "end", ".topic", ".audio"
# A slip of the hand in a word: more letters than this is another word.
MOST_LETTERS = 2


def text_step_of(key: str, before: str | None, after: str | None, *, is_typo: bool) -> str:
    """The name of the step that one text calls for; `is_typo`: two people say so."""
    if not shifts_answers(key):
        return "PATCH" if _are_the_same(before, after) else "MINOR"
    if before is None:
        # The text of a new item or option comes with a structure that says so.
        return "MAJOR" if key in BEFORE_ANSWERS or key.startswith("safety.") else "MINOR"
    if after is None:
        return "MAJOR"
    is_slip = is_typo and letters_apart(before, after) <= MOST_LETTERS
    return "PATCH" if is_slip or said_the_same(before, after) else "MAJOR"


def shifts_answers(key: str) -> bool:
    """Whether a person reads this text before or while they answer."""
    return not (key == END or key.startswith(AFTER_ANSWERS) or key.endswith((TOPIC, AUDIO)))


def said_the_same(before: str, after: str) -> bool:
    """Whether two texts have the same words; their punctuation and capitals may differ."""
    return _words(before) == _words(after)


def letters_apart(before: str, after: str) -> int:
    """How many letters must be put in, left out or exchanged (Levenshtein 1966)."""
    row = list(range(len(after) + 1))
    for i, left in enumerate(before, start=1):
        above, row[0] = row[0], i
        for j, right in enumerate(after, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (left != right))
    return row[-1]


def _are_the_same(before: str | None, after: str | None) -> bool:
    return before is not None and after is not None and said_the_same(before, after)


def _words(text: str) -> list[str]:
    # A question mark asks, so it is not punctuation alone.
    kept = "".join(
        one if category(one)[0] in "LNM" or one in "?%" else " " for one in text.casefold()
    )
    return kept.replace("?", " ? ").split()
