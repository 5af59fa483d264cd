"""The parent's first page as a list of what there is to do."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template, session

from tirek.domain.consent import ConsentState, Purpose
from tirek.domain.permissions import Permission
from tirek.services import children
from tirek.services.children import Asked, Child
from tirek.web.access import requires
from tirek.web.parent.home_parts import home_part, shown_parts
from tirek.web.parent.join_views import JOIN
from tirek.web.parent.pages import blueprint
from tirek.web.transaction import unit


@dataclass(frozen=True, slots=True)
class ChildTasks:
    """A child with what the parent has said and what waits."""

    child: Child
    consent: ConsentState | None
    about_center: ConsentState | None
    asked: list[Asked]


@blueprint.get("")
@requires(Permission.ANSWER_ABOUT_CHILD)
def home() -> str:
    """What there is to do, each room's part in its place."""
    return render_template("parent/home.html", parts=shown_parts())


@home_part("joining", place=10)
def _joining() -> Mapping[str, object] | None:
    """The code of a school's letter that was typed before signing in."""
    return {} if JOIN in session else None


@home_part("children", place=40)
def _children() -> Mapping[str, object]:
    """My children with what waits for each."""
    own = children.of_guardian(unit())
    said = children.consented(unit(), own)
    about_center = children.consented(unit(), own, Purpose.CENTER_HELP)
    return {
        "tasks": [
            ChildTasks(
                child,
                said.get(child.id),
                about_center.get(child.id),
                children.asked_about(unit(), child),
            )
            for child in own
        ]
    }
