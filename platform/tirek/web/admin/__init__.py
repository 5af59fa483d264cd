"""Pages of administrators: machinery, who is called, servers, addresses, permissions; no child."""

# Importing the modules is what gives the blueprint its pages.
from tirek.web.admin import address_views, licence_views, school_views, views
from tirek.web.admin.blueprint import blueprint

__all__ = ["address_views", "blueprint", "licence_views", "school_views", "views"]
