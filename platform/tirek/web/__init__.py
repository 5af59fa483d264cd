"""Requests become service calls, results become pages; a folder is the person at the screen."""
