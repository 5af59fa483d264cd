"""Reads the parents' courses: files with cards in two languages become rendered lessons."""

from tirek.catalog.content.loader import load_courses

__all__ = ["load_courses"]
