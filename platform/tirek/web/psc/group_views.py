"""Groups of parents and meetings with them, at a support centre."""

from tirek.web import group_desk, meeting_desk
from tirek.web.psc.blueprint import blueprint

group_desk.install(blueprint)
meeting_desk.install(blueprint)
