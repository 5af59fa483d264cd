"""Groups of parents and meetings with them, at a school."""

from tirek.web import group_desk, meeting_desk
from tirek.web.school.views import blueprint

group_desk.install(blueprint)
meeting_desk.install(blueprint)
