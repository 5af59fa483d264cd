"""What the demo's parents have said of themselves: proved addresses, children's ages, letters."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import cycle

from sqlalchemy import func, update

from tirek.services import accounts, own_children
from tirek.services.demo_pupils import Family
from tirek.services.demo_size import Workshop
from tirek.services.own_children import Telling
from tirek.storage.models import Account

# Years back, the parent's own word, and whether the child needs more than others.
CHILDREN = ((3, "Кішкентайым", False), (9, "", True), (6, "Мой младший", False))


def fill(workshop: Workshop, families: Sequence[Family]) -> None:
    """Every parent's address is proved; every other one has told of one more child."""
    with workshop.begin() as unit:
        ids = [family.login.account.id for family in families]
        unit.session.execute(
            update(Account).where(Account.id.in_(ids)).values(verified_at=func.now())
        )
        this_year = unit.now().year
        for family, (years, label, needs) in zip(families[::2], cycle(CHILDREN), strict=False):
            parent = replace(unit, actor=accounts.actor_of(family.login.account))
            own_children.add(parent, Telling(date(this_year - years, 3, 1), label, needs))
