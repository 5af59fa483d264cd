"""The table of permissions, read from the side of what must never be granted."""

from uuid import uuid4

import pytest

from tirek.domain.people import PSC_ROLES, SCHOOL_ROLES, Actor, Role
from tirek.domain.permissions import GRANTED, Permission, may
from tirek.domain.scope import ScopeKind

RESULTS = {Permission.VIEW_RESULT, Permission.VIEW_FLAGS, Permission.RESOLVE_REVIEW}


def test_every_role_stands_in_the_table():
    assert set(GRANTED) == set(Role)


@pytest.mark.parametrize(
    "role", [Role.DEPUTY_DIRECTOR, Role.OBSERVER, Role.ADMINISTRATOR, Role.GUARDIAN, Role.STUDENT]
)
def test_these_never_see_a_childs_result(role):
    assert not GRANTED[role] & RESULTS


@pytest.mark.parametrize("role", sorted(SCHOOL_ROLES))
def test_no_school_role_may_redirect_a_referral(role):
    assert Permission.REDIRECT not in GRANTED[role]


def test_nobody_may_do_anything():
    assert not any(may(None, permission) for permission in Permission)
    assert not any(may(Actor(role=None), permission) for permission in Permission)


@pytest.mark.parametrize("role", sorted(Role))
def test_an_actor_without_a_place_sees_no_child(role):
    assert Actor(role).scope.kind is ScopeKind.NONE


def test_a_deputy_director_sees_no_row_of_a_child():
    actor = Actor(Role.DEPUTY_DIRECTOR, account_id=uuid4(), school_id=uuid4())
    assert actor.scope.kind is ScopeKind.NONE


@pytest.mark.parametrize("role", sorted(PSC_ROLES))
def test_psc_people_see_through_their_center(role):
    center = uuid4()
    scope = Actor(role, account_id=uuid4(), support_center_id=center).scope
    assert (scope.kind, scope.id) == (ScopeKind.SUPPORT_CENTER, center)
