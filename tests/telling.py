"""The closed list of words that would tell a bystander why a parent is here."""

# Stems, in the languages of parents and of addresses. What a page itself says to its reader may
# hold them; titles of tabs, addresses, names of files, letters and calendars may not.
TELLING = (
    "психолог", "депресс", "суицид", "самоубий", "насил", "тревож", "тревог", "травл", "буллинг",
    "диагноз", "диагност", "опросник", "стресс", "кризис", "жестоко", "развод",
    "өз-өзіне", "өзіне қол", "зорлық", "зомбылық", "қорлық", "мазасызд", "күйзеліс",
    "диагностика", "сауалнама", "дағдарыс", "ажырас", "қатыгез",
    "psycholog", "depress", "suic", "violen", "abuse", "bully", "anxi", "diagnos", "attitud",
    "stress", "crisis", "divorce", "harm", "grief", "hitting", "low-mood", "death", "drug",
)  # fmt: skip


def telling(*shown: str) -> list[str]:
    """Those of the words that stand there."""
    low = " ".join(shown).lower()
    return [word for word in TELLING if word in low]
