"""What machines of others tell us is recorded as the system's own knowledge."""

from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.services import audit, receipts
from tirek.services.receipts import Carrier, News
from tirek.services.unit import Unit
from tirek.storage.session import within_scope


def record(unit: Unit, carrier: Carrier, news: News) -> bool:
    """Record a receipt; False when it was known already. It never acts in a person's name.

    A machine sees no row of any child: the message is looked for by the system, and the caller
    only learns whether it was one of its own.
    """
    system = Unit(unit.session, unit.catalog, unit.vault, SYSTEM)
    with within_scope(unit.session, Scope.system()):
        is_new = receipts.record(system, carrier, news)
    if is_new:
        audit.record(system, f"receipt.{news.status.value}", "delivery", news.reference)
    return is_new
