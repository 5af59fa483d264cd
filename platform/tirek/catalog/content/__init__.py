"""Reads the parents' courses and memos: files in two languages become rendered texts."""

from tirek.catalog.content.loader import load_content, load_courses

__all__ = ["load_content", "load_courses"]
