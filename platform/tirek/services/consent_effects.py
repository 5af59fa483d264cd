"""What a parent's later word changes about help that is under way: people look again, at once.

Nothing stops by itself: whether help may go on without consent is decided by a named person, on the
ground that is written down beside each signal; and no word of anybody delays an immediate one.
"""

from uuid import UUID

from sqlalchemy import select

from tirek.domain.ladder import Post
from tirek.domain.referral import HANDED_ON
from tirek.domain.scope import Scope
from tirek.services import notices, posts, referral_legs
from tirek.services.unit import Unit
from tirek.storage.models import Consent, Referral
from tirek.storage.session import within_scope


def tell_those_in_charge(unit: Unit, student_id: UUID) -> None:
    """Queue "something new" to whoever answers for the child's open referrals, once a word."""
    # A guardian sees no referral, not even that there is one.
    with within_scope(unit.session, Scope.system()):
        said = unit.session.scalars(
            select(Consent.id)
            .where(Consent.student_id == student_id)
            .order_by(Consent.id.desc())
            .limit(1)
        ).one()
        legs = unit.session.scalars(
            select(Referral).where(
                Referral.student_id == student_id,
                Referral.closed_at.is_(None),
                Referral.state.not_in([state.value for state in HANDED_ON]),
            )
        ).all()
        for leg in legs:
            place = referral_legs.place_of(leg)
            post = Post.OWNER if leg.owner_id is not None else Post.DUTY
            told = posts.holders(unit, post, place) or posts.holders(unit, Post.DUTY, place)
            notices.tell_accounts(unit, leg.id, told, "signal_added", f"consent:{said}")
