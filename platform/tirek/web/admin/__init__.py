"""Pages of administrators: the machinery, who is called, servers and addresses; no child."""

# Importing the modules is what gives the blueprint its pages.
from tirek.web.admin import address_views, views
from tirek.web.admin.blueprint import blueprint

__all__ = ["address_views", "blueprint", "views"]
