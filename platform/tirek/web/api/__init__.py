"""What machines of others call: receipts of SMS, and the state of FHIR Tasks."""

# Importing the modules is what gives the blueprint its addresses.
from tirek.web.api import receipt_views, task_views
from tirek.web.api.blueprint import blueprint

__all__ = ["blueprint", "receipt_views", "task_views"]
