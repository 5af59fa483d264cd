"""The parents' part of the site, and what most of its pages begin with."""

from uuid import UUID

from flask import Blueprint

from tirek.services import children
from tirek.services.children import Child
from tirek.web.transaction import unit

blueprint = Blueprint("parent", __name__, url_prefix="/parent")


def own_child(child_id: UUID) -> Child:
    """The child of an address; 404 for a child of anybody else."""
    return children.get_child(unit(), child_id)
