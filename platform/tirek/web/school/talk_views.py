"""The school psychologist's talks with parents."""

from tirek.web.school.views import blueprint
from tirek.web.talk_one_pages import ONE_TALK
from tirek.web.talk_pages import PAGES, Area, register

register(blueprint, Area("school", "school/layout.html"), PAGES + ONE_TALK)
